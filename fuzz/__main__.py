"""Run one target: `python -m fuzz hdf5 --seconds 60`, or all in turn: `python -m fuzz all`."""

from __future__ import annotations

import argparse
import hashlib
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

from fuzz import TARGETS
from fuzz.mutate import mutations

HERE = Path(__file__).parent


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "all"])
    parser.add_argument("--seconds", type=int, default=60, help="how long each target runs")
    parser.add_argument("--plain", type=int, default=0, help="run so many fixed mutations, without atheris")
    parser.add_argument("--start", type=int, default=0, help="other fixed mutations for another number")
    given = parser.parse_args()
    if given.target == "all":
        rest = ["--seconds", str(given.seconds), "--plain", str(given.plain), "--start", str(given.start)]
        return max(subprocess.call([sys.executable, "-m", "fuzz", name, *rest]) for name in TARGETS)
    if given.plain:
        return _plain(given.target, given.plain, given.start)
    return _guided(given.target, given.seconds)


def _plain(name: str, number: int, start: int) -> int:
    target = importlib.import_module(f"fuzz.{name}")
    failed = 0
    for data in mutations(list(target.seeds().values()), number, start):
        try:
            target.check(data)
        except Exception as error:
            failed += 1
            _keep(name, data, f"{type(error).__name__}: {error}"[:300])
    print(f"{name}: {number} mutations, {failed} findings")
    return int(failed > 0)


def _guided(name: str, seconds: int) -> int:
    try:
        import atheris
    except ImportError:
        print("Fuzzing needs the package 'atheris'. Install it with: pip install \"chainrule[fuzz]\"")
        return 2
    corpus = HERE.parent / "build" / "fuzz" / name
    corpus.mkdir(parents=True, exist_ok=True)
    with atheris.instrument_imports(include=["chainrule"]):
        target = importlib.import_module(f"fuzz.{name}")
        for seed, data in target.seeds().items():
            (corpus / f"seed-{seed}").write_bytes(data)
            target.check(data)  # all is imported now, and counted

    def one(data: bytes) -> None:
        try:
            target.check(data)
        except Exception as error:
            _keep(name, data, f"{type(error).__name__}: {error}"[:300])
            raise

    options = [f"-max_total_time={seconds}", "-max_len=65536", "-timeout=20", "-rss_limit_mb=2048", "-verbosity=0"]
    artifacts = f"-artifact_prefix={corpus.parent}/{name}-"
    atheris.Setup([sys.argv[0], *options, artifacts, "-print_final_stats=1", str(corpus)], one)
    atheris.Fuzz()
    return 0


def _keep(name: str, data: Any, said: str) -> None:
    """Keep what was found; the tests run it from now on."""
    folder = HERE / "findings" / name
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / hashlib.sha256(data).hexdigest()[:12]
    path.write_bytes(data)
    print(f"{name}: {path.name}: {said}")


if __name__ == "__main__":
    sys.exit(main())
