"""Runs that are looked at while they go on, that were killed, or that are damaged."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import Recorder
from chainrule.errors import ModelFileError
from chainrule.web import replay
from chainrule.web.tail import QUIET_S, Tail

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)).astype("float32")
Y = (X.sum(1) > 0).astype("float32")


def network() -> Any:
    cr.utils.set_random_seed(3)
    model = cr.Sequential(
        [cr.Input((3,)), cr.layers.Dense(4, "tanh", name="h"), cr.layers.Dense(1, "sigmoid", name="o")]
    )
    model.compile("adam", "binary_crossentropy")
    return model


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """The lines of a run file."""
    path = tmp_path_factory.mktemp("recorded") / "run.jsonl"
    network().fit(X, Y, epochs=8, verbose=0, callbacks=[Recorder(path, every=1, cost=None)])
    return path.read_bytes().splitlines(keepends=True)


def upto(lines: list[bytes], kind: str, count: int) -> int:
    """Return how many lines there are up to the one of a kind that comes as number `count`."""
    places = [i for i, line in enumerate(lines) if json.loads(line)["kind"] == kind]
    return places[count - 1] + 1


class Writer:
    """A run file that somebody writes."""

    def __init__(self, path: Path, lines: list[bytes]) -> None:
        self.path, self.lines, self.done = path, lines, 0
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")

    def write(self, until: int | None = None) -> None:
        until = len(self.lines) if until is None else until
        with self.path.open("ab") as file:
            file.write(b"".join(self.lines[self.done : until]))
        self.done = until


@pytest.fixture
def writer(tmp_path: Path, lines: list[bytes]) -> Writer:
    """A run of which two frames are written."""
    writer = Writer(tmp_path / "mine" / "run.jsonl", lines)
    writer.write(upto(lines, "frame", 2))
    return writer


@pytest.fixture
def show() -> Iterator[Callable[..., Any]]:
    opened: list[Any] = []

    def show(*args: Any) -> Any:
        opened.append(cr.dashboard(*args, open=False, wait=False))
        return opened[-1]

    yield show
    for page in opened:
        page.close()


def told(client: Any) -> str:
    """What the newest status says of the recording."""
    statuses = client.of("status")
    return statuses[-1]["recording"]["text"] if statuses else ""


# -- the file ----------------------------------------------------------------------------------------------------------


def test_only_whole_lines_are_read_and_each_once(writer: Writer, lines: list[bytes]) -> None:
    tail = Tail(writer.path)
    assert tail.read()
    first = list(tail.messages)
    assert not tail.read()
    line = lines[writer.done]
    with writer.path.open("ab") as file:
        file.write(line[:20])
    assert not tail.read()
    with writer.path.open("ab") as file:
        file.write(line[20:])
    assert tail.read()
    assert len(tail.messages) == len(first) + 1
    assert all(a is b for a, b in zip(first, tail.messages, strict=False))
    writer.done += 1
    writer.write()
    assert tail.read()
    assert [m["kind"] for m in tail.messages] == [json.loads(line)["kind"] for line in lines]
    assert tail.recording().end is not None


def test_a_file_that_was_thinned_is_read_anew(writer: Writer, lines: list[bytes]) -> None:
    tail = Tail(writer.path)
    writer.write()
    tail.read()
    frames = [line for line in lines if b'"kind":"frame"' in line]
    kept = [lines[0], frames[0], frames[-1]]
    new = writer.path.with_suffix(".new")
    new.write_bytes(b"".join(kept))
    new.replace(writer.path)
    assert tail.read()
    assert [m["kind"] for m in tail.messages] == ["start", "frame", "frame"]
    new.write_bytes(b"".join([*lines, *lines[-1:]]))  # longer than before: its size tells nothing
    new.replace(writer.path)
    assert tail.read()
    assert len(tail.messages) == len(lines) + 1


def test_a_broken_line_is_told_once_others_follow_it(writer: Writer, lines: list[bytes]) -> None:
    tail = Tail(writer.path)
    with writer.path.open("ab") as file:
        file.write(b"{broken\n")
    assert tail.read()
    assert not tail.read()
    with writer.path.open("ab") as file:
        file.write(lines[-1])
    with pytest.raises(ModelFileError, match=rf"run.jsonl, line {writer.done + 1}': "):
        tail.read()


def test_a_file_that_has_gone(writer: Writer) -> None:
    tail = Tail(writer.path)
    tail.read()
    writer.path.unlink()
    with pytest.raises(ModelFileError, match=r"Cannot read '.*run\.jsonl': No such file"):
        tail.read()
    assert tail.age() == float("inf")


# -- a run that goes on ------------------------------------------------------------------------------------------------


def test_a_run_that_goes_on_is_followed_to_its_end(show: Any, visit: Any, wait: Any, writer: Writer) -> None:
    page = show(writer.path.parent)
    client = visit(page.url).listen()
    wait(lambda: told(client) == "live")
    assert client.of("status")[-1]["state"] == "playing"
    assert not client.of("end")
    frames = [json.loads(line)["step"] for line in writer.lines if b'"kind":"frame"' in line]
    for count in range(3, len(frames) + 1):
        writer.write(upto(writer.lines, "frame", count))
        wait(lambda count=count: client.of("frame")[-1]["step"] == frames[count - 1])
        assert told(client) == "live"
    writer.write()
    wait(lambda: client.of("end") and client.of("status")[-1]["state"] == "paused")
    assert told(client) == "ended: all epochs"
    assert [e["epoch"] for e in client.of("epoch")] == list(range(8))
    assert client.get("/api/derivation", row=7).json()["step"] == frames[-1]
    assert client.command(do="back")["step"] == frames[-2]  # and now it is a recording as any other
    assert client.command(do="play")["state"] == "playing"


def test_a_training_is_watched_while_another_thread_records_it(
    show: Any, visit: Any, wait: Any, tmp_path: Path
) -> None:
    stop, model = threading.Event(), network()

    class Until(cr.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            time.sleep(0.005)
            self.model.stop_training = stop.is_set()

    recorder = Recorder(tmp_path / "run.jsonl", every=1, cost=None)
    training = threading.Thread(
        target=lambda: model.fit(X, Y, epochs=100_000, verbose=0, callbacks=[recorder, Until()]), daemon=True
    )
    training.start()
    try:
        wait(lambda: (tmp_path / "run.jsonl").exists() and (tmp_path / "run.jsonl").stat().st_size)
        client = visit(show(tmp_path).url).listen()
        wait(lambda: len({f["step"] for f in client.of("frame")}) > 5)
        assert told(client) == "live"
    finally:
        stop.set()
        training.join(20)
    wait(lambda: client.of("end"))
    assert client.of("end")[-1]["why"] == "stop_training"
    wait(lambda: client.of("frame")[-1]["step"] == client.of("end")[-1]["step"])
    frame, path = client.of("frame")[-1], model.weights[0].path
    found = cr.recording.messages.decode(json.dumps({**frame, "kind": "frame"}))
    np.testing.assert_array_equal(found["weights"][path], model.get_weights()[0])


def test_one_may_pause_and_look_while_it_goes_on(show: Any, visit: Any, wait: Any, writer: Writer) -> None:
    client = visit(show(writer.path).url).listen()
    wait(lambda: told(client) == "live")
    at = client.command(do="pause")["step"]
    writer.write(upto(writer.lines, "frame", 5))
    wait(lambda: len(client.of("epoch")) >= 3)  # its curve grows all the same
    assert client.of("frame")[-1]["step"] == at
    assert told(client) == "paused here; the training goes on"
    client.command(do="play")
    newest = json.loads(writer.lines[writer.done - 1])["step"]
    wait(lambda: client.of("frame")[-1]["step"] == newest)
    wait(lambda: told(client) == "live")


def test_a_run_that_was_killed_is_not_called_live(show: Any, visit: Any, wait: Any, writer: Writer) -> None:
    client = visit(show(writer.path).url).listen()
    wait(lambda: told(client) == "live")
    past = time.time() - QUIET_S - 60
    os.utime(writer.path, (past, past))
    wait(lambda: told(client) == "no end, and nothing new for 2 minutes")
    wait(lambda: client.of("status")[-1]["state"] == "paused")
    assert client.of("status")[-1]["recording"]["state"] == "silent"
    writer.write(upto(writer.lines, "frame", 3))  # it was only slow
    wait(lambda: told(client) == "live")
    wait(lambda: client.of("frame")[-1]["step"] == json.loads(writer.lines[writer.done - 1])["step"])


def test_one_killed_long_ago_opens_as_a_recording_without_an_end(
    show: Any, visit: Any, wait: Any, writer: Writer
) -> None:
    past = time.time() - 3 * 86400 - 10
    os.utime(writer.path, (past, past))
    client = visit(show(writer.path).url).listen()
    wait(lambda: told(client) == "no end, and nothing new for 3 days")
    assert client.of("status")[-1]["state"] == "paused"


def test_a_file_thinned_while_it_is_followed(show: Any, visit: Any, wait: Any, writer: Writer) -> None:
    client = visit(show(writer.path).url).listen()
    wait(lambda: told(client) == "live")
    lines, new = writer.lines, writer.path.with_suffix(".new")
    frames = [line for line in lines if b'"kind":"frame"' in line]
    new.write_bytes(b"".join([lines[0], frames[0], frames[4]]))
    new.replace(writer.path)
    wait(lambda: client.of("frame")[-1]["step"] == json.loads(frames[4])["step"])
    assert client.of("status")[-1]["can"]["back"] == 1
    assert len(client.of("start")) == 2
    assert client.get("/api/derivation", row=7).json()["step"] == json.loads(frames[4])["step"]


def test_a_file_damaged_while_it_is_followed(show: Any, visit: Any, wait: Any, writer: Writer) -> None:
    client = visit(show(writer.path).url).listen()
    wait(lambda: told(client) == "live")
    with writer.path.open("ab") as file:
        file.write(b"{broken\n" + writer.lines[-1])
    wait(lambda: client.of("status")[-1]["recording"]["state"] == "damaged")
    assert f"line {writer.done + 1}': " in told(client)
    wait(lambda: client.of("status")[-1]["state"] == "paused")
    assert client.get("/api/derivation", row=7).status_code == 200


def test_a_run_that_has_only_just_begun_is_waited_for(show: Any, visit: Any, wait: Any, writer: Writer) -> None:
    begun = Writer(writer.path, writer.lines)
    begun.write(1)
    threading.Timer(0.3, lambda: begun.write(writer.done)).start()
    client = visit(show(writer.path).url).listen()
    wait(lambda: client.of("frame"))


# -- damaged runs ------------------------------------------------------------------------------------------------------


def test_damaged_runs_of_a_folder_are_listed_and_the_others_open(
    show: Any, visit: Any, wait: Any, tmp_path: Path, lines: list[bytes]
) -> None:
    for age, name in enumerate(("second", "first", "no_frames")):
        writer = Writer(tmp_path / name / "run.jsonl", lines)
        writer.write(1 if name == "no_frames" else None)
        os.utime(writer.path, (1000 - age, 1000 - age))
    broken = Writer(tmp_path / "broken" / "run.jsonl", [lines[0], b"{broken\n", lines[-1]])  # the newest of all
    broken.write()
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "run.jsonl").write_bytes(b"")
    page = show(tmp_path)
    client = visit(page.url).listen()
    wait(lambda: client.of("frame"))
    assert page.driver.recording.path == tmp_path / "second" / "run.jsonl"
    found = client.get("/api/view/runs").json()
    assert len(found["runs"]) == 2
    assert {d["name"] for d in found["damaged"]} == {"broken", "empty"}
    reasons = {d["name"]: d["why"] for d in found["damaged"]}
    assert "line 2': " in reasons["broken"]
    assert all(len(why.splitlines()) == 1 for why in reasons.values())


def test_a_folder_of_damaged_runs_alone(tmp_path: Path, lines: list[bytes]) -> None:
    Writer(tmp_path / "broken" / "run.jsonl", [lines[0], b"{broken\n", lines[-1]]).write()
    with pytest.raises(ModelFileError, match=r"no run in '.*' can be shown: .*broken.*line 2': "):
        cr.dashboard(tmp_path, open=False, wait=False)


@pytest.mark.parametrize(
    ("name", "value"), [("beta_1", None), ("beta_1", "x"), ("learning_rate", "fast"), ("learning_rate", [1, 2])]
)
def test_a_damaged_description_of_the_optimizer_is_told_in_a_line(
    show: Any, visit: Any, wait: Any, tmp_path: Path, lines: list[bytes], name: str, value: Any
) -> None:
    start = json.loads(lines[0])
    start["model"]["config"]["compile_config"]["optimizer"]["config"][name] = value
    Writer(tmp_path / "run.jsonl", [json.dumps(start).encode() + b"\n", *lines[1:]]).write()
    client = visit(show(tmp_path).url).listen()
    wait(lambda: client.of("frame"))
    for path in ("/api/derivation", "/api/quiz"):
        answer = client.get(path, row=7)
        assert answer.status_code == 409
        assert "recording" in answer.json()["error"]
        assert len(answer.json()["error"].splitlines()) == 1


def test_a_description_without_an_optimizer_leaves_the_page_standing(
    show: Any, visit: Any, wait: Any, tmp_path: Path, lines: list[bytes]
) -> None:
    start = json.loads(lines[0])
    start["model"]["config"]["compile_config"]["optimizer"] = None
    Writer(tmp_path / "run.jsonl", [json.dumps(start).encode() + b"\n", *lines[1:]]).write()
    client = visit(show(tmp_path).url).listen()
    wait(lambda: client.of("frame"))
    answer = client.get("/api/derivation", row=7)
    assert (answer.status_code, "cannot be rebuilt" in answer.text) == (409, True)
    assert client.command(do="back")["state"] == "paused"


def test_times_are_spoken() -> None:
    assert [replay.spoken(s) for s in (0, 59.9, 60, 3599, 3600, 1e5, float("inf"))] == [
        "0 seconds", "59 seconds", "1 minute", "59 minutes", "1 hour", "1 day", "long",
    ]  # fmt: skip
