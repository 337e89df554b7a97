"""`Model`: layers that together take data, are trained, and are saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from chainrule._typing import Config
from chainrule.layers.base import Layer
from chainrule.models.graph import Graph
from chainrule.models.trainer import Trainer
from chainrule.saving.serialization import public, serialize_keras_object
from chainrule.variables import FlatBuffer, Variable


@public("keras")
class Model(Trainer, Layer):
    """A network with `fit`, `evaluate` and `predict`, as `keras.Model`.

    Made in three ways: `Sequential([...])`; `Model(inputs, outputs)` from symbolic tensors; or a class of your own that makes
    layers in `__init__` and uses them in `call`.

    >>> import chainrule as cr
    >>> x = cr.Input((2,))
    >>> model = cr.Model(inputs=x, outputs=cr.layers.Dense(1)(x))
    >>> [layer.name.split("_")[0] for layer in model.layers]
    ['input', 'dense']
    """

    _graph: Graph | None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _is_functional(args, kwargs):
            from chainrule.models.functional import Functional

            return super().__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        graph = None
        if _is_functional(args, kwargs):
            inputs, outputs, args, kwargs = _take_graph(args, kwargs)
            graph = Graph(inputs, outputs)
        if args:
            raise TypeError(
                f"{type(self).__name__}: expected Model(inputs, outputs), or keyword arguments such as name=."
            )
        Layer.__init__(self, **kwargs)
        Trainer.__init__(self)
        self._graph = graph
        self._buffer: FlatBuffer | None = None
        self._members: list[Layer] | None = None
        self.built = graph is not None

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute the outputs. A class of your own overrides this."""
        if self._graph is None:
            raise TypeError(f"Model {type(self).__name__} does not define `call(self, inputs)`.")
        return self._graph.run(inputs)

    def build(self, input_shape: Any = None) -> None:
        """Make the variables of a subclassed model by trying `call` on zeros of the given shape."""
        if self._graph is None and input_shape is not None:
            from chainrule.symbolic import KerasTensor, _probe_call, _run_quietly

            self.built = True
            shapes = input_shape if _is_structure(input_shape) else tuple(input_shape)
            inputs = _map_shapes(lambda s: KerasTensor(s, self.compute_dtype, name="probe"), shapes)
            _probe_call(lambda v: _run_quietly(self, (v,), {}), (inputs,), {}, self.compute_dtype)

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if type(self).build is Model.build:  # a subclassed model: its layers build themselves as `call` reaches them
            self.built = True
        else:
            super()._build_for(args, kwargs)

    # -- structure ------------------------------------------------------------------------------------------------------

    def _graph_or_none(self) -> Graph | None:
        """Return the graph, unless a class of the user's own overrides `call`."""
        own = type(self).call
        return self._graph if own.__module__.startswith("chainrule.") else None

    def _sublayers(self) -> list[Layer]:
        layers = self._graph.layers if self._graph is not None else []
        known = {id(layer) for layer in layers}
        return layers + [layer for layer in super()._sublayers() if id(layer) not in known]

    def _flatten_layers(self) -> list[Layer]:
        return super()._flatten_layers() if self._members is None else self._members

    @contextmanager
    def _structure_fixed(self) -> Iterator[None]:
        """Within the block the tree of layers is walked once, not at every step."""
        if self._members is not None:
            yield
            return
        self._members = super()._flatten_layers()
        try:
            yield
        finally:
            self._members = None

    @property
    def layers(self) -> list[Layer]:
        """The layers of the model, in order."""
        found: dict[int, Layer] = {id(layer): layer for layer in self._sublayers()}
        return list(found.values())

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by name or position.

        Raises:
            UnknownNameError: no layer has that name.
        """
        if index is not None:
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        from chainrule.errors import unknown_name

        raise unknown_name(f"layer of model '{self.name}'", name, [layer.name for layer in self.layers])

    @property
    def inputs(self) -> list[Any]:
        return self._need_graph().inputs

    @property
    def outputs(self) -> list[Any]:
        return self._need_graph().outputs

    @property
    def input(self) -> Any:
        structure = self._need_graph().input_structure
        return structure[0] if isinstance(structure, list | tuple) and len(structure) == 1 else structure

    @property
    def output(self) -> Any:
        structure = self._need_graph().output_structure
        return structure[0] if isinstance(structure, list | tuple) and len(structure) == 1 else structure

    @property
    def input_shape(self) -> Any:
        return _single([t.shape for t in self.inputs])

    @property
    def output_shape(self) -> Any:
        return _single([t.shape for t in self.outputs])

    @property
    def input_names(self) -> list[str]:
        return self._need_graph().input_names

    @property
    def output_names(self) -> list[str] | None:
        return self._graph.output_names if self._graph is not None else None

    def _need_graph(self) -> Graph:
        if self._graph is None:
            raise AttributeError(
                f"Model '{self.name}' has no symbolic inputs and outputs: it is not built, or is Python code."
            )
        return self._graph

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._graph is not None and len(self._graph.outputs) == 1:
            return self._graph.outputs[0].shape
        return super().compute_output_shape(input_shape)

    # -- parameters -----------------------------------------------------------------------------------------------------

    def pack(self) -> FlatBuffer:
        """Return the one flat buffer of all float parameters, trainable ones first, moving them into it where needed."""
        variables = self._parameters()
        if self._buffer is None or not self._buffer.holds(variables):
            self._buffer = FlatBuffer(variables)
        return self._buffer

    def _parameters(self) -> list[Variable]:
        trainable = self.trainable_weights
        chosen = {id(v) for v in trainable}
        others = [v for v in self.weights if id(v) not in chosen]
        kinds = {v._array.dtype for v in trainable} or {v._array.dtype for v in others if v._array.dtype.kind == "f"}
        return [v for v in (*trainable, *others) if v._array.dtype in kinds] if len(kinds) == 1 else []

    # -- text and files -------------------------------------------------------------------------------------------------

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print a table of the layers, their output shapes and numbers of parameters."""
        from chainrule.models.summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Write architecture, weights, compile settings and optimizer state to a `.keras` file that Keras 3 reads too."""
        from chainrule.saving import save_model

        save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: Any = None) -> None:
        """Write the weights (and the optimizer's state, if compiled) to a `.weights.h5` file."""
        from chainrule.saving import save_weights

        save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read the weights from a `.weights.h5` or `.keras` file; a failed load changes nothing."""
        from chainrule.saving import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def to_json(self, **kwargs: Any) -> str:
        """Return the architecture as JSON (`models.model_from_json` reads it)."""
        import json

        return json.dumps(serialize_keras_object(self), **kwargs)

    def get_config(self) -> Config:
        """Return the constructor's arguments of a subclassed model."""
        return super().get_config()

    def get_compile_config(self) -> Config | None:
        """Return what `compile` was given as JSON-like values, or None."""
        return serialize_keras_object(self._compile_arguments) if self._compile_arguments is not None else None

    def compile_from_config(self, config: Config) -> None:
        """Compile with the settings of `get_compile_config`."""
        from chainrule.saving.serialization import deserialize_keras_object

        settings = deserialize_keras_object(config)
        self.compile(**settings)
        if self.built and self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def get_build_config(self) -> Config | None:
        return None if self._graph is not None else super().get_build_config()


# -- helpers ------------------------------------------------------------------------------------------------------------


def _is_functional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    return (
        len(args) == 2 or (len(args) == 1 and "outputs" in kwargs) or ("inputs" in kwargs and "outputs" in kwargs)
        or (len(args) == 3 and isinstance(args[2], str))
    )  # fmt: skip


def _take_graph(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, tuple[Any, ...], dict[str, Any]]:
    rest = dict(kwargs)
    names = ("inputs", "outputs", "name")
    for name, value in zip(names, args, strict=False):
        rest[name] = value
    return rest.pop("inputs"), rest.pop("outputs"), (), rest


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values


def _is_structure(shape: Any) -> bool:
    return isinstance(shape, dict) or (
        isinstance(shape, list | tuple) and bool(shape) and isinstance(shape[0], list | tuple)
    )


def _map_shapes(function: Callable[[Any], Any], shape: Any) -> Any:
    if isinstance(shape, dict):
        return {k: _map_shapes(function, v) for k, v in shape.items()}
    if _is_structure(shape):
        return [_map_shapes(function, v) for v in shape]
    return function(shape)
