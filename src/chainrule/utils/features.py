"""The parts of a `FeatureSpace`: one feature, a cross of several, and the two layers that only it uses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from chainrule import ops
from chainrule.engines.plan import CannotLower, Step
from chainrule.errors import unknown_name
from chainrule.layers.base import Layer
from chainrule.saving.serialization import Configurable, deserialize_keras_object, public

_HOME = "keras.src.layers.preprocessing.feature_space"
"""Where Keras has these classes, under which its files name them."""


def _check_mode(kind: str, mode: str, allowed: tuple[str, ...]) -> str:
    if mode not in allowed:
        raise unknown_name(f"output_mode of a {kind}:", mode, allowed)
    return mode


@public(_HOME)
class Cross(Configurable):
    """Several features taken together: their combinations of values, hashed into `crossing_dim` bins.

    Args:
        feature_names: names of two or more features.
        crossing_dim: number of bins.
        output_mode: `'one_hot'` or `'int'`.
    """

    def __init__(self, feature_names: Iterable[str], crossing_dim: int, output_mode: str = "one_hot") -> None:
        self.output_mode = _check_mode("Cross", output_mode, ("int", "one_hot"))
        self.feature_names = tuple(feature_names)
        self.crossing_dim = crossing_dim

    @property
    def name(self) -> str:
        return "_X_".join(self.feature_names)


@public(_HOME)
class Feature(Configurable):
    """One column of a table: its type, the layer that turns it into numbers, and in which form they go on.

    Args:
        dtype: `'float32'`, `'int32'`, `'string'`.
        preprocessor: a layer, or its configuration.
        output_mode: `'int'`, `'one_hot'` or `'float'`.
    """

    def __init__(self, dtype: str, preprocessor: Any, output_mode: str) -> None:
        self.output_mode = _check_mode("Feature", output_mode, ("int", "one_hot", "float"))
        self.dtype = dtype
        self.preprocessor = deserialize_keras_object(preprocessor) if isinstance(preprocessor, dict) else preprocessor


@public(_HOME)
class TFDIdentity(Layer):
    """The input as it is (Keras's name: it works in data sets too)."""

    def call(self, x: Any) -> Any:
        return x

    def lower(self) -> Iterator[Step]:
        return iter(())


@public(_HOME)
class TFDConcat(Layer):
    """The inputs side by side along an axis."""

    def __init__(self, axis: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis

    def call(self, xs: Any) -> Any:
        return ops.concatenate([ops.cast(x, self.compute_dtype) for x in xs], axis=self.axis)

    def lower(self) -> Iterator[Step]:
        raise CannotLower(f"layer '{self.name}' joins the features of a FeatureSpace, in Python")
