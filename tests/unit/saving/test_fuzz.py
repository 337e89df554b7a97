"""Every reader on fixed mutations of good files, and on what fuzzing has found: read, or refused in the proper way.

`make fuzz` goes on from here, guided by coverage.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
sys.path.insert(0, str(ROOT))
fuzz = importlib.import_module("fuzz")
mutations = importlib.import_module("fuzz.mutate").mutations
NUMBERS = {
    "archive": 300,
    "config": 400,
    "hdf5": 700,
    "legacy": 300,
    "safetensors": 700,
    "onnx": 700,
    "csv": 700,
    "recording": 400,
}
FACTOR = float(os.environ.get("CHAINRULE_FUZZ", "1"))
FINDINGS = sorted((ROOT / "fuzz" / "findings").glob("*/*"))


def target(name: str) -> Any:
    return importlib.import_module(f"fuzz.{name}")


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_seeds_are_read(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Were the seeds refused, their mutations would not get far."""
    module = target(name)
    refused = []
    original = module.refused_properly
    monkeypatch.setattr(module, "refused_properly", lambda *given: refused.append(original(*given)) or refused[-1])
    seeds = module.seeds()
    assert sum(len(data) for data in seeds.values()) < 200_000
    for data in seeds.values():
        refused.clear()
        module.check(data)
        assert not all(refused)


@pytest.mark.parametrize("name", fuzz.TARGETS)
def test_mutations(name: str) -> None:
    module = target(name)
    for data in mutations(list(module.seeds().values()), int(NUMBERS[name] * FACTOR)):
        module.check(data)


@pytest.mark.parametrize("path", FINDINGS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_findings(path: Path) -> None:
    target(path.parent.name).check(path.read_bytes())


def test_a_reader_that_fails_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("not a refusal")

    monkeypatch.setattr("chainrule.saving.hdf5.open_file", fail)
    with pytest.raises(RuntimeError, match="not a refusal"):
        target("hdf5").check(b"")
