"""`Model`: layers that together take data, are trained, and are saved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, cast

import numpy as np

from chainrule._typing import Array, Config
from chainrule.autodiff.tensor import tensor_of_own
from chainrule.errors import unknown_name
from chainrule.layers.arguments import input_shapes, is_shape
from chainrule.layers.base import Layer
from chainrule.layers.state import weights_of
from chainrule.models.graph import Graph
from chainrule.models.state_tree import StateTree
from chainrule.models.trainer import Trainer
from chainrule.saving.serialization import public, serialize_keras_object
from chainrule.variables import Changes, FlatBuffer, Variable, packing


@public("keras")
class Model(StateTree, Trainer, Layer):
    """A network with `fit`, `evaluate` and `predict`, as `keras.Model`.

    Made in three ways: `Sequential([...])`; `Model(inputs, outputs)` from symbolic tensors; or a class of your own that
    makes layers in `__init__` and uses them in `call`.

    >>> import chainrule as cr
    >>> x = cr.Input((2,))
    >>> model = cr.Model(inputs=x, outputs=cr.layers.Dense(1)(x))
    >>> [layer.name.split("_")[0] for layer in model.layers]
    ['input', 'dense']
    """

    _not_parts: ClassVar[frozenset[str]] = Layer._not_parts | Trainer._not_parts | {"_fixed"}
    _notes: ClassVar[frozenset[str]] = Layer._notes | Trainer._notes | {"_fixed"}
    _graph: Graph | None

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        if cls is Model and _is_functional(args, kwargs):
            from chainrule.models.functional import Functional

            return super().__new__(Functional, *args, **kwargs)
        return super().__new__(cls, *args, **kwargs)

    _quick: tuple[int, Any] = (-1, None)
    """When the model was looked at last (`Changes.count`), and the short way to its outputs, if it has one."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        graph = None
        if _is_functional(args, kwargs):
            kwargs = {**dict(zip(("inputs", "outputs", "name"), args, strict=False)), **kwargs}
            graph, args = Graph(kwargs.pop("inputs"), kwargs.pop("outputs")), ()
        if args:
            raise TypeError(
                f"{type(self).__name__}: expected Model(inputs, outputs), or keyword arguments such as name=."
            )
        trainable = kwargs.pop("trainable", None)
        Layer.__init__(self, **kwargs)
        Trainer.__init__(self)
        self._graph = graph
        self.autocast = graph is None  # each Input casts what it is given to its own type
        self._buffer: FlatBuffer | None = None
        self._fixed: tuple[list[Layer], list[Variable]] | None = None
        self.built = graph is not None
        if trainable is not None and not trainable:
            self.trainable = False

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the outputs: of an array by the native engine if nothing speaks against it, else layer by layer."""
        if len(args) == 1 and not kwargs and type(args[0]) is np.ndarray:
            seen, quick = self._quick
            if seen != Changes.count:
                quick = self._look_for_short_way()
            outputs = None if quick is None else quick(args[0])
            if outputs is not None:
                return tensor_of_own(outputs)
        return super().__call__(*args, **kwargs)

    def _quickly(self, x: Array) -> Array | None:
        """Return the outputs for an array by the short way, or None where there is none."""
        seen, quick = self._quick
        if seen != Changes.count:
            quick = self._look_for_short_way()
        return None if quick is None else cast("Array | None", quick(x))

    def _look_for_short_way(self) -> Any:
        seen, quick = Changes.count, None
        if self.built and self._engine_wanted in ("auto", "native"):
            from chainrule.engines.native.quick import quick_call

            with packing:
                self.pack()
                seen = Changes.count  # what another thread changes meanwhile is looked at next time
                quick = quick_call(self)
        self.__dict__["_quick"] = (seen, quick)
        return quick

    @property
    def has_call(self) -> bool:
        """Whether it is said how the outputs are computed: by a graph, or by a `call` of a class of your own."""
        return self._graph is not None or type(self).call is not Model.call

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Compute the outputs. A class of your own overrides this."""
        if self._graph is None:
            raise TypeError(f"Model {type(self).__name__} does not define `call(self, inputs)`.")
        return self._graph.run(inputs, mask)

    def build(self, input_shape: Any = None) -> None:
        """Make the variables of a subclassed model by trying `call` on zeros of the given shape.

        Args:
            input_shape: with the batch axis: `(None, 4)`; for several inputs a list or dict of shapes.
        """
        if self._graph is None and input_shape is not None:
            from chainrule.layers.drawing import probe

            self.built = True
            probe(self, input_shape)

    def _lock_state(self) -> None:
        if self._graph is None:  # a model with a graph may take layers beside it, as in Keras
            super()._lock_state()

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if type(self).build is Model.build:  # a subclassed model: its layers build themselves as `call` reaches them
            shapes = input_shapes(type(self), args, kwargs)
            self._build_shapes = {f"{k}_shape": _any_batch(shape) for k, shape in shapes.items()}
            self.built = True
            self._lock_state()
        else:
            super()._build_for(args, kwargs)

    def __reduce__(self) -> Any:
        from chainrule.models.pickling import reduce_model

        return reduce_model(self)

    # -- structure ----------------------------------------------------------------------------------------------------

    def _graph_or_none(self) -> Graph | None:
        """Return the graph, unless a class of the user's own overrides `call`."""
        return self._graph if type(self).call.__module__.startswith("chainrule.") else None

    def _sublayers(self) -> list[Layer]:
        layers = self._graph.layers if self._graph is not None else []
        known = {id(layer) for layer in layers}
        return layers + [layer for layer in super()._sublayers() if id(layer) not in known]

    def _flatten_layers(self) -> list[Layer]:
        fixed = self._fixed
        return super()._flatten_layers() if fixed is None else fixed[0]

    @property
    def weights(self) -> list[Variable]:
        """The variables of all layers, each once, in the order of the layers."""
        fixed = self._fixed
        return super().weights if fixed is None else fixed[1]

    @contextmanager
    def structure_fixed(self) -> Iterator[None]:
        """Within the block layers and variables are those of its start, and are not searched for every time."""
        if self._fixed is not None:
            yield
            return
        layers = super()._flatten_layers()
        if not self.has_call and not all(layer.built for layer in layers):
            yield  # the first step will make variables
            return
        self._fixed = layers, weights_of(layers)
        try:
            yield
        finally:
            self._fixed = None

    def number_layers(self) -> None:
        """Give each layer its number in the model, which keys its random numbers."""
        for index, layer in enumerate(self._flatten_layers()):
            object.__setattr__(layer, "_random_index", index)

    @property
    def layers(self) -> list[Layer]:
        """The layers of the model, in order."""
        return list({id(layer): layer for layer in self._sublayers()}.values())

    def get_layer(self, name: str | None = None, index: int | None = None) -> Layer:
        """Return a layer by name or position.

        Raises:
            UnknownNameError: no layer has that name.
            ValueError: neither or both were given, or there are not that many layers.
        """
        if (name is None) == (index is None):
            raise ValueError(f"get_layer takes a name or an index, but received name={name!r} and index={index!r}.")
        if index is not None:
            if index >= len(self.layers):
                raise ValueError(
                    f"Model '{self.name}' has {len(self.layers)} layers, so there is none at index {index}."
                )
            return self.layers[index]
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise unknown_name(f"layer of model '{self.name}':", name, [layer.name for layer in self.layers])

    @property
    def inputs(self) -> list[Any]:
        return self._need_graph().inputs

    @property
    def outputs(self) -> list[Any]:
        return self._need_graph().outputs

    @property
    def input(self) -> Any:
        return self._need_graph().input_structure

    @property
    def output(self) -> Any:
        return self._need_graph().output_structure

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
                f"{type(self).__name__} '{self.name}' has no symbolic inputs and outputs yet: give it an Input as its "
                "first entry, or call it on data. (A model whose `call` is Python code never has any.)"
            )
        return self._graph

    def compute_output_shape(self, input_shape: Any) -> Any:
        return super().compute_output_shape(input_shape)

    # -- parameters ---------------------------------------------------------------------------------------------------

    def pack(self) -> FlatBuffer:
        """Return the flat buffer of all float parameters, trainable ones first, moving them into it where needed."""
        with packing:
            variables = self._parameters()
            buffer = self._buffer
            if buffer is None or not buffer.holds(variables):
                buffer = self._buffer = FlatBuffer(variables)
            return buffer

    def _parameters(self) -> list[Variable]:
        trainable = self.trainable_weights
        chosen = {id(v) for v in trainable}
        others = [v for v in self.weights if id(v) not in chosen]
        kinds = {v._array.dtype for v in trainable} or {v._array.dtype for v in others if v._array.dtype.kind == "f"}
        return [v for v in (*trainable, *others) if v._array.dtype in kinds] if len(kinds) == 1 else []

    # -- text and files -----------------------------------------------------------------------------------------------

    def summary(
        self,
        line_length: int | None = None,
        positions: list[float] | None = None,
        print_fn: Callable[[str], Any] | None = None,
        expand_nested: bool = False,
        show_trainable: bool = False,
        layer_range: Any = None,
    ) -> None:
        """Print a table of the layers, their output shapes and numbers of parameters.

        Args:
            line_length: characters per line.
            positions: where the columns end, as shares of the line.
            print_fn: receives the text in place of standard output.
            expand_nested: list the layers of models within, too.
            show_trainable: add a column that says whether a layer is trained.
            layer_range: names (or regular expressions) of the first and the last layer to list.
        """
        from chainrule.models.summary import print_summary

        print_summary(self, line_length, positions, print_fn, expand_nested, show_trainable, layer_range)

    def _repr_html_(self) -> str:
        from chainrule.notebook.model import card

        return card(self)

    def plot(
        self,
        *,
        notation: str = "lecture",
        labels: str = "auto",
        digits: int = 2,
        feature_names: Any = None,
        class_names: Any = None,
        ax: Any = None,
    ) -> Any:
        """Return the network as a diagram with its true weights, which notebooks show; see `chainrule.plot.network`.

        `model.plot().save("net.svg")` writes it; `.tex` (TikZ), `.png` and `.pdf` are possible, too.
        """
        from chainrule.diagram import network

        return network(
            self, notation=notation, labels=labels, digits=digits, feature_names=feature_names,
            class_names=class_names, ax=ax,
        )  # fmt: skip

    def save(self, filepath: Any, overwrite: bool = True, zipped: bool | None = None, **kwargs: Any) -> None:
        """Write architecture, weights, compile settings and optimizer state to a `.keras` file, as Keras 3 does.

        Args:
            filepath: ends in `.keras`, or in `.h5` for the legacy form; the old file stays until the new one is whole.
            overwrite: False refuses to replace a file.
            zipped: False writes a folder.
        """
        from chainrule.saving import save_model

        save_model(self, filepath, overwrite=overwrite, zipped=zipped, **kwargs)

    def save_weights(self, filepath: Any, overwrite: bool = True, max_shard_size: Any = None) -> None:
        """Write the weights (and the optimizer's state, if compiled) to a `.weights.h5` or `.safetensors` file.

        Args:
            filepath: ends so, or in `.weights.json` with `max_shard_size`.
            overwrite: False refuses to replace a file.
            max_shard_size: gigabytes; the weights are spread over files of at most that size.
        """
        from chainrule.saving import save_weights

        save_weights(self, filepath, overwrite=overwrite, max_shard_size=max_shard_size)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **kwargs: Any) -> None:
        """Read the weights from a file of any kind (`saving.load_weights`); a failed load changes nothing.

        Args:
            filepath: `.weights.h5`, `.weights.json`, `.keras`, `.safetensors`, or a legacy `.h5` file.
            skip_mismatch: leave layers out that do not fit, with a warning.
            by_name: in a legacy file, look for layers by their names (a keyword argument).
        """
        from chainrule.saving import load_weights

        load_weights(self, filepath, skip_mismatch=skip_mismatch, **kwargs)

    def export(
        self,
        filepath: Any,
        format: str = "tf_saved_model",
        verbose: bool | None = None,
        input_signature: Any = None,
        **kwargs: Any,
    ) -> None:
        """Write what the model computes when it predicts, `format="onnx"` (or "c"), for other programs to run."""
        from chainrule.saving.exporting import export

        export(self, filepath, format, verbose, input_signature, **kwargs)

    def export_c(self, filepath: Any, function: str = "predict") -> None:
        """Write the model as one C99 file that needs no library: weights and a function `predict(x, y)`."""
        from chainrule.saving.c99 import export_c

        export_c(self, filepath, function)

    def to_json(self, **kwargs: Any) -> str:
        """Return the architecture as JSON (`models.model_from_json` reads it)."""
        import json

        return json.dumps(serialize_keras_object(self), **kwargs)

    def get_config(self) -> Config:
        """Return the graph of a functional model, else the constructor's arguments."""
        from chainrule.models.functional_config import describe, takes_graph

        return describe(self) if self._graph is not None and takes_graph(type(self)) else super().get_config()

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Any:
        """Build a model from what `get_config` gave, with fresh weights."""
        if {"layers", "input_layers", "output_layers"} <= config.keys():
            from chainrule.models.functional import Functional
            from chainrule.models.functional_config import rebuild

            return rebuild(Functional if cls is Model else cls, config, custom_objects)
        return super().from_config(config)

    def get_build_config(self) -> Config | None:
        return None if self._graph is not None else super().get_build_config()

    def build_from_config(self, config: Config) -> None:
        shapes = config.get("shapes_dict")
        if not self.built and shapes and type(self).build is Model.build:
            from chainrule.layers.drawing import symbolic_inputs

            self(**{name.removesuffix("_shape"): symbolic_inputs(self, shape) for name, shape in shapes.items()})
        else:
            super().build_from_config(config)


# -- helpers ----------------------------------------------------------------------------------------------------------


def _is_functional(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether the arguments are those of `Model(inputs, outputs, name)`."""
    given = {**dict(zip(("inputs", "outputs", "name"), args, strict=False)), **kwargs}
    return "inputs" in given and "outputs" in given


def _any_batch(shape: Any) -> Any:
    """Return a shape, or a structure of shapes, with None for the batch axis."""
    if is_shape(shape):
        return (None, *shape[1:]) if len(shape) else shape
    if isinstance(shape, dict):
        return {k: _any_batch(v) for k, v in shape.items()}
    return [_any_batch(v) for v in shape]


def _single(values: list[Any]) -> Any:
    return values[0] if len(values) == 1 else values
