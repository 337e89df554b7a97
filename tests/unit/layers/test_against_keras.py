"""Every layer against Keras 3.15.1 in float64: outputs at rest and in training, losses, moved weights, gradients.

`tests/parity/make_layer_fixtures.py` wrote what Keras computes. Besides, every layer's derivative is held against
differences, and the steps it lowers itself to are run by a small interpreter in NumPy and compared with its `call`.
"""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff import GradientTape, check_vjp
from chainrule.autodiff.tape import substitute
from chainrule.engines import plan
from chainrule.engines.lower import lower
from chainrule.layers.preprocessing.base import CategoryLayer

PARITY = Path(__file__).parents[2] / "parity"
SHARED = runpy.run_path(str(PARITY / "layer_cases.py"))
OTHERS = runpy.run_path(str(Path(__file__).with_name("steps_of_layers.py")))
CASES, RANDOM, MERGES = SHARED["CASES"], SHARED["RANDOM"], SHARED["MERGES"]
COMPARED = [name for name in CASES if name not in SHARED["WITHOUT_KERAS"]]
inputs_of, argument, factors_of = SHARED["inputs_of"], SHARED["argument"], SHARED["factors_of"]
RESULTS = np.load(PARITY / "fixtures" / "layers.npz")

PYTHON = {  # layers without steps of their own: an engine that runs no Python leaves models with them to the reference
    "Lambda", "SpectralNormalization",
}  # fmt: skip
NOT_LOWERED = {
    "batch_renormalization", "batch_renormalization_clipped", "einsum_dense_right", "einsum_dense_heads",
    "einsum_dense_joined", "einsum_dense_bias_with_gap", "time_distributed_normalization",
}  # fmt: skip


ELSEWHERE = {  # no functions of numbers, or tested in test_masks.py, or second names
    "InputLayer", "Layer", "Wrapper", "Pipeline", "Masking", "GlobalAvgPool1D", "GlobalMaxPool1D",
}  # fmt: skip


def make(name: str) -> Any:
    return SHARED["make"](cr, name)


def flat(arrays: Any) -> Any:
    return np.concatenate([np.zeros(0), *(np.asarray(a, np.float64).reshape(-1) for a in arrays)])


def close(found: Any, wanted: Any) -> None:
    np.testing.assert_allclose(np.asarray(found, np.float64), wanted, rtol=1e-12, atol=1e-13)


def test_every_layer_has_a_case() -> None:
    kinds = {kind for kind, _, _ in CASES.values()} | ELSEWHERE
    named = cr.saving.serialization.names_of("keras.layers")
    # those of categories and text have no derivative and fixtures of their own: tests/unit/layers/preprocessing
    assert kinds >= {name for name, cls in named.items() if not issubclass(cls, CategoryLayer)}


def test_layer_normalization_along_another_axis_is_that_of_the_turned_input() -> None:
    layer = make("layer_normalization_axis")
    turned = cr.layers.LayerNormalization(dtype="float64")
    turned.build((None, 4, 2))
    turned.set_weights(layer.get_weights())
    x = inputs_of("layer_normalization_axis")[0]
    close(layer(x), np.swapaxes(np.asarray(turned(np.swapaxes(x, 1, 2))), 1, 2))


@pytest.mark.parametrize("name", COMPARED)
def test_output_at_rest(name: str) -> None:
    y = make(name)(argument(name, inputs_of(name)), training=False)
    assert y.dtype == "float64"
    close(y, RESULTS[f"{name}/inference"])


@pytest.mark.parametrize("name", [n for n in COMPARED if n not in RANDOM])
def test_output_losses_and_weights_in_training(name: str) -> None:
    layer = make(name)
    close(layer(argument(name, inputs_of(name)), training=True), RESULTS[f"{name}/training"])
    close(sum((float(v) for v in layer.losses), 0.0), RESULTS[f"{name}/losses"])
    close(flat(layer.get_weights()), RESULTS[f"{name}/weights"])


@pytest.mark.parametrize("name", COMPARED)
def test_gradients(name: str) -> None:
    layer = make(name)
    inputs = [cr.ops.convert_to_tensor(v) for v in inputs_of(name)]
    floats = [v for v in inputs if v.dtype == "float64"]
    with GradientTape() as tape:
        for v in floats:
            tape.watch(v)
        y = layer(argument(name, inputs), training=name not in RANDOM)
        total = cr.ops.sum(y * factors_of(name, tuple(y.shape)))
        for loss in layer.losses:
            total = total + loss
    gradients = tape.gradient(total, [*floats, *layer.trainable_weights])
    close(flat(gradients), RESULTS[f"{name}/gradients"])


@pytest.mark.parametrize(
    ("name", "training"), [(n, t) for n in CASES for t in (False, True) if not (t and n in SHARED["CONSTANT"])]
)
def test_derivatives_against_differences(name: str, training: bool) -> None:
    layer = make(name)
    inputs, weights = inputs_of(name), layer.trainable_weights

    def run(*values: Any) -> Any:
        mine = dict(zip(map(id, weights), values[len(inputs) :], strict=True))
        with substitute(mine):
            y = layer(argument(name, list(values[: len(inputs)])), training=training and name not in RANDOM)
            return [y, *layer.losses]

    result = check_vjp(run, *inputs, *(v.numpy() for v in weights))
    assert result.max_error <= 1e-7, result


@pytest.mark.parametrize("name", COMPARED)
def test_shapes_without_computing(name: str) -> None:
    kind, _, shapes = CASES[name]
    unknown = [(None, *s[1:]) for s in shapes]
    found = make(name).compute_output_shape(unknown if kind in MERGES else unknown[0])
    assert tuple(found) == (None, *RESULTS[f"{name}/inference"].shape[1:])
    known = make(name).compute_output_shape(shapes if kind in MERGES else shapes[0])
    assert tuple(known) == RESULTS[f"{name}/inference"].shape


# -- steps ------------------------------------------------------------------------------------------------------------


def model_of(name: str) -> tuple[Any, Any]:
    """Return a functional model of the case's layer, with its weights, and the inputs."""
    inputs = inputs_of(name)
    entries = [cr.Input(v.shape[1:], dtype=str(v.dtype)) for v in inputs]
    layer = make(name)
    model = cr.Model(entries, layer(argument(name, entries)))
    return model, inputs


@pytest.mark.parametrize("name", [n for n in CASES if CASES[n][0] not in PYTHON and n not in NOT_LOWERED])
def test_the_steps_compute_what_call_computes(name: str) -> None:
    model, inputs = model_of(name)
    found = interpret(lower(model), model.pack().array, inputs)
    close(found[0], np.asarray(model(inputs, training=False)))


@pytest.mark.parametrize("name", [n for n in CASES if CASES[n][0] in PYTHON or n in NOT_LOWERED])
def test_layers_without_steps_say_so(name: str) -> None:
    model, _ = model_of(name)
    with pytest.raises(plan.CannotLower, match=f"layer '{name}'"):
        lower(model)


def interpret(p: plan.Plan, flat_parameters: Any, inputs: list[Any]) -> list[Any]:
    """Run a plan at rest: what an engine without Python has to compute."""
    values: dict[int, Any] = {i.value: x for i, x in zip(p.inputs, inputs, strict=True)}

    def slot(s: Any) -> Any:
        return None if s is None else s.view(flat_parameters)

    for instruction in p.instructions:
        values[instruction.output] = step(instruction.step, [values[i] for i in instruction.inputs], slot)
    return [values[i] for i in p.outputs]


def step(s: Any, xs: list[Any], slot: Any) -> Any:
    x = xs[0]
    match s:
        case plan.Affine():
            y = x @ slot(s.kernel)
            return y if s.bias is None else y + slot(s.bias)
        case plan.Activate():
            return ACTIVATIONS[s.name](x, **s.options)
        case plan.ParametricReLU():
            return np.where(x > 0, x, slot(s.alpha) * x)
        case plan.Dropout() | plan.Noise() | plan.PenalizeActivity():
            return x
        case plan.BatchNormalize():
            shape = [1] * x.ndim
            shape[s.axis] = -1
            mean, variance = slot(s.moving_mean).reshape(shape), slot(s.moving_variance).reshape(shape)
            y = (x - mean) / np.sqrt(variance + s.epsilon)
            y = y if s.gamma is None else y * slot(s.gamma).reshape(shape)
            return y if s.beta is None else y + slot(s.beta).reshape(shape)
        case plan.LayerNormalize():
            axes = tuple(sorted(a % x.ndim for a in s.axes))
            shape = [n if a in axes else 1 for a, n in enumerate(x.shape)]
            y = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + s.epsilon)
            y = y if s.gamma is None else y * slot(s.gamma).reshape(shape)
            return y if s.beta is None else y + slot(s.beta).reshape(shape)
        case plan.Rescale():
            return x * np.asarray(s.scale) + np.asarray(s.offset)
        case plan.Standardize():
            deviation = np.maximum(np.sqrt(s.variance), 1e-7)
            return x * deviation + s.mean if s.invert else (x - s.mean) / deviation
        case plan.Reshape():
            return x.reshape(len(x), *s.shape)
        case plan.Embed():
            return slot(s.table)[x]
        case plan.Merge():
            return merge(s, xs)
    return OTHERS["apply"](s, xs, slot)


def merge(s: Any, xs: list[Any]) -> Any:
    if s.kind == "concatenate":
        return np.concatenate(xs, s.axis)
    rank = max(x.ndim for x in xs)
    xs = [x.reshape(len(x), *[1] * (rank - x.ndim), *x.shape[1:]) for x in xs]
    result = xs[0]
    pairwise = {"average": np.add, "add": np.add, "subtract": np.subtract, "multiply": np.multiply}
    pairwise |= {"maximum": np.maximum, "minimum": np.minimum}
    for x in xs[1:]:
        result = pairwise[s.kind](result, x)
    return result / len(xs) if s.kind == "average" else result


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    y = np.where(x >= threshold, x, negative_slope * (x - threshold))
    return y if max_value is None else np.minimum(y, max_value)


ACTIVATIONS: dict[str, Any] = {
    "relu": relu,
    "leaky_relu": lambda x, negative_slope: np.where(x > 0, x, negative_slope * x),
    "elu": lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(x)),
    "softmax": OTHERS["softmax"],
    "tanh": np.tanh,
}
