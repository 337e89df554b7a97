"""What was measured, as JSON lines: appended while measuring, so that a stopped run can go on where it was."""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "build" / "bench"
FILE = FOLDER / "results.jsonl"


@dataclass
class Measured:
    """Everything on record of one workload."""

    samples: dict[str, list[float]] = field(default_factory=dict)
    details: dict[str, dict[str, Any]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)

    @property
    def medians(self) -> dict[str, float]:
        return {name: statistics.median(values) for name, values in self.samples.items()}


def append(file: Path, **record: Any) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as lines:
        print(json.dumps(record), file=lines)


def read(file: Path) -> dict[str, Measured]:
    """Return what is on record, by workload; the file may be missing or hold several runs."""
    found: dict[str, Measured] = {}
    for record in records(file):
        measured = found.setdefault(record["workload"], Measured())
        match record["what"]:
            case "sample":
                measured.samples.setdefault(record["contestant"], []).append(record["value"])
            case "details":
                measured.details[record["contestant"]] = record["details"]
            case "failed":
                measured.failed[record["contestant"]] = record["reason"]
            case "run":
                measured.run = record["run"]
    return found


def records(file: Path) -> Iterable[dict[str, Any]]:
    if not file.exists():
        return []
    return [json.loads(line) for line in file.read_text().splitlines()]


def forget(file: Path, workloads: Iterable[str]) -> None:
    """Drop what is on record of these workloads; they are about to be measured anew."""
    gone = set(workloads)
    kept = [json.dumps(record) for record in records(file) if record["workload"] not in gone]
    if file.exists():
        file.write_text("".join(f"{line}\n" for line in kept))
