"""Layers in lists, dicts and sets: what a call adds is refused, as Keras 3.15.1 refuses it (class by class)."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.layers import Dense, Layer

X = np.ones((2, 4), "float32")


class Appends(Layer):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[Any] = []

    def call(self, x: Any) -> Any:
        if not self.parts:
            self.parts.append(Dense(2))
        return self.parts[0](x)


class Inserts(Appends):
    def call(self, x: Any) -> Any:
        self.parts.insert(0, Dense(2))
        return self.parts[0](x)


class PutsIntoDict(Layer):
    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, Any] = {}

    def call(self, x: Any) -> Any:
        self.parts["only"] = Dense(2)
        return self.parts["only"](x)


class AppendsWithin(Layer):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[list[Any]] = [[]]

    def call(self, x: Any) -> Any:
        self.parts[0].append(Dense(2))
        return self.parts[0][0](x)


class ModelAppends(cr.Model):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[Any] = []

    def call(self, x: Any) -> Any:  # type: ignore[override]
        self.parts.append(Dense(2))
        return self.parts[0](x)


class AddsToSet(cr.Model):
    def __init__(self) -> None:
        super().__init__()
        self.parts: set[Any] = set()

    def call(self, x: Any) -> Any:  # type: ignore[override]
        self.parts.add(Dense(2))
        return next(iter(self.parts))(x)


class AppendsMetric(Appends):
    def call(self, x: Any) -> Any:
        self.parts.append(cr.metrics.Mean())
        return x


@pytest.mark.parametrize(
    "cls",
    [Appends, Inserts, PutsIntoDict, AppendsWithin, ModelAppends, AddsToSet, AppendsMetric],
    ids=lambda c: c.__name__,
)
def test_what_a_call_adds_is_refused(cls: Any) -> None:
    layer = cls()
    for _ in range(2):  # and stays refused
        with pytest.raises(ValueError, match=r"cannot take .* you cannot add new elements of state") as caught:
            layer(X)
    assert layer.name in str(caught.value)
    with pytest.raises(ValueError, match="cannot add new elements of state"):
        cls()(cr.Input((4,)))


class AppendsInBuild(Appends):
    def build(self, input_shape: Any) -> None:
        self.parts.append(Dense(2))
        self.parts[0].build(input_shape)


class AddsInPlace(Appends):
    def call(self, x: Any) -> Any:
        if not self.parts:
            self.parts += [Dense(2)]  # Keras takes this, since the attribute is set, to what it is
        return self.parts[0](x)


class Takes(Layer):
    def __init__(self) -> None:
        super().__init__()
        self.parts = [Dense(2), Dense(2)]
        self.seen: list[Any] = []

    def call(self, x: Any) -> Any:
        self.seen.append(len(self.parts))
        y = self.parts[0](x)
        if len(self.parts) > 1:
            self.parts.pop()
        return y


@pytest.mark.parametrize("cls", [AppendsInBuild, AddsInPlace, Takes], ids=lambda c: c.__name__)
def test_what_keras_takes_is_taken(cls: Any) -> None:
    layer = cls()
    for _ in range(2):
        assert layer(X).shape == (2, 2)
        assert len(layer.weights) == 2
    again = copy.deepcopy(layer)
    np.testing.assert_array_equal(again(X), layer(X))


def test_layers_in_sets_are_found() -> None:
    layer = AddsToSet()
    layer.parts = {Dense(2)}
    layer.call = lambda x: next(iter(layer.parts))(x)  # type: ignore[method-assign]
    assert layer(X).shape == (2, 2)
    assert len(layer.weights) == 2


def test_what_is_added_between_calls_is_refused_by_the_next() -> None:
    layer = AppendsInBuild()
    layer(X)
    layer.parts.append(Dense(2))
    with pytest.raises(ValueError, match="cannot add new elements of state"):
        layer(X)
