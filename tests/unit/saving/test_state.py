"""Where the variables of a model of one's own lie in a file: the paths were read off files of Keras 3.15.1."""

from __future__ import annotations

from typing import Any

import numpy as np

import chainrule as cr
from chainrule.saving.state import owners

L = cr.layers


class Block(cr.layers.Layer):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.zz = L.Dense(2)
        self._pp = L.Dense(2)
        self.norm = L.BatchNormalization()

    def call(self, x: Any) -> Any:
        return self.norm(self._pp(self.zz(x)))


class Mixed(cr.Model):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.z = L.Dense(3)
        self.b = L.Dense(2)
        self.m = cr.metrics.Mean()
        self.blk = Block()
        self.drop = L.Dropout(0.5)
        self.zs = [L.Dense(2)]
        self.w0 = self.add_weight(shape=(2,), name="w0")

    def call(self, x: Any) -> Any:
        return self.blk(self.b(self.drop(self.zs[0](self.z(x)))))


class Nested(cr.Model):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.a = L.Dense(3)
        self.blocks = [L.Dense(2), [L.Dense(2)], {"z": L.Dense(1)}]
        self._hid = L.Dense(1)

    def call(self, x: Any) -> Any:
        x = self.blocks[1][0](self.blocks[0](self.a(x)))
        return self._hid(self.blocks[2]["z"](x))

    @property
    def broken(self) -> Any:
        raise RuntimeError


def paths(model: Any) -> dict[str, int]:
    return {p: len(t._variables_trainable) + len(t._variables_fixed) for p, t in owners(model, with_optimizer=False)}


def test_attributes_before_and_after_layers_in_the_alphabet() -> None:
    model = Mixed()
    model(np.ones((2, 3)))
    assert paths(model) == {
        "": 1,
        "b": 2,
        "blk": 0,
        "blk/_pp": 2,
        "blk/norm": 4,
        "blk/zz": 2,
        "drop": 0,
        "layers/dense": 2,
        "layers/dense_2": 2,
    }


def test_lists_within_lists_and_private_attributes() -> None:
    model = Nested()
    model(np.ones((2, 3)))
    assert list(paths(model)) == [
        "",
        "a",
        "blocks/dense",
        "blocks/container/dense",
        "blocks/container_1/dense",
        "layers/dense_4",
    ]


def test_a_functional_model_with_attributes() -> None:
    class Extended(cr.Model):
        def __init__(self, inputs: Any = None, outputs: Any = None, **kwargs: Any) -> None:
            super().__init__(inputs, outputs, **kwargs)
            self.extra = L.Dense(2, name="ex")

    x = cr.Input((3,))
    model = Extended(x, L.Dense(2)(x))
    model.extra.build((None, 2))
    assert paths(model) == {"": 0, "layers/input_layer": 0, "layers/dense": 2, "extra": 2}


def test_a_container_that_holds_itself() -> None:
    model = Nested()
    model(np.ones((2, 3)))
    model.blocks.append(model.blocks)
    assert "blocks/dense" in paths(model)


def test_an_activation_that_is_a_layer() -> None:
    model = cr.Sequential([cr.Input((2,)), L.Dense(2, activation=L.PReLU())])
    assert paths(model) == {"": 0, "layers/dense": 2, "layers/dense/activation": 1}


def test_the_optimizer_comes_last() -> None:
    model = cr.Sequential([cr.Input((2,)), L.Dense(2)])
    assert "optimizer" not in [path for path, _ in owners(model)]
    model.compile("adam", "mse")
    assert [path for path, _ in owners(model)][-1] == "optimizer"
