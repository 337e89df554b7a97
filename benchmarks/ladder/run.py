"""Climb the ladder: every contestant once per round, in turn, each in its own process. `make bench` runs this.

python -m benchmarks.ladder.run [--only or,table] [--peers none|torch,jax-scan] [--rounds 5] [--small] [--resume]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.ladder import machine, results
from benchmarks.ladder.processes import ROOT, Failed, Worker, run_script
from benchmarks.ladder.workloads import WORKLOADS, Workload

ALWAYS = ("chainrule", "sgemm")
PAUSE_S = 0.1
"""Between two turns: threads that wait by spinning have gone to sleep by then."""


def arguments() -> argparse.Namespace:
    names = ",".join(workload.name for workload in WORKLOADS)
    parser = argparse.ArgumentParser(description="Measure chainrule and its peers in turn.")
    parser.add_argument("--only", default=names, help=f"workloads, of {names}")
    parser.add_argument("--peers", default="all", help="all, none, or systems such as torch,keras-jax")
    parser.add_argument("--rounds", type=int, default=5, help="how often everybody has a turn")
    parser.add_argument("--cores", type=int, default=0, help="use that many cores of the machine; default all")
    parser.add_argument("--small", action="store_true", help="few rows and epochs, to try the harness")
    parser.add_argument("--resume", action="store_true", help="keep workloads that are on record already")
    parser.add_argument("--results", type=Path, default=results.FILE, help="where the JSON lines go")
    return parser.parse_args()


def chosen(only: str) -> list[Workload]:
    wanted = {name.strip() for name in only.split(",") if name.strip()}
    unknown = wanted - {workload.name for workload in WORKLOADS}
    if unknown:
        sys.exit(f"unknown workloads {sorted(unknown)}; there are {[w.name for w in WORKLOADS]}")
    return [workload for workload in WORKLOADS if workload.name in wanted]


def takes_part(contestant: str, peers: str) -> bool:
    system = contestant.partition(":")[0]
    return system in ALWAYS or peers == "all" or system in peers.split(",")


def say(text: str) -> None:
    print(text, flush=True)


class Runner:
    """Measures workloads with the options given and puts every turn on record at once."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.cores = machine.cores()

    def record(self, workload: str, what: str, **fields: object) -> None:
        results.append(self.options.results, workload=workload, what=what, **fields)

    def fail(self, workload: str, contestant: str, reason: Failed) -> None:
        self.record(workload, "failed", contestant=contestant, reason=str(reason))
        say(f"  {contestant}: {reason}")

    def measure(self, workload: Workload) -> None:
        """Measure one workload with all who take part."""
        names = [name for name in workload.contestants if takes_part(name, self.options.peers)]
        workers = {name: Worker(workload, name, self.cores, self.options.small) for name in names}
        try:
            self.prepare(workload, workers)
            for _ in range(self.options.rounds):
                self.round(workload, workers)
        finally:
            for worker in workers.values():
                worker.close()

    def prepare(self, workload: Workload, workers: dict[str, Worker]) -> None:
        """Wait until all are imported, then warm up one after the other; leave out those that cannot."""
        for step in ("import", "prepare"):
            for name, worker in list(workers.items()):
                try:
                    answer = worker.answer() if step == "import" else worker.ask("prepare")
                except Failed as reason:
                    self.fail(workload.name, name, reason)
                    workers.pop(name).close()
                    continue
                if step == "prepare":
                    self.prepared(workload.name, name, answer["details"])

    def prepared(self, workload: str, contestant: str, details: dict[str, object]) -> None:
        """Put on record what a contestant says of itself; say so where chainrule is not at its fastest."""
        self.record(workload, "details", contestant=contestant, details=details)
        engine = str(details.get("engine", "native"))
        if contestant == "chainrule" and not engine.startswith("native"):
            say(f"  chainrule runs on another engine than the native one: {engine}")

    def round(self, workload: Workload, workers: dict[str, Worker]) -> None:
        """Give everybody one turn."""
        for name, worker in list(workers.items()):
            time.sleep(PAUSE_S)
            try:
                value = worker.ask("measure")["value"]
            except Failed as reason:
                self.fail(workload.name, name, reason)
                workers.pop(name).close()
                continue
            self.record(workload.name, "sample", contestant=name, value=value)

    def scripts(self, wanted: list[Workload]) -> None:
        """Run the whole scripts in turn: one uncounted round to fill the caches of files, then the counted ones."""
        table = results.FOLDER / "iris.csv"
        subprocess.run([sys.executable, "-m", "benchmarks.ladder.scripts.iris", str(table)], check=True, cwd=ROOT)
        names = [name for name in wanted[0].contestants if takes_part(name, self.options.peers)]
        for counted in [False, *[True] * self.options.rounds]:
            for name in list(names):
                try:
                    seconds, size = run_script(name, table)
                except Failed as reason:
                    names.remove(name)
                    for workload in wanted:
                        self.fail(workload.name, name, reason)
                    continue
                values = {"script": seconds, "memory": size}
                for workload in wanted if counted else []:
                    self.record(workload.name, "sample", contestant=name, value=values[workload.name])

    def begin(self, workload: Workload) -> None:
        run = {**machine.describe(), "rounds": self.options.rounds, "small": self.options.small}
        self.record(workload.name, "run", run=run)

    def climb(self, workloads: list[Workload]) -> None:
        trained = [workload for workload in workloads if workload.kind != "script"]
        whole = [workload for workload in workloads if workload.kind == "script"]
        for workload in trained:
            start = time.monotonic()
            self.begin(workload)
            self.measure(workload)
            say(f"{workload.name:10s} {time.monotonic() - start:6.1f} s")
        if whole:
            start = time.monotonic()
            for workload in whole:
                self.begin(workload)
            self.scripts(whole)
            say(f"{'scripts':10s} {time.monotonic() - start:6.1f} s")


def complete(file: Path, rounds: int) -> set[str]:
    """Return the workloads on record whose every contestant had its rounds."""
    found = results.read(file)
    return {name for name, m in found.items() if m.samples and min(map(len, m.samples.values())) >= rounds}


def main() -> None:
    options = arguments()
    if options.cores:
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: options.cores])
    workloads = chosen(options.only)
    if options.resume:
        done = complete(options.results, options.rounds)
        workloads = [workload for workload in workloads if workload.name not in done]
    results.forget(options.results, [workload.name for workload in workloads])
    Runner(options).climb(workloads)


if __name__ == "__main__":
    main()
