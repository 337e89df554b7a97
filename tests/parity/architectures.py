"""Ten models, each written once for Keras and chainrule: every function takes the module `keras` or `chainrule`.

Between them they use all optimizers, schedules, several inputs and outputs as lists and dicts, shared and nested
layers, operations between layers, classes of one's own, and the layers with state. Nothing in them draws random numbers
while training, so that a trajectory can be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

ROWS, BATCH, WARM_UP, STEPS = 24, 8, 3, 5

Data = tuple[Any, Any]
Build = Callable[[Any], Any]
ARCHITECTURES: dict[str, tuple[Build, Callable[[np.random.Generator], Data]]] = {}


def _architecture(data: Callable[[np.random.Generator], Data]) -> Callable[[Build], Build]:
    def add(build: Build) -> Build:
        ARCHITECTURES[build.__name__] = (build, data)
        return build

    return add


def data_of(name: str) -> Data:
    """Return the inputs and targets of an architecture."""
    return ARCHITECTURES[name][1](np.random.default_rng(sorted(ARCHITECTURES).index(name)))


def batch_of(data: Any, step: int) -> Any:
    """Return the rows of one training step, in the structure of the data."""
    if isinstance(data, dict):
        return {key: batch_of(value, step) for key, value in data.items()}
    if isinstance(data, list):
        return [batch_of(value, step) for value in data]
    first = BATCH * step % ROWS
    return data[first : first + BATCH]


def train(model: Any, x: Any, y: Any, first: int, steps: int) -> list[float]:
    """Train on batches `first` to `first + steps` and return the loss of each."""
    losses = []
    for step in range(first, first + steps):
        model.reset_metrics()
        logs = model.train_on_batch(batch_of(x, step), batch_of(y, step), return_dict=True)
        losses.append(float(logs["loss"]))
    return losses


def _floats(rng: np.random.Generator, *shape: int) -> Any:
    return rng.normal(size=(ROWS, *shape)).astype("float32")


# -- classes and functions of one's own -------------------------------------------------------------------------------


def custom(keras: Any) -> SimpleNamespace:
    """Define and register a layer, a model, an activation, a loss and a function for Lambda."""
    register = keras.saving.register_keras_serializable("parity")

    @register
    class Scale(keras.layers.Layer):
        def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.start = start

        def build(self, input_shape: Any) -> None:
            self.factor = self.add_weight(
                shape=(input_shape[-1],), initializer=keras.initializers.Constant(self.start), name="factor"
            )

        def call(self, x: Any) -> Any:
            return x * self.factor

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "start": self.start}

    @register
    class Stack(keras.Model):
        def __init__(self, widths: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.widths = list(widths)
            self.hidden = [keras.layers.Dense(n, activation="tanh") for n in self.widths]
            self.norm = keras.layers.LayerNormalization()
            self.scale = Scale(0.5)
            self._last = keras.layers.Dense(1, name="last")

        def call(self, x: Any) -> Any:
            for layer in self.hidden:
                x = layer(x)
            return self._last(self.scale(self.norm(x)))

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "widths": self.widths}

    @register
    def cubic(x: Any) -> Any:
        return x + 0.1 * x * x * x

    @register
    def half_square(y_true: Any, y_pred: Any) -> Any:
        return keras.ops.mean(keras.ops.square(keras.ops.subtract(y_true, y_pred)), axis=-1) / 2

    @register
    def shifted(x: Any, by: float = 0.0) -> Any:
        return x + by

    return SimpleNamespace(Scale=Scale, Stack=Stack, cubic=cubic, half_square=half_square, shifted=shifted)


# -- the architectures ------------------------------------------------------------------------------------------------


@_architecture(lambda rng: (_floats(rng, 4), rng.integers(0, 3, ROWS).astype("int32")))
def classifier(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="relu", name="first"),
            layers.Dropout(0.0),
            layers.Dense(6, activation="gelu", kernel_initializer="he_normal", use_bias=False),
            layers.Dense(3, activation="softmax"),
        ],
        name="classifier",
    )
    optimizer = keras.optimizers.Adam(0.01, amsgrad=True, clipnorm=0.5)
    metrics = ["accuracy", keras.metrics.SparseTopKCategoricalAccuracy(2)]
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=metrics)
    return model


@_architecture(lambda rng: ([_floats(rng, 3), _floats(rng, 2)], [_floats(rng, 2), _floats(rng, 1)]))
def two_in_two_out(keras: Any) -> Any:
    layers = keras.layers
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    x = layers.concatenate([layers.Dense(4, activation="tanh")(a), layers.Dense(4, activation="selu")(b)])
    outputs = [layers.Dense(2, name="wide")(x), layers.Dense(1, name="narrow")(x)]
    model = keras.Model([a, b], outputs, name="two_in_two_out")
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 4, 0.7)
    optimizer = keras.optimizers.RMSprop(rate, momentum=0.5, centered=True)
    model.compile(
        optimizer,
        ["mse", keras.losses.LogCosh()],
        loss_weights=[1.0, 0.3],
        metrics=[["mae"], [keras.metrics.R2Score()]],
    )
    return model


def _named(rng: np.random.Generator) -> Data:
    y = {"score": _floats(rng, 1), "label": rng.integers(0, 2, (ROWS, 1)).astype("float32")}
    return {"left": _floats(rng, 3), "right": _floats(rng, 3)}, y


@_architecture(_named)
def dicts(keras: Any) -> Any:
    layers = keras.layers
    left, right = keras.Input((3,), name="left"), keras.Input((3,), name="right")
    x = layers.Dense(5, activation="softplus")(layers.Subtract()([left, right]))
    outputs = {"score": layers.Dense(1, name="score")(x), "label": layers.Dense(1, "sigmoid", name="label")(x)}
    model = keras.Model({"left": left, "right": right}, outputs, name="dicts")
    optimizer = keras.optimizers.SGD(0.05, momentum=0.9, nesterov=True, global_clipnorm=1.0)
    losses = {"score": "mean_absolute_error", "label": keras.losses.BinaryCrossentropy(label_smoothing=0.1)}
    model.compile(optimizer, losses, loss_weights={"score": 1.0, "label": 2.0}, metrics={"label": ["accuracy"]})
    return model


@_architecture(lambda rng: ([_floats(rng, 4), _floats(rng, 4)], _floats(rng, 1)))
def shared_with_operations(keras: Any) -> Any:
    layers, ops = keras.layers, keras.ops
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    shared = layers.Dense(6, activation="tanh", name="shared")
    u, v = shared(a), shared(b)
    distance = ops.abs(u - v) * 2 + 1
    x = ops.concatenate([distance, ops.square(u) / 3.0, -v], axis=-1)
    x = ops.concatenate([ops.relu(x[:, :10]), ops.mean(x, axis=1, keepdims=True)], axis=1)
    x = ops.reshape(x, (-1, 11)) @ np.full((11, 5), 0.1, "float32")
    model = keras.Model([a, b], layers.Dense(1)(ops.maximum(x, 0.05 * x)), name="shared_with_operations")
    model.compile(keras.optimizers.Nadam(0.02), keras.losses.Huber(), metrics=["mae"])
    return model


@_architecture(lambda rng: (_floats(rng, 5), _floats(rng, 2)))
def nested(keras: Any) -> Any:
    layers = keras.layers
    inner = keras.Sequential(
        [layers.Dense(4, activation="relu"), layers.BatchNormalization(momentum=0.8), layers.Dense(3)], name="inner"
    )
    x = keras.Input((3,))
    drawn = keras.Model(x, layers.Dense(4, activation="elu")(x), name="drawn")
    entry = keras.Input((5,))
    y = inner(entry)
    middle = keras.Model(entry, layers.add([drawn(y), drawn(y * 0.5)]), name="middle")
    model = keras.Sequential([keras.Input((5,)), middle, layers.Dense(2)], name="nested")
    rate = keras.optimizers.schedules.CosineDecay(0.0, 6, alpha=0.1, warmup_target=0.02, warmup_steps=2)
    model.compile(keras.optimizers.AdamW(rate, weight_decay=0.05), "mse", metrics=["mae"])
    return model


def _rows(rng: np.random.Generator) -> Data:
    x = {
        "numbers": _floats(rng, 3) * 5 + 2,
        "given": _floats(rng, 2),
        "color": rng.integers(0, 4, (ROWS, 1)).astype("int32"),
    }
    return x, rng.integers(0, 2, (ROWS, 1)).astype("float32")


@_architecture(_rows)
def table(keras: Any) -> Any:
    layers = keras.layers
    numbers, given = keras.Input((3,), name="numbers"), keras.Input((2,), name="given")
    color = keras.Input((1,), dtype="int32", name="color")
    adapted = layers.Normalization(name="adapted")
    adapted.adapt(_rows(np.random.default_rng(99))[0]["numbers"])
    x = layers.Concatenate()(
        [
            adapted(numbers),
            layers.Normalization(mean=[0.1, -0.2], variance=[1.5, 0.5])(given),
            layers.Flatten()(layers.Embedding(4, 2)(color)),
        ]
    )
    x = layers.Rescaling(0.5, 0.1)(layers.Dense(6, activation="silu")(x))
    model = keras.Model([numbers, given, color], layers.Dense(1, activation="sigmoid")(x), name="table")
    optimizer = keras.optimizers.Adagrad(0.1, weight_decay=0.01)
    metrics = [keras.metrics.AUC(num_thresholds=50), keras.metrics.Precision(0.4), "accuracy"]
    model.compile(optimizer, "binary_crossentropy", metrics=metrics)
    return model


@_architecture(lambda rng: (_floats(rng, 6), _floats(rng, 4)))
def activations(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(name="activations")
    for layer in (
        keras.Input((6,)),
        layers.Dense(8),
        layers.PReLU(alpha_initializer=keras.initializers.Constant(0.2)),
        layers.LayerNormalization(),
        layers.Dense(8),
        layers.LeakyReLU(0.1),
        layers.Reshape((2, 4)),
        layers.ELU(0.7),
        layers.Permute((2, 1)),
        layers.Flatten(),
        layers.UnitNormalization(),
        layers.ReLU(max_value=0.9, negative_slope=0.05),
        layers.Dense(4, activation=keras.activations.hard_sigmoid),
        layers.GaussianNoise(0.0),
        layers.Softmax(),
        layers.Identity(),
        layers.Activation("linear"),
    ):
        model.add(layer)
    optimizer = keras.optimizers.Lion(0.001, use_ema=True, ema_momentum=0.8, ema_overwrite_frequency=4)
    model.compile(optimizer, "mean_squared_error", weighted_metrics=["mse"])
    return model


@_architecture(lambda rng: (_floats(rng, 3), _floats(rng, 1)))
def subclassed(keras: Any) -> Any:
    model = custom(keras).Stack([5, 4], name="subclassed")
    model.compile(keras.optimizers.Adamax(0.02, gradient_accumulation_steps=2), "mse", metrics=["mape"])
    model(np.zeros((2, 3), "float32"))
    return model


@_architecture(lambda rng: (_floats(rng, 4), _floats(rng, 2)))
def own_classes(keras: Any) -> Any:
    mine = custom(keras)
    layers = keras.layers
    x = keras.Input((4,))
    y = layers.Dense(5, activation=mine.cubic)(x)
    y = mine.Scale(0.8, name="mine")(y)
    y = layers.Lambda(mine.shifted, arguments={"by": 0.25}, output_shape=(5,))(y)
    model = keras.Model(x, layers.Dense(2)(y), name="own_classes")
    optimizer = keras.optimizers.Ftrl(0.1, l1_regularization_strength=0.001, l2_regularization_strength=0.01, beta=0.1)
    model.compile(optimizer, mine.half_square, metrics=[mine.half_square, keras.metrics.MeanSquaredError(name="m")])
    return model


def _one_hot(rng: np.random.Generator) -> Data:
    return _floats(rng, 5), np.eye(3, dtype="float32")[rng.integers(0, 3, ROWS)]


@_architecture(_one_hot)
def penalized(keras: Any) -> Any:
    layers, constraints, regularizers = keras.layers, keras.constraints, keras.regularizers
    x = keras.Input((5,))
    a = layers.Dense(
        5,
        activation="tanh",
        kernel_regularizer=regularizers.L1L2(0.01, 0.02),
        bias_regularizer="l2",
        kernel_constraint=constraints.MaxNorm(1.0),
    )(x)
    b = layers.Dense(5, activity_regularizer=regularizers.L2(0.01), bias_constraint="non_neg")(a)
    b = layers.BatchNormalization(gamma_regularizer=regularizers.L1(0.01), axis=1, epsilon=0.01)(b)
    c = layers.Add()([x, layers.Multiply()([a, b])])
    d = layers.Average()([layers.Maximum()([a, c]), layers.Minimum()([b, c])])
    y = layers.Dense(3, kernel_constraint=constraints.UnitNorm(), name="logits")(layers.Concatenate()([c, d]))
    model = keras.Model(x, y, name="penalized")
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([4, 6], [1.0, 0.5, 0.1])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2)
    model.compile(keras.optimizers.Adadelta(rate, rho=0.9), loss, metrics=["categorical_accuracy"])
    return model
