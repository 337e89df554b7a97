"""`chainrule.utils` has Keras's names and signatures."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from chainrule import utils
from chainrule.errors import DataError

KERAS = json.loads((Path(__file__).parents[2] / "parity" / "fixtures" / "utils.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", sorted(KERAS["utils"]))
def test_signatures_are_keras(name: str) -> None:
    expected = inspect.signature(eval(f"lambda {KERAS['utils'][name][1:-1]}: 0")).parameters.values()
    ours = inspect.signature(getattr(utils, name)).parameters.values()
    named = [(p.name, p.default) for p in expected if p.kind is not p.VAR_KEYWORD]
    assert [(p.name, p.default) for p in ours if p.kind is not p.VAR_KEYWORD] == named
    assert name in utils.__all__


@pytest.mark.parametrize(
    ("packed", "parts"),
    [
        ((1,), (1, None, None)),
        ((1, 2), (1, 2, None)),
        ((1, 2, 3), (1, 2, 3)),
        (7, (7, None, None)),
    ],
)
def test_packing_and_unpacking(packed: Any, parts: Any) -> None:
    assert utils.unpack_x_y_sample_weight(packed) == parts
    assert utils.unpack_x_y_sample_weight(utils.pack_x_y_sample_weight(*parts)) == parts


def test_packing_keeps_lists_of_inputs_apart() -> None:
    assert utils.pack_x_y_sample_weight([1, 2]) == ([1, 2],)
    with pytest.raises(
        DataError, match=r"expected x, \(x,\), \(x, y\) or \(x, y, sample_weight\), but received 4 parts"
    ):
        utils.unpack_x_y_sample_weight((1, 2, 3, 4))


def test_sequence_is_keras_older_name_of_pydataset() -> None:
    assert utils.Sequence is utils.PyDataset
