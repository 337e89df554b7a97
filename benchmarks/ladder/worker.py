"""A contestant's own process: import, then obey `prepare` and `measure` on standard input, answer in JSON lines.

python -m benchmarks.ladder.worker WORKLOAD CONTESTANT [--small]
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any, TextIO

from benchmarks.ladder import timing
from benchmarks.ladder.contestants import split
from benchmarks.ladder.workloads import BY_NAME


def private_stdout() -> TextIO:
    """Return the standard output for answers alone; what libraries print goes to standard error from now on."""
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    return answers


def serve(workload_name: str, contestant: str, small: bool, answers: TextIO) -> None:
    workload = BY_NAME[workload_name]
    if small:
        workload, timing.LONG_ENOUGH_S = workload.small(), 0.05
    system, variant = split(contestant)
    if variant == "shuffled":
        workload = workload.shuffled()

    def answer(**message: Any) -> None:
        print(json.dumps(message), file=answers)

    try:
        module = importlib.import_module(f"benchmarks.ladder.{system.module}")
        answer(imported=True)
        for line in sys.stdin:
            if line.strip() == "prepare":
                prepared = module.prepare(workload, variant)
                answer(details=prepared.details)
            else:
                answer(value=prepared.measure())
    except Exception as error:  # the runner puts the reason on record and goes on with the others
        answer(error=f"{type(error).__name__}: {error}")


def main() -> None:
    serve(sys.argv[1], sys.argv[2], "--small" in sys.argv[3:], private_stdout())


if __name__ == "__main__":
    main()
