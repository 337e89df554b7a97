"""Two hundred files made to do harm, and some that only look strange.

Each is loaded in a process that notes what it does. All must be refused with one line that names the file; nothing may
be run, imported, read or written besides, and neither much memory nor time may go into it.
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
FAMILIES = {
    name: importlib.import_module(f"hostile_{name}")
    for name in ("zips", "json", "classes", "wiring", "sizes", "weights", "bytes", "legacy", "assets")
}
AWKWARD = importlib.import_module("awkward")
_MOST_SECONDS, _MOST_GROWTH = 1.0, 256 << 20


def run(folder: Path, cases: dict[str, bytes], good: list[bytes], suffix: str) -> tuple[dict[str, str], dict[str, Any]]:
    """Load all cases in one child; return their files and what happened."""
    files = {}
    for i, (name, data) in enumerate(cases.items()):
        files[name] = str(folder / f"case{i}{suffix}")
        Path(files[name]).write_bytes(data)
    plan = {"files": files, "good": [], "warm": list(files.values())[:1]}
    for i, data in enumerate(good):
        plan["good"].append(str(folder / f"good{i}{suffix}"))
        Path(plan["good"][-1]).write_bytes(data)
    (folder / "cases.json").write_text(json.dumps(plan))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(HERE / "child.py"), str(folder)],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return files, json.loads((folder / "found.json").read_text())


def faults(attempt: dict[str, Any], path: str) -> list[str]:
    """Say what is wrong with how a file was refused."""
    wrong = []
    if attempt["kind"] != "ModelFileError":
        wrong.append(f"{attempt['kind'] or 'it was loaded'}: {attempt['message']}"[:300])
    else:
        message = attempt["message"]
        if path not in message or len(message) > 500 or not message.isprintable():
            wrong.append(f"the message: {message!r}")
    if attempt["seconds"] > _MOST_SECONDS or attempt["growth"] > _MOST_GROWTH:
        wrong.append(f"{attempt['seconds']:.2f} s, {attempt['growth'] >> 20} MB")
    return wrong + attempt["events"]


@pytest.mark.parametrize("family", list(FAMILIES))
def test_hostile_files(family: str, tmp_path: Path) -> None:
    module = FAMILIES[family]
    made = {name: make() for name, make in module.CASES.items()}
    files, found = run(tmp_path, made, [make() for make in module.GOOD], module.SUFFIX)
    assert set(tmp_path.iterdir()) == {tmp_path / "found.json", tmp_path / "cases.json", *map(Path, files.values())} | {
        tmp_path / f"good{i}{module.SUFFIX}" for i in range(len(module.GOOD))
    }
    wrong = {name: [w for a in found[name] for w in faults(a, files[name])] for name in files}
    wrong = {name: list(dict.fromkeys(w)) for name, w in wrong.items() if w}
    print(f"{family}: {len(files) - len(wrong)} of {len(files)} refused")
    assert not wrong, "\n".join(f"{name}: {w}" for name, w in wrong.items())
    assert all(not found[name][0]["known"] for name in files), "a file has registered something"


def test_awkward_files_load(tmp_path: Path) -> None:
    _, found = run(tmp_path, {name: make() for name, make in AWKWARD.CASES.items()}, [], ".keras")
    assert {name: a["kind"] + a["message"] for name, (a, *_) in found.items() if a["kind"]} == {}


def test_there_are_two_hundred() -> None:
    assert sum(len(module.CASES) for module in FAMILIES.values()) >= 200
