import json
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared_data():
    """The development data sets: name to `(path, description)`."""
    folder = Path(__file__).parents[4] / "shared" / "data"
    if not (folder / "datasets.json").exists():
        pytest.skip(f"the development data sets are not here: {folder.parent.name}/{folder.name} is missing")
    described = json.loads((folder / "datasets.json").read_text())
    return {d["name"]: (folder / d["file"], d) for d in described if d["file"].endswith((".csv", ".csv.gz"))}


@pytest.fixture
def write(tmp_path):
    """Write a file and return its path."""

    def write_file(content, name="data.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file
