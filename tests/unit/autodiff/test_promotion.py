"""Result types beyond Keras's own (see parity/test_ops.py): float64 stays, numbers are weak, the default can change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from chainrule import config, ops
from chainrule.autodiff import Tensor
from chainrule.autodiff.promotion import as_array

F32, F64 = np.ones(2, np.float32), np.ones(2)
I32, I64 = np.ones(2, np.int32), np.ones(2, np.int64)


@pytest.fixture
def float64() -> Iterator[None]:
    config.set_floatx("float64")
    yield
    config.set_floatx("float32")


@pytest.mark.parametrize("wrap", [lambda a: a, Tensor], ids=["array", "tensor"])
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ((F32, F64), "float64"),
        ((F32, np.float64(0.1)), "float32"),
        ((np.float64(0.1), F32), "float32"),
        ((F32, 0.1), "float32"),
        ((F32, 1), "float32"),
        ((F32, True), "float32"),
        ((F32, I64), "float32"),
        ((F32, [0.5, 0.5]), "float32"),
        ((F64, I32), "float64"),
        ((F64, np.float32(1)), "float64"),
        ((I32, I64), "int64"),
        ((I32, 2), "int32"),
        ((I32, np.int64(2)), "int32"),
        ((I32, 2.5), "float32"),
        ((I64, np.float64(2.5)), "float32"),
        ((I32, [1, 2]), "int32"),
    ],
)
def test_add(values: Any, expected: str, wrap: Any) -> None:
    values = [wrap(v) if isinstance(v, np.ndarray) else v for v in values]
    assert ops.add(*values).dtype == expected
    assert ops.where(np.array([True, False]), *values).dtype == expected


def test_numbers_alone_take_the_default_type(float64: None) -> None:
    assert ops.add(1.0, 2.0).dtype == "float64"
    assert ops.exp(1).dtype == "float64"
    assert ops.mean(I32).dtype == "float64"
    assert ops.zeros(2).dtype == "float64"
    assert ops.convert_to_tensor([1.0]).dtype == "float64"


def test_lists() -> None:
    assert as_array([[1.0, 2], [3, 4]]).dtype == np.float32
    assert as_array([True, False]).dtype == np.bool_
    assert as_array([1, 2**40]).dtype == np.int64
    assert as_array([np.float64(1.0)]).dtype == np.float64
    assert as_array([]).dtype == np.float32


def test_constants_keep_their_own_type() -> None:
    assert ops.take(F32, np.array([1, 0], np.int64)).dtype == "float32"
    assert ops.where(np.array([1.0, 0.0]), I32, 2).dtype == "int32"
