import csv
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chainrule.cli import main
from chainrule.random import threefry


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty working folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(here):
    """Call the command line in the working folder; `run(...)` must not end in an unforeseen error.

    Reports take seconds: `train` makes none here unless it is told to.
    """

    def call(*arguments):
        given = [str(a) for a in arguments]
        if given[:1] == ["train"] and "--report" not in given:
            given.append("--no-report")
        result = CliRunner().invoke(main, given)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.stderr
        return result

    return call


@pytest.fixture
def rows():
    """A table with something to learn: numbers with gaps, categories, truth values; three kinds of targets."""
    u = threefry.uniform(threefry.key_from_seed(1), (160, 6), "float64")
    rows = []
    for i, (a, b, c, d, e, f) in enumerate(u):
        city = ["Oslo", "Rome", "Kyiv"][int(3 * c)]
        score = 3 * a - 2 * b + (city == "Rome") + (d < 0.5) + 0.2 * (e - 0.5)
        rows.append(
            {
                "age": "" if f < 0.05 else f"{20 + 50 * a:.1f}",
                "weight": f"{50 + 40 * b:.2f}",
                "city": city,
                "member": "yes" if d < 0.5 else "no",
                "group": f"g{i % 20}",
                "ill": "yes" if score > 1 else "no",
                "level": "low" if score < 0.3 else "high" if score > 1.7 else "middle",
                "cost": f"{100 + 30 * score:.3f}",
            }
        )
    return rows


@pytest.fixture
def table(here, rows):
    """Write the table as `data.csv`, without the columns named, and return its path."""

    def write(*without, name="data.csv", rows=rows):
        columns = [c for c in rows[0] if c not in without]
        with open(here / name, "w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        return Path(name)

    return write


@pytest.fixture(scope="session")
def shared_data():
    """The development data sets: name to `(path, description)`."""
    folder = Path(__file__).parents[3] / "shared" / "data"
    if not (folder / "datasets.json").exists():
        pytest.skip(f"the development data sets are not here: {folder.parent.name}/{folder.name} is missing")
    described = json.loads((folder / "datasets.json").read_text())
    return {d["name"]: (folder / d["file"], d) for d in described if d["file"].endswith((".csv", ".csv.gz"))}
