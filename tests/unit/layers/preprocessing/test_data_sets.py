"""Layers inside TensorFlow's data sets; a stand-in plays TensorFlow."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError
from chainrule.layers.preprocessing.data_sets import is_planned

L = cr.layers


class TensorShape:
    def __init__(self, shape: Any) -> None:
        self.rank = None if shape is None else len(shape)
        self.shape = shape

    def as_list(self) -> list[Any]:
        return list(self.shape)


class SymbolicTensor:
    """A tensor without values: it shows them to `numpy_function` alone."""

    __module__ = "tensorflow.python.framework.ops"

    def __init__(self, values: Any, shape: Any = ()) -> None:
        self.hidden = values
        self.shape = TensorShape(shape)

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError("Cannot convert a symbolic tf.Tensor to a numpy array.")

    def set_shape(self, shape: Any) -> None:
        self.shape = TensorShape(tuple(shape))


def numpy_function(function: Any, inputs: Any, types: Any) -> Any:
    arrays = function(*(t.hidden for t in inputs))
    assert [a.dtype.kind for a in arrays] == [{"string": "U", "int64": "i", "float32": "f"}[t] for t in types]
    return [SymbolicTensor(a) for a in arrays]


@pytest.fixture
def _tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = ModuleType("tensorflow")
    fake.numpy_function = numpy_function  # type: ignore[attr-defined]
    for name in ("string", "int64", "float32"):
        setattr(fake, name, name)
    monkeypatch.setitem(sys.modules, "tensorflow", fake)


def texts(values: Any, shape: Any = (None,)) -> SymbolicTensor:
    return SymbolicTensor(np.array([v.encode() for v in values], object), shape)


def test_what_is_planned() -> None:
    assert is_planned(texts(["a"]))
    assert not is_planned(np.ones(3))
    assert not is_planned(None)


@pytest.mark.usefixtures("_tensorflow")
def test_layers() -> None:
    y = L.StringLookup(vocabulary=["a", "b"])(texts(["b", "z"]))
    assert y.hidden.tolist() == [2, 0]
    assert y.shape.shape == (None,)
    y = L.TextVectorization(vocabulary=["a", "b"], output_sequence_length=3)(texts(["b a", "z"], None))
    assert y.hidden.tolist() == [[3, 2, 0], [1, 0, 0]]
    assert y.shape.shape == (None, 3)
    y = L.StringLookup(vocabulary=["a", "b"], output_mode="count")(texts(["b", "z"]))
    assert y.hidden.dtype == np.float32
    y = L.StringLookup(vocabulary=["é"], invert=True)(SymbolicTensor(np.array([1, 0]), (None,)))
    assert y.hidden.tolist() == ["é", "[UNK]"]
    y = L.HashedCrossing(50)([texts(["a", "b"]), SymbolicTensor(np.array([1, 2]), (None,))])
    assert y.hidden.tolist() == L.HashedCrossing(50)([np.array(["a", "b"]), np.array([1, 2])]).numpy().tolist()
    y = L.Rescaling(0.5)(SymbolicTensor(np.array([[2.0]], "float32"), (None, 1)))
    assert y.hidden.tolist() == [[1.0]]


@pytest.mark.usefixtures("_tensorflow")
@pytest.mark.parametrize("mode", ["concat", "dict"])
@pytest.mark.parametrize("row", [True, False])
def test_feature_space(mode: str, row: bool) -> None:
    space = cr.utils.FeatureSpace({"n": "float", "s": "string_categorical"}, output_mode=mode)
    space.adapt({"n": [0.0], "s": ["a"]})
    values = {"n": np.float32(3.0), "s": b"a"} if row else {"n": np.array([3.0], "float32"), "s": np.array([b"a"])}
    made = space({k: SymbolicTensor(v, () if row else (None,)) for k, v in values.items()})
    wanted = space(values)
    for found, value in [(made, wanted)] if mode == "concat" else [(made[k], wanted[k]) for k in wanted]:
        assert found.hidden.tolist() == value.numpy().tolist()
        assert found.shape.rank == value.ndim


@pytest.mark.usefixtures("_tensorflow")
def test_errors_come_through() -> None:
    with pytest.raises(DataError, match="not in the vocabulary"):
        L.StringLookup(vocabulary=["a"], num_oov_indices=0)(texts(["b"]))
