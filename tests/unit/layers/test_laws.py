"""Laws that hold for every layer, by introspection: derivatives, configuration, shapes, and steps for engines."""

from __future__ import annotations

import inspect
import json
import runpy
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

import chainrule as cr
from chainrule import dtype_policies
from chainrule.autodiff import check_vjp
from chainrule.autodiff.tape import substitute
from chainrule.engines import plan
from chainrule.engines.lower import lower
from chainrule.layers.preprocessing.base import CategoryLayer
from chainrule.random import seeds

L = cr.layers
OTHERS = runpy.run_path(str(Path(__file__).with_name("steps_of_layers.py")))
KEY = (11, 7)
PENALTY = cr.regularizers.L2(0.1)


class Case(NamedTuple):
    """A layer, the shapes of its inputs, and what it can do."""

    make: Callable[[], Any]
    shapes: Any = (4, 3)
    trains: bool = False  # whether it computes something else in training
    whole: int = 0  # inputs are whole numbers below this
    lowers: bool = True
    constant: bool = False  # whether something it computes in training counts as constant in its derivative


def halves(x: Any) -> Any:
    return cr.ops.tanh(x) * 0.5


def adapted(**options: Any) -> Any:
    layer = L.Normalization(**options)
    layer.adapt(np.random.default_rng(5).normal(3.0, 2.0, (20, 3)))
    return layer


PAIR = [(4, 3), (4, 3)]
TRIPLE = [(4, 3), (4, 3), (4, 3)]

CASES: dict[str, Case] = {
    "Activation": Case(lambda: L.Activation("tanh")),
    "Activation softmax": Case(lambda: L.Activation("softmax")),
    "Activation linear": Case(lambda: L.Activation("linear")),
    "Add": Case(lambda: L.Add(), TRIPLE),
    "Add ranks": Case(lambda: L.Add(), [(4, 2, 3), (4, 3)]),
    "Average": Case(lambda: L.Average(), TRIPLE),
    "BatchNormalization": Case(lambda: L.BatchNormalization(), trains=True),
    "BatchNormalization bare": Case(
        lambda: L.BatchNormalization(center=False, scale=False, momentum=0.5, epsilon=0.1), trains=True
    ),
    "BatchNormalization axis": Case(lambda: L.BatchNormalization(axis=1), (4, 3, 2), trains=True),
    "BatchNormalization frozen": Case(lambda: L.BatchNormalization(trainable=False), trains=True),
    "Concatenate": Case(lambda: L.Concatenate(), [(4, 2), (4, 3)]),
    "Concatenate axis": Case(lambda: L.Concatenate(axis=1), [(4, 2, 3), (4, 1, 3), (4, 3, 3)]),
    "Dense": Case(lambda: L.Dense(2, activation="tanh", kernel_regularizer=PENALTY, bias_initializer="ones")),
    "Dense no bias": Case(lambda: L.Dense(2, use_bias=False)),
    "Dense three axes": Case(lambda: L.Dense(2, activation="sigmoid"), (4, 2, 3)),
    "Dropout": Case(lambda: L.Dropout(0.4, seed=3), trains=True),
    "Dropout noise_shape": Case(lambda: L.Dropout(0.4, noise_shape=(None, 1)), trains=True),
    "ELU": Case(lambda: L.ELU(0.7)),
    "Embedding": Case(lambda: L.Embedding(5, 2), whole=5),
    "Flatten": Case(lambda: L.Flatten(), (4, 2, 3)),
    "Flatten channels": Case(lambda: L.Flatten("channels_first"), (4, 2, 3)),
    "Flatten scalars": Case(lambda: L.Flatten(), (4,)),
    "GaussianDropout": Case(lambda: L.GaussianDropout(0.3, seed=4), trains=True),
    "GaussianNoise": Case(lambda: L.GaussianNoise(0.3, seed=4), trains=True),
    "Identity": Case(lambda: L.Identity()),
    "Lambda": Case(lambda: L.Lambda(cr.activations.tanh), lowers=False),
    "LayerNormalization": Case(lambda: L.LayerNormalization()),
    "LayerNormalization axes": Case(lambda: L.LayerNormalization(axis=[1, 2], epsilon=0.01), (4, 2, 3)),
    "LayerNormalization first": Case(lambda: L.LayerNormalization(axis=1, center=False), (4, 2, 3)),
    "LayerNormalization bare": Case(lambda: L.LayerNormalization(center=False, scale=False)),
    "LeakyReLU": Case(lambda: L.LeakyReLU(0.2)),
    "Masking": Case(lambda: L.Masking(), (4, 2, 3), lowers=False),
    "Maximum": Case(lambda: L.Maximum(), TRIPLE),
    "Minimum": Case(lambda: L.Minimum(), TRIPLE),
    "Multiply": Case(lambda: L.Multiply(), TRIPLE),
    "Normalization": Case(lambda: L.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0, 0.25, 1.0])),
    "Normalization inverse": Case(lambda: L.Normalization(mean=2.0, variance=4.0, invert=True)),
    "Normalization adapted": Case(lambda: adapted()),
    "Normalization of all": Case(lambda: adapted(axis=None)),
    "PReLU": Case(lambda: L.PReLU("ones")),
    "PReLU shared": Case(lambda: L.PReLU(shared_axes=[1]), (4, 2, 3)),
    "Permute": Case(lambda: L.Permute((2, 1)), (4, 2, 3)),
    "ReLU": Case(lambda: L.ReLU()),
    "ReLU options": Case(lambda: L.ReLU(max_value=1.5, negative_slope=0.1, threshold=0.2)),
    "RepeatVector": Case(lambda: L.RepeatVector(2)),
    "Rescaling": Case(lambda: L.Rescaling(0.5, 1.0)),
    "Rescaling arrays": Case(lambda: L.Rescaling([0.5, 1.0, 2.0], [1.0, 0.0, -1.0])),
    "Reshape": Case(lambda: L.Reshape((3, -1)), (4, 2, 3)),
    "Softmax": Case(lambda: L.Softmax()),
    "Softmax axis": Case(lambda: L.Softmax(axis=1), (4, 2, 3)),
    "Softmax axes": Case(lambda: L.Softmax(axis=(1, 2)), (4, 2, 3)),
    "Subtract": Case(lambda: L.Subtract(), PAIR),
    "UnitNormalization": Case(lambda: L.UnitNormalization()),
    "ActivityRegularization": Case(lambda: L.ActivityRegularization(l1=0.1, l2=0.2)),
    "AlphaDropout": Case(lambda: L.AlphaDropout(0.4, seed=3), trains=True),
    "AlphaDropout noise_shape": Case(lambda: L.AlphaDropout(0.4, noise_shape=(None, 1)), trains=True),
    "BatchNormalization renorm": Case(
        lambda: L.BatchNormalization(renorm=True, renorm_clipping={"rmin": 0.5, "rmax": 2.0, "dmax": 1.0}),
        trains=True,
        lowers=False,
        constant=True,
    ),
    "Dot": Case(lambda: L.Dot(1), PAIR),
    "Dot cosine": Case(lambda: L.Dot((2, -1), normalize=True), [(4, 2, 3), (4, 5, 3)]),
    "EinsumDense": Case(lambda: L.EinsumDense("ab,bc->ac", 2, activation="tanh", bias_axes="c")),
    "EinsumDense steps": Case(lambda: L.EinsumDense("...x,xy->...y", 5, bias_axes="y"), (4, 2, 3)),
    "EinsumDense other axis": Case(
        lambda: L.EinsumDense("abc,bd->adc", (5, None), bias_axes="d"), (4, 2, 3), lowers=False
    ),
    "GlobalAveragePooling1D": Case(lambda: L.GlobalAveragePooling1D(), (4, 2, 3)),
    "GlobalAveragePooling1D kept": Case(lambda: L.GlobalAveragePooling1D("channels_first", keepdims=True), (4, 2, 3)),
    "GlobalMaxPooling1D": Case(lambda: L.GlobalMaxPooling1D(), (4, 2, 3)),
    "GroupNormalization": Case(lambda: L.GroupNormalization(2), (4, 3, 4)),
    "GroupNormalization each": Case(lambda: L.GroupNormalization(-1, axis=1), (4, 3, 4)),
    "GroupNormalization one": Case(lambda: L.GroupNormalization(1, center=False)),
    "Pipeline": Case(lambda: L.Pipeline([L.Rescaling(0.5), L.Activation("tanh")]), lowers=False),
    "RMSNormalization": Case(lambda: L.RMSNormalization()),
    "RMSNormalization axes": Case(lambda: L.RMSNormalization(axis=[1, 2], epsilon=0.1), (4, 2, 3)),
    "ReversibleEmbedding": Case(lambda: L.ReversibleEmbedding(5, 2), whole=5),
    "SpatialDropout1D": Case(lambda: L.SpatialDropout1D(0.4, seed=3), (4, 2, 3), trains=True),
    "SpectralNormalization": Case(
        lambda: L.SpectralNormalization(L.Dense(2)), trains=True, lowers=False, constant=True
    ),
    "TimeDistributed": Case(lambda: L.TimeDistributed(L.Dense(2, activation="tanh")), (4, 2, 3)),
    "TimeDistributed inner": Case(lambda: L.TimeDistributed(L.LayerNormalization()), (4, 2, 3), lowers=False),
}
# an InputLayer is the entry of a model and is never called on data, a Wrapper is a base; the others are second names
EXEMPT = {"Layer", "InputLayer", "Wrapper", "GlobalAvgPool1D", "GlobalMaxPool1D"}
# those of categories and text compute nothing with a derivative: tests/unit/layers/preprocessing
NAMES = list(CASES)
KINKS = (0.0, 0.2, 1.7)  # of ReLU and its options


def test_every_layer_is_in_the_table() -> None:
    classes = {
        name
        for name, value in vars(L).items()
        if inspect.isclass(value) and issubclass(value, L.Layer) and not issubclass(value, CategoryLayer)
    } - EXEMPT
    tried = {name: type(case.make()).__name__ for name, case in CASES.items()}
    assert classes == set(tried.values())
    assert all(name.split()[0] == of for name, of in tried.items())


def inputs_of(case: Case, dtype: str = "float64") -> Any:
    """Return inputs away from kinks: of ReLU and its kin, and where two inputs are equally large."""
    rng = np.random.default_rng(3)

    def one(shape: tuple[int, ...]) -> Any:
        if case.whole:
            return rng.integers(0, case.whole, shape)
        x = rng.normal(0, 1.2, shape)
        for kink in KINKS:
            x = np.where(np.abs(x - kink) < 0.06, kink + 0.1, x)
        return x.astype(dtype)

    if not isinstance(case.shapes, list):
        return one(case.shapes)
    shift = np.random.default_rng(8).permuted(np.tile(np.arange(len(case.shapes)) * 0.7, (12, 1)), axis=1)
    parts = [one(s) for s in case.shapes]
    if case.shapes == TRIPLE:  # Maximum and Minimum: no two inputs close to each other
        parts = [(shift[:, i].reshape(4, 3) + 0.2 * np.tanh(p)).astype(dtype) for i, p in enumerate(parts)]
    return parts


def built(case: Case) -> Any:
    """Return the layer, built, with weights that are no special numbers."""
    layer = case.make()
    layer(inputs_of(case, "float32"))
    rng = np.random.default_rng(4)
    layer.set_weights(
        [rng.uniform(0.3, 1.4, w.shape).astype(w.dtype) if w.dtype.kind == "f" else w for w in layer.get_weights()]
    )
    return layer


def run(layer: Any, x: Any, training: bool) -> Any:
    takes = "training" in inspect.signature(layer.call).parameters
    with seeds.step_scope(KEY):
        layer._drawn = None  # the first draw of the step
        return layer(x, **({"training": training} if takes else {}))


@pytest.mark.parametrize(
    ("name", "training"),
    [(n, t) for n in NAMES for t in (False, True) if (CASES[n].trains and not CASES[n].constant) or not t],
)
def test_derivatives(name: str, training: bool) -> None:
    case = CASES[name]
    layer, x = built(case), inputs_of(case)
    variables = [] if isinstance(layer, L.Normalization) else layer.weights  # its statistics are data, never trained

    def f(x: Any, *weights: Any) -> Any:
        with dtype_policies.precision("float64"), substitute(dict(zip(map(id, variables), weights, strict=True))):
            return run(layer, x, training)

    result = check_vjp(f, x, *(v.numpy() for v in variables))
    assert len(result.errors) == len(variables) + (0 if case.whole else len(x) if isinstance(x, list) else 1)
    assert result.max_error <= 1e-7, result


@pytest.mark.parametrize("name", NAMES)
def test_inference_differs_from_training_where_the_table_says_so(name: str) -> None:
    case = CASES[name]
    layer, x = built(case), inputs_of(case, "float32")
    same = np.array_equal(np.asarray(run(layer, x, False)), np.asarray(run(layer, x, True)))
    assert same == (not case.trains or name == "BatchNormalization frozen")


@pytest.mark.parametrize("name", NAMES)
def test_configuration_there_and_back(name: str) -> None:
    case = CASES[name]
    layer, x = built(case), inputs_of(case, "float32")
    config = layer.get_config()
    as_text = json.loads(json.dumps(config))
    for given in (config, as_text):
        again = type(layer).from_config(given)
        assert json.loads(json.dumps(again.get_config())) == as_text
        again(x)
        again.set_weights(layer.get_weights())
        again._random_index = 0
        for training in (False, True):
            np.testing.assert_array_equal(np.asarray(run(again, x, training)), np.asarray(run(layer, x, training)))
    assert config["name"] == layer.name
    assert config.get("trainable", True) == layer.trainable


@pytest.mark.parametrize("name", NAMES)
def test_output_shapes(name: str) -> None:
    case = CASES[name]
    layer, x = built(case), inputs_of(case, "float32")
    y = run(layer, x, False)
    assert tuple(layer.compute_output_shape(case.shapes)) == y.shape
    open_shapes = [(None, *s[1:]) for s in case.shapes] if isinstance(case.shapes, list) else (None, *case.shapes[1:])
    assert tuple(layer.compute_output_shape(open_shapes)) == (None, *y.shape[1:])
    assert y.dtype == "float32"
    assert run(layer, x, True).shape == y.shape


@pytest.mark.parametrize("name", [n for n in NAMES if n != "Pipeline"])  # whose layers have types of their own
def test_float64_layers_stay_in_float64(name: str) -> None:
    case = CASES[name]
    layer = type(case.make()).from_config({**case.make().get_config(), "dtype": "float64"})
    for training in (False, True):
        assert run(layer, inputs_of(case), training).dtype == "float64"


# -- steps for engines -------------------------------------------------------------------------------------------------


def model_of(case: Case, layer: Any) -> Any:
    dtype = "int32" if case.whole else "float32"
    shapes = case.shapes if isinstance(case.shapes, list) else [case.shapes]
    entries = [cr.Input(s[1:], dtype=dtype) for s in shapes]
    return cr.Model(entries, layer(entries if isinstance(case.shapes, list) else entries[0]))


ACTIVATIONS: dict[str, Callable[..., Any]] = {
    "tanh": np.tanh,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "softmax": OTHERS["softmax"],
    "elu": lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x)),
    "leaky_relu": lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
    "relu": lambda x, negative_slope=0.0, max_value=None, threshold=0.0: np.where(
        x < threshold, negative_slope * (x - threshold), np.minimum(x, np.inf if max_value is None else max_value)
    ),
}
MERGES: dict[str, Callable[..., Any]] = {
    "add": lambda xs: sum(xs),
    "subtract": lambda xs: xs[0] - xs[1],
    "multiply": lambda xs: np.prod(xs, axis=0),
    "average": lambda xs: sum(xs) / len(xs),
    "maximum": lambda xs: np.max(xs, axis=0),
    "minimum": lambda xs: np.min(xs, axis=0),
}


def normalized(x: Any, mean: Any, variance: Any, epsilon: float, gamma: Any, beta: Any, axes: Any) -> Any:
    shape = [n if a in axes else 1 for a, n in enumerate(x.shape)]

    def fit(v: Any, default: float) -> Any:
        return default if v is None else v.reshape(shape)

    return (x - mean) / np.sqrt(variance + epsilon) * fit(gamma, 1.0) + fit(beta, 0.0)


def apply(step: Any, xs: list[Any], read: Callable[[Any], Any]) -> Any:
    """Interpret one step in inference, as its docstring says."""
    x = xs[0]
    match step:
        case plan.Affine():
            return x @ read(step.kernel) + (0.0 if step.bias is None else read(step.bias))
        case plan.Activate():
            return ACTIVATIONS[step.name](x, **step.options)
        case plan.ParametricReLU():
            return np.where(x > 0, x, read(step.alpha) * x)
        case plan.Dropout() | plan.Noise() | plan.PenalizeActivity():
            return x
        case plan.BatchNormalize():
            axis = step.axis % x.ndim
            shape = [n if a == axis else 1 for a, n in enumerate(x.shape)]
            mean, variance = (read(s).reshape(shape) for s in (step.moving_mean, step.moving_variance))
            return normalized(x, mean, variance, step.epsilon, read(step.gamma), read(step.beta), {axis})
        case plan.LayerNormalize():
            axes = tuple(a % x.ndim for a in step.axes)
            mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
            return normalized(x, mean, variance, step.epsilon, read(step.gamma), read(step.beta), axes)
        case plan.Rescale():
            return x * np.asarray(step.scale) + np.asarray(step.offset)
        case plan.Standardize():
            deviation = np.maximum(np.sqrt(step.variance), 1e-7)
            return x * deviation + step.mean if step.invert else (x - step.mean) / deviation
        case plan.Reshape():
            return x.reshape(len(x), *step.shape)
        case plan.Embed():
            return read(step.table)[x]
        case plan.Merge(kind="concatenate"):
            return np.concatenate(xs, axis=step.axis)
        case plan.Merge():
            rank = max(v.ndim for v in xs)
            full = [v.reshape(len(v), *(1,) * (rank - v.ndim), *v.shape[1:]) for v in xs]
            return MERGES[step.kind](np.broadcast_arrays(*full))
    return OTHERS["apply"](step, xs, read)


def interpret(model: Any, inputs: list[Any]) -> Any:
    """Run a model's plan in float64, from nothing but its steps and the flat buffer."""
    made = lower(model)
    buffer = np.asarray(model.pack().array, np.float64)

    def read(slot: Any) -> Any:
        return None if slot is None else slot.view(buffer)

    values = dict(zip([i.value for i in made.inputs], inputs, strict=True))
    for i in made.instructions:
        values[i.output] = apply(i.step, [values[n] for n in i.inputs], read)
    (output,) = made.outputs
    return values[output]


@pytest.mark.parametrize("name", [n for n in NAMES if CASES[n].lowers])
def test_steps_compute_what_call_computes(name: str) -> None:
    case = CASES[name]
    layer, x = built(case), inputs_of(case, "float32")
    expected = np.asarray(run(layer, x, False))
    model = model_of(case, layer)
    found = interpret(model, x if isinstance(x, list) else [x])
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=2e-6)


@pytest.mark.parametrize("name", [n for n in NAMES if not CASES[n].lowers])
def test_a_layer_without_steps_says_why(name: str) -> None:
    case = CASES[name]
    layer = built(case)
    with pytest.raises(plan.CannotLower, match=f"layer '{layer.name}'"):
        lower(model_of(case, layer))


def test_random_steps_carry_what_draws_the_mask() -> None:
    x = cr.Input((3,))
    y = L.Dropout(0.4, noise_shape=(None, 1), seed=9)(x)
    model = cr.Model(x, L.GaussianNoise(0.5)(y))
    drop, noise = (i.step for i in lower(model).instructions)
    assert drop == plan.Dropout(0.4, model.layers[1]._random_index, 9, (None, 1))
    assert noise == plan.Noise(0.5, model.layers[2]._random_index, None)
    assert drop.index != noise.index
