"""Symbolic tensors: calling layers on them draws a graph in place of computing.

`Input(shape)` makes a `KerasTensor`; each call of a layer or op on one adds a `Node` that remembers what was called
with what. `models/wiring.py` puts the nodes between inputs and outputs into the order in which a model runs them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Shape
from chainrule.autodiff.op import set_symbolic_call
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.tape import substitute
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import ChainruleError, ShapeError
from chainrule.layers import context
from chainrule.layers.arguments import first_argument, input_shapes, is_shape, is_symbolic
from chainrule.layers.base import Layer
from chainrule.layers.input_spec import check_input
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
        self.dtype = str(np.dtype(dtype).name) if dtype != "string" else "string"
        self.sparse, self.ragged = bool(sparse), bool(ragged)
        self.name = name or unique_name("keras_tensor")
        self.node: Node | None = None
        self.index = 0

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


@dataclass(eq=False)
class Node:
    """One symbolic call: `outputs = operation(*args, **kwargs)`."""

    operation: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: Any

    @property
    def inputs(self) -> list[KerasTensor]:
        return [v for v in tree.flatten([list(self.args), self.kwargs]) if isinstance(v, KerasTensor)]

    @property
    def input(self) -> Any:
        return unpacked(self.inputs)

    @property
    def output(self) -> Any:
        return unpacked(self.outputs)


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


def call_layer(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a layer on symbolic tensors: build it, find the output's shape, and note the call."""
    return connect(layer, args, kwargs, output_spec(layer, args, kwargs))


def output_spec(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the outputs of a layer as symbolic tensors, by its own `compute_output_shape` or by trying `call`."""
    check_input(layer, first_argument(type(layer), args, kwargs))
    if not layer.built:
        layer._build_for(args, kwargs)
        check_input(layer, first_argument(type(layer), args, kwargs))
    if type(layer).compute_output_shape is not Layer.compute_output_shape and _all_built(layer):
        shapes = input_shapes(type(layer), args, kwargs)
        shape = layer.compute_output_shape(next(iter(shapes.values())))
        if is_shape(shape):
            return KerasTensor(shape, layer.compute_dtype)
    return try_call(lambda *a, **k: _run_quietly(layer, a, k), args, kwargs, layer.compute_dtype)


def _all_built(layer: Layer) -> bool:
    return all(inner.built for inner in layer._flatten_layers())


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


def _zeros(t: KerasTensor, trial: int) -> Tensor:
    lengths = [(_LENGTH if i else _BATCH)[trial] if n is None else n for i, n in enumerate(t.shape)]
    return Tensor(np.full(lengths, "") if t.dtype == "string" else np.zeros(lengths, t.dtype))


def try_call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], dtype: str) -> Any:
    """Run a function on zeros in place of symbolic tensors and return symbolic tensors of the shapes that came out.

    Where an axis of unknown length went in, the function runs twice, with two lengths: the axes that differ are
    unknown.
    """
    symbolic = [v for v in tree.flatten([list(args), kwargs]) if isinstance(v, KerasTensor)]
    trials = 2 if any(None in v.shape for v in symbolic) else 1

    def attempt(trial: int) -> Any:
        def stand_in(v: Any) -> Any:
            return _zeros(v, trial) if isinstance(v, KerasTensor) else v

        values, named = tree.map_structure(stand_in, list(args)), tree.map_structure(stand_in, kwargs)
        with substitute({}), np.errstate(all="ignore"), context.trial():
            return function(*values, **named)

    def as_symbolic(*results: Any) -> KerasTensor:
        shapes = [np.shape(r) for r in results]
        shape = tuple(n if n == m else None for n, m in zip(shapes[0], shapes[-1], strict=True))
        return KerasTensor(shape, getattr(results[0], "dtype", dtype))

    return tree.map_structure(as_symbolic, *(attempt(i) for i in range(trials)))


def _run_quietly(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run `call`, and say which layer it was if it fails."""
    try:
        return layer._run(*layer._converted(tuple(args), dict(kwargs)))
    except ChainruleError:
        raise
    except (ValueError, IndexError) as error:
        shapes = [tuple(getattr(a, "shape", ())) for a in tree.flatten(list(args))]
        raise ShapeError(
            f"Layer '{layer.name}' ({type(layer).__name__}) failed on a trial input of shape {shapes} "
            f"(batch axis {_BATCH[0]}): {type(error).__name__}: {error}"
        ) from error


def symbolic_inputs(layer: Layer, input_shape: Any) -> Any:
    """Return symbolic tensors of the given shape (or list or dict of shapes) for a layer."""
    if is_shape(input_shape):
        dtype = "int32" if getattr(layer, "integer_input", False) else layer.compute_dtype
        return KerasTensor(input_shape, dtype, name="probe")
    if isinstance(input_shape, dict):
        return {k: symbolic_inputs(layer, v) for k, v in input_shape.items()}
    return [symbolic_inputs(layer, v) for v in input_shape]


def probe(layer: Layer, input_shape: Any) -> Any:
    """Return the symbolic outputs of a layer for an input shape (a tuple, or a list or dict of tuples)."""
    inputs = symbolic_inputs(layer, input_shape)
    if not layer.built:
        layer._build_for((inputs,), {})
    return try_call(lambda *a, **k: _run_quietly(layer, a, k), (inputs,), {}, layer.compute_dtype)


__all__ = ["KerasTensor", "Node", "Operation", "connect", "is_keras_tensor", "probe", "try_call", "unpacked"]
