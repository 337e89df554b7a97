"""The steps of ops on symbolic tensors: what `x + y`, `1 - h` or `ops.relu(h)` is to an engine or an export.

`OPERATIONS` has one function for each op that has steps, by the op's name. It receives a `Call` and returns the value
that the op makes; anything it cannot say exactly in steps, it refuses.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

import numpy as np

from chainrule.autodiff.tensor import Tensor
from chainrule.engines.plan import Activate, CannotLower, Merge, Pool, Rescale, Reshape, Step, Take, Transpose
from chainrule.symbolic import is_symbolic

T = TypeVar("T")

_BOTH = ("add", "subtract", "multiply", "maximum", "minimum")
_ACTIVATIONS = (
    "celu", "elu", "gelu", "hard_sigmoid", "hard_silu", "hard_shrink", "hard_tanh", "leaky_relu", "log_sigmoid",
    "log_softmax", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign",
    "sparse_plus", "sparse_sigmoid", "squareplus", "tanh", "tanh_shrink",
)  # fmt: skip


class Call(Generic[T]):
    """One op on symbolic tensors, and how to add steps.

    Args:
        node: the call in the model's graph.
        values: what stands for its tensors.
        apply: adds a step to some values and returns what stands for its result.
    """

    def __init__(self, node: Any, values: Sequence[T], apply: Callable[[Step, tuple[T, ...]], T]) -> None:
        self.name = str(node.operation.name)
        bound = inspect.signature(node.operation.op).bind(*node.args, **node.kwargs)
        bound.apply_defaults()
        self.arguments: dict[str, Any] = bound.arguments
        self.output = node.outputs
        self._values = {id(t): v for t, v in zip(node.inputs, values, strict=True)}
        self._apply = apply

    def value(self, tensor: Any) -> T:
        """Return what stands for a tensor."""
        return self._values[id(tensor)]

    @property
    def first(self) -> Any:
        """The first argument."""
        return next(iter(self.arguments.values()))

    def step(self, step: Step, *values: T) -> T:
        return self._apply(step, values)

    def refusal(self) -> CannotLower:
        return CannotLower(f"operation '{self.name}' has no step")

    def axis(self, axis: Any, rank: int) -> int:
        """Return an axis behind the batch, counted from 1."""
        if isinstance(axis, tuple | list) and len(axis) == 1:
            (axis,) = axis
        if not isinstance(axis, int | np.integer) or not 0 < axis % rank < rank or not -rank <= axis < rank:
            raise self.refusal()
        return int(axis) % rank


def apply_operation(node: Any, values: Sequence[T], apply: Callable[[Step, tuple[T, ...]], T]) -> list[T]:
    """Add the steps of an op on symbolic tensors and return what stands for its output.

    Args:
        node, values, apply: see `Call`.

    Raises:
        CannotLower: there are no steps for it.
    """
    operation, output = node.operation, node.outputs
    refusal = CannotLower(f"operation '{operation.name}' has no step")
    op = getattr(operation, "op", None)  # an `Operation` of the user's own has none
    name, home = getattr(op, "__name__", ""), str(getattr(op, "__module__", ""))
    if name not in OPERATIONS or not home.startswith("chainrule."):
        raise refusal
    if "float" not in output.dtype or not output.shape:
        raise refusal
    same = all(t.dtype == output.dtype and t.shape and t.shape[0] == output.shape[0] for t in node.inputs)
    if not same:
        raise refusal
    return [OPERATIONS[name](Call(node, values, apply))]


# -- two values, or one and a number ----------------------------------------------------------------------------------


def _arithmetic(kind: str) -> Callable[[Call[T]], T]:
    def combine(call: Call[T]) -> T:
        first, second = call.arguments["x1"], call.arguments["x2"]
        if is_symbolic(first) and is_symbolic(second):
            if kind not in _BOTH or len(first.shape) != len(second.shape):
                raise call.refusal()
            return call.step(Merge(kind), call.value(first), call.value(second))
        x, constant = (first, second) if is_symbolic(first) else (second, first)
        scale, offset = _line(call, kind, _constant(call, constant), is_symbolic(first))
        return call.step(Rescale(scale, offset), call.value(x))

    return combine


def _line(call: Call[T], kind: str, constant: Any, tensor_first: bool) -> tuple[Any, Any]:
    """Return scale and offset of an op with a constant as its other argument."""
    if kind == "add":
        return 1.0, constant
    if kind == "subtract":
        return (1.0, -constant) if tensor_first else (-1.0, constant)
    if kind == "multiply":
        return constant, 0.0
    if kind == "divide" and tensor_first and np.all(constant):
        return 1 / constant, 0.0
    raise call.refusal()


def _constant(call: Call[T], value: Any) -> Any:
    """Return a constant as a number, or as an array without an axis for the batch."""
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        return float(value)
    array = np.asarray(value)
    shape = call.output.shape
    if array.dtype.kind not in "fiu" or array.ndim > len(shape) or not isinstance(value, np.ndarray | Tensor | list):
        raise call.refusal()
    if array.ndim == len(shape):
        if array.shape[0] != 1:
            raise call.refusal()
        array = array[0]
    return array.astype(np.float64)


def _negative(call: Call[T]) -> T:
    return call.step(Rescale(-1.0, 0.0), call.value(call.arguments["x"]))


def _absolute(call: Call[T]) -> T:
    x = call.value(call.arguments["x"])
    return call.step(Merge("maximum"), x, call.step(Rescale(-1.0, 0.0), x))


def _square(call: Call[T]) -> T:
    x = call.value(call.arguments["x"])
    return call.step(Merge("multiply"), x, x)


def _power(call: Call[T]) -> T:
    base, exponent = call.arguments["x1"], call.arguments["x2"]
    if not is_symbolic(base) or isinstance(exponent, np.ndarray) or is_symbolic(exponent) or exponent not in (1, 2, 3):
        raise call.refusal()
    x = y = call.value(base)
    for _ in range(int(exponent) - 1):
        y = call.step(Merge("multiply"), y, x)
    return y


# -- shapes -----------------------------------------------------------------------------------------------------------


def _concatenate(call: Call[T]) -> T:
    tensors, rank = call.first, len(call.output.shape)
    if not all(map(is_symbolic, tensors)):
        raise call.refusal()
    axis = call.axis(call.arguments.get("axis", 1), rank)  # which `hstack` does not have
    values = [call.value(t) for t in tensors]
    return call.step(Merge("concatenate", axis), *values) if len(values) > 1 else values[0]


def _stack(call: Call[T]) -> T:
    tensors, axis = call.first, call.axis(call.arguments["axis"], len(call.output.shape))
    if not all(is_symbolic(t) and None not in t.shape[1:] for t in tensors):
        raise call.refusal()
    shape = list(call.output.shape[1:])
    shape[axis - 1] = 1
    values = [call.step(Reshape(tuple(shape)), call.value(t)) for t in tensors]
    return call.step(Merge("concatenate", axis), *values) if len(values) > 1 else values[0]


def _reshape(call: Call[T]) -> T:
    x, shape = call.arguments["x"], call.output.shape
    lengths = (*shape[1:], *x.shape[1:])
    if None in lengths or shape[0] != x.shape[0] or math.prod(shape[1:]) != math.prod(x.shape[1:]):
        raise call.refusal()
    return call.step(Reshape(tuple(int(n) for n in shape[1:])), call.value(x))


def _transpose(call: Call[T]) -> T:
    order = call.arguments["axes"]
    if order is None or order[0] != 0:
        raise call.refusal()
    rank = len(call.output.shape)
    return call.step(Transpose(tuple(int(a) % rank for a in order[1:])), call.value(call.arguments["x"]))


def _getitem(call: Call[T]) -> T:
    x, key = call.arguments["x"], call.arguments["key"]
    key = list(key) if isinstance(key, tuple) else [key]
    if any(k is Ellipsis for k in key):
        at = next(i for i, k in enumerate(key) if k is Ellipsis)
        key[at : at + 1] = [slice(None)] * (len(x.shape) - sum(k is not None for k in key) + 1)
    if not key or key[0] != slice(None):
        raise call.refusal()
    taken = call.step(Take(tuple([_cut(call, part) for part in key[1:] if part is not None])), call.value(x))
    if all(part is not None for part in key):
        return taken
    if None in call.output.shape[1:]:
        raise call.refusal()
    return call.step(Reshape(tuple(call.output.shape[1:])), taken)


def _cut(call: Call[T], part: Any) -> int | tuple[int | None, ...]:
    """Return a whole number, or start, stop and step of a slice."""
    if isinstance(part, slice) and all(n is None or isinstance(n, int) for n in (part.start, part.stop, part.step)):
        return part.start, part.stop, part.step
    if isinstance(part, int | np.integer) and not isinstance(part, bool):
        return int(part)
    raise call.refusal()


def _reduction(kind: str) -> Callable[[Call[T]], T]:
    def reduce(call: Call[T]) -> T:
        x = call.arguments["x"]
        if call.arguments.get("initial") is not None:
            raise call.refusal()
        axis = call.axis(call.arguments["axis"], len(x.shape))
        length = x.shape[axis]
        pool = Pool("max" if kind == "max" else "mean", axis, bool(call.arguments["keepdims"]))
        if kind != "sum":
            return call.step(pool, call.value(x))
        if length is None:
            raise call.refusal()
        return call.step(Rescale(float(length), 0.0), call.step(pool, call.value(x)))

    return reduce


# -- functions of one value -------------------------------------------------------------------------------------------


def _activation(name: str) -> Callable[[Call[T]], T]:
    def activate(call: Call[T]) -> T:
        x, options = call.first, dict(list(call.arguments.items())[1:])
        if len(x.shape) == 1:
            if "axis" in options:
                raise call.refusal()
            y = call.step(Activate(name, options), call.step(Reshape((1,)), call.value(x)))
            return call.step(Reshape(()), y)
        axis = options.get("axis")
        if isinstance(axis, int) and axis % len(x.shape) == len(x.shape) - 1:
            options["axis"] = -1
        return call.step(Activate(name, options), call.value(x))

    return activate


OPERATIONS: dict[str, Callable[[Call[Any]], Any]] = {
    **{name: _arithmetic(name) for name in (*_BOTH, "divide")},
    "true_divide": _arithmetic("divide"),
    "negative": _negative,
    "abs": _absolute,
    "absolute": _absolute,
    "square": _square,
    "power": _power,
    "concatenate": _concatenate,
    "hstack": _concatenate,
    "stack": _stack,
    "reshape": _reshape,
    "expand_dims": _reshape,
    "squeeze": _reshape,
    "transpose": _transpose,
    "getitem": _getitem,
    "mean": _reduction("mean"),
    "sum": _reduction("sum"),
    "max": _reduction("max"),
    "amax": _reduction("max"),
    **{name: _activation(name) for name in _ACTIVATIONS},
    "exp": _activation("exponential"),
}
"""The function for each op that has steps, by the op's name."""
