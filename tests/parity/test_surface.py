"""Every name of Keras that feedforward scripts use is here, with the same arguments, or is left out with a reason."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

SURFACE = runpy.run_path(str(Path(__file__).with_name("surface.py")))
THEIRS = json.loads(SURFACE["FIXTURE"].read_text())
ROWS = SURFACE["compare"](THEIRS)


@pytest.mark.parametrize("row", [row for row in ROWS if row.priority in (1, 2)], ids=lambda r: f"{r.module}.{r.name}")
def test_names_of_nearly_every_and_of_many_scripts(row: Any) -> None:
    assert row.state in ("same", "different", "left out"), row
    assert row.state == "same" or row.note


def test_the_priorities_name_things_that_keras_has() -> None:
    listed = {(row.module, row.name) for row in ROWS if row.priority}
    assert listed == {(module, name) for module, names in SURFACE["PRIORITIES"].items() for name in names}


def test_the_page_is_up_to_date() -> None:
    assert SURFACE["PAGE"].read_text() == SURFACE["page"](ROWS), "run: python tests/parity/surface.py"
