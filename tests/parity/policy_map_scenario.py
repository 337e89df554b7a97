"""Layers with a `DTypePolicyMap`, run alike with Keras and with chainrule (`K`)."""

from __future__ import annotations

from typing import Any

import numpy as np

POLICIES = {
    "dense": "float64",
    "block/inner": "float64",
    "own/block/.*": "float64",
    "own/a": "float64",
    "lazy": "float64",
    "wrap/d2": "float64",
    "seq/d": "float64",
    "d2": "float64",
    "trained/a": "float64",
}


def run(K: Any) -> dict[str, Any]:
    """Return paths and types of layers and variables, and how a model of two types trains."""
    Policy, layers = K.dtype_policies.DTypePolicy, K.layers
    policies = K.dtype_policies.DTypePolicyMap(Policy("float32"), {k: Policy(v) for k, v in POLICIES.items()})

    class Block(layers.Layer):
        def __init__(self, dtype: Any = None, **kwargs: Any) -> None:
            super().__init__(dtype=dtype, **kwargs)
            self.inner = layers.Dense(3, name="inner", dtype=self.dtype_policy)
            self.other = layers.Dense(3, name="other", dtype=self.dtype_policy)

        def build(self, input_shape: Any) -> None:
            self.inner.build(input_shape)
            self.other.build((None, 3))
            self.scale = self.add_weight(shape=(3,), name="scale", initializer="ones")

        def call(self, x: Any) -> Any:
            return self.other(self.inner(x)) * self.scale

    class Lazy(Block):
        def build(self, input_shape: Any) -> None:
            self.scale = self.add_weight(shape=(3,), name="scale", initializer="ones")

    class Own(K.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.a = layers.Dense(2, name="a", dtype=policies)
            self.block = Block(policies, name="block")

        def call(self, x: Any) -> Any:
            return self.block(self.a(x))

    found: dict[str, Any] = {}

    def note(case: str, *noted: Any) -> None:
        found[case] = [
            [x.name, x.path, x.variable_dtype, x.compute_dtype, [[v.path, str(v.dtype)] for v in x.weights]]
            for x in noted
        ]

    x = np.ones((2, 4), "float32")
    dense, out = layers.Dense(2, name="dense", dtype=policies), layers.Dense(1, name="out", dtype=policies)
    note("not built", dense)
    K.Sequential([layers.Input((4,)), dense, out], name="seq")
    note("sequential", dense, out)
    block, symbolic = Block(policies, name="block"), layers.Input((4,))
    K.Model(symbolic, block(symbolic))
    note("functional", block, block.inner, block.other)
    lazy = Lazy(policies, name="lazy")
    found["lazy output"] = str(K.ops.convert_to_numpy(lazy(x)).dtype)
    note("lazy", lazy, lazy.inner, lazy.other)
    own = Own()
    found["own output"] = str(K.ops.convert_to_numpy(own(x)).dtype)
    note("own", own.a, own.block, own.block.inner, own.block.other)
    late = layers.Dense(2, name="d", dtype=policies)
    K.Sequential([late], name="seq")(x)
    note("late", late)
    wrapper = layers.TimeDistributed(layers.Dense(2, name="d2", dtype=policies), name="wrap")
    wrapper(np.ones((2, 3, 4), "float32"))
    note("wrapper", wrapper, wrapper.layer)
    again = layers.Dense.from_config(layers.Dense(2, name="d2", dtype=policies).get_config())
    again.build((None, 3))
    note("from_config", again)
    dense.dtype_policy = "float16"
    late.dtype_policy = "float32"
    found["set"] = [type(dense.dtype_policy).__name__, {k: p.name for k, p in policies.items()}]
    found["training"] = _train(K, policies)
    return found


def _train(K: Any, policies: Any) -> dict[str, Any]:
    model = K.Sequential(
        [
            K.layers.Input((4,)),
            K.layers.Dense(3, activation="tanh", name="a", dtype=policies),
            K.layers.Dense(1, name="out", dtype=policies),
        ],
        name="trained",
    )
    kernel = np.arange(12).reshape(4, 3) / 10 - 0.5
    model.set_weights([kernel, np.zeros(3), np.ones((3, 1)) / 3, np.zeros(1)])
    model.compile(K.optimizers.SGD(0.1), "mse", jit_compile=False)
    x = np.cos(np.arange(32.0)).reshape(8, 4)
    history = model.fit(x, x[:, :1] ** 2, batch_size=4, epochs=3, shuffle=False, verbose=0).history
    return {
        "loss": history["loss"],
        "types": [str(w.dtype) for w in model.weights],
        "weights": [w.tolist() for w in model.get_weights()],
        "output": str(model.predict(x, verbose=0).dtype),
    }
