"""Run files as they are written: whole after every line, within their budget, first and last frame kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.errors import ModelFileError
from chainrule.recording.reader import read_lines
from chainrule.recording.run_file import Entry, RunFile, thinned


def frame(step: int, size: int = 100) -> dict[str, Any]:
    return {
        "kind": "frame", "step": step, "epoch": 0, "batch": 0, "seconds": 0.0, "logs": {}, "gradients": None,
        "weights": {"w": np.zeros(size, "uint8")}, "outputs": None, "units": [], "flow": [], "learning_rate": None,
    }  # fmt: skip


def epoch(number: int, step: int) -> dict[str, Any]:
    return {"kind": "epoch", "epoch": number, "step": step, "seconds": 0.0, "logs": {"loss": 1.0}}


def steps(path: Path, kind: str = "frame") -> list[int]:
    return [m["step"] for _, _, m in read_lines(path) if m["kind"] == kind]


def test_each_line_is_there_at_once(tmp_path: Path) -> None:
    file = RunFile(tmp_path / "deep" / "run.jsonl", 10**6)
    for step in range(3):
        file.append(frame(step))
        assert steps(file.path) == list(range(step + 1))
    assert file.size == file.path.stat().st_size


def test_a_file_that_is_there_is_not_replaced_unless_asked(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    path.write_text("precious")
    with pytest.raises(ModelFileError, match=r"run.jsonl' exists already. .*overwrite=True"):
        RunFile(path, 100)
    assert path.read_text() == "precious"
    RunFile(path, 100, "w")
    assert path.read_text() == ""


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelFileError, match=r"Cannot write .*file/run\.jsonl"):
        RunFile(tmp_path / "file" / "run.jsonl", 100)


def test_the_file_stays_within_its_budget_and_frames_stay_apart(tmp_path: Path) -> None:
    file = RunFile(tmp_path / "run.jsonl", 5000)
    for step in range(0, 1000, 10):
        file.append(epoch(step // 10, step)) if step % 100 == 0 else None
        if file.wants(step):
            file.append(frame(step))
        assert file.path.stat().st_size == file.size <= 5000
    file.append(frame(1000))
    kept = steps(file.path)
    assert (kept[0], kept[-1]) == (0, 1000)
    assert len(kept) >= 8
    gaps = np.diff(kept)[:-1]
    assert gaps.max() <= 3 * gaps.min()
    assert steps(file.path, "epoch") == list(range(0, 1000, 100))


def test_lines_that_stay_are_as_they_were(tmp_path: Path) -> None:
    file = RunFile(tmp_path / "run.jsonl", 10**6)
    for step in range(8):
        file.append(frame(step))
        file.append(epoch(step, step))
    before = file.path.read_bytes().splitlines()
    file.budget = file.size // 2
    file.append(epoch(8, 8))
    after = file.path.read_bytes().splitlines()
    assert len(after) < len(before)
    assert set(after[:-1]) <= set(before)
    assert [file.path.read_bytes()[e.offset : e.offset + e.length - 1] for e in file.entries] == after
    assert not list(tmp_path.glob("*.tmp"))


def test_very_many_epochs_are_thinned_too(tmp_path: Path) -> None:
    file = RunFile(tmp_path / "run.jsonl", 4000)
    file.append(frame(0))
    for n in range(500):
        file.append(epoch(n, n))
    file.append(frame(500))
    assert file.size <= 4000
    kept = steps(file.path, "epoch")
    assert (kept[0], kept[-1]) == (0, 499)
    assert steps(file.path) == [0, 500]


def test_first_and_last_frame_stay_even_if_they_are_too_large(tmp_path: Path) -> None:
    file = RunFile(tmp_path / "run.jsonl", 100)
    for step in range(5):
        file.append(frame(step))
    assert steps(file.path) == [0, 4]


def test_unequal_distances_are_thinned_by_distance_not_by_number() -> None:
    entries = [Entry(0, 10, "frame", step) for step in (0, 1, 2, 3, 50, 100, 150)]
    kept, gap = thinned(entries, 45)
    assert [e.step for e in kept] == [0, 50, 100, 150]
    assert gap <= 50


def test_going_on_drops_a_broken_line_and_later_steps(tmp_path: Path) -> None:
    path = tmp_path / "run.jsonl"
    file = RunFile(path, 10**6)
    for step in range(5):
        file.append(frame(step))
    file.close()
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    again = RunFile(path, 10**6, "a")
    assert path.read_bytes() == whole[: whole.rindex(b'{"kind":"frame"')]
    again.forget_after(2)
    again.append(frame(7))
    assert steps(path) == [0, 1, 2, 7]


def test_a_disk_that_refuses_ends_the_recording_with_a_warning(tmp_path: Path) -> None:
    file = RunFile(tmp_path / "run.jsonl", 10**6)
    file.append(frame(0))
    file.close()
    file.path.unlink()
    file.path.mkdir()
    with pytest.warns(UserWarning, match="cannot be written any more"):
        file.append(frame(1))
    file.append(frame(2))  # in silence
    assert not file.wants(100)
