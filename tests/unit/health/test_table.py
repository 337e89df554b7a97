"""Tables with one thing wrong each, and tables with nothing wrong."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pl = pytest.importorskip("polars")

from chainrule.errors import DataError  # noqa: E402
from chainrule.health import check_table  # noqa: E402

HEALTHY = runpy.run_path(str(Path(__file__).with_name("healthy.py")))
DATA: Path = HEALTHY["DATA"]
ROWS = 200
rng = np.random.default_rng(0)
AGE, FARE = rng.integers(18, 90, ROWS), rng.gamma(2, 20, ROWS).round(2)
CITY = rng.choice(["Bern", "Basel", "Genf"], ROWS)
SURVIVED = np.where(AGE + rng.normal(0, 20, ROWS) > 50, "yes", "no")


def written(folder: Path, **changes: Any) -> Path:
    columns = {"age": AGE, "fare": FARE, "city": CITY, "survived": SURVIVED, **changes}
    path = folder / "ship.csv"
    pl.DataFrame({k: list(v) for k, v in columns.items()}).write_csv(path)
    return path


def test_a_healthy_table(tmp_path: Path) -> None:
    report = check_table(written(tmp_path), "survived")
    assert str(report).splitlines() == [
        "Health of 'ship.csv': nothing found.",
        "Looked at: 200 rows of 3 columns, target 'survived' (binary).",
    ]


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"year": [1912] * ROWS}, "constant-feature", "year"),
        ({"ship": ["Titanic"] * ROWS}, "constant-feature", "ship"),
        ({"tip": [*[0.0] * (ROWS - 1), 2.5]}, "", ""),
        ({"fare_cents": (FARE * 100).round()}, "duplicate-feature", "fare_cents"),
        ({"ort": np.char.upper(CITY)}, "duplicate-feature", "ort"),
        ({"boat": np.where(SURVIVED == "yes", "A", "none")}, "leakage-suspect", "boat"),
        ({"days_alive": np.where(SURVIVED == "yes", 9000 + AGE, AGE)}, "leakage-suspect", "days_alive"),
        ({"cabin": [*[None] * 120, *["B5"] * 40, *["C3"] * 40]}, "mostly-missing", "cabin"),
        ({"survived": [*["no"] * 192, *["yes"] * 8]}, "class-imbalance", "target"),
    ],
)
def test_one_thing_wrong(tmp_path: Path, changes: dict[str, Any], code: str, where: str) -> None:
    report = check_table(written(tmp_path, **changes), "survived")
    assert [f.key for f in report] == ([(code, where)] if code else [])


def test_classes_are_called_by_their_names(tmp_path: Path) -> None:
    (found,) = check_table(written(tmp_path, survived=[*["no"] * 192, *["yes"] * 8]), "survived")
    assert found.message == "Class yes has 8 of 200 rows (4.0 %): always saying no is right on 96.0 % of them."


def test_options_are_those_of_training(tmp_path: Path) -> None:
    path = written(tmp_path, boat=np.where(SURVIVED == "yes", "A", "none"))
    assert check_table(path, "survived", drop=("boat",)).ok
    assert check_table(path, "fare").ok
    with pytest.raises(DataError, match="there is no target column 'survive'"):
        check_table(path, "survive")


@pytest.mark.skipif(not DATA.is_dir(), reason=f"the folder of data sets, {DATA.name}, is not here")
@pytest.mark.parametrize("name", ["penguins", "pima", "german_credit", "wine_white", "california_housing"])
def test_real_tables_are_healthy(name: str) -> None:
    facts = next(d for d in json.loads((DATA / "datasets.json").read_text()) if d["name"] == name)
    report = check_table(DATA / facts["file"], facts["target"])
    assert report.ok, str(report)
