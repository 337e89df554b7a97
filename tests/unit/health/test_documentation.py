"""`docs/health.md` says what the code does: every threshold with its value, every code that a rule can give."""

from __future__ import annotations

import re
from pathlib import Path

from chainrule.health import THRESHOLDS

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "health.md").read_text()


def rows() -> list[str]:
    """The rows of the table of thresholds, as they should be."""
    return [f"| `{name}` | {t.value:g} | {t.meaning} | {t.reason} |" for name, t in THRESHOLDS.items()]


def test_the_table_of_thresholds_is_that_of_the_code() -> None:
    table = PAGE.split("| name | value |")[1].split("\n\n")[0].splitlines()[2:]
    assert table == rows()


def test_every_code_is_explained() -> None:
    files = (ROOT / "src" / "chainrule" / "health").glob("*.py")
    given = {code for file in files for code in re.findall(r'Finding\(\s*"([a-z-]+)", ', file.read_text())}
    explained = set(re.findall(r"`([a-z-]+)`", PAGE.split("## What is looked for")[1].split("\n\n")[1]))
    assert given == explained
    assert len(given) == 16
