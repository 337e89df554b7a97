"""`Op`: one row of the table: a function, its derivative rules, and the sentence that each rule prints as.

    @op(x1=("g * x2", lambda g, y, x1, x2: g * x2),
        x2=("g * x1", lambda g, y, x1, x2: g * x1), broadcasts=True)
    def multiply(x1, x2):
        return np.multiply(x1, x2)

The body is the forward pass on plain arrays. A rule takes the gradient `g` of some scalar with respect to the result `y`
and returns the gradient with respect to one input. Rules are written with ops, so they can be differentiated again.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np

from chainrule.autodiff import tape as tapes
from chainrule.autodiff.operators import TABLE, Operators
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import ShapeError

F = TypeVar("F", bound=Callable[..., Any])
Rule = Callable[..., Any]
symbolic_call: Callable[..., Any] | None = None
"""What an op does with symbolic tensors; set by `chainrule.models.symbolic`."""


@dataclass(frozen=True)
class Derivative:
    """The rule of one input and the expression it prints as (names: `g`, `y`, the op's arguments, ops and NumPy's `np`)."""

    sentence: str
    rule: Rule


class Op:
    """A differentiable (or explicitly not differentiable) function of arrays.

    Args:
        function: the forward pass on plain arrays; its name is the op's name.
        tensors: names of the arguments that are tensors, in order. With `variadic`, the first argument is a list of them.
        derivatives: by argument name; an argument without one is a constant (an index, a condition).
        broadcasts: the inputs are broadcast, so each gradient is summed back to its input's shape.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        tensors: tuple[str, ...],
        derivatives: dict[str, Derivative],
        broadcasts: bool = False,
        variadic: bool = False,
    ) -> None:
        self.name = function.__name__
        self.forward = function
        self.tensors = tensors
        self.derivatives = derivatives
        self.broadcasts = broadcasts
        self.variadic = variadic
        self.rules: tuple[Rule | None, ...] = tuple(
            derivatives[t].rule if t in derivatives else None for t in tensors
        )
        self.parameters = tuple(inspect.signature(function).parameters)
        functools.update_wrapper(self, function)

    @property
    def differentiable(self) -> bool:
        """Whether any input has a derivative rule."""
        return bool(self.derivatives)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        inputs, static = self.bind(args, kwargs)
        recorded = False
        for value in inputs:
            if isinstance(value, Operators):
                recorded = True
                break
        if not recorded:
            return self.compute(inputs, static)
        if symbolic_call is not None and any(getattr(v, "symbolic", False) for v in inputs):
            return symbolic_call(self, args, kwargs)
        inputs = [tapes.resolve(v) for v in inputs]
        raw = [v.value if isinstance(v, Operators) else v for v in inputs]
        output = Tensor(self.compute(raw, static), self.name)
        if self.derivatives and tapes.active():
            tapes.record(self, inputs, static, output)
        return output

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
        """Split a call's arguments into the list of tensor inputs and the dict of the others."""
        if self.variadic:
            first, rest = (args[0], args[1:]) if args else (kwargs.pop(self.parameters[0]), ())
            inputs = list(first)
            static = dict(zip(self.parameters[1:], rest, strict=False))
            static.update(kwargs)
            return inputs, static
        count = len(self.tensors)
        if len(args) == count and not kwargs:
            return list(args), {}
        bound = dict(zip(self.parameters, args, strict=False))
        if len(args) > len(self.parameters) or bound.keys() & kwargs.keys():
            raise TypeError(f"ops.{self.name}{inspect.signature(self.forward)} was called with {args} and {kwargs}")
        bound.update(kwargs)
        try:
            inputs = [bound.pop(name) for name in self.tensors]
        except KeyError as error:
            raise TypeError(f"ops.{self.name} needs the argument {error}") from None
        return inputs, bound

    def compute(self, inputs: list[Any], static: dict[str, Any]) -> Any:
        """Run the forward pass on plain arrays."""
        if self.broadcasts and len(inputs) > 1:
            inputs = harmonise(inputs)
        try:
            return self.forward(inputs, **static) if self.variadic else self.forward(*inputs, **static)
        except ValueError as error:
            shapes = ", ".join(str(np.shape(v)) for v in inputs)
            if isinstance(error, ShapeError):
                raise
            raise ShapeError(f"ops.{self.name}: inputs of shape {shapes} do not fit: {error}") from error


def harmonise(values: list[Any]) -> list[Any]:
    """Give the inputs of a broadcasting op one float type: integers and NumPy scalars follow the float arrays."""
    floats = [v.dtype for v in values if isinstance(v, np.ndarray) and v.dtype.kind == "f"]
    if len(floats) == len(values):
        return values
    result = []
    for v in values:
        if isinstance(v, list | tuple):
            v = as_array(v)
        if floats:
            if isinstance(v, np.generic) and v.dtype.kind in "fiu":
                v = v.item()
            elif isinstance(v, np.ndarray) and v.dtype.kind in "iub":
                v = v.astype(max(floats))
        result.append(v)
    return result


def as_array(value: Any) -> Any:
    """Return an array; Python floats and lists of them take the default float type, Python integers int32."""
    if isinstance(value, np.ndarray):
        return value
    array = np.asarray(value)
    if isinstance(value, np.generic):
        return array
    from chainrule.config import floatx

    if array.dtype == np.float64 and not _holds_numpy(value):
        return array.astype(floatx())
    if array.dtype == np.int64 and not _holds_numpy(value):
        return array.astype(np.int32)
    return array


def _holds_numpy(value: Any) -> bool:
    while isinstance(value, list | tuple) and value:
        value = value[0]
    return isinstance(value, np.ndarray | np.generic | Operators)


def op(
    *tensors: str, broadcasts: bool = False, variadic: bool = False, **derivatives: tuple[str, Rule]
) -> Callable[[F], F]:
    """Make a function of arrays an op of the table.

    Args:
        tensors: names of all tensor arguments, needed only where some have no derivative or the op has none;
            by default the arguments that have a derivative, in the order of the function's own arguments.
        broadcasts: see `Op`.
        variadic: the first argument is a list of tensors; its derivative is given under that argument's name, and the rule
            is called as `rule(g, y, index, inputs, **static)`.
        derivatives: `name=(sentence, rule)`; the rule is called as `rule(g, y, *inputs, **static)`.
    """

    def define(function: F) -> F:
        names = tensors or tuple(p for p in inspect.signature(function).parameters if p in derivatives)
        table = {name: Derivative(*pair) for name, pair in derivatives.items()}
        result = Op(function, names, table, broadcasts, variadic)
        TABLE[result.name] = result
        return cast(F, result)

    return define
