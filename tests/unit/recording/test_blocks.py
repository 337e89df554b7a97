"""Blocks of epochs: what is told together is read one by one, and damaged ones are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ModelFileError
from chainrule.health import Monitor
from chainrule.recording import Recording, messages
from chainrule.recording.blocks import Epochs, block, expanded, halved, messages_of
from chainrule.recording.reader import read_lines
from chainrule.recording.run_file import RunFile

START: dict[str, Any] = {"kind": "start", "version": 1, "run": {"name": "r"}}


def made(n: int, first: int = 0) -> dict[str, Any]:
    numbers = range(first, first + n)
    losses = [1 / (i + 1) for i in numbers]
    return block(numbers, [4 * (i + 1) for i in numbers], np.arange(n) / 8.0, {"loss": losses})


def test_a_block_comes_back_as_epochs() -> None:
    line = messages.encode(block([3, 4], [16, 20], [0.5, 1.0], {"loss": [0.25, float("inf")], "acc": [0.0, 1.0]}))
    epochs = Recording([START, messages.decode(line)]).epochs
    assert epochs == [
        messages.epoch(3, 16, 0.5, {"loss": 0.25, "acc": 0.0}),
        messages.epoch(4, 20, 1.0, {"loss": float("inf"), "acc": 1.0}),
    ]


def test_only_numbers_of_the_same_names_are_told_together() -> None:
    each = np.array([0.5, 0.25])
    parts = [
        Epochs([0], [1], np.array([0.1]), {"loss": [1.0]}),
        Epochs([1, 2], [2, 3], np.array([0.2, 0.3]), {"loss": [2.0, 3.0]}),
        Epochs([3], [4], np.array([0.4]), {"loss": [4.0], "val_loss": [5.0]}),
        Epochs([4], [5], np.array([0.5]), {"loss": [6.0], "f1": [each]}),
        Epochs([5], [6], np.array([0.6]), {"loss": [7.0], "f1": [each]}),
        Epochs([6, 7], [7, 8], np.array([0.7, 0.8]), {}),
    ]
    found = list(messages_of(parts))
    assert [(m["kind"], m["step"]) for m in found] == [
        ("epochs", 3), ("epoch", 4), ("epoch", 5), ("epoch", 6), ("epochs", 8),
    ]  # fmt: skip
    assert found[2]["logs"] == {"loss": 6.0, "f1": each}
    assert [(m["epoch"], m["step"]) for m in expanded(found)] == [(i, i + 1) for i in range(8)]


def test_numbers_too_large_for_32_bits_are_kept() -> None:
    far = block([0, 1], [1 << 31, 1 << 40], [0.0, 1.0], {"loss": [0.5, 0.25]})
    assert [m["step"] for m in expanded([messages.decode(messages.encode(far))])] == [1 << 31, 1 << 40]


def test_halves_keep_the_last_epoch() -> None:
    for n in range(1, 9):
        found = halved(made(n))["epochs"].tolist()
        assert found == [i for i in range(n) if i % 2 == (n - 1) % 2]
        assert halved(made(n))["logs"]["loss"].tolist() == [1 / (i + 1) for i in found]


def test_blocks_of_a_file_that_is_full_are_thinned(tmp_path: Path) -> None:
    file = RunFile(tmp_path / "run.jsonl", 20_000)
    for first in range(0, 4000, 200):
        file.append(made(200, first))
    assert file.size == file.path.stat().st_size <= 20_000
    epochs = [m["epoch"] for m in expanded(message for _, _, message in read_lines(file.path))]
    assert epochs == sorted(set(epochs))
    assert epochs[-1] == 3999
    assert len(epochs) > 50
    assert [file.path.read_bytes()[e.offset : e.offset + 7] for e in file.entries] == [b'{"kind"'] * len(file.entries)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"epochs": np.zeros((2, 1), "int64")}, "a number per epoch as 'epochs'"),
        ({"epochs": np.zeros(0, "int64")}, "a number per epoch as 'epochs'"),
        ({"steps": np.zeros(3, "int64")}, "a number per epoch"),
        ({"steps": np.array([-1, 2])}, "whole numbers of at least 0"),
        ({"steps": np.array([1.0, 2.0])}, "a number per epoch as 'steps'"),
        ({"seconds": 1.0}, "a number per epoch as 'seconds'"),
        ({"logs": {"loss": np.array(["a", "b"], object)}}, "a number per epoch as 'logs'"),
        ({"logs": {"loss": np.zeros(1)}}, "a number per epoch"),
        ({"logs": []}, "an object as 'logs'"),
    ],
)
def test_a_damaged_block_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ModelFileError, match=f"a message 'epochs': expected {said}"):
        messages.decode(messages.encode({**made(2), **change}))


def test_a_file_may_not_tell_of_endless_epochs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.recording.blocks.MOST", 100)
    assert len(Recording([START, made(100)]).epochs) == 100
    with pytest.raises(ModelFileError, match="may tell of 100 epochs"):
        Recording([START, made(60), made(41)])


def test_health_hears_of_a_block_what_it_hears_of_its_epochs() -> None:
    import chainrule as cr

    model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    losses = [0.5, 0.4, float("nan"), float("nan")]
    whole = block(range(4), [1, 2, 3, 4], np.zeros(4), {"loss": losses, "val_loss": losses})
    together, apart = Monitor(model), Monitor(model)
    found = together.hear(whole)
    alone = [f for message in expanded([whole]) for f in apart.hear(message)]
    assert [(f.code, f.step) for f in found] == [(f.code, f.step) for f in alone] == [("diverged", 3)]
