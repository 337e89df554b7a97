"""Programs written for Keras run with chainrule after their imports are changed, and give Keras's numbers to 1e-4."""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parent
RUNNER = runpy.run_path(str(FOLDER / "runner.py"))
EXPECTED = json.loads((FOLDER / "keras_results.json").read_text(encoding="utf-8"))


@pytest.mark.filterwarnings("ignore:Gradients do not exist")  # as Keras says of the output without a loss
@pytest.mark.parametrize("name", [*RUNNER["PROGRAMS"], "custom_parts", "custom_steps"])
def test_program_gives_what_keras_gives(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    results: Any = json.loads(json.dumps(RUNNER["plain"](RUNNER["run"](name, "chainrule")["results"])))
    assert list(RUNNER["differences"](results, EXPECTED[name])) == []


def test_only_import_lines_are_changed() -> None:
    for name in RUNNER["PROGRAMS"]:
        text = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
        pairs = zip(text.splitlines(), RUNNER["swapped"](text).splitlines(), strict=True)
        changed = [old for old, new in pairs if old != new]
        assert changed, name
        assert all(old.startswith(("import keras", "from keras", "from tensorflow import")) for old in changed), changed


def test_a_difference_is_found() -> None:
    found = RUNNER["differences"]({"a": [1.0, 2.0], "b": "x"}, {"a": [1.0, 2.001], "b": "y"})
    assert sorted(found) == ["results['a'][1]: 2.0, not 2.001", "results['b']: 'x', not 'y'"]
