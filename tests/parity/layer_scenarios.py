"""Models with masks, and some that train; written once for Keras and chainrule, and run in float64 by `run`.

Each scenario returns a dict of arrays: predictions, masks, losses, and, where it trains, the history and the weights
after three epochs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

SCENARIOS: dict[str, Callable[[Any], dict[str, Any]]] = {}


def scenario(function: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    SCENARIOS[function.__name__] = function
    return function


def run(keras: Any, name: str) -> dict[str, Any]:
    """Return the results of a scenario as arrays."""
    keras.utils.set_random_seed(1)
    return {key: array(keras, value) for key, value in SCENARIOS[name](keras).items()}


def array(keras: Any, value: Any) -> Any:
    if value is None:
        return np.zeros(0)
    return np.asarray(keras.ops.convert_to_numpy(value), np.float64)


def mask_of(tensor: Any) -> Any:
    return getattr(tensor, "_keras_mask", None)


def sequences(rows: int = 8, steps: int = 5, width: int = 3, seed: int = 0) -> Any:
    """Return sequences whose ends are 0, some of them empty."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, steps, width))
    for row, length in enumerate(rng.integers(0, steps + 1, rows)):
        x[row, length:] = 0
    x[0] = 0
    return x


def words(rows: int = 8, steps: int = 6, seed: int = 0) -> Any:
    """Return numbers of words from 1 to 6, with 0 behind the last."""
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 7, (rows, steps))
    for row, length in enumerate(rng.integers(1, steps + 1, rows)):
        x[row, length:] = 0
    return x.astype("int32")


def fill(model: Any, seed: int = 5) -> None:
    """Give a built model weights, variances positive."""
    rng = np.random.default_rng(seed)
    values = []
    for v in model.weights:
        shape = tuple(v.shape)
        values.append(rng.uniform(0.5, 1.5, shape) if "variance" in v.name else rng.normal(size=shape) * 0.5)
    model.set_weights(values)


def trained(keras: Any, model: Any, x: Any, y: Any, loss: Any = "mse", fit: Any = None, **compiled: Any) -> Any:
    """Train for three epochs and return everything there is to compare."""
    fill(model)
    model.compile(keras.optimizers.SGD(0.1), loss, **compiled)
    options = {"batch_size": 4, "epochs": 3, "shuffle": False, "verbose": 0, **(fit or {})}
    history = model.fit(x, y, **options).history
    found = {f"history/{key}": np.array(values) for key, values in history.items()}
    weight = (fit or {}).get("sample_weight")
    scores = model.evaluate(x, y, batch_size=4, verbose=0, sample_weight=weight, return_dict=True)
    found |= {f"evaluate/{key}": np.array(value) for key, value in scores.items()}
    output = model.predict(x, verbose=0)
    for i, part in enumerate(output if isinstance(output, list) else [output]):
        found[f"prediction/{i}"] = part
    found["weights"] = np.concatenate([np.ravel(w) for w in model.get_weights()])
    return found


def targets(rows: int = 8, steps: int = 5, width: int = 1) -> Any:
    return np.random.default_rng(3).normal(size=(rows, steps, width))


# -- layers that make masks and hand them on ------------------------------------------------------------------------


@scenario
def masks_of_layers(keras: Any) -> dict[str, Any]:
    """Which layers hand a mask on."""
    L = keras.layers
    x = L.Masking()(sequences())
    layers = {
        "dense": L.Dense(2), "activation": L.Activation("tanh"), "relu": L.ReLU(), "leaky_relu": L.LeakyReLU(),
        "elu": L.ELU(), "dropout": L.Dropout(0.5), "gaussian_noise": L.GaussianNoise(0.5),
        "gaussian_dropout": L.GaussianDropout(0.5), "alpha_dropout": L.AlphaDropout(0.5),
        "spatial_dropout": L.SpatialDropout1D(0.5), "batch_normalization": L.BatchNormalization(),
        "layer_normalization": L.LayerNormalization(), "group_normalization": L.GroupNormalization(3),
        "unit_normalization": L.UnitNormalization(), "identity": L.Identity(), "prelu": L.PReLU(),
        "activity": L.ActivityRegularization(l2=0.1), "rescaling": L.Rescaling(2.0),
        "time_distributed": L.TimeDistributed(L.Dense(2)), "average": L.GlobalAveragePooling1D(),
        "masked_again": L.Masking(mask_value=1.0),
    }  # fmt: skip
    return {name: mask_of(layer(x)) for name, layer in layers.items()}


@scenario
def masks_of_merges(keras: Any) -> dict[str, Any]:
    L = keras.layers
    a, b = L.Masking()(sequences(seed=0)), L.Masking()(sequences(seed=1))
    plain = keras.ops.convert_to_tensor(sequences(seed=2))
    found: dict[str, Any] = {}
    for name in ("Add", "Subtract", "Average", "Maximum", "Minimum", "Multiply"):
        y = getattr(L, name)()([a, b])
        z = getattr(L, name)()([a, plain])
        found |= {f"{name}/both": y, f"{name}/both_mask": mask_of(y), f"{name}/one": z, f"{name}/one_mask": mask_of(z)}
    for axis in (1, 2):
        y, z = L.Concatenate(axis=axis)([a, b]), L.Concatenate(axis=axis)([a, plain])
        found |= {f"Concatenate/{axis}": y, f"Concatenate/{axis}_mask": mask_of(y), f"{axis}_one": mask_of(z)}
    found["dot"] = mask_of(L.Dot(axes=(1, 1))([a, b]))
    return found


@scenario
def embedding(keras: Any) -> dict[str, Any]:
    layer = keras.layers.Embedding(7, 2, mask_zero=True)
    again = keras.layers.ReversibleEmbedding(7, 2, mask_zero=True)
    x = words()
    return {
        "mask": mask_of(layer(x)),
        "computed": layer.compute_mask(keras.ops.convert_to_tensor(x)),
        "reversible": mask_of(again(x)),
        "without": mask_of(keras.layers.Embedding(7, 2)(x)),
    }


@scenario
def softmax(keras: Any) -> dict[str, Any]:
    x = np.random.default_rng(0).normal(size=(3, 4))
    mask = np.array([[True, True, False, False], [False] * 4, [True] * 4])
    layer, whole = keras.layers.Softmax(), keras.layers.Softmax(axis=[0, 1])
    return {
        "last": layer(x, mask=keras.ops.convert_to_tensor(mask)),
        "numbers": layer(x, mask=keras.ops.convert_to_tensor(mask * 1.0)),
        "all": whole(x, mask=keras.ops.convert_to_tensor(mask)),
    }


@scenario
def lambdas(keras: Any) -> dict[str, Any]:
    L, ops = keras.layers, keras.ops
    x = L.Masking()(sequences())
    fixed = L.Lambda(lambda x: x * 2, mask=ops.convert_to_tensor(np.eye(8, 5) > 0))(x)
    made = L.Lambda(lambda x: x * 2, mask=lambda x, mask: ops.logical_not(mask))(x)
    seen = L.Lambda(lambda x, mask=None: x * ops.expand_dims(ops.cast(mask, x.dtype), -1), mask=lambda x, mask: mask)(x)
    return {"fixed": mask_of(fixed), "made": mask_of(made), "seen": seen, "handed_on": mask_of(seen)}


@scenario
def own_layers(keras: Any) -> dict[str, Any]:
    """Layers of one's own: the `mask` argument, `supports_masking`, `compute_mask`, several inputs."""
    ops = keras.ops

    class Counting(keras.layers.Layer):
        def call(self, x: Any, mask: Any = None) -> Any:
            return ops.sum(ops.cast(mask, x.dtype), axis=1) + ops.sum(x, axis=(1, 2))

    class Passing(keras.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, x: Any) -> Any:
            return x + 1

    class Halving(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            return x[:, ::2]

        def compute_mask(self, inputs: Any, previous_mask: Any = None) -> Any:
            return None if previous_mask is None else previous_mask[:, ::2]

    class Two(keras.layers.Layer):
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.supports_masking = True

        def call(self, query: Any, value: Any, query_mask: Any = None, value_mask: Any = None) -> Any:
            return query * ops.expand_dims(ops.cast(value_mask, query.dtype), -1) + (query_mask is None)

    class Listed(keras.layers.Layer):
        def call(self, inputs: Any, mask: Any = None) -> Any:
            return ops.sum(inputs[0], axis=-1) * ops.cast(mask[0], "float64") + (1.0 if mask[1] is None else 0.0)

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return mask[0]

    x, other = keras.layers.Masking()(sequences()), keras.layers.Masking()(sequences(seed=4))
    plain = keras.ops.convert_to_tensor(sequences(seed=2))
    halved, two, listed = Halving()(x), Two()(x, other), Listed()([x, plain])
    return {
        "counted": Counting()(x),
        "given": Counting()(x, mask=keras.ops.convert_to_tensor(np.ones((8, 5), bool))),
        "passed": mask_of(Passing()(x)),
        "halved": mask_of(halved),
        "two": two,
        "two_mask": mask_of(two),
        "listed": listed,
        "listed_mask": mask_of(listed),
    }


# -- models -----------------------------------------------------------------------------------------------------------


@scenario
def masked_regression(keras: Any) -> dict[str, Any]:
    """The mask of the output reaches loss and metrics."""
    L = keras.layers
    x = keras.Input((5, 3))
    model = keras.Model(x, L.Dense(1)(L.Dense(4, activation="tanh")(L.Masking()(x))))
    return trained(
        keras, model, sequences(), targets(), metrics=["mae", "mse", keras.metrics.RootMeanSquaredError()],
        weighted_metrics=["mae"],
    )  # fmt: skip


@scenario
def weights_of_steps(keras: Any) -> dict[str, Any]:
    L = keras.layers
    model = keras.Sequential([keras.Input((5, 3)), L.Masking(), L.Dense(4, activation="tanh"), L.Dense(1)])
    weight = np.random.default_rng(9).uniform(0.2, 2.0, (8, 5))  # Keras on torch multiplies the mask into it in place
    return trained(keras, model, sequences(), targets(), "mae", {"sample_weight": weight}, metrics=["mse"])


@scenario
def reductions(keras: Any) -> dict[str, Any]:
    x = keras.layers.Masking()(sequences())
    weight = np.random.default_rng(9).uniform(0.2, 2.0, (8, 5))
    found = {}
    for reduction in ("sum", "mean", "sum_over_batch_size", "mean_with_sample_weight", "none"):
        loss = keras.losses.MeanSquaredError(reduction=reduction)
        found[reduction] = loss(targets(width=3), x)
        found[f"{reduction}/weighted"] = loss(targets(width=3), x, sample_weight=weight)
    metric = keras.metrics.MeanSquaredError()
    metric.update_state(targets(width=3), x)
    found["metric"] = metric.result()
    metric.update_state(targets(width=3), x, sample_weight=weight)
    found["metric/weighted"] = metric.result()
    return found


@scenario
def classes_of_steps(keras: Any) -> dict[str, Any]:
    L = keras.layers
    model = keras.Sequential(
        [keras.Input((6,), dtype="int32"), L.Embedding(7, 3, mask_zero=True), L.Dense(4, activation="softmax")]
    )
    y = np.random.default_rng(2).integers(0, 4, (8, 6))
    return trained(keras, model, words(), y, "sparse_categorical_crossentropy", metrics=["accuracy"])


@scenario
def ignored_class(keras: Any) -> dict[str, Any]:
    """The mask of the output and that of the loss together."""
    L = keras.layers
    model = keras.Sequential(
        [keras.Input((6,), dtype="int32"), L.Embedding(7, 3, mask_zero=True), L.Dense(4, activation="softmax")]
    )
    y = np.random.default_rng(2).integers(-1, 4, (8, 6))
    return trained(keras, model, words(), y, keras.losses.SparseCategoricalCrossentropy(ignore_class=-1))


@scenario
def mean_of_words(keras: Any) -> dict[str, Any]:
    L = keras.layers
    x = keras.Input((None,), dtype="int32")
    h = L.GlobalAveragePooling1D()(L.Dropout(0.0)(L.Embedding(7, 3, mask_zero=True)(x)))
    model = keras.Model(x, L.Dense(1, activation="sigmoid")(h))
    y = np.random.default_rng(2).integers(0, 2, (8, 1))
    return trained(keras, model, words(), y, "binary_crossentropy", metrics=["accuracy"])


@scenario
def statistics_of_what_counts(keras: Any) -> dict[str, Any]:
    L = keras.layers
    x = keras.Input((5, 3))
    h = L.BatchNormalization(momentum=0.5)(L.Dense(4)(L.Masking()(x)))
    model = keras.Model(x, L.Dense(1)(L.Activation("tanh")(h)))
    return trained(keras, model, sequences(), targets())


@scenario
def subclassed(keras: Any) -> dict[str, Any]:
    L = keras.layers

    class Tagger(keras.Model):
        def __init__(self) -> None:
            super().__init__()
            self.table = L.Embedding(7, 3, mask_zero=True)
            self.hidden = L.Dense(4, activation="tanh")
            self.out = L.Dense(1)

        def call(self, x: Any) -> Any:
            return self.out(self.hidden(self.table(x)))

    model = Tagger()
    model(words())
    return trained(keras, model, words(), targets(steps=6))


@scenario
def two_branches(keras: Any) -> dict[str, Any]:
    L = keras.layers
    a, b = keras.Input((5, 3)), keras.Input((5, 3))
    first, second = L.Dense(4)(L.Masking()(a)), L.Dense(4)(L.Masking()(b))
    product = L.Dense(1, name="product")(L.Multiply()([first, second]))
    joined = L.Dense(1, name="joined")(L.Concatenate()([first, second]))
    model = keras.Model([a, b], [product, joined])
    x = [sequences(seed=0), sequences(seed=1)]
    return trained(keras, model, x, [targets(), targets()], ["mse", "mae"], metrics=[["mae"], ["mse"]])


@scenario
def nested(keras: Any) -> dict[str, Any]:
    """A model within a model: masks go in and come out."""
    L = keras.layers
    inner_x = keras.Input((5, 3))
    inner = keras.Model(inner_x, L.Dense(4, activation="tanh")(inner_x))
    stack = keras.Sequential([keras.Input((5, 4)), L.Dense(4, activation="tanh"), L.LayerNormalization()])
    x = keras.Input((5, 3))
    model = keras.Model(x, L.Dense(1)(stack(inner(L.Masking()(x)))))
    return trained(keras, model, sequences(), targets())


@scenario
def steps_one_by_one(keras: Any) -> dict[str, Any]:
    L = keras.layers
    x = keras.Input((5, 3))
    h = L.TimeDistributed(L.Dense(4, activation="tanh"))(L.Masking()(x))
    model = keras.Model(x, L.TimeDistributed(L.Dense(1))(h))
    return trained(keras, model, sequences(), targets())


@scenario
def given_mask(keras: Any) -> dict[str, Any]:
    """A mask that is an input of the model."""
    L = keras.layers
    x, mask = keras.Input((4,)), keras.Input((4,), dtype="bool")
    model = keras.Model([x, mask], L.Reshape((2, 2))(L.Softmax()(L.Dense(4)(x), mask=mask)))
    rng = np.random.default_rng(7)
    data = [rng.normal(size=(8, 4)), rng.random((8, 4)) > 0.3]
    return trained(keras, model, data, rng.normal(size=(8, 2, 2)))


# -- layers that train ------------------------------------------------------------------------------------------------


@scenario
def layers_of_sequences(keras: Any) -> dict[str, Any]:
    L = keras.layers
    x = keras.Input((5, 3))
    h = L.TimeDistributed(L.Dense(4, activation="tanh"))(x)
    h = L.EinsumDense("abc,cd->abd", (None, 6), bias_axes="d", activation="tanh")(h)
    h = L.RMSNormalization()(L.GroupNormalization(2)(h))
    h = L.Concatenate()([L.GlobalAveragePooling1D()(h), L.GlobalMaxPooling1D()(h)])
    return trained(keras, keras.Model(x, L.Dense(1)(h)), sequences(), targets()[:, 0])


@scenario
def heads(keras: Any) -> dict[str, Any]:
    """Einstein sums that split features into heads and join them again."""
    L = keras.layers
    x = keras.Input((5, 3))
    h = L.EinsumDense("abc,cde->abde", (None, 2, 3), bias_axes="de", kernel_regularizer="l2")(x)
    h = L.EinsumDense("abde,def->abf", (None, 4), bias_axes="f", activation="tanh")(h)
    return trained(keras, keras.Model(x, L.EinsumDense("...x,xy->...y", 1)(h)), sequences(), targets())


@scenario
def spectral(keras: Any) -> dict[str, Any]:
    L = keras.layers
    inner = L.SpectralNormalization(L.Dense(4, activation="tanh"), power_iterations=2)
    model = keras.Sequential([keras.Input((3,)), inner, L.Dense(1)])
    return trained(keras, model, sequences()[:, 0], targets()[:, 0])


@scenario
def renormalized(keras: Any) -> dict[str, Any]:
    L = keras.layers
    normal = L.BatchNormalization(renorm=True, renorm_clipping={"rmax": 1.5, "rmin": 0.5, "dmax": 0.5}, momentum=0.7)
    model = keras.Sequential([keras.Input((3,)), L.Dense(4), normal, L.Activation("tanh"), L.Dense(1)])
    return trained(keras, model, np.random.default_rng(4).normal(size=(8, 3)), targets()[:, 0])


@scenario
def there_and_back(keras: Any) -> dict[str, Any]:
    L = keras.layers
    x = keras.Input((6,), dtype="int32")
    table = L.ReversibleEmbedding(7, 3, logit_soft_cap=5.0)
    model = keras.Model(x, L.Softmax()(table(L.Dense(3, activation="tanh")(table(x)), reverse=True)))
    return trained(keras, model, words(), words(seed=3), "sparse_categorical_crossentropy", metrics=["accuracy"])


@scenario
def recommender(keras: Any) -> dict[str, Any]:
    L = keras.layers
    user, item = keras.Input((1,), dtype="int32"), keras.Input((1,), dtype="int32")
    first, second = L.Flatten()(L.Embedding(7, 3)(user)), L.Flatten()(L.Embedding(7, 3)(item))
    model = keras.Model([user, item], L.Dot(axes=1, normalize=True)([first, second]))
    return trained(keras, model, [words()[:, :1], words(seed=3)[:, :1]], targets()[:, 0])


@scenario
def rearranged(keras: Any) -> dict[str, Any]:
    L = keras.layers
    x, v = keras.Input((5, 3)), keras.Input((5,))
    a = L.PReLU(shared_axes=[1])(L.Permute((2, 1))(L.Dense(3)(x)))
    b = L.RepeatVector(3)(L.Dense(5, activation="tanh", activity_regularizer="l2")(v))
    h = L.UnitNormalization()(L.Minimum()([L.Subtract()([a, b]), L.Softmax(axis=1)(a)]))
    h = L.Flatten()(L.ActivityRegularization(l1=0.01, l2=0.02)(h))
    data = np.random.default_rng(6)
    return trained(
        keras, keras.Model([x, v], L.Dense(1)(h)), [sequences() + 0.3, data.normal(size=(8, 5))], targets()[:, 0]
    )
