"""A recorded training on the page in a real browser, and one that is still being recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import Recorder

pytest.importorskip("starlette")
pytest.importorskip("uvicorn")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 2)).astype("float32")
Y = (X.sum(1) > 0).astype("float32")


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The lines of a run file."""
    path = tmp_path_factory.mktemp("recorded") / "run.jsonl"
    cr.utils.set_random_seed(3)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, "tanh"), cr.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    model.fit(X, Y, epochs=8, verbose=0, callbacks=[Recorder(path, every=1, cost=None)])
    return path.read_bytes().splitlines(keepends=True)


@pytest.fixture
def view() -> Iterator[Callable[[Path], Any]]:
    """Serve the page of a run."""
    opened: list[Any] = []

    def serve(path: Path) -> Any:
        opened.append(cr.dashboard(path, open=False, wait=False))
        return opened[-1]

    yield serve
    for page in opened:
        page.close()


def written(path: Path, lines: list[bytes]) -> Path:
    path.mkdir(parents=True)
    (path / "run.jsonl").write_bytes(b"".join(lines))
    return path


def test_a_run_that_goes_on_is_live_until_it_ends(view: Any, visit: Any, tmp_path: Path, lines: list[bytes]) -> None:
    frames = [i for i, line in enumerate(lines) if json.loads(line)["kind"] == "frame"]
    run = written(tmp_path / "mine", lines[: frames[1] + 1])
    seen = visit(view(run).url)
    seen.until(lambda: "· live" in seen.text("#controls .progress"))
    assert seen.text("#play") == "Pause"
    with (run / "run.jsonl").open("ab") as file:
        file.write(b"".join(lines[frames[1] + 1 : frames[4] + 1]))
    step = json.loads(lines[frames[4]])["step"]
    seen.until(lambda: f"step {step} " in seen.text("#controls .progress"))
    with (run / "run.jsonl").open("ab") as file:
        file.write(b"".join(lines[frames[4] + 1 :]))
    seen.until(lambda: seen.text("#controls .progress").endswith("ended: all epochs"))
    assert seen.text("#play") == "Play"
    assert seen.page.is_enabled("#play")  # it is a recording now: one may walk through it
    seen.page.click("#back")
    seen.until(lambda: f"step {json.loads(lines[frames[-2]])['step']} " in seen.text("#controls .progress"))


def test_damaged_runs_are_named_in_the_tab(view: Any, visit: Any, tmp_path: Path, lines: list[bytes]) -> None:
    written(tmp_path / "good", lines)
    written(tmp_path / "bad <b>", [lines[0], b"{broken\n", *lines[1:]])
    seen = visit(view(tmp_path).url)
    seen.page.click("role=tab[name=Runs]")
    seen.until(lambda: "Damaged, and left out:" in seen.text("#views"))
    assert "bad <b>" in seen.text("#views")
    assert "line 2" in seen.text("#views")


def test_a_damaged_description_is_told_where_the_derivation_would_be(
    view: Any, visit: Any, tmp_path: Path, lines: list[bytes]
) -> None:
    start = json.loads(lines[0])
    start["model"]["config"]["compile_config"]["optimizer"]["config"]["beta_1"] = None
    seen = visit(view(written(tmp_path / "run", [json.dumps(start).encode() + b"\n", *lines[1:]])).url)
    seen.until(lambda: "its description may be damaged" in seen.text("#derivation"))
    seen.problems = [p for p in seen.problems if "409" not in p]  # the browser notes the refusal itself
