"""Thirty-two more models for files both ways, in the style of `architectures.py`: all families of layers.

Nothing in them draws random numbers while training. Those in `NEED_TENSORFLOW` look up strings or integers, for
which Keras itself needs TensorFlow, or assign to a kernel in `call`, which Keras forgets on JAX.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
from architectures import ROWS, Build, Data, _floats, batch_of

WIDE: dict[str, tuple[Build, Callable[[np.random.Generator], Data]]] = {}
NEED_TENSORFLOW = ("integers_looked_up", "spectral", "words")
WARM_UP, STEPS = 3, 5


def wide_data_of(name: str) -> Data:
    """Return the inputs and targets of an architecture."""
    return WIDE[name][1](np.random.default_rng(zlib.crc32(name.encode())))


def train(model: Any, x: Any, y: Any, first: int, steps: int) -> list[float]:
    """Train on batches `first` to `first + steps` and return the loss of each."""
    losses = []
    for step in range(first, first + steps):
        model.reset_metrics()
        losses.append(float(model.train_on_batch(batch_of(x, step), batch_of(y, step), return_dict=True)["loss"]))
    return losses


def _wide(data: Callable[[np.random.Generator], Data]) -> Callable[[Build], Build]:
    def add(build: Build) -> Build:
        WIDE[build.__name__] = (build, data)
        return build

    return add


def _regression(*shape: int, to: int = 1) -> Callable[[np.random.Generator], Data]:
    return lambda rng: (_floats(rng, *shape), _floats(rng, to))


def _binary(n: int) -> Callable[[np.random.Generator], Data]:
    return lambda rng: (_floats(rng, n), rng.integers(0, 2, (ROWS, 1)).astype("float32"))


def _classes(n: int, k: int) -> Callable[[np.random.Generator], Data]:
    return lambda rng: (_floats(rng, n), np.eye(k, dtype="float32")[rng.integers(0, k, ROWS)])


def own(keras: Any) -> SimpleNamespace:
    """Define and register classes of one's own of every kind that files may name."""
    register = keras.saving.register_keras_serializable("wide")

    @register
    class Gate(keras.layers.Layer):
        """Layers within a layer: in attributes, in a list, in a dict."""

        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units
            self.gate = keras.layers.Dense(units, activation="sigmoid")
            self.steps = [keras.layers.Dense(units, activation="tanh"), keras.layers.LayerNormalization()]
            self.named = {"out": keras.layers.Dense(units, use_bias=False)}

        def build(self, input_shape: Any) -> None:
            self.gate.build(input_shape)
            self.steps[0].build(input_shape)
            self.steps[1].build((*input_shape[:-1], self.units))
            self.named["out"].build((*input_shape[:-1], self.units))
            self.built = True

        def call(self, x: Any) -> Any:
            return self.named["out"](self.gate(x) * self.steps[1](self.steps[0](x)))

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (*input_shape[:-1], self.units)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "units": self.units}

    @register
    class Penalty(keras.layers.Layer):
        """A layer that adds a loss."""

        def call(self, x: Any) -> Any:
            self.add_loss(0.01 * keras.ops.mean(keras.ops.square(x)))
            return x

        def compute_output_shape(self, input_shape: Any) -> Any:
            return input_shape

    @register
    class Halves(keras.optimizers.schedules.LearningRateSchedule):
        """Half the rate every few steps."""

        def __init__(self, rate: float, every: int) -> None:
            self.rate, self.every = rate, every

        def __call__(self, step: Any) -> Any:
            step = keras.ops.cast(step, "float32")
            return self.rate * keras.ops.power(0.5, keras.ops.floor(step / self.every))

        def get_config(self) -> dict[str, Any]:
            return {"rate": self.rate, "every": self.every}

    @register
    class Cubes(keras.regularizers.Regularizer):
        def __init__(self, factor: float) -> None:
            self.factor = factor

        def __call__(self, x: Any) -> Any:
            return self.factor * keras.ops.sum(keras.ops.power(keras.ops.absolute(x), 3.0))

        def get_config(self) -> dict[str, Any]:
            return {"factor": self.factor}

    @register
    class Ramp(keras.initializers.Initializer):
        def __init__(self, top: float = 1.0) -> None:
            self.top = top

        def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
            n = int(np.prod(shape))
            return keras.ops.convert_to_tensor(np.linspace(-self.top, self.top, n).reshape(shape).astype("float32"))

        def get_config(self) -> dict[str, Any]:
            return {"top": self.top}

    @register
    class AtMost(keras.constraints.Constraint):
        def __init__(self, most: float) -> None:
            self.most = most

        def __call__(self, w: Any) -> Any:
            return keras.ops.minimum(w, self.most)

        def get_config(self) -> dict[str, Any]:
            return {"most": self.most}

    @register
    class Quartic(keras.losses.Loss):
        def __init__(self, factor: float = 1.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, y_true: Any, y_pred: Any) -> Any:
            return self.factor * keras.ops.mean(keras.ops.power(y_true - y_pred, 4.0), axis=-1)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "factor": self.factor}

    @register
    class Perceptron(keras.Model):
        """A functional model as a class."""

        def __init__(self, units: int, **kwargs: Any) -> None:
            x = keras.Input((3,))
            super().__init__(x, keras.layers.Dense(1)(keras.layers.Dense(units, "tanh")(x)), **kwargs)
            self.units = units

        def get_config(self) -> dict[str, Any]:
            return {"units": self.units, "name": self.name}

    return SimpleNamespace(**{k: v for k, v in locals().items() if isinstance(v, type)})


# -- families of layers -----------------------------------------------------------------------------------------------


@_wide(_regression(3, 4))
def einsum(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((3, 4))
    y = layers.EinsumDense("abc,cd->abd", output_shape=(3, 5), bias_axes="d", activation="tanh")(x)
    y = layers.TimeDistributed(layers.Dense(2, activation="relu"))(y)
    model = keras.Model(x, layers.Dense(1)(layers.Flatten()(y)))
    model.compile(keras.optimizers.SGD(0.05), "mse", metrics=["mae"])
    return model


@_wide(lambda rng: (rng.integers(0, 6, (ROWS, 5)).astype("int32"), rng.integers(0, 2, (ROWS, 1)).astype("float32")))
def masked_sequence(keras: Any) -> Any:
    layers = keras.layers
    inputs = [keras.Input((5,), dtype="int32"), layers.Embedding(6, 3, mask_zero=True, embeddings_regularizer="l2")]
    model = keras.Sequential([*inputs, layers.GlobalAveragePooling1D(), layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy", "auc"])
    return model


@_wide(_regression(8, to=2))
def normalizations(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((8,)),
            layers.GroupNormalization(groups=4),
            layers.Dense(6, kernel_initializer="lecun_normal"),
            layers.RMSNormalization(),
            layers.Dense(4, activation="mish"),
            layers.BatchNormalization(center=False, scale=False),
            layers.UnitNormalization(),
            layers.Dense(2),
        ]
    )
    model.compile(keras.optimizers.RMSprop(0.01), "log_cosh", metrics=[keras.metrics.CosineSimilarity()])
    return model


@_wide(lambda rng: ([_floats(rng, 4), _floats(rng, 2)], _floats(rng, 3)))
def dots(keras: Any) -> Any:
    layers = keras.layers
    a, b = keras.Input((4,)), keras.Input((2,))
    rows = layers.Permute((2, 1))(layers.RepeatVector(3)(layers.Dense(2)(a)))
    y = layers.Dot(axes=(1, 1), normalize=True)([rows, layers.RepeatVector(2)(b)])
    y = layers.Subtract()([layers.Flatten()(y), layers.Dense(6)(a)])
    model = keras.Model([a, b], layers.Dense(3, activation="softsign")(y))
    model.compile(keras.optimizers.Adagrad(0.1), keras.losses.CosineSimilarity(), metrics=["mse"])
    return model


@_wide(_regression(4, 3))
def pooled(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((4, 3))
    y = layers.SpatialDropout1D(0.0)(layers.Dense(5, activation="silu")(x))
    y = layers.LayerNormalization(axis=[1, 2])(y)
    y = layers.Concatenate()([layers.GlobalMaxPooling1D()(y), layers.GlobalAveragePooling1D()(y)])
    model = keras.Model(x, layers.Dense(1)(y))
    model.compile(keras.optimizers.Adamax(0.02), "huber", metrics=["mape"])
    return model


@_wide(lambda rng: (lambda x: (x, x))(_floats(rng, 6)))
def autoencoder(keras: Any) -> Any:
    layers = keras.layers
    encoder = keras.Sequential([keras.Input((6,)), layers.Dense(4, "elu"), layers.Dense(2)], name="encoder")
    decoder = keras.Sequential([keras.Input((2,)), layers.Dense(4, "elu"), layers.Dense(6)], name="decoder")
    x = keras.Input((6,))
    model = keras.Model(x, decoder(encoder(x)), name="autoencoder")
    model.compile(keras.optimizers.Nadam(0.01), "mean_squared_error")
    return model


@_wide(lambda rng: ([_floats(rng, 5), _floats(rng, 5)], rng.integers(0, 2, (ROWS, 1)).astype("float32")))
def siamese(keras: Any) -> Any:
    layers, ops = keras.layers, keras.ops
    x = keras.Input((5,))
    y = layers.BatchNormalization()(layers.Dense(4, use_bias=False)(x))
    tower = keras.Model(x, layers.Dense(3, "tanh")(y), name="tower")
    a, b = keras.Input((5,), name="a"), keras.Input((5,), name="b")
    y = ops.sum(ops.square(tower(a) - tower(b)), axis=1, keepdims=True)
    model = keras.Model([a, b], layers.Dense(1, "sigmoid")(y))
    model.compile(keras.optimizers.SGD(0.02), keras.losses.BinaryFocalCrossentropy(), metrics=["accuracy"])
    return model


@_wide(_binary(6))
def residual_tower(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((6,))
    y = x
    for i in range(3):
        z = layers.Dense(6, activation="relu", name=f"up_{i}")(layers.BatchNormalization(name=f"norm_{i}")(y))
        y = layers.Add(name=f"sum_{i}")([y, layers.Dropout(0.0)(z)])
    model = keras.Model(x, layers.Dense(1)(y))
    metrics = [keras.metrics.BinaryAccuracy(threshold=0.0), keras.metrics.AUC(from_logits=True, num_thresholds=30)]
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=metrics)
    return model


@_wide(_binary(4))
def wide_and_deep(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((4,), name="features")
    deep = layers.Dense(3, "relu")(layers.Dense(5, "relu")(x))
    y = layers.concatenate([x, deep, layers.maximum([deep, deep * 2])])
    model = keras.Model(x, layers.Dense(1, "sigmoid", kernel_regularizer=keras.regularizers.L1(0.01))(y))
    metrics = [keras.metrics.Recall(), keras.metrics.SensitivityAtSpecificity(0.5, num_thresholds=20)]
    model.compile(keras.optimizers.Ftrl(0.05), "binary_crossentropy", metrics=metrics)
    return model


@_wide(_regression(5))
def regularized(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((5,)),
            layers.Dense(4, activation="selu", activity_regularizer="l1"),
            layers.ActivityRegularization(l1=0.01, l2=0.02),
            layers.AlphaDropout(0.0),
            layers.GaussianDropout(0.0),
            layers.Dense(1, kernel_regularizer=keras.regularizers.OrthogonalRegularizer(0.1)),
        ]
    )
    model.compile(keras.optimizers.SGD(0.02, momentum=0.8), "mean_absolute_error")
    return model


@_wide(_regression(4))
def spectral(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((4,)), layers.SpectralNormalization(layers.Dense(5, "relu")), layers.Dense(1)]
    )
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


@_wide(lambda rng: (_floats(rng, 3), [_floats(rng, 1), _floats(rng, 2)]))
def weighted_outputs(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((3,))
    y = layers.Dense(4, "gelu")(x)
    model = keras.Model(x, [layers.Dense(1, name="one")(y), layers.Dense(2, name="two")(y)])
    losses, weights = {"one": "mae", "two": keras.losses.MeanSquaredLogarithmicError()}, {"one": 2.0, "two": 0.5}
    model.compile("rmsprop", losses, loss_weights=weights, metrics={"two": ["mse"]}, weighted_metrics={"one": ["mae"]})
    return model


@_wide(_classes(4, 3))
def frozen_half(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(5, "relu", trainable=False),
            layers.BatchNormalization(trainable=False),
            layers.Dense(4, use_bias=False),
            layers.BatchNormalization(),
            layers.LeakyReLU(),
            layers.Dense(3, "softmax"),
        ]
    )
    metrics = [keras.metrics.F1Score(average="macro"), keras.metrics.TopKCategoricalAccuracy(2)]
    model.compile(keras.optimizers.Adam(0.01, weight_decay=0.01), "categorical_crossentropy", metrics=metrics)
    return model


@_wide(_regression(4))
def deferred(keras: Any) -> Any:
    layers = keras.layers
    model = keras.Sequential([layers.Dense(3, "softplus"), layers.Dense(1)], name="deferred")
    model.build((None, 4))
    model.compile(keras.optimizers.Adam(0.01, use_ema=True, ema_momentum=0.9), "mse")
    return model


@_wide(lambda rng: (_floats(rng, 3) * 4, _floats(rng, 1)))
def buckets(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((3,))
    edges = layers.Discretization(bin_boundaries=[-2.0, 0.0, 2.0], output_mode="multi_hot")(x)
    y = layers.Concatenate()([layers.Normalization(mean=[0.0, 1.0, 2.0], variance=[1.0, 4.0, 9.0])(x), edges])
    model = keras.Model(x, layers.Dense(1)(layers.Rescaling(0.5)(y)))
    model.compile("sgd", "mse")
    return model


@_wide(lambda rng: (rng.integers(0, 5, (ROWS, 1)).astype("int32"), rng.integers(0, 2, (ROWS, 1)).astype("float32")))
def categories(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((1,), dtype="int32")
    y = layers.CategoryEncoding(num_tokens=5, output_mode="one_hot")(x)
    model = keras.Model(x, layers.Dense(1, "tanh")(y))
    model.compile("adagrad", "hinge", metrics=["hinge"])
    return model


@_wide(lambda rng: (rng.choice([3, 7, 11, 20], (ROWS, 1)).astype("int64"), _floats(rng, 1)))
def integers_looked_up(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((1,), dtype="int64")
    y = layers.IntegerLookup(vocabulary=[3, 7, 11], num_oov_indices=2, output_mode="one_hot")(x)
    model = keras.Model(x, layers.Dense(1)(layers.Dense(3, "tanh")(y)))
    model.compile("adam", "mse")
    return model


def _words(rng: np.random.Generator) -> Data:
    return rng.choice(np.array(["red", "green", "blue", "pink"], object), (ROWS, 1)), _floats(rng, 1)


@_wide(_words)
def words(keras: Any) -> Any:
    layers = keras.layers
    x = keras.Input((1,), dtype="string")
    y = layers.StringLookup(vocabulary=["red", "green", "blue"], output_mode="one_hot")(x)
    model = keras.Model(x, layers.Dense(1)(y))
    model.compile("adam", "mse")
    return model


# -- classes of one's own ---------------------------------------------------------------------------------------------


@_wide(_regression(4, to=2))
def layers_within(keras: Any) -> Any:
    mine = own(keras)
    x = keras.Input((4,))
    y = mine.Gate(3, name="first")(x)
    model = keras.Model(x, keras.layers.Dense(2)(mine.Gate(3)(y)))
    model.compile(keras.optimizers.Adam(mine.Halves(0.02, 3)), mine.Quartic(0.5))
    return model


@_wide(_regression(4))
def own_settings(keras: Any) -> Any:
    mine = own(keras)
    kernel = {"kernel_initializer": mine.Ramp(0.5), "kernel_regularizer": mine.Cubes(0.1)}
    dense = keras.layers.Dense(3, "tanh", kernel_constraint=mine.AtMost(0.4), **kernel)
    model = keras.Sequential([keras.Input((4,)), dense, mine.Penalty(), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model


@_wide(_regression(3))
def functional_class(keras: Any) -> Any:
    model = own(keras).Perceptron(4, name="perceptron")
    model.compile(keras.optimizers.Adadelta(1.0), "mse")
    return model


@_wide(lambda rng: ({"a": _floats(rng, 2), "b": _floats(rng, 3)}, _floats(rng, 1)))
def nested_classes(keras: Any) -> Any:
    mine, layers = own(keras), keras.layers
    a, b = keras.Input((2,), name="a"), keras.Input((3,), name="b")
    inner = keras.Sequential([keras.Input((3,)), mine.Gate(2), layers.PReLU(shared_axes=[1])], name="inner")
    model = keras.Model({"a": a, "b": b}, layers.Dense(1)(layers.Multiply()([a, inner(b)])))
    model.compile(keras.optimizers.AdamW(0.01), "mse")
    return model


# -- optimizers -------------------------------------------------------------------------------------------------------


def _optimizer(name: str, make: Callable[[Any], Any]) -> None:
    def build(keras: Any) -> Any:
        layers = keras.layers
        model = keras.Sequential([keras.Input((4,)), layers.Dense(5, "tanh"), layers.Dense(2)], name=name)
        model.compile(make(keras.optimizers), "mse", metrics=["mae"])
        return model

    WIDE[name] = (build, _regression(4, to=2))


_optimizer("adafactor", lambda o: o.Adafactor(0.01))
_optimizer("lamb", lambda o: o.Lamb(0.01))
_optimizer("muon", lambda o: o.Muon(0.01))
_optimizer("loss_scale", lambda o: o.LossScaleOptimizer(o.Adam(0.01), initial_scale=128.0, dynamic_growth_steps=2))
_optimizer("schedule_free", lambda o: o.ScheduleFreeAdamW(0.01))
_optimizer("accumulating", lambda o: o.Adam(0.01, gradient_accumulation_steps=2, global_clipnorm=0.5))
_optimizer("averaged", lambda o: o.SGD(0.1, use_ema=True, ema_overwrite_frequency=2, clipvalue=0.2))
_optimizer("restarting", lambda o: o.Adam(o.schedules.CosineDecayRestarts(0.02, 3, t_mul=1.5, m_mul=0.8)))
_optimizer("inverse_time", lambda o: o.SGD(o.schedules.InverseTimeDecay(0.1, 2, 0.5, staircase=True)))
_optimizer("polynomial", lambda o: o.RMSprop(o.schedules.PolynomialDecay(0.02, 4, 0.001, power=2.0, cycle=True)))
