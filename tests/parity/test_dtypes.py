"""`chainrule.backend` says of types what `keras.backend` says (fixtures from make_dtype_fixtures.py)."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from chainrule import backend

KERAS = json.loads((Path(__file__).parent / "fixtures" / "dtypes.json").read_text(encoding="utf-8"))
PYTHON: dict[str, Any] = {"python int": int, "python float": float, "python bool": bool, "None": None}
KINDS = [name.removeprefix("float ") for name in KERAS if name.startswith("float ") and " and " not in name]


def kind(name: str) -> Any:
    return PYTHON.get(name, name)


@pytest.mark.parametrize("name", KINDS)
def test_kinds(name: str) -> None:
    assert backend.is_float_dtype(kind(name)) is KERAS[f"float {name}"]
    assert backend.is_int_dtype(kind(name)) is KERAS[f"int {name}"]


@pytest.mark.parametrize(("a", "b"), list(itertools.product(KINDS, repeat=2)))
def test_two_types_together(a: str, b: str) -> None:
    assert backend.result_type(kind(a), kind(b)) == KERAS[f"{a} and {b}"]


def test_more() -> None:
    assert len(KINDS) == 16
    assert backend.result_type() == "float32"
    assert backend.result_type("int8", "uint8", "bool") == KERAS["three"]
    assert backend.result_type("int8", int, float, "float16", "bool") == KERAS["many"]
