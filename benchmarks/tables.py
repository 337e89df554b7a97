"""How good is `chainrule train` with its defaults on tables of your own, against the simplest guess and a linear model?

    python benchmarks/tables.py FOLDER [--twice]

FOLDER holds CSV files and `datasets.json`, a list of `{"file", "name", "target"}`. Each table is trained once; then
`predict` on the held-out rows without their target must reproduce `predictions.csv`. With `--twice` a second run with
the same seed must give identical weights, metrics and predictions.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any


def chainrule(*arguments: str) -> str:
    """Run the command line and return what it printed on stdout."""
    command = [sys.executable, "-m", "chainrule", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(command)}\nfailed with exit code {done.returncode}:\n{done.stderr}")
    return done.stdout


def train(data: Path, target: str, out: Path) -> Path:
    result = json.loads(
        chainrule("train", str(data), "--target", target, "--out", str(out), "--seed", "0", "--json", "-q")
    )
    return Path(result["run"])


def reproduces(run: Path, data: Path, target: str, folder: Path) -> bool:
    """Whether `predict` on the held-out rows, without the target, gives the predictions that training wrote."""
    import polars as pl

    written = pl.read_csv(run / "predictions.csv", infer_schema=False)
    table = pl.read_csv(data, infer_schema=False)
    rows = written["row"].cast(pl.Int64).to_list()
    table.drop(target)[[r - FIRST_ROW for r in rows]].write_csv(folder / "new.csv")
    (folder / "out.csv").unlink(missing_ok=True)
    chainrule("predict", str(run), str(folder / "new.csv"), "-o", str(folder / "out.csv"))
    again = pl.read_csv(folder / "out.csv", infer_schema=False)
    return written["prediction"].to_list() == again["prediction"].to_list()


FIRST_ROW = 1
"""The number that `predictions.csv` gives to the first row of a table."""


def identical(a: Path, b: Path) -> bool:
    """Whether two runs have the same weights, metrics and predictions, bit for bit."""
    weights = [zipfile.ZipFile(run / "model.keras").read("model.weights.h5") for run in (a, b)]
    texts = [
        [(run / name).read_bytes() for name in ("predictions.csv", "metrics.json", "history.csv")] for run in (a, b)
    ]
    return weights[0] == weights[1] and texts[0] == texts[1]


def row(entry: dict[str, Any], source: Path, folder: Path, twice: bool) -> str:
    data = source / entry["file"]
    started = time.perf_counter()
    run = train(data, entry["target"], folder / "first")
    seconds = time.perf_counter() - started
    metrics = json.loads((run / "metrics.json").read_text())
    score = metrics["main_score"]
    ours = metrics["test"][score]
    others = {name: values[score]["value"] for name, values in metrics["baseline"].items()}
    cells = [
        entry["name"],
        score,
        f"{ours['value']:.4g}",
        *(f"{k} {v:.4g}" for k, v in others.items()),
        f"{seconds:.0f} s",
    ]
    cells.append("yes" if reproduces(run, data, entry["target"], folder) else "NO")
    if twice:
        cells.append("yes" if identical(run, train(data, entry["target"], folder / "second")) else "NO")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    source, twice = Path(sys.argv[1]), "--twice" in sys.argv
    tables = [e for e in json.loads((source / "datasets.json").read_text()) if e["file"].endswith((".csv", ".csv.gz"))]
    print(
        "| data | score | network | simplest | linear | time | predict reproduces |"
        + (" same again |" if twice else "")
    )
    print("|---|---|---|---|---|---|---|" + ("---|" if twice else ""))
    with tempfile.TemporaryDirectory() as folder:
        for entry in tables:
            print(row(entry, source, Path(folder), twice), flush=True)


if __name__ == "__main__":
    main()
