"""Symbolic tensors: calling layers on them draws a graph in place of computing.

`Input(shape)` makes a `KerasTensor`; each call of a layer or op on one adds a `Node` that remembers what was called
with what. `models/wiring.py` puts the nodes between inputs and outputs into the order in which a model runs them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Shape
from chainrule.autodiff.op import set_symbolic_call
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.tape import substitute
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import ModelFileError
from chainrule.saving.serialization import public, snake_case
from chainrule.utils.naming import unique_name


@public("keras")
class KerasTensor(Operators):
    """A tensor without values: a shape, a type, and the call that will make it (`keras.KerasTensor`).

    >>> import chainrule as cr
    >>> cr.KerasTensor((None, 3), name="x")
    <KerasTensor shape=(None, 3), dtype=float32, name=x>
    """

    symbolic = True

    def __init__(
        self, shape: Any, dtype: Any = "float32", sparse: bool = False, ragged: bool = False, name: str | None = None
    ) -> None:
        self.shape: Shape = tuple(shape)
        self.dtype = _dtype_name(dtype)
        self.sparse, self.ragged = bool(sparse), bool(ragged)
        self.name = name or unique_name("keras_tensor")
        self.node: Node | None = None
        self.index = 0
        self._keras_mask: Any = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def operation(self) -> Any:
        """The layer or op whose call made this tensor."""
        return self.node.operation if self.node else None

    def _refuse(self, *_: Any, **__: Any) -> Any:
        raise TypeError(
            f"Symbolic tensor '{self.name}' has no values yet: NumPy, `if` and loops cannot look into it. "
            "Use chainrule.ops, or put the code into the `call` of a layer."
        )

    __array__ = __array_ufunc__ = __bool__ = __float__ = __int__ = __index__ = __iter__ = __len__ = _refuse

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


def _dtype_name(dtype: Any) -> str:
    """Return the name of a type; whatever holds text is a `'string'`."""
    if isinstance(dtype, str) and dtype == "string":
        return dtype
    known = np.dtype(dtype)
    return "string" if known.kind in "OUS" else str(known.name)


class Node:
    """One symbolic call: `outputs = operation(*args, **kwargs)`.

    Lists and dicts of the caller are copied: they may grow later, as in `x = layer(xs); xs.append(x)`.
    """

    def __init__(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> None:
        self.operation = operation
        self.args: tuple[Any, ...] = tree.map_structure(_same, args)
        self.kwargs: dict[str, Any] = tree.map_structure(_same, kwargs)
        self.outputs = outputs

    @property
    def inputs(self) -> list[KerasTensor]:
        return [v for v in tree.flatten([list(self.args), self.kwargs]) if isinstance(v, KerasTensor)]

    @property
    def input(self) -> Any:
        return unpacked(self.inputs)

    @property
    def output(self) -> Any:
        return unpacked(self.outputs)


def _same(value: Any) -> Any:
    return value


def is_symbolic(value: Any) -> bool:
    """Whether a value is a symbolic tensor, or a structure that holds one."""
    if isinstance(value, list | tuple):
        return any(map(is_symbolic, value))
    if isinstance(value, dict):
        return any(map(is_symbolic, value.values()))
    return getattr(value, "symbolic", False) is True


def unpacked(values: Any) -> Any:
    """Return the only member of a list or tuple of one, and anything else as it is."""
    return values[0] if isinstance(values, list | tuple) and len(values) == 1 else values


class Operation:
    """A function of `chainrule.ops` as a member of a graph: what `x + y` leaves behind on symbolic tensors."""

    def __init__(self, op: Callable[..., Any], name: str | None = None) -> None:
        self.op = op
        self.name = name or unique_name(snake_case(self.class_name))
        self._nodes: list[Node] = []

    @property
    def class_name(self) -> str:
        """The name of Keras's class for the function: `'ExpandDims'`."""
        name = self.op.__name__
        return _CLASS_NAMES.get(name) or "".join(part.capitalize() for part in name.split("_"))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if is_symbolic(args) or is_symbolic(kwargs):
            return connect(self, args, kwargs, try_call(self.op, args, kwargs, "float32"))
        return self.op(*args, **kwargs)


_CLASS_NAMES = {
    "abs": "Absolute",
    "contract": "Einsum",
    "getitem": "GetItem",
    "pad_constant": "Pad",
    "select": "Where",
}


def is_keras_tensor(x: Any) -> bool:
    """Whether `x` is a symbolic tensor (`keras.utils.is_keras_tensor`).

    >>> import chainrule as cr
    >>> is_keras_tensor(cr.Input((3,))), is_keras_tensor([1.0])
    (True, False)
    """
    return isinstance(x, KerasTensor)


def connect(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> Any:
    """Note that `operation(*args, **kwargs)` makes `outputs`, and return them."""
    node = Node(operation, args, kwargs, outputs)
    operation._nodes.append(node)
    for i, t in enumerate(tree.flatten(outputs)):
        t.node, t.index = node, i
    return outputs


def _symbolic_op(op: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return Operation(op)(*args, **kwargs)


set_symbolic_call(_symbolic_op)


# -- shapes by trial --------------------------------------------------------------------------------------------------

_BATCH = (2, 3)
_LENGTH = (7, 5)
_MOST_ELEMENTS = 1 << 23


def _zeros(t: KerasTensor, trial: int) -> Tensor:
    lengths = [(_LENGTH if i else _BATCH)[trial] if n is None else n for i, n in enumerate(t.shape)]
    return Tensor(np.full(lengths, "", object) if t.dtype == "string" else np.zeros(lengths, t.dtype))


def try_call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], dtype: str) -> Any:
    """Run a function on zeros in place of symbolic tensors and return symbolic tensors of the shapes that came out.

    Where an axis of unknown length went in, the function runs twice, with two lengths: the axes that differ are
    unknown.
    """
    from chainrule.layers.context import trial
    from chainrule.variables import is_limited

    symbolic = [v for v in tree.flatten([list(args), kwargs]) if isinstance(v, KerasTensor)]
    largest = max([0, *(math.prod(n for n in v.shape if n is not None) for v in symbolic)])
    if is_limited() and largest > _MOST_ELEMENTS:
        raise ModelFileError(f"the model has a tensor of {largest} numbers per row; at most {_MOST_ELEMENTS} are read.")
    trials = 2 if any(None in v.shape for v in symbolic) else 1

    def attempt(number: int) -> Any:
        def stand_in(v: Any) -> Any:
            return _zeros(v, number) if isinstance(v, KerasTensor) else v

        values, named = tree.map_structure(stand_in, list(args)), tree.map_structure(stand_in, kwargs)
        with substitute({}), np.errstate(all="ignore"), trial():
            return function(*values, **named)

    def as_symbolic(*results: Any) -> KerasTensor:
        shapes = [np.shape(r) for r in results]
        shape = tuple(n if n == m else None for n, m in zip(shapes[0], shapes[-1], strict=True))
        return KerasTensor(shape, getattr(results[0], "dtype", dtype))

    return tree.map_structure(as_symbolic, *(attempt(i) for i in range(trials)))


__all__ = ["KerasTensor", "Node", "Operation", "connect", "is_keras_tensor", "is_symbolic", "try_call", "unpacked"]
