"""Symbolic tensors: calling layers on them draws a graph in place of computing.

`Input(shape)` makes a `KerasTensor`; each call of a layer or op on one adds a `Node` that remembers what was called with what.
`sort_graph` puts the nodes between inputs and outputs into the order in which a model runs them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Shape
from chainrule.autodiff.op import Op, set_symbolic_call
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.tape import substitute
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import ChainruleError, ShapeError
from chainrule.layers.base import Layer, input_shapes
from chainrule.saving.serialization import snake_case
from chainrule.utils.naming import unique_name


class KerasTensor(Operators):
    """A tensor without values: a shape, a type, and the call that will make it (`keras.KerasTensor`)."""

    symbolic = True

    def __init__(self, shape: Any, dtype: Any = "float32", name: str | None = None) -> None:
        self.shape: Shape = tuple(shape)
        self.dtype = str(np.dtype(dtype).name) if dtype != "string" else "string"
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

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(_NO_VALUE.format(self.name))

    def __array_ufunc__(self, *_: Any, **__: Any) -> Any:
        raise TypeError(_NO_VALUE.format(self.name))

    def __bool__(self) -> bool:
        raise TypeError(_NO_VALUE.format(self.name))

    def __float__(self) -> float:
        raise TypeError(_NO_VALUE.format(self.name))

    def __iter__(self) -> Any:
        raise TypeError(_NO_VALUE.format(self.name))

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self.shape}, dtype={self.dtype}, name={self.name}>"


_NO_VALUE = (
    "Symbolic tensor '{0}' has no values yet: NumPy, `if` and loops cannot look into it. "
    "Use chainrule.ops, or put the code into the `call` of a layer."
)


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
        return _single(self.inputs)

    @property
    def output(self) -> Any:
        return _single(self.outputs)


def _single(values: Any) -> Any:
    return values[0] if isinstance(values, list | tuple) and len(values) == 1 else values


class Operation:
    """An op of the table as a member of a graph: what `x + y` or `ops.square(x)` leaves behind on symbolic tensors."""

    def __init__(self, op: Op, name: str | None = None) -> None:
        self.op = op
        self.name = name or unique_name(op.name)
        self._nodes: list[Node] = []

    @property
    def class_name(self) -> str:
        """The op's name in the form of a class name, for tables."""
        return "".join(part.capitalize() for part in self.op.name.split("_"))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if any(getattr(v, "symbolic", False) for v in tree.flatten([list(args), kwargs])):
            return _connect(self, args, kwargs, _probe_call(self.op, args, kwargs, "float32"))
        return self.op(*args, **kwargs)


def is_symbolic(value: Any) -> bool:
    """Whether `value` is a symbolic tensor (`keras.utils.is_keras_tensor`)."""
    return isinstance(value, KerasTensor)


def call_layer(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a layer on symbolic tensors: build it, find the output's shape, and note the call."""
    from chainrule.layers.input_spec import check_input

    if not layer.built:
        layer._build_for(args, kwargs)
    check_input(layer, args[0] if args else next(iter(kwargs.values())))
    return _connect(layer, args, kwargs, _output_spec(layer, args, kwargs))


def _output_spec(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the output as symbolic tensors, by the layer's own `compute_output_shape` or by trying `call`."""
    if type(layer).compute_output_shape is not Layer.compute_output_shape:
        shapes = input_shapes(layer, args, kwargs)
        shape = layer.compute_output_shape(next(iter(shapes.values())))
        if isinstance(shape, tuple) and all(n is None or isinstance(n, int | np.integer) for n in shape):
            return KerasTensor(shape, layer.compute_dtype)
    return (
        _probe_call(layer.call_inference, args, kwargs, layer.compute_dtype)
        if hasattr(layer, "call_inference")
        else (_probe_call(lambda *a, **k: _run_quietly(layer, a, k), args, kwargs, layer.compute_dtype))
    )


def _connect(operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> Any:
    node = Node(operation, args, kwargs, outputs)
    operation._nodes.append(node)
    for i, t in enumerate(tree.flatten(outputs)):
        t.node, t.index = node, i
    return outputs


def _symbolic_op(op: Op, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return Operation(op)(*args, **kwargs)


set_symbolic_call(_symbolic_op)


# -- shapes by trial ----------------------------------------------------------------------------------------------------

_BATCH = 2
_LENGTH = 7


def _zeros(shape: Shape, dtype: str) -> Tensor:
    concrete = tuple((_BATCH if i == 0 else _LENGTH) if n is None else n for i, n in enumerate(shape))
    if dtype == "string":
        return Tensor(np.full(concrete, ""))
    return Tensor(np.zeros(concrete, dtype))


def _probe_call(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any], dtype: str) -> Any:
    """Run a function on zeros in place of symbolic tensors and return symbolic tensors of the shapes that came out."""
    symbolic = [v for v in tree.flatten([list(args), kwargs]) if isinstance(v, KerasTensor)]
    unknown_batch = any(v.shape and v.shape[0] is None for v in symbolic)
    unknown_length = any(None in v.shape[1:] for v in symbolic)

    def stand_in(v: Any) -> Any:
        return _zeros(v.shape, v.dtype) if isinstance(v, KerasTensor) else v

    values, named = tree.map_structure(stand_in, list(args)), tree.map_structure(stand_in, kwargs)
    with substitute({}), np.errstate(all="ignore"):
        outputs = function(*values, **named)

    def as_symbolic(v: Any) -> KerasTensor:
        shape = list(np.shape(v))
        if unknown_batch and shape and shape[0] == _BATCH:
            shape[0] = None
        if unknown_length:
            shape = [None if n == _LENGTH and i else n for i, n in enumerate(shape)]
        return KerasTensor(shape, getattr(v, "dtype", dtype))

    return tree.map_structure(as_symbolic, outputs)


def _run_quietly(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run `call` in inference mode without leaving losses behind."""
    try:
        result = layer._run(tuple(args), dict(kwargs))
    except ChainruleError:
        raise
    except Exception as error:
        shapes = [tuple(getattr(a, "shape", ())) for a in tree.flatten(list(args))]
        raise ShapeError(
            f"Layer '{layer.name}' ({type(layer).__name__}) failed on a trial input of shape {shapes} "
            f"(batch axis {_BATCH}): {type(error).__name__}: {error}"
        ) from error
    for inner in layer._flatten_layers():
        inner._losses = [] if inner._losses_call is not None else inner._losses
    return result


def probe(layer: Layer, input_shape: Any) -> Any:
    """Return the symbolic outputs of a layer for an input shape (a tuple, or a list or dict of tuples)."""

    def is_shape(s: Any) -> bool:
        return isinstance(s, tuple | list) and all(n is None or isinstance(n, int | np.integer) for n in s)

    def symbolic(s: Any) -> Any:
        if is_shape(s):
            return KerasTensor(
                s, "int32" if getattr(layer, "integer_input", False) else layer.compute_dtype, name="probe"
            )
        if isinstance(s, dict):
            return {k: symbolic(v) for k, v in s.items()}
        return [symbolic(v) for v in s]

    inputs = symbolic(input_shape)
    if not layer.built:
        layer._build_for((inputs,), {})
    return _probe_call(lambda *a, **k: _run_quietly(layer, a, k), (inputs,), {}, layer.compute_dtype)


# -- graphs -------------------------------------------------------------------------------------------------------------


def sort_graph(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[Node], list[Any]]:
    """Return the nodes from inputs to outputs in running order, and their operations in Keras's order.

    Operations are ordered by their distance from the outputs, the farthest first, and among equals by the first visit of a
    depth-first walk that starts at the outputs. Weight files number the layers in this order.

    Raises:
        ValueError: an output does not come from the inputs, or two operations have the same name.
    """
    finished, visits = _walk_back(inputs, outputs)
    depth: dict[int, int] = {}
    operation_depth: dict[int, int] = {}
    operations: dict[int, Any] = {}
    members = {id(n) for n in finished}
    for node in reversed(finished):
        key = id(node.operation)
        operations[key] = node.operation
        d = max(depth.get(id(node), 0), operation_depth.get(key, 0))
        depth[id(node)] = operation_depth[key] = d
        for parent in node.inputs:
            if parent.node is not None and id(parent.node) in members:
                depth[id(parent.node)] = max(d + 1, depth.get(id(parent.node), 0))
    for t in inputs:
        if t.node is not None and id(t.operation) not in operations and not t.node.inputs:
            operations[id(t.operation)] = t.operation
            operation_depth[id(t.operation)], visits[id(t.operation)] = 0, -1
    ordered = sorted(operations.values(), key=lambda o: (-operation_depth[id(o)], visits[id(o)]))
    names = [o.name for o in ordered]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(
                f"The name '{name}' is used {names.count(name)} times in the model: give each layer its own."
            )
    nodes = sorted(finished, key=lambda n: -depth[id(n)])
    _check_connected(inputs, nodes)
    return nodes, ordered


def _walk_back(inputs: list[KerasTensor], outputs: list[KerasTensor]) -> tuple[list[Node], dict[int, int]]:
    """Depth-first from the outputs without recursion: nodes in order of completion, and first visits of operations."""
    declared = {id(t) for t in inputs}
    done: set[int] = set()
    finished: list[Node] = []
    visits: dict[int, int] = {}
    for output in outputs:
        stack: list[tuple[KerasTensor, bool]] = [(output, False)]
        while stack:
            t, leaving = stack.pop()
            node = t.node
            if node is None:
                continue
            if leaving:
                if id(node) not in done:
                    done.add(id(node))
                    finished.append(node)
                continue
            if id(node) in done or (id(t) in declared and node.inputs):
                continue
            visits.setdefault(id(node.operation), len(visits))
            stack.append((t, True))
            stack.extend((parent, False) for parent in reversed(node.inputs))
    return finished, visits


def _check_connected(inputs: list[KerasTensor], nodes: list[Node]) -> None:
    known = {id(t) for t in inputs}
    for node in nodes:
        for t in node.inputs:
            if id(t) not in known:
                raise ValueError(
                    f"Graph disconnected: '{node.operation.name}' needs {t}, which does not come from the model's inputs. "
                    "List every Input it depends on in `inputs=`."
                )
        known.update(id(t) for t in tree.flatten(node.outputs))


__all__ = ["KerasTensor", "Node", "Operation", "is_symbolic", "probe", "snake_case", "sort_graph"]
