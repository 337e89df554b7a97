"""A save that fails at any of its calls leaves the old file whole, and nothing beside it."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError
from chainrule.saving import folder

SMALL = 150 / 1024**3


class Disk:
    """Counts the calls that go to the disk, and lets the one of a given number fail."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
        self.calls, self.failing, self.code = 0, 0, code
        for name in ("fsync", "replace", "chmod"):
            monkeypatch.setattr(os, name, self.counted(getattr(os, name)))
        for name in ("mkstemp", "mkdtemp"):
            monkeypatch.setattr(tempfile, name, self.counted(getattr(tempfile, name)))
        opened, built_in = os.fdopen, open
        monkeypatch.setattr(os, "fdopen", lambda *a: self.file(opened(*a)))
        monkeypatch.setattr(folder, "open", lambda *a: self.file(built_in(*a)), raising=False)

    def counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            self.calls += 1
            if self.calls == self.failing:
                raise OSError(self.code, os.strerror(self.code))
            return call(*args, **kwargs)

        return wrapped

    def file(self, opened: Any) -> Any:
        disk = self

        class Watched:
            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: object) -> None:
                opened.close()

            def __getattr__(self, name: str) -> Any:
                found = getattr(opened, name)
                return disk.counted(found) if name in ("write", "flush") else found

        return Watched()


def network(value: float) -> Any:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(30), cr.layers.Dense(1)])
    for v in model.weights:
        v.assign(np.full(v.shape, value))
    return model


def plain(model: Any, path: Path) -> None:
    model.save(path)


SAVES: dict[str, tuple[str, Callable[[Any, Path], None], Callable[[Any, Path], Any]]] = {
    "zip": ("m.keras", plain, lambda m, p: cr.models.load_model(p)),
    "legacy": ("m.h5", plain, lambda m, p: cr.models.load_model(p)),
    "folder": ("m", lambda m, p: m.save(p, zipped=False), lambda m, p: cr.models.load_model(p)),
    "weights": ("m.weights.h5", lambda m, p: m.save_weights(p), lambda m, p: m.load_weights(p)),
    "shards": (
        "m.weights.json",
        lambda m, p: m.save_weights(p, max_shard_size=SMALL * 2),
        lambda m, p: m.load_weights(p),
    ),
}


def contents(top: Path) -> dict[str, bytes]:
    return {str(p.relative_to(top)): p.read_bytes() for p in top.rglob("*") if p.is_file()}


@pytest.mark.filterwarnings("ignore:The HDF5 form:UserWarning")
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EROFS])
@pytest.mark.parametrize("old", [True, False])
@pytest.mark.parametrize("kind", SAVES)
def test_a_failure_at_any_call(
    kind: str, old: bool, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, save, load = SAVES[kind]
    path = tmp_path / name
    if old:
        save(network(1.0), path)
    before = contents(tmp_path)
    disk, model = Disk(monkeypatch, code), network(2.0)
    for number in range(1, 200):
        disk.calls, disk.failing = 0, number
        error = error_of(save, model, path)
        if disk.calls < number:
            break
        assert error is not None, f"call {number} failed, and nobody said so"
        assert os.strerror(code) in str(error)
        assert "\n" not in str(error)
        assert contents(tmp_path) == before
    assert number > 4
    monkeypatch.undo()
    save(model, path)
    loaded = network(0.0)
    loaded = load(loaded, path) or loaded
    assert all((v.numpy() == 2.0).all() for v in loaded.weights)
    assert list(tmp_path.rglob(".*")) == []


def error_of(save: Any, model: Any, path: Path) -> ModelFileError | None:
    try:
        save(model, path)
    except ModelFileError as error:
        return error
    return None


def test_the_folder_is_exchanged_by_two_names_where_that_is_all_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "m"
    network(1.0).save(path, zipped=False)
    monkeypatch.setattr(folder, "_exchange", lambda a, b: False)
    network(2.0).save(path, zipped=False)
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    assert all((v.numpy() == 2.0).all() for v in cr.models.load_model(path).weights)


def test_and_put_back_when_the_second_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m"
    network(1.0).save(path, zipped=False)
    before = contents(tmp_path)
    monkeypatch.setattr(folder, "_exchange", lambda a, b: False)
    replace, calls = os.replace, []

    def second_fails(a: Any, b: Any) -> None:
        calls.append(a)
        if len(calls) == 2:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        replace(a, b)

    monkeypatch.setattr(os, "replace", second_fails)
    with pytest.raises(ModelFileError, match="The old folder, if any, is unchanged"):
        network(2.0).save(path, zipped=False)
    assert contents(tmp_path) == before
