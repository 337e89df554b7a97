"""Twenty models with what their exports have to agree on: layers of every family, several inputs, shared parts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import chainrule as cr
from chainrule import layers

MODELS: dict[str, Callable[[], Any]] = {}


def _model(function: Callable[[], Any]) -> Callable[[], Any]:
    MODELS[function.__name__] = function
    return function


def make(name: str, dtype: str = "float32") -> tuple[Any, list[Any]]:
    """Return a model with weights and averages that differ from the first ones, and 7 rows for each input."""
    cr.utils.set_random_seed(3)
    before = cr.config.floatx()
    cr.config.set_floatx(dtype)
    try:
        model = MODELS[name]()
    finally:
        cr.config.set_floatx(before)
    rng = np.random.default_rng(5)
    for v in model.weights:
        if v.dtype.kind == "f":
            v.assign(v.numpy() + rng.uniform(0.05, 0.4, v.shape))
    rows = [
        rng.integers(0, 5, (7, *t.shape[1:])).astype(t.dtype)
        if "int" in str(t.dtype)
        else rng.normal(size=(7, *t.shape[1:])).astype(t.dtype)
        for t in model.inputs
    ]
    return model, rows


def outputs_of(model: Any, rows: list[Any]) -> list[Any]:
    """Return the model's predictions as a list."""
    results = model.predict(rows if len(rows) > 1 else rows[0], verbose=0)
    return results if isinstance(results, list) else [results]


@_model
def perceptron() -> Any:
    return cr.Sequential([cr.Input((3,)), layers.Dense(1, activation="sigmoid")])


@_model
def classifier() -> Any:
    return cr.Sequential(
        [cr.Input((4,)), layers.Dense(16, activation="relu"), layers.Dense(8, "tanh"), layers.Dense(3, "softmax")]
    )


@_model
def no_bias() -> Any:
    return cr.Sequential([cr.Input((4,)), layers.Dense(5, use_bias=False), layers.Dense(2, use_bias=False)])


@_model
def with_dropout() -> Any:
    return cr.Sequential(
        [
            cr.Input((4,)), layers.GaussianNoise(0.1), layers.Dense(8, "elu"), layers.Dropout(0.5), layers.Dense(2),
            layers.ActivityRegularization(0.1) if hasattr(layers, "ActivityRegularization") else layers.Identity(),
        ]
    )  # fmt: skip


@_model
def batch_normalized() -> Any:
    return cr.Sequential(
        [cr.Input((4,)), layers.Dense(8), layers.BatchNormalization(), layers.ReLU(), layers.Dense(2, "log_softmax")]
    )


@_model
def batch_normalized_without_scale() -> Any:
    normal = layers.BatchNormalization(scale=False, center=False, epsilon=1e-5)
    return cr.Sequential([cr.Input((3, 4)), layers.Dense(8), normal, layers.Flatten(), layers.Dense(2)])


@_model
def layer_normalized() -> Any:
    return cr.Sequential(
        [cr.Input((6,)), layers.LayerNormalization(), layers.Dense(5, "gelu"), layers.LayerNormalization(scale=False)]
    )


@_model
def layer_normalized_over_two_axes() -> Any:
    first, second = layers.LayerNormalization(axis=[1, 2]), layers.LayerNormalization(axis=1)
    return cr.Sequential([cr.Input((6, 4)), first, layers.Dense(4, "silu"), second])


@_model
def rank_three() -> Any:
    return cr.Sequential(
        [cr.Input((3, 4)), layers.Dense(5, "softplus"), layers.Reshape((5, 3)), layers.Dense(2, "mish")]
    )


@_model
def scaled() -> Any:
    normal = layers.Normalization(mean=[1.0, 2.0, -1.0], variance=[4.0, 0.25, 0.0])
    return cr.Sequential([cr.Input((3,)), normal, layers.Rescaling([0.5, 2.0, 1e-5], 0.25), layers.Dense(3, "selu")])


@_model
def adapted() -> Any:
    normal = layers.Normalization()
    normal.adapt(np.array([[1.0, 5.0], [2.0, 9.0]]))
    back = layers.Normalization(mean=[3.0], variance=[4.0], invert=True)
    return cr.Sequential([cr.Input((2,)), normal, layers.Dense(1), back])


@_model
def embedding() -> Any:
    return cr.Sequential(
        [cr.Input((4,), dtype="int32"), layers.Embedding(5, 3), layers.Flatten(), layers.Dense(2, "softsign")]
    )


@_model
def recommender() -> Any:
    user, item = cr.Input((1,), dtype="int32", name="user"), cr.Input((1,), dtype="int64", name="item")
    tables = [layers.Flatten()(layers.Embedding(5, 4)(x)) for x in (user, item)]
    return cr.Model([user, item], layers.Dense(1)(layers.Multiply()(tables)))


@_model
def two_in_two_out() -> Any:
    a, b = cr.Input((3,), name="a"), cr.Input((2,), name="b")
    h = layers.Dense(4, "relu")(layers.Concatenate()([a, b]))
    return cr.Model([a, b], [layers.Dense(1, name="price")(h), layers.Dense(3, "softmax", name="kind")(h)])


@_model
def merges() -> Any:
    a, b = cr.Input((3,)), cr.Input((3,))
    parts = [
        layers.Add()([a, b, a]), layers.Subtract()([a, b]), layers.Multiply()([a, b]), layers.Average()([a, b, b]),
        layers.Maximum()([a, b]), layers.Minimum()([a, b]),
    ]  # fmt: skip
    return cr.Model([a, b], layers.Dense(2)(layers.Concatenate()(parts)))


@_model
def merge_of_different_ranks() -> Any:
    a, b = cr.Input((3,)), cr.Input((2, 3))
    return cr.Model([a, b], layers.Concatenate(axis=1)([layers.Add()([a, b]), b]))


@_model
def shared_layer() -> Any:
    a, b = cr.Input((3,)), cr.Input((3,))
    dense = layers.Dense(4, "hard_silu", name="shared")
    return cr.Model([a, b], layers.Subtract()([dense(a), dense(b)]))


@_model
def nested() -> Any:
    inner = cr.Sequential([cr.Input((3,)), layers.Dense(4, "relu6"), layers.Dense(2)], name="inner")
    a = cr.Input((3,))
    return cr.Model(a, [layers.Dense(1)(inner(a)), inner(a)])


@_model
def residual() -> Any:
    x = h = cr.Input((6,))
    for _ in range(3):
        h = layers.Add()([h, layers.Dense(6, "leaky_relu")(layers.LayerNormalization()(h))])
    return cr.Model(x, layers.PReLU()(h))


@_model
def wide_and_deep() -> Any:
    x, codes = cr.Input((4,)), cr.Input((2,), dtype="int32")
    tables = layers.Flatten()(layers.Embedding(6, 3)(codes))
    deep = layers.Dense(16, "swish")(layers.Concatenate()([layers.BatchNormalization()(x), tables]))
    return cr.Model([x, codes], layers.Activation("sigmoid")(layers.Add()([layers.Dense(1)(x), layers.Dense(1)(deep)])))


@_model
def rare_activations() -> Any:
    x = cr.Input((6,))
    names = [
        "squareplus", "log_sigmoid", "tanh_shrink", "hard_sigmoid", "hard_tanh", "hard_shrink", "soft_shrink",
        "sparse_plus", "sparse_sigmoid", "sparsemax", "glu", "celu", "exponential", "elu", "relu6", "selu",
    ]  # fmt: skip
    relu = layers.ReLU(max_value=2.0, negative_slope=0.1, threshold=0.5)(x)
    return cr.Model(x, layers.Concatenate()([relu, *(layers.Activation(n)(layers.Dense(6)(x)) for n in names)]))


@_model
def sequences() -> Any:
    x = cr.Input((4, 6))
    h = layers.GroupNormalization(2)(layers.Permute((2, 1))(layers.RMSNormalization()(x)))
    pools = [layers.GlobalAveragePooling1D()(h), layers.GlobalMaxPooling1D(data_format="channels_first")(h)]
    return cr.Model(x, layers.Concatenate()([*pools, layers.Flatten()(layers.UnitNormalization(axis=[1, 2])(h))]))


@_model
def products() -> Any:
    a, b, c = cr.Input((4,)), cr.Input((4,)), cr.Input((3, 4))
    ends = [
        layers.Dot(axes=1)([a, b]),
        layers.Dot(axes=1, normalize=True)([layers.Dense(5)(a), layers.Dense(5)(b)]),
        layers.Dot(axes=(2, 1))([c, a]),
        layers.Dot(axes=(1, 2), normalize=True)([b, c]),
    ]
    square = layers.Dot(axes=(1, 1))([c, layers.Reshape((3, 2, 2))(layers.Dense(4)(c))])
    return cr.Model([a, b, c], [layers.Concatenate()(ends), square, layers.Dot(axes=2)([c, c])])


@_model
def spectral() -> Any:
    inner = layers.Dense(5, activation="relu")
    return cr.Sequential(
        [
            cr.Input((4,)),
            layers.SpectralNormalization(inner, power_iterations=2),
            layers.SpectralNormalization(layers.Dense(2)),
        ]
    )


@_model
def arithmetic() -> Any:
    x = cr.Input((4,))
    h, g = layers.Dense(6, activation="tanh")(x), layers.Dense(6)(x)
    y = (1 - h) * g / 2 - cr.ops.square(h) + abs(g) * np.linspace(-1, 1, 6).astype(g.dtype)
    z = cr.ops.stack([y[:, 1:4], g[..., -3:]], axis=1)
    means = cr.ops.mean(z, axis=-1) - cr.ops.max(z, axis=2) * cr.ops.sum(z[:, 1], axis=1, keepdims=True)
    return cr.Model(x, [cr.ops.concatenate([y, means], axis=-1), z[:, 0], cr.ops.softmax(g) * cr.ops.exp(h)])


@_model
def repeated() -> Any:
    x = cr.Input((6,))
    h = layers.GroupNormalization(2, center=False)(layers.AlphaDropout(0.5)(layers.GaussianDropout(0.2)(x)))
    h = layers.RepeatVector(3)(layers.Softmax()(layers.UnitNormalization()(h)))
    return cr.Model(x, layers.TimeDistributed(layers.Dense(2))(h))


@_model
def operators() -> Any:
    x, y = cr.Input((3,)), cr.Input((3,))
    h = cr.ops.relu(x - y * x) + cr.ops.tanh(layers.Dense(3)(x))
    return cr.Model([x, y], cr.ops.maximum(h, cr.ops.sigmoid(y)))
