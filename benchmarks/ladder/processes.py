"""The runner's side of a contestant: a worker process that is asked, or a whole script that is run and weighed."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.ladder.contestants import split
from benchmarks.ladder.workloads import Workload

PATIENCE_S = 180.0
"""A contestant that does not answer for so long is stopped and left out."""

SCRIPTS = Path(__file__).parent / "scripts"
ROOT = Path(__file__).resolve().parents[2]


class Failed(Exception):
    """A contestant could not be measured; the text says why."""


def environment(contestant: str, cores: int) -> dict[str, str]:
    """Return this process's environment and what the system needs; `sgemm` alone is told its number of threads."""
    system, variant = split(contestant)
    found = {**os.environ, **system.environment}
    if system.package == "numpy" and variant:
        found["OPENBLAS_NUM_THREADS"] = "1" if variant == "one" else str(cores)
    return found


class Worker:
    """One contestant of one workload in its own process; it stays alive, idle, between its turns."""

    def __init__(self, workload: Workload, contestant: str, cores: int, small: bool) -> None:
        command = [sys.executable, "-m", "benchmarks.ladder.worker", workload.name, contestant]
        self.process = subprocess.Popen(
            command + ["--small"] * small,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(contestant, cores),
            cwd=ROOT,
        )
        self.unread = b""

    def answer(self) -> dict[str, Any]:
        """Return the next answer; raise Failed where it is an error, or none comes."""
        assert self.process.stdout is not None
        end = time.monotonic() + PATIENCE_S
        while b"\n" not in self.unread:
            if not select.select([self.process.stdout], [], [], max(0.0, end - time.monotonic()))[0]:
                raise Failed(f"no answer within {PATIENCE_S:.0f} s")
            piece = os.read(self.process.stdout.fileno(), 65536)
            if not piece:
                raise Failed(f"ended with exit code {self.process.wait()}")
            self.unread += piece
        line, self.unread = self.unread.split(b"\n", 1)
        message: dict[str, Any] = json.loads(line)
        if "error" in message:
            raise Failed(message["error"])
        return message

    def ask(self, word: str) -> dict[str, Any]:
        """Send `prepare` or `measure` and wait for the answer."""
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{word}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError as error:
            raise Failed(f"ended with exit code {self.process.wait()}") from error
        return self.answer()

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()


def run_script(contestant: str, table: Path) -> tuple[float, int]:
    """Run a whole script in a fresh process; return its wall time in seconds and its peak memory in bytes.

    The peak that the operating system reports for a child is never below this process's own size when it started the
    child; so this process imports nothing large.
    """
    system, _ = split(contestant)
    assert system.script is not None
    command = [sys.executable, str(SCRIPTS / f"{system.script}.py"), str(table)]
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env={**os.environ, **system.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise Failed(f"{system.script}.py ended with exit code {process.returncode}")
    return seconds, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
