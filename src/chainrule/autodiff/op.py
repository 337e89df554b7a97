"""`Op`: one row of the table: a function, its derivative rules, and the sentence that each rule prints as.

    @op(x1=("g * x2", lambda g, y, x1, x2: g * x2),
        x2=("g * x1", lambda g, y, x1, x2: g * x1), broadcasts=True)
    def multiply(x1, x2):
        return np.multiply(x1, x2)

The body is the forward pass on plain arrays. A rule takes the gradient `g` of some number with respect to the result
`y` and returns the gradient with respect to one input. Rules are written with ops, so they can be differentiated again.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn, TypeVar, cast

import numpy as np

from chainrule.autodiff import tape as tapes
from chainrule.autodiff.operators import TABLE, Operators
from chainrule.autodiff.promotion import promote
from chainrule.autodiff.tensor import Tensor, tensor_of
from chainrule.errors import ShapeError
from chainrule.records import Record

F = TypeVar("F", bound=Callable[..., Any])
Rule = Callable[..., Any]
symbolic_call: Callable[..., Any] | None = None
"""What an op does with symbolic tensors; `chainrule.symbolic` sets it, because tensors must not know of models."""


def set_symbolic_call(function: Callable[..., Any]) -> None:
    """Say what an op does with symbolic tensors: `function(op, args, kwargs)`."""
    global symbolic_call
    symbolic_call = function


def call_symbolically(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Note a call of a function on symbolic tensors in the graph they belong to."""
    assert symbolic_call is not None  # whoever made a symbolic tensor has set it
    return symbolic_call(function, args, kwargs)


class Derivative(Record):
    """The rule of one input, and the sentence it prints as, an expression in `g`, `y`, the op's arguments and ops."""

    sentence: str
    rule: Rule


class Op:
    """A differentiable (or explicitly not differentiable) function of arrays.

    Args:
        function: the forward pass on plain arrays; its name is the op's name, its first arguments are the tensors.
        tensors: names of the arguments that are tensors, in order. With `variadic`, the first is a list of tensors.
        derivatives: by argument name; an argument without one is a constant (an index, a condition).
        broadcasts: the inputs are broadcast together and share one type.
        floats: integer inputs become the default float type first.
        variadic: see `tensors`.
        align: `align(g, y, inputs, **static) -> (g, y, inputs)` reshapes these before a rule sees them, so that the
            sentences stay short (a reduction puts the reduced axes back, `matmul` turns vectors into matrices).
    """

    def __init__(
        self,
        function: Callable[..., Any],
        tensors: tuple[str, ...],
        derivatives: dict[str, Derivative],
        broadcasts: bool = False,
        floats: bool = False,
        variadic: bool = False,
        align: Callable[..., Any] | None = None,
    ) -> None:
        self.parameters, defaults = _parameters(function)
        if self.parameters[: len(tensors)] != tensors:
            raise TypeError(
                f"op {function.__name__}: its tensors {tensors} must be its first arguments {self.parameters}"
            )
        self.name = function.__name__
        self.forward = function
        self.tensors = tensors
        self.derivatives = derivatives
        self.broadcasts = broadcasts
        self.floats = floats
        self.variadic = variadic
        self.align = align
        self.arity = len(tensors)
        self.static_names = self.parameters[self.arity :]
        self.defaults = {name: defaults[name] for name in self.static_names if name in defaults}
        self.rules: tuple[Rule | None, ...] = tuple(derivatives[t].rule if t in derivatives else None for t in tensors)
        # Indices and conditions keep their own type; what has a derivative is given a common one.
        self._constants = frozenset(i for i, rule in enumerate(self.rules) if derivatives and rule is None)
        functools.update_wrapper(self, function)

    @property
    def differentiable(self) -> bool:
        """Whether any input has a derivative rule."""
        return bool(self.derivatives)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        static = self.defaults
        if kwargs or self.variadic or len(args) != self.arity:
            args, static = self.bind(args, kwargs)
        common, tensors = None, False
        for value in args:  # the common case, with few further calls: float arrays or tensors of one type, and numbers
            kind = type(value)
            if kind is not np.ndarray:
                if kind is Tensor:
                    value = value.value
                elif (kind is float or kind is int) and self.broadcasts:
                    continue
                elif isinstance(value, Operators) and not value.symbolic and tapes.substitutions() is None:
                    value = value.value
                else:
                    return self._call(args, static)
                tensors = True
            if common is None:
                common = value.dtype
            elif value.dtype is not common:
                return self._call(args, static)
        if common is None or common.kind != "f":
            return self._call(args, static)
        if not tensors:
            return self.compute(args, static)
        raw = [v.value if isinstance(v, Operators) else v for v in args]
        output = tensor_of(self.compute(raw, static), self.name)
        if tapes.active():
            tapes.record(self, list(args), static, output, args)
        return output

    def _call(self, args: tuple[Any, ...], static: dict[str, Any]) -> Any:
        """Compute with anything: lists, numbers, variables, symbolic tensors, arrays of several types."""
        if any(isinstance(v, list | tuple) and _holds_tensors(v) for v in args):
            args = tuple([TABLE["stack"](v) if _holds_tensors(v) else v for v in args])
        inputs = list(args)
        raw = list(args)
        tensors = False
        for i, v in enumerate(args):
            if not isinstance(v, Operators):
                continue
            if v.symbolic:
                return call_symbolically(self, (args,) if self.variadic else args, static)
            tensors = True
            inputs[i] = v = tapes.resolve(v)
            raw[i] = v.value if isinstance(v, Operators) else v
        values = self.promoted(raw)
        if not tensors:
            return self.compute(values, static)
        output = tensor_of(self.compute(values, static), self.name)
        if tapes.active():
            for i, used in enumerate(values):
                if used is raw[i] or (isinstance(inputs[i], Operators) and used.dtype.kind == raw[i].dtype.kind):
                    continue
                inputs[i] = used  # what was converted on the way in is a constant: rules see what the forward pass saw
            tapes.record(self, inputs, static, output, args)
        return output

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Split a call's arguments into the tuple of tensor inputs and the dict of all others, defaults included."""
        count = self.arity
        if len(args) == count and not self.variadic:
            static = {**self.defaults, **kwargs}
            if len(static) == len(self.static_names):
                return args, static
        if len(args) < count:
            args += tuple([kwargs.pop(n) for n in self.tensors[len(args) :] if n in kwargs])
        further = dict(zip(self.static_names, args[count:], strict=False))
        static = {**self.defaults, **further, **kwargs}
        # Something missing, something unknown, or something given twice.
        if len(args) < count or len(args) > len(self.parameters) or len(static) != len(self.static_names):
            self._complain(args, kwargs)
        if further and kwargs and further.keys() & kwargs.keys():
            self._complain(args, kwargs)
        return (tuple(args[0]) if self.variadic else args[:count]), static

    def _complain(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> NoReturn:
        raise TypeError(
            f"ops.{self.name} takes ({', '.join(self.parameters)}), "
            f"but was called with {len(args)} positional arguments and {sorted(kwargs)}."
        )

    def promoted(self, inputs: Sequence[Any]) -> list[Any]:
        """Return plain inputs as arrays of the types the forward pass expects."""
        return promote(inputs, self.floats, self._constants, scalars=self.broadcasts)

    def compute(self, values: Sequence[Any], static: dict[str, Any]) -> Any:
        """Run the forward pass on promoted arrays.

        Raises:
            ShapeError: they do not fit together.
        """
        try:
            return self.forward(values, **static) if self.variadic else self.forward(*values, **static)
        except ShapeError:
            raise
        except ValueError as error:
            shapes = ", ".join(str(np.shape(v)) for v in values)
            raise ShapeError(f"ops.{self.name} cannot take inputs of shape {shapes}: {error}") from error

    def pull_back(self, g: Any, y: Any, inputs: list[Any], static: dict[str, Any], wanted: Iterable[int]) -> list[Any]:
        """Return the gradients of the `wanted` inputs by number, given the gradient `g` of the result `y`."""
        aligned = inputs
        if self.align is not None:
            g, y, aligned = self.align(g, y, inputs, **static)
        result = []
        for i in wanted:
            if self.variadic:
                part = self.rules[0](g, y, i, aligned, **static) if self.rules[0] else None
            else:
                rule = self.rules[i]
                part = rule(g, y, *aligned, **static) if rule else None
            if part is not None:
                part = fit_to(part, aligned[i])
                if part.shape != inputs[i].shape:
                    part = TABLE["reshape"](part, newshape=inputs[i].shape)
            result.append(part)
        return result

    def scope(self, g: Any, y: Any, inputs: list[Any], static: dict[str, Any], index: int = 0) -> dict[str, Any]:
        """Return the names that this op's sentences use, with their values, for `eval(sentence, scope)`.

        >>> import numpy as np, chainrule as cr
        >>> multiply = cr.autodiff.TABLE["multiply"]
        >>> eval(multiply.derivatives["x1"].sentence, multiply.scope(10.0, 6.0, [2.0, 3.0], {}))
        30.0
        """
        from chainrule import ops

        if self.align is not None:
            g, y, inputs = self.align(g, y, inputs, **static)
        arguments = (
            {self.tensors[0]: inputs, "index": index} if self.variadic else dict(zip(self.tensors, inputs, strict=True))
        )
        return {**vars(ops), **TABLE, "np": np, **arguments, **static, "g": g, "y": y}


def _parameters(function: Callable[..., Any]) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Return the names of a function's arguments and their defaults; `inspect` would do it, more slowly."""
    code: Any = function.__code__
    positional = code.co_varnames[: code.co_argcount]
    values = function.__defaults__ or ()
    defaults = dict(zip(positional[len(positional) - len(values) :], values, strict=True))
    return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount], {
        **defaults,
        **(function.__kwdefaults__ or {}),
    }


def fit_to(g: Any, like: Any) -> Any:
    """Give a gradient the shape of `like`, by summing where `like` was broadcast (or repeating), and its float type."""
    shape, wanted = g.shape, like.shape
    if shape != wanted:
        extra = max(len(shape) - len(wanted), 0)
        if extra:
            g = TABLE["sum"](g, tuple(range(extra)))
            shape = g.shape
        if len(shape) == len(wanted):
            axes = tuple([i for i, n in enumerate(wanted) if n == 1 and shape[i] != 1])
            if axes:
                g = TABLE["sum"](g, axes, True)
        if g.shape != wanted:
            g = TABLE["broadcast_to"](g, wanted)
    return g if g.dtype == like.dtype else TABLE["cast"](g, like.dtype)


def _holds_tensors(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_holds_tensors, value))
    return isinstance(value, Operators)


def op(
    *tensors: str,
    broadcasts: bool = False,
    floats: bool = False,
    variadic: bool = False,
    align: Callable[..., Any] | None = None,
    **derivatives: tuple[str, Rule],
) -> Callable[[F], F]:
    """Make a function of arrays an op of the table.

    Args:
        tensors: names of all tensor arguments, needed only where some have no derivative or the op has none;
            by default the arguments that have a derivative, in the order of the function's own arguments.
        broadcasts: the inputs are broadcast together; gradients are summed back to the shape of each.
        floats: integer inputs become the default float type first.
        variadic: the first argument is a list of tensors; its derivative is given under that argument's name, and the
            rule is called as `rule(g, y, index, inputs, **static)`.
        align: see `Op`.
        derivatives: `name=(sentence, rule)`; the rule is called as `rule(g, y, *inputs, **static)`, where `static` are
            all arguments that are not tensors, by name.

    >>> import numpy as np, chainrule as cr
    >>> @op(x=("g * 3 * x ** 2", lambda g, y, x: g * 3 * x ** 2))
    ... def cube(x):
    ...     return x * x * x
    >>> cr.autodiff.grad(cube)(2.0)
    array(12., dtype=float32)
    >>> cr.autodiff.check_vjp(cube, np.linspace(-1, 1, 5)).ok
    True
    """

    def define(function: F) -> F:
        names = tensors or tuple(p for p in _parameters(function)[0] if p in derivatives)
        table = {name: Derivative(*pair) for name, pair in derivatives.items()}
        result = Op(function, names, table, broadcasts, floats, variadic, align)
        TABLE[result.name] = result
        return cast(F, result)

    return define


__all__ = ["Derivative", "Op", "Rule", "Tensor", "fit_to", "op"]
