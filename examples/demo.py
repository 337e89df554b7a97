"""What `make demo` runs: two of scikit-learn's tables as CSV files, a network for each, one prediction explained."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
from sklearn.datasets import load_breast_cancer, load_diabetes

FOLDER = Path("demo")


def chainrule(*arguments: str) -> None:
    """Run the command line as a person would, showing the command."""
    print(f"\n$ chainrule {' '.join(arguments)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "chainrule", *arguments], check=False)
    if done.returncode:
        sys.exit(done.returncode)


def _write(name: str, bundled: Any, target: pl.Series) -> None:
    columns = [str(c) for c in bundled.feature_names]
    pl.DataFrame(bundled.data, schema=columns).with_columns(target).write_csv(FOLDER / name)


def write_tables() -> tuple[Path, Path]:
    """Write the breast-cancer and the diabetes table as CSV, with the targets in words and in their own unit."""
    FOLDER.mkdir(exist_ok=True)
    cancer, diabetes = load_breast_cancer(), load_diabetes(scaled=False)
    diagnosis = [str(cancer.target_names[t]) for t in cancer.target]
    _write("breast_cancer.csv", cancer, pl.Series("diagnosis", diagnosis))
    _write("diabetes.csv", diabetes, pl.Series("progression", diabetes.target))
    return FOLDER / "breast_cancer.csv", FOLDER / "diabetes.csv"


def main() -> None:
    cancer, diabetes = write_tables()
    runs = FOLDER / "runs"
    chainrule("train", str(cancer), "--target", "diagnosis", "--seed", "1", "--out", str(runs), "--overwrite")
    chainrule("train", str(diabetes), "--target", "progression", "--seed", "1", "--out", str(runs), "--overwrite")
    print("\nOne prediction, with every number:")
    chainrule("trace", f"{runs}/diabetes", str(diabetes), "--row", "17")
    print(f"\nThe tables are in {FOLDER}/, the runs in {runs}/breast_cancer/ and {runs}/diabetes/:")
    for path in sorted(runs.glob("*/*")):
        print(f"  {path}  ({path.stat().st_size:,} bytes)")
    print("\nThe reports, to be opened in a browser:")
    for path in sorted(runs.glob("*/report.html")):
        print(f"  {path.resolve().as_uri()}")


if __name__ == "__main__":
    main()
