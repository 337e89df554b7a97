"""`chainrule.dashboard` and the commands `play` and `view`: models, tables, recordings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import Recorder

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype("float32")
Y = (X.sum(1) > 0).astype("float32")


def network(seed: int = 3) -> Any:
    cr.utils.set_random_seed(seed)
    model = cr.Sequential(
        [cr.Input((3,)), cr.layers.Dense(4, "tanh", name="h"), cr.layers.Dense(1, "sigmoid", name="o")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two recorded runs."""
    folder = tmp_path_factory.mktemp("runs")
    for seed, name in enumerate(("first", "second")):
        model = network(seed)
        model.fit(X, Y, epochs=5, verbose=0, callbacks=[Recorder(folder / name / "run.jsonl", every=1)])
        os.utime(folder / name / "run.jsonl", (seed, seed))
    return folder


@pytest.fixture
def show() -> Iterator[Any]:
    opened: list[Any] = []

    def show(*args: Any, **more: Any) -> Any:
        opened.append(cr.dashboard(*args, open=False, wait=False, **more))
        return opened[-1]

    yield show
    for page in opened:
        page.close()


def test_the_model_learns_what_the_page_taught_it(show: Any, visit: Any, wait: Any) -> None:
    model = network()
    page = show(model, X, Y, batch_size=20, validation_data=(X[:9], Y[:9]), feature_names=["a", "b", "c"], name="mine")
    client = visit(page.url).listen()
    client.command(do="step", by="epoch")
    wait(lambda: client.of("epoch"))
    assert set(client.of("epoch")[0]["logs"]) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    start = client.of("start")[0]
    assert start["run"]["name"] == "mine"
    assert [f["name"] for f in start["data"]["features"]] == ["a", "b", "c"]
    page.close()
    assert page.model is model
    assert int(model.optimizer.iterations) == 3


def test_a_notebook_shows_a_link(show: Any) -> None:
    page = show(network(), X, Y)
    assert page._repr_html_() == f'<a href="{page.url}" target="_blank" rel="noopener">Open the dashboard</a>'
    assert page.url in repr(page)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ((cr.Sequential([cr.Input((3,)), cr.layers.Dense(1)]), X, Y), "Compile the model first"),
        ((network(), X), "pass the data to train on too"),
        ((network(), iter([(X, Y)]), Y), "x"),
        (("no/such/run",), "there is no file or folder 'no/such/run'"),
        ((3, X, Y), "expected a compiled model, or the path of a run"),
    ],
)
def test_what_cannot_be_shown_is_said_in_a_sentence(arguments: Any, sentence: str) -> None:
    with pytest.raises((cr.errors.ChainruleError, TypeError), match=sentence):
        cr.dashboard(*arguments, open=False, wait=False)


def test_a_folder_without_runs(tmp_path: Path) -> None:
    with pytest.raises(cr.errors.DataError, match=r"there is no run in .*neither run\.jsonl nor folders that hold one"):
        cr.dashboard(tmp_path, open=False, wait=False)


# -- recordings --------------------------------------------------------------------------------------------------------


def test_a_recording_is_shown_from_its_end_and_walked_through(show: Any, visit: Any, wait: Any, runs: Path) -> None:
    page = show(str(runs / "first"))
    recording = cr.recording.load(runs / "first")
    client = visit(page.url).listen()
    wait(lambda: client.of("frame") and client.of("status"))
    assert client.of("start")[0]["run"]["name"] == recording.name
    assert [e["epoch"] for e in client.of("epoch")] == [0, 1, 2, 3, 4]
    assert client.of("frame")[-1]["step"] == recording.steps[-1]
    status = client.command(do="back")
    assert status["step"] == recording.steps[-2]
    wait(lambda: client.of("frame")[-1]["step"] == recording.steps[-2])
    client.command(do="step", by="batch")
    wait(lambda: client.of("frame")[-1]["step"] == recording.steps[-1])
    assert client.command(do="reset")["step"] == recording.steps[0]
    client.command(do="set", name="speed", value=1000)
    client.command(do="play")
    wait(
        lambda: client.of("status")[-1]["state"] == "paused" and client.of("status")[-1]["step"] == recording.steps[-1]
    )


def test_the_derivation_of_a_recorded_row_uses_the_frames_weights(show: Any, visit: Any, wait: Any, runs: Path) -> None:
    page = show(cr.recording.load(runs / "first"))
    client = visit(page.url).listen()
    wait(lambda: client.of("frame"))
    recording = cr.recording.load(runs / "first")
    client.command(do="back")
    found = client.get("/api/derivation", row=7, lines=1).json()
    assert found["step"] == recording.steps[-2]
    expected = cr.trace(recording.model_at(len(recording.frames) - 2), X, Y)[7].to_dict()
    assert found["lines"]["sections"][1] == expected["sections"][1]
    assert client.get("/api/derivation", row=77).status_code == 404
    for view in ("weights", "gradients", "confusion", "surface"):
        assert client.get(f"/api/view/{view}").status_code == 200, view


def test_a_frame_without_all_weights_is_shown_without_derivations(show: Any, visit: Any, wait: Any, runs: Path) -> None:
    recording = cr.recording.load(runs / "first")
    whole = recording.frames[-1]
    path, *others = whole["weights"]
    lacking = {**whole, "weights": {name: whole["weights"][name] for name in others}}
    other = {**whole, "weights": {**whole["weights"], path: np.zeros((1, 1), "float32")}}
    recording.frames = [whole, lacking, other, whole]
    page = show(recording)
    client = visit(page.url).listen()
    wait(lambda: client.of("status"))
    for _ in range(2):
        client.command(do="back")
        answer = client.get("/api/derivation", row=0)
        assert (answer.status_code, "does not hold all weights" in answer.text) == (409, True)
    client.command(do="back")
    assert client.get("/api/derivation", row=0).status_code == 200


def test_a_recording_changes_in_nothing(show: Any, visit: Any, wait: Any, runs: Path) -> None:
    before = (runs / "first" / "run.jsonl").read_bytes()
    client = visit(show(runs / "first").url).listen()
    wait(lambda: client.of("status"))
    assert client.of("status")[-1]["can"]["set"] == ["speed"]
    path = client.of("start")[0]["model"]["layers"][0]["weights"][0]["path"]
    answer = client.command(do="edit", path=path, index=[0, 0], value=1)
    assert answer["error"] == "This training is over: its weights are what they were."
    assert "cannot be changed" in client.command(do="set", name="learning_rate", value=1)["error"]
    assert "stream" in client.command(do="step", by="sample")["error"]
    assert (runs / "first" / "run.jsonl").read_bytes() == before


def test_of_a_folder_the_newest_run_is_shown_beside_the_others(show: Any, visit: Any, wait: Any, runs: Path) -> None:
    page = show(runs)
    client = visit(page.url).listen()
    wait(lambda: client.of("start"))
    assert page.driver.recording.path == runs / "second" / "run.jsonl"
    found = client.get("/api/view/runs").json()["runs"]
    assert len(found) == 1
    assert len(found[0]["epochs"]) == 5


# -- the command line --------------------------------------------------------------------------------------------------


class Command:
    """A `chainrule` command that stays until it is interrupted."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "chainrule", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def url(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline().strip()
        assert line.startswith("http://127.0.0.1:"), self.process.stderr and self.process.stderr.read()
        return line

    def end(self) -> int:
        self.process.send_signal(signal.SIGINT)
        _, self.said = self.process.communicate(timeout=60)
        return self.process.returncode


def test_play_prints_the_address_and_ends_with_ctrl_c(visit: Any, wait: Any) -> None:
    command = Command("play", "or", "--no-open")
    client = visit(command.url()).listen()
    wait(lambda: client.of("frame"))
    assert client.of("start")[0]["run"]["name"] == "OR"
    assert client.get("/api/derivation", row=2, weight="perceptron/out/kernel[0,0]").json()["check"]["ok"]
    assert command.end() == 0


def test_play_with_a_table(visit: Any, wait: Any, tmp_path: Path) -> None:
    lines = [f"{a:.3f},{'red' if b > 0 else '=cmd'},{'<b>yes</b>' if a + b > 0 else 'no'}" for a, b, _ in X]
    (tmp_path / "data.csv").write_text("\n".join(["size,<script>,label", *lines]))
    command = Command("play", str(tmp_path / "data.csv"), "-t", "label", "--no-open", "--hidden", "3")
    client = visit(command.url()).listen()
    wait(lambda: client.of("frame"))
    start = client.of("start")[0]
    assert start["data"]["target"] == "label"
    assert set(start["data"]["classes"]) == {"<b>yes</b>", "no"}
    assert start["model"]["layers"][0]["units"] == 3
    client.command(do="step", by="epoch")
    wait(lambda: client.of("epoch"))
    assert command.end() == 0


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["play", "orr"], 2, "Unknown preset 'orr'. Did you mean 'or' or 'xor'? For a table, give the path of"),
        (["play", "nothing.csv", "-t", "y"], 3, "nothing.csv"),
        (["play", "xor", "-t", "y"], 2, "--target is for a file, but 'xor' is none. Give the path of a CSV file."),
        (["view", "nothing"], 3, "there is no file or folder 'nothing'"),
        (["play", "or", "--host", "0.0.0.0"], 1, "its host can be 127.0.0.1, ::1 or localhost, not '0.0.0.0'."),
    ],
)
def test_what_went_wrong_is_one_line(arguments: list[str], code: int, sentence: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chainrule", *arguments, "--no-open"], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_view_shows_a_run(visit: Any, wait: Any, runs: Path) -> None:
    command = Command("view", str(runs / "second"), "--no-open")
    client = visit(command.url()).listen()
    wait(lambda: client.of("frame"))
    assert command.end() == 0


def test_view_names_the_runs_that_it_leaves_out(visit: Any, wait: Any, runs: Path, tmp_path: Path) -> None:
    for name in ("good", "bad"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "run.jsonl").write_bytes((runs / "first" / "run.jsonl").read_bytes())
    lines = (tmp_path / "bad" / "run.jsonl").read_text().splitlines()
    (tmp_path / "bad" / "run.jsonl").write_text("\n".join([lines[0], "broken", *lines[1:]]))
    command = Command("view", str(tmp_path), "--no-open")
    client = visit(command.url()).listen()
    wait(lambda: client.of("frame"))
    assert command.end() == 0
    left_out = [line for line in command.said.splitlines() if line.startswith("Left out: ")]
    assert len(left_out) == 1
    assert "run.jsonl, line 2': " in left_out[0]


def test_a_port_in_use_is_one_line() -> None:
    with cr.dashboard(network(), X, Y, open=False, wait=False) as page:
        done = subprocess.run(
            [sys.executable, "-m", "chainrule", "play", "or", "--no-open", "--port", str(page.server.port)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: The dashboard cannot use port {page.server.port}: ")
    assert len(done.stderr.strip().splitlines()) == 1
