"""Write models that Keras 2 saved in the midst of training, and how their training went on: needs tf_keras installed.

    python tests/parity/make_keras2_fixtures.py

`fixtures/keras2.zip` gets `<name>.h5` of each model, saved after a few steps, `<name>.weights` for weights alone, and
`<name>.keras` of some. `fixtures/keras2.npz` gets, under `<name>/...`:

    x0, x1, ...   the inputs, y0, ... the targets
    predictions   of the saved model for all rows, every output as one vector
    losses        of the further steps
    weights       after them, as one vector
    state         of the optimizer when saved, as one vector
"""

import io
import os
import sys
import tempfile
import zipfile
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
import tf_keras as keras

HERE = Path(__file__).parent / "fixtures"
ROWS, BATCH, WARM_UP, STEPS = 16, 8, 3, 4
L = keras.layers
legacy = keras.optimizers.legacy
MODELS = {}


def model(build):
    """Note a function that returns a compiled model, its inputs, and its targets."""
    MODELS[build.__name__] = build
    return build


def numbers(rng, *shape):
    """Return standard normal numbers, one row per observation."""
    return rng.normal(size=(ROWS, *shape)).astype("float32")


@model
def sequential(rng):
    """The usual classifier."""
    m = keras.Sequential(
        [
            L.Input((4,)),
            L.Dense(6, activation="relu", kernel_regularizer="l2"),
            L.BatchNormalization(),
            L.Dropout(0.0),
            L.Dense(3, activation="softmax"),
        ]
    )
    m.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return m, [numbers(rng, 4)], [rng.integers(0, 3, ROWS)]


@model
def first_layer_has_the_shape(rng):
    """`input_shape=` in the first layer, as most old scripts have it; a rate that decays."""
    m = keras.Sequential([L.Dense(5, activation="tanh", input_shape=(3,)), L.Dense(1)])
    m.compile(legacy.SGD(0.05, momentum=0.9, nesterov=True, decay=0.1), "mse", metrics=["mae", "mape"])
    return m, [numbers(rng, 3)], [numbers(rng, 1)]


@model
def two_in_two_out(rng):
    """A layer used twice, merging layers, dicts of losses."""
    a, b = L.Input((3,), name="a"), L.Input((3,), name="b")
    shared = L.Dense(4, activation="elu", name="shared")
    u, v = shared(a), shared(b)
    x = L.Concatenate(axis=1)([L.Add()([u, v]), L.Subtract()([u, v]), L.Multiply()([u, v])])
    x = L.LayerNormalization(axis=[1])(x)
    m = keras.Model([a, b], [L.Dense(2, name="wide")(x), L.Dense(1, "sigmoid", name="narrow")(x)])
    m.compile(
        keras.optimizers.RMSprop(0.01, momentum=0.5, centered=True),
        {"wide": keras.losses.MeanSquaredError(), "narrow": keras.losses.BinaryCrossentropy(label_smoothing=0.1)},
        loss_weights={"wide": 1.0, "narrow": 0.5},
        metrics={"wide": ["mae"], "narrow": ["accuracy", keras.metrics.AUC(num_thresholds=20)]},
    )
    return m, [numbers(rng, 3), numbers(rng, 3)], [numbers(rng, 2), rng.integers(0, 2, (ROWS, 1)).astype("float32")]


@model
def nested(rng):
    """Models within models, of both kinds, one of them used twice."""
    inner = keras.Sequential([L.Input((3,)), L.Dense(4, activation="relu"), L.BatchNormalization()], name="inner")
    x = L.Input((4,))
    drawn = keras.Model(x, L.Dense(2, activation="selu")(x), name="drawn")
    entry = L.Input((3,))
    y = inner(entry)
    middle = keras.Model(entry, L.Average()([drawn(y), drawn(L.LeakyReLU(0.2)(y))]), name="middle")
    m = keras.Sequential([L.Input((3,)), middle, L.Dense(1)], name="outer")
    m.compile(legacy.Adam(0.01, amsgrad=True), keras.losses.Huber(), metrics=[keras.metrics.MeanAbsoluteError()])
    return m, [numbers(rng, 3)], [numbers(rng, 1)]


@model
def ends_in_a_model(rng):
    """The output of a functional model is that of a model within."""
    tail = keras.Sequential([L.Dense(3, activation="relu"), L.Dense(1)], name="tail")
    x = L.Input((2,))
    head = keras.Model(x, L.Dense(3)(x), name="head")
    entry = L.Input((2,))
    m = keras.Model(entry, [tail(head(entry)), head(entry)])
    rate = keras.optimizers.schedules.ExponentialDecay(0.05, 3, 0.5)
    m.compile(keras.optimizers.Adam(rate, use_ema=True), "mse")
    return m, [numbers(rng, 2)], [numbers(rng, 1), numbers(rng, 3)]


@model
def table(rng):
    """Layers with state that is not trained, and whole numbers that go in."""
    values, kind = L.Input((3,), name="values"), L.Input((1,), dtype="int32", name="kind")
    scaled = L.Normalization(axis=-1)
    scaled.adapt(numbers(rng, 3) * 3 + 1)
    embedded = L.Flatten()(L.Embedding(5, 2, input_length=1)(kind))
    x = L.concatenate([scaled(values), embedded])
    x = L.PReLU()(L.Dense(6, kernel_initializer="he_normal")(x))
    x = L.GaussianNoise(0.0)(L.Rescaling(0.5)(x))
    x = L.Reshape((2, 3))(L.Activation("gelu")(x))
    x = L.Flatten()(L.Permute((2, 1))(x))
    m = keras.Model([values, kind], L.Dense(1, activation="sigmoid", bias_constraint="non_neg")(x))
    m.compile(keras.optimizers.Adagrad(0.1), "binary_crossentropy", metrics=["accuracy", "Precision"])
    return m, [numbers(rng, 3), rng.integers(0, 5, (ROWS, 1))], [rng.integers(0, 2, (ROWS, 1)).astype("float32")]


class Scale(L.Layer):
    """A layer of the user's own."""

    def __init__(self, start=1.0, **kwargs):
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape):
        self.factor = self.add_weight("factor", (input_shape[-1],), initializer=keras.initializers.Constant(self.start))

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return {**super().get_config(), "start": self.start}


def half_square(y_true, y_pred):
    """A loss of the user's own."""
    return tf.reduce_mean(tf.square(y_true - y_pred), axis=-1) / 2


@model
def own_classes(rng):
    """A layer, a loss and a metric of the user's own."""
    m = keras.Sequential([L.Input((3,)), L.Dense(4, "tanh"), Scale(0.5, name="mine"), L.Dense(2)])
    m.compile(keras.optimizers.Adamax(0.02), half_square, metrics=[half_square])
    return m, [numbers(rng, 3)], [numbers(rng, 2)]


@model
def frozen(rng):
    """A frozen layer: its weights come last in the optimizer's view, not in the file's."""
    m = keras.Sequential(
        [L.Input((3,)), L.Dense(4, trainable=False), L.BatchNormalization(trainable=False), L.Dense(1)]
    )
    m.compile(keras.optimizers.Adadelta(1.0), "mse")
    return m, [numbers(rng, 3)], [numbers(rng, 1)]


def add_optimizer(name, make):
    """Note a small model that is trained by an optimizer."""

    def build(rng):
        m = keras.Sequential([L.Input((3,)), L.Dense(2, "relu", name="d"), L.Dense(1, name="e")])
        m.compile(make(), "mse")
        return m, [numbers(rng, 3)], [numbers(rng, 1)]

    MODELS[name] = build


for name in ("SGD", "AdamW", "RMSprop", "Nadam", "Ftrl", "Lion", "Adam", "Adamax", "Adadelta", "Adagrad"):
    add_optimizer(f"new_{name}", getattr(keras.optimizers, name))
    if hasattr(legacy, name):
        add_optimizer(f"old_{name}", getattr(legacy, name))
add_optimizer("new_SGD_momentum", lambda: keras.optimizers.SGD(0.1, momentum=0.8, clipnorm=1.0, ema_momentum=0.9))


def flat(arrays):
    """Return arrays as one vector of float64."""
    arrays = [np.asarray(a, np.float64).reshape(-1) for a in arrays]
    return np.concatenate(arrays) if arrays else np.zeros(0)


def one(arrays):
    """Return what a model of one input or output takes."""
    return arrays[0] if len(arrays) == 1 else arrays


def train(m, x, y, first, steps):
    """Train on batches of rows, from the one of number `first`, and return the loss of each."""
    losses = []
    for step in range(first, first + steps):
        rows = np.arange(BATCH * step, BATCH * (step + 1)) % ROWS
        batch = [one([v[rows] for v in x]), one([v[rows] for v in y])]
        losses.append(m.train_on_batch(*batch, return_dict=True)["loss"])
        m.reset_metrics()
    return losses


def main():
    results, buffer = {}, io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryDirectory() as folder:
        for number, (name, build) in enumerate(MODELS.items()):
            keras.utils.set_random_seed(number)
            keras.backend.clear_session()
            m, x, y = build(np.random.default_rng(number))
            train(m, x, y, 0, WARM_UP)
            path = Path(folder) / f"{name}.h5"
            m.save(path)
            archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
            if name in ("sequential", "two_in_two_out", "nested"):
                for ending, save in (("weights", m.save_weights), ("keras", m.save)):
                    path = Path(folder) / (f"{name}_weights.h5" if ending == "weights" else f"{name}.keras")
                    save(path)
                    info = zipfile.ZipInfo(f"{name}.{ending}")
                    archive.writestr(info, path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
            state = m.optimizer.variables
            results |= {f"{name}/x{i}": v for i, v in enumerate(x)} | {f"{name}/y{i}": v for i, v in enumerate(y)}
            results[f"{name}/state"] = flat(v.numpy() for v in (state() if callable(state) else state))
            outputs = m.predict(one(x), verbose=0)
            results[f"{name}/predictions"] = flat(outputs if isinstance(outputs, list) else [outputs])
            results[f"{name}/losses"] = np.array(train(m, x, y, WARM_UP, STEPS))
            results[f"{name}/weights"] = flat(m.get_weights())
    (HERE / "keras2.zip").write_bytes(buffer.getvalue())
    np.savez_compressed(HERE / "keras2.npz", **results)
    sizes = [(HERE / f"keras2.{kind}").stat().st_size for kind in ("zip", "npz")]
    sys.stdout.write(f"{len(MODELS)} models of Keras {keras.__version__}, {sizes} bytes\n")


if __name__ == "__main__":
    main()
