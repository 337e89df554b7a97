"""The steps of a plan as calls of C functions: one function each."""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import activations, config
from chainrule._typing import Array
from chainrule.engines import plan as steps
from chainrule.engines.plan import CannotLower, Step
from chainrule.saving.c99.functions import ELEMENTS, FUNCTIONS, MERGES, element_function, merge_function
from chainrule.saving.c99.memory import Places
from chainrule.saving.network import Dims, Network, Operation, axis_of, size_of, without_batch

_SELU = {"alpha": 1.6732632423543772848170429916717, "scale": 1.0507009873554804934193349852946}
_ROWS = ("softmax", "log_softmax", "glu", "sparsemax")


class Source:
    """What a C file is made of: its functions, its constants and the lines of `predict`."""

    def __init__(self, network: Network, places: Places) -> None:
        self.network = network
        self.places = places
        self.functions: dict[str, str] = {}
        self.constants: dict[str, Array] = {}
        self.indices: dict[str, list[int]] = {}
        self.lines: list[str] = []
        self.now = network.operations[0] if network.operations else None
        self._names: dict[tuple[Any, ...], str] = {}

    def constant(self, value: Any, hint: str) -> str:
        """Return the C name of a constant array; equal ones are stored once."""
        array = np.asarray(value, self.network.dtype).reshape(-1)
        key = (array.size, array.tobytes())
        if key not in self._names:
            self._names[key] = f"P_{hint}_{len(self._names) + 1}"
            self.constants[self._names[key]] = array
        return self._names[key]

    def places_of(self, values: list[int]) -> str:
        """Return the C name of an array of whole numbers."""
        name = f"P_from_{len(self.indices) + 1}"
        self.indices[name] = values
        return name

    def call(self, function: str, *arguments: Any) -> None:
        """Add a call of one of the functions of `functions.py`."""
        if function in FUNCTIONS:
            self.functions.setdefault(function, FUNCTIONS[function])
        self.lines.append(f"P_{function}({', '.join(map(str, arguments))});")

    def literal(self, value: float) -> str:
        """Return a number as C has it, exactly."""
        return literal(value, self.network.dtype)


def literal(value: float, dtype: str) -> str:
    """Return a number as C99 has it, exactly: in hexadecimal digits.

    >>> literal(0.1, "float64"), literal(-1.5, "float32"), literal(0.0, "float32")
    ('0x1.999999999999ap-4', '-0x1.8p+0f', '0.0f')
    """
    suffix = "f" if dtype == "float32" else ""
    number = float(np.asarray(value, dtype))
    if math.isnan(number):
        return "NAN"
    if math.isinf(number):
        return "INFINITY" if number > 0 else "-INFINITY"
    if number == 0 or (number == int(number) and abs(number) < 1000):
        return f"{number}{suffix}"
    mantissa, exponent = number.hex().split("p")
    return f"{mantissa.rstrip('0').rstrip('.')}p{exponent}{suffix}"


class Place:
    """Where a step stands: its operation, the places and shapes of its inputs, and of its output."""

    def __init__(self, source: Source, operation: Operation) -> None:
        self.source = source
        self.layer = operation.layer
        self.inputs = [source.places.of[n] for n in operation.inputs]
        self.output = source.places.of[operation.output]
        self.shapes = [source.network.shapes[n] for n in operation.inputs]
        self.shape = operation.shape
        self.size = size_of(operation.shape, operation.layer)

    @property
    def rank(self) -> int:
        return len(self.shapes[0]) + 1

    def lengths(self, which: int = 0) -> tuple[int, ...]:
        return tuple([n or 0 for n in self.shapes[which]])

    def spread(self, array: Any, hint: str) -> str:
        """Return the constant of an array, broadcast to the whole observation."""
        flat = without_batch(array, self.rank - 1, self.layer)
        return self.source.constant(np.broadcast_to(flat, self.lengths()), hint)


@functools.singledispatch
def write_step(step: Step, at: Place) -> None:
    """Add the calls for a step.

    Raises:
        CannotLower: the step has no form in C.
    """
    raise CannotLower(f"layer '{at.layer}' has no form in C ({type(step).__name__})")


@write_step.register
def _affine(step: steps.Affine, at: Place) -> None:
    inputs, units = step.kernel.shape
    kernel = at.source.constant(at.source.network.of(step.kernel), "kernel")
    bias = "0" if step.bias is None else at.source.constant(at.source.network.of(step.bias), "bias")
    at.source.call("dense", at.inputs[0], at.output, kernel, bias, at.size // units, inputs, units)


@write_step.register
def _activate(step: steps.Activate, at: Place) -> None:
    if step.name in _ROWS:
        axis = step.options.get("axis", -1)
        if axis_of(int(axis), at.rank, at.layer) != at.rank - 1:
            raise CannotLower(
                f"layer '{at.layer}': {step.name} along axis {axis} has no form in C, only along the last"
            )
        last = at.shape[-1] or 1
        at.source.call(step.name, at.inputs[0], at.output, at.size // last, last)
        return
    if step.name == "linear":
        at.source.call("copy", at.inputs[0], at.output, at.size, 1, at.size)
        return
    name, formula = _formula(step, at)
    at.source.functions.setdefault(name, element_function(name, formula))
    at.source.call(name, at.inputs[0], at.output, at.size)


def _formula(step: steps.Activate, at: Place) -> tuple[str, str]:
    """Return a name and a formula in C for an activation with its options."""
    function = getattr(activations, step.name, None)
    if function is None or (step.name not in ELEMENTS and step.name != "relu"):
        raise CannotLower(f"layer '{at.layer}': the activation '{step.name}' has no form in C")
    parameters = list(inspect.signature(function).parameters.values())[1:]
    options = {p.name: step.options.get(p.name, p.default) for p in parameters}
    if step.name == "gelu":
        return ("gelu_tanh", ELEMENTS["gelu_tanh"]) if options["approximate"] else ("gelu", ELEMENTS["gelu"])
    if step.name == "relu":
        formula = _relu(options, at.source)
    else:
        options = _SELU if step.name == "selu" else options
        formula = ELEMENTS[step.name].format(**{k: at.source.literal(v) for k, v in options.items()})
    usual = not set(step.options) or all(step.options.get(p.name, p.default) == p.default for p in parameters)
    if usual:
        return step.name, formula
    same = [n for n, text in at.source.functions.items() if text == element_function(n, formula)]
    return (same[0] if same else f"{step.name}_{len(at.source.functions) + 1}"), formula


def _relu(options: dict[str, Any], source: Source) -> str:
    slope, most, limit = options["negative_slope"], options["max_value"], options["threshold"]
    above = "h" if most is None else f"(h < {source.literal(most)} ? h : {source.literal(most)})"
    below = f"{source.literal(slope)} * (h - {source.literal(limit)})" if slope else "0.0R"
    if limit and limit < 0 and most is not None:
        above = f"(h < 0.0R ? 0.0R : {above})"
    return f"h > {source.literal(limit)} ? {above} : {below}"


@write_step.register
def _parametric_relu(step: steps.ParametricReLU, at: Place) -> None:
    alpha = at.spread(at.source.network.of(step.alpha), "alpha")
    at.source.call("prelu", at.inputs[0], at.output, alpha, at.size)


@write_step.register
def _batch_normalize(step: steps.BatchNormalize, at: Place) -> None:
    axis = axis_of(step.axis, at.rank, at.layer)
    lengths = at.lengths()
    of = at.source.network.of
    mean, variance = (of(s).astype(np.float64) for s in (step.moving_mean, step.moving_variance))
    gamma = np.ones_like(mean) if step.gamma is None else of(step.gamma)
    beta = np.zeros_like(mean) if step.beta is None else of(step.beta)
    arrays = (("mean", mean), ("factor", gamma / np.sqrt(variance + step.epsilon)), ("offset", beta))
    names = [at.source.constant(value, hint) for hint, value in arrays]
    inner = math.prod(lengths[axis:])
    at.source.call("normalize", at.inputs[0], at.output, *names, at.size, inner, lengths[axis - 1])


def _block(axes: Sequence[int], at: Place) -> tuple[int, int, int]:
    """Return how many numbers lie before, along and behind some axes.

    Raises:
        CannotLower: the axes are no neighbours.
    """
    wanted = sorted(axis_of(a, at.rank, at.layer) for a in axes)
    if wanted != list(range(wanted[0], wanted[-1] + 1)):
        raise CannotLower(f"layer '{at.layer}' works on axes {wanted}, which has a form in C for neighbours only")
    lengths = at.lengths()
    cuts = lengths[: wanted[0] - 1], lengths[wanted[0] - 1 : wanted[-1]], lengths[wanted[-1] :]
    return math.prod(cuts[0]), math.prod(cuts[1]), math.prod(cuts[2])


@write_step.register
def _layer_normalize(step: steps.LayerNormalize, at: Place) -> None:
    names = [
        "0" if s is None else at.source.constant(at.source.network.of(s), hint)
        for s, hint in ((step.gamma, "gamma"), (step.beta, "beta"))
    ]
    epsilon = at.source.literal(step.epsilon)
    at.source.call("layer_normalize", at.inputs[0], at.output, *names, epsilon, *_block(step.axes, at))


@write_step.register
def _rescale(step: steps.Rescale, at: Place) -> None:
    scale, offset = at.spread(step.scale, "scale"), at.spread(step.offset, "offset")
    at.source.call("rescale", at.inputs[0], at.output, scale, offset, at.size)


@write_step.register
def _standardize(step: steps.Standardize, at: Place) -> None:
    dtype = at.source.network.dtype
    variance = np.asarray(step.variance, dtype)
    deviation = np.maximum(np.sqrt(variance), np.asarray(config.epsilon(), dtype))
    mean_name, deviation_name = at.spread(step.mean, "mean"), at.spread(deviation, "deviation")
    if step.invert:
        at.source.call("rescale", at.inputs[0], at.output, deviation_name, mean_name, at.size)
    else:
        at.source.call("standardize", at.inputs[0], at.output, mean_name, deviation_name, at.size)


@write_step.register
def _reshape(step: steps.Reshape, at: Place) -> None:
    pass  # the numbers lie in the same order


@write_step.register
def _embed(step: steps.Embed, at: Place) -> None:
    count, width = step.table.shape
    if count > 1 << 24 and at.source.network.dtype == "float32":
        raise CannotLower(f"layer '{at.layer}' has more entries than float32 numbers can name")
    table = at.source.constant(at.source.network.of(step.table), "embeddings")
    at.source.call("embed", at.inputs[0], at.output, table, at.size // width, count, width)


@write_step.register
def _merge(step: steps.Merge, at: Place) -> None:
    if step.kind == "concatenate":
        return _concatenate(step, at)
    if step.kind not in MERGES:
        raise CannotLower(f"layer '{at.layer}': merging by '{step.kind}' has no form in C")
    first = _pattern(at.shapes[0], at.shape, at)
    at.source.call("copy", at.inputs[0], at.output, at.size, *first)
    name = "add" if step.kind == "average" else step.kind
    at.source.functions.setdefault(name, merge_function(step.kind, name))
    for x, shape in zip(at.inputs[1:], at.shapes[1:], strict=True):
        at.source.call(name, x, at.output, at.size, *_pattern(shape, at.shape, at))
    if step.kind == "average":
        at.source.call("divide", at.output, at.source.literal(len(at.inputs)), at.size)
    return None


def _concatenate(step: steps.Merge, at: Place) -> None:
    axis = axis_of(step.axis, at.rank, at.layer)
    lengths = tuple([n or 0 for n in at.shape])
    outer, stride, start = math.prod(lengths[: axis - 1]), math.prod(lengths[axis - 1 :]), 0
    for i, x in enumerate(at.inputs):
        width = math.prod(at.lengths(i)[axis - 1 :])
        target = f"{at.output} + {start}" if start else at.output
        at.source.call("place", x, target, outer, width, stride)
        start += width


def _pattern(small: Dims, large: Dims, at: Place) -> tuple[int, int]:
    """Return `repeat` and `period` of a value that is broadcast to a larger one."""
    ours: Sequence[int | None] = (*(1,) * (len(large) - len(small)), *small)
    kept = [i for i, n in enumerate(large) if n != 1 and ours[i] != 1]
    if kept and any(large[i] != 1 and i not in kept for i in range(kept[0], kept[-1])):
        raise CannotLower(f"layer '{at.layer}' merges shapes {tuple(small)} and {tuple(large)}, which has no form in C")
    if not kept:
        return 1, 1
    lengths = [n or 0 for n in large]
    return math.prod(lengths[kept[-1] + 1 :]), math.prod(lengths[kept[0] : kept[-1] + 1])


# -- what only exports know -------------------------------------------------------------------------------------------


@write_step.register
def _transpose(step: steps.Transpose, at: Place) -> None:
    places = np.arange(at.size).reshape(at.lengths()).transpose([a - 1 for a in step.order])
    at.source.call("take", at.inputs[0], at.output, at.source.places_of(places.reshape(-1).tolist()), at.size)


@write_step.register
def _take(step: steps.Take, at: Place) -> None:
    key = tuple([slice(*part) if isinstance(part, tuple) else part for part in step.key])
    places = np.arange(math.prod(at.lengths())).reshape(at.lengths())[key]
    at.source.call("take", at.inputs[0], at.output, at.source.places_of(places.reshape(-1).tolist()), at.size)


@write_step.register
def _dot(step: steps.Dot, at: Place) -> None:
    first, second = (_around(axis, at.lengths(i)) for i, axis in enumerate(step.axes))
    least = at.source.literal(config.epsilon() ** 2 if step.normalize else -1.0)
    length = at.lengths()[step.axes[0] - 1]
    at.source.call("dot", *at.inputs, at.output, *first, *second, length, least)


def _around(axis: int, lengths: tuple[int, ...]) -> tuple[int, int]:
    """Return how many numbers there are before an axis and behind it."""
    return math.prod(lengths[: axis - 1]), math.prod(lengths[axis:])


@write_step.register
def _repeat(step: steps.Repeat, at: Place) -> None:
    at.source.call("copy", at.inputs[0], at.output, at.size, 1, at.size // step.count)


@write_step.register
def _pool(step: steps.Pool, at: Place) -> None:
    at.source.call(step.kind, at.inputs[0], at.output, *_block([step.axis], at))


@write_step.register
def _unit_normalize(step: steps.UnitNormalize, at: Place) -> None:
    numbers = [at.source.literal(v) for v in (1.0, 0.0, 1e-12)]
    at.source.call("by_length", at.inputs[0], at.output, "0", *numbers, *_block(step.axes, at))


@write_step.register
def _root_normalize(step: steps.RootNormalize, at: Place) -> None:
    outer, n, inner = _block(step.axes, at)
    numbers = [at.source.literal(v) for v in (n, step.epsilon, 0.0)]
    scale = at.source.constant(at.source.network.of(step.scale), "scale")
    at.source.call("by_length", at.inputs[0], at.output, scale, *numbers, outer, n, inner)


@write_step.register
def _group_normalize(step: steps.GroupNormalize, at: Place) -> None:
    names = [
        "0" if s is None else at.source.constant(at.source.network.of(s), hint)
        for s, hint in ((step.gamma, "gamma"), (step.beta, "beta"))
    ]
    epsilon = at.source.literal(step.epsilon)
    block = _block([step.axis], at)
    at.source.call("group_normalize", at.inputs[0], at.output, *names, epsilon, step.groups, *block)
