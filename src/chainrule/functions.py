"""`Operation` and `Function`: computations without variables that can be called on symbolic tensors, as in Keras."""

from __future__ import annotations

from typing import Any

from chainrule import tree
from chainrule.errors import ShapeError
from chainrule.models.wiring import sort_graph
from chainrule.saving.configurable import Configurable
from chainrule.saving.serialization import snake_case
from chainrule.symbolic import KerasTensor, Node, connect, is_symbolic, try_call
from chainrule.utils.naming import unique_name


class Operation(Configurable):
    """A function as an object: subclasses define `call`; on symbolic tensors it becomes part of a graph.

    Args:
        name: by default the class name in snake case, numbered.

    Raises:
        ValueError: the name is no string, or holds a '/'.

    >>> import chainrule as cr
    >>> class Scale(cr.Operation):
    ...     def __init__(self, factor, name=None):
    ...         super().__init__(name)
    ...         self.factor = factor
    ...     def call(self, x):
    ...         return x * self.factor
    >>> scale = Scale(3.0)
    >>> scale(cr.ops.ones(2)), scale(cr.Input((2,))).shape, scale.get_config()
    (array([3., 3.], dtype=float32), (None, 2), {'factor': 3.0, 'name': 'scale'})
    """

    def __init__(self, name: str | None = None) -> None:
        if name is not None and (not isinstance(name, str) or "/" in name):
            raise ValueError(
                f"{type(self).__name__}: argument `name` must be a string and cannot contain character `/`. "
                f"Received: name={name!r}"
            )
        self.name = name or unique_name(snake_case(type(self).__name__))
        self._nodes: list[Node] = []

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if is_symbolic(args) or is_symbolic(kwargs):
            return self.symbolic_call(*args, **kwargs)
        return self.call(*args, **kwargs)

    def symbolic_call(self, *args: Any, **kwargs: Any) -> Any:
        """Note a call on symbolic tensors and return symbolic results."""
        return connect(self, args, kwargs, self.compute_output_spec(*args, **kwargs))

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the results; a subclass defines it.

        Raises:
            TypeError: it does not.
        """
        raise TypeError(f"{type(self).__name__} must define call(...).")

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Return symbolic tensors of the shapes and types of the results; by default `call` is tried on zeros."""
        return try_call(self.call, args, kwargs, "float32")

    @property
    def input(self) -> Any:
        """The symbolic inputs of the first call."""
        return self._first().input

    @property
    def output(self) -> Any:
        """The symbolic results of the first call."""
        return self._first().output

    def _first(self) -> Node:
        if not self._nodes:
            raise AttributeError(f"'{self.name}' has not been called on a symbolic input: it has no input or output.")
        return self._nodes[0]

    def __repr__(self) -> str:
        return f"<Operation name={self.name}>"


class Function(Operation):
    """What lies between symbolic inputs and outputs, as a function of new inputs; it has no variables of its own.

    Args:
        inputs, outputs: symbolic tensors, or lists, tuples or dicts of them.
        name: of the function.

    Raises:
        ValueError: there are none, or an output does not come from the inputs.

    >>> import chainrule as cr
    >>> a, b = cr.KerasTensor((None, 2)), cr.KerasTensor((None, 2))
    >>> add = Function([a, b], cr.ops.relu(a + b))
    >>> add([[[1.0, -5.0]], [[2.0, 2.0]]])
    Tensor([[3., 0.]], dtype=float32)
    >>> add.compute_output_shape([(7, 2), (7, 2)])
    (7, 2)
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name)
        self._inputs_struct = tree.map_structure(lambda t: t, inputs)
        self._outputs_struct = tree.map_structure(lambda t: t, outputs)
        self._inputs: list[KerasTensor] = tree.flatten(inputs)
        self._outputs: list[KerasTensor] = tree.flatten(outputs)
        for role, tensors in (("inputs", self._inputs), ("outputs", self._outputs)):
            if not tensors:
                raise ValueError(
                    f"Function: `{role}` argument cannot be empty. Received: inputs={inputs}, outputs={outputs}"
                )
            for t in tensors:
                if not isinstance(t, KerasTensor):
                    raise ValueError(
                        f"Function: `{role}` must be symbolic tensors (from Input), but holds {type(t).__name__!r}."
                    )
        nodes, self._operations = sort_graph(self._inputs, self._outputs)
        self._steps = [node for node in nodes if node.inputs]
        made = {id(t) for node in self._steps for t in tree.flatten(node.outputs)} | {id(t) for t in self._inputs}
        for path, t in tree.flatten_with_path(outputs):
            if id(t) not in made:
                where = ".".join(map(str, path))
                raise ValueError(f"Function: output with path `{where}` is not connected to `inputs`.")

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs as a flat list."""
        return self._inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs as a flat list."""
        return self._outputs

    @property
    def operations(self) -> list[Any]:
        """The layers and operations between, those farthest from the outputs first."""
        return list(self._operations)

    def call(self, inputs: Any) -> Any:
        """Compute the outputs for new inputs, which come in the structure of the symbolic ones.

        Raises:
            ValueError: another structure.
            ShapeError: an input of another shape.
        """
        return self._run(self._checked(inputs))

    def compute_output_spec(self, inputs: Any) -> Any:
        """Return symbolic outputs for symbolic inputs."""
        given = self._checked(inputs)
        if all(t.shape == mine.shape for t, mine in zip(given, self._inputs, strict=True)):
            return tree.map_structure(lambda t: KerasTensor(t.shape, t.dtype), self._outputs_struct)
        return try_call(lambda *values: self._run(list(values)), tuple(given), {}, "float32")

    def compute_output_shape(self, input_shape: Any) -> Any:
        """Return the shapes of the outputs for shapes of the inputs, in their structures."""
        shapes: list[Any] = []
        tree.map_shape_structure(shapes.append, input_shape)
        symbolic = [KerasTensor(s, t.dtype) for s, t in zip(shapes, self._inputs, strict=True)]
        found = self.compute_output_spec(tree.pack_sequence_as(self._inputs_struct, symbolic))
        return tree.map_structure(lambda t: t.shape, found)

    def get_config(self) -> dict[str, Any]:
        """Return nothing: a graph of symbolic tensors has no configuration; a `Model` of them has."""
        raise TypeError("A Function has no configuration. To save such a graph, make a Model of the same tensors.")

    def _run(self, inputs: list[Any]) -> Any:
        values = {id(t): v for t, v in zip(self._inputs, inputs, strict=True)}

        def known(v: Any) -> Any:
            return values.get(id(v), v) if isinstance(v, KerasTensor) else v

        for node in self._steps:
            args, kwargs = tree.map_structure(known, list(node.args)), tree.map_structure(known, node.kwargs)
            results = node.operation(*args, **kwargs)
            values.update({id(t): v for t, v in zip(tree.flatten(node.outputs), tree.flatten(results), strict=True)})
        return tree.map_structure(known, self._outputs_struct)

    def _checked(self, inputs: Any) -> list[Any]:
        """Return the inputs as a flat list of tensors, or say what does not fit."""
        from chainrule import ops

        given = self._in_order(inputs)
        if given is None:
            raise ValueError(
                f"Function '{self.name}' was called with an invalid input structure. Expected: "
                f"{self._inputs_struct!r:.200}. Received: {inputs!r:.200}"
            )
        tensors = [t if isinstance(t, KerasTensor) else ops.convert_to_tensor(t) for t in given]
        for t, mine in zip(tensors, self._inputs, strict=True):
            fits = len(t.shape) == len(mine.shape) and all(
                None in (n, m) or n == m for n, m in zip(t.shape, mine.shape, strict=True)
            )
            if not fits:
                raise ShapeError(
                    f"Function '{self.name}' was passed incompatible inputs. For input '{mine.name}', expected shape "
                    f"{mine.shape}, but received instead a tensor with shape {tuple(t.shape)}."
                )
        return tensors

    def _in_order(self, inputs: Any) -> list[Any] | None:
        """Return what stands at each symbolic input's place, which may be nested lists of numbers; None if nothing."""
        found = []
        for path, _ in tree.flatten_with_path(self._inputs_struct):
            part, shape = inputs, self._inputs_struct
            for key in path:
                if (
                    not tree.is_nested(part)
                    or isinstance(part, dict) != isinstance(shape, dict)
                    or len(part) != len(shape)
                ):
                    return None
                try:
                    part, shape = part[key], shape[key]
                except LookupError:
                    return None
            found.append(part)
        return found
