"""The bound of what an operation makes is never below what it makes, and not far above."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import ops
from chainrule.errors import ModelFileError
from chainrule.saving.op_sizes import MOST_ELEMENTS, check_size, most_elements

A, B, V = np.zeros((3, 4)), np.zeros((4, 5)), np.zeros(6)
CASES: list[tuple[str, list[Any], dict[str, Any]]] = [
    ("repeat", [A], {"repeats": 5}),
    ("repeat", [A], {"repeats": [1, 2, 3], "axis": 0}),
    ("tile", [A], {"repeats": [2, 1, 3]}),
    ("pad", [A], {"pad_width": [[1, 2], [0, 3]]}),
    ("broadcast_to", [V], {"shape": [7, 6]}),
    ("one_hot", [V.astype(int)], {"num_classes": 9}),
    ("diag", [V], {"k": -2}),
    ("outer", [V, V], {}),
    ("kron", [A, B], {}),
    ("matmul", [A, B], {}),
    ("matmul", [np.zeros((2, 3, 4)), np.zeros((2, 4, 5))], {}),
    ("matmul", [np.zeros((2, 3, 4)), B], {}),
    ("dot", [A, B], {}),
    ("inner", [A, A], {}),
    ("tensordot", [A, B], {"axes": 1}),
    ("tensordot", [A, B], {"axes": [[1], [0]]}),
    ("einsum", [A, B], {"subscripts": "ij,jk->ik"}),
    ("add", [np.zeros((3, 1)), np.zeros((1, 5))], {}),
    ("concatenate", [A, A], {}),
    ("mean", [A], {}),
]


@pytest.mark.parametrize(("name", "tensors", "settings"), CASES)
def test_bounds(name: str, tensors: list[Any], settings: dict[str, Any]) -> None:
    function = getattr(ops, name)
    if name == "einsum":
        made = function(settings["subscripts"], *tensors)
    else:
        made = function(tensors, **settings) if name == "concatenate" else function(*tensors, **settings)
    bound = most_elements(name, [t.shape for t in tensors], settings)
    assert made.size <= bound <= 30 * max(made.size, *(t.size for t in tensors))


def test_a_result_without_room() -> None:
    with pytest.raises(
        ModelFileError, match=rf"operation 'tile' would make 2\.4e\+14 numbers .* at most {MOST_ELEMENTS}"
    ):
        check_size(ops.tile, [A], {"repeats": [10**7, 2 * 10**6]})
    check_size(ops.tile, [A], {"repeats": [2, 2]})
