import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from report_cases import write_table

from chainrule.tabular.train import train_table


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """Train once per target: `trained("ill")` is a run folder; nobody writes to it."""
    folder = tmp_path_factory.mktemp("runs")
    made = {}

    def run(target):
        if target not in made:
            data = write_table(folder / f"{target}.csv", target)
            made[target] = train_table(
                data, target, folder / "runs", hidden=(8,), learning_rate=0.02, epochs=25, patience=25
            ).folder
        return made[target]

    return run


@pytest.fixture
def copied(trained, tmp_path):
    """Return a copy of a run folder, to be changed."""

    def copy(target):
        return Path(shutil.copytree(trained(target), tmp_path / target))

    return copy
