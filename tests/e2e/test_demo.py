"""What `make demo` runs works from an empty folder and says where its files are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parents[2] / "examples" / "demo.py"


def test_the_demo_trains_on_two_tables_and_traces_a_prediction(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, str(DEMO)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "Forward pass" in done.stdout
    assert "demo/runs/diabetes/model.keras" in done.stdout
    for run in ("breast_cancer", "diabetes"):
        names = {path.name for path in (tmp_path / "demo" / "runs" / run).iterdir()}
        assert names >= {"model.keras", "metrics.json", "history.csv", "predictions.csv", "config.toml", "curves.png"}
        assert names >= {"run.jsonl", "report.html"}
        assert f"{(tmp_path / 'demo' / 'runs' / run / 'report.html').as_uri()}" in done.stdout
