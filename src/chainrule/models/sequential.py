"""`Sequential`: one layer after the other."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from chainrule._typing import Config
from chainrule.errors import ShapeError
from chainrule.layers import context
from chainrule.layers.arguments import is_shape
from chainrule.layers.base import Layer
from chainrule.layers.input import InputLayer
from chainrule.layers.masks import set_masks
from chainrule.models.entries import enter
from chainrule.models.graph import Graph
from chainrule.models.model import Model
from chainrule.saving.serialization import deserialize_keras_object, public, serialize_keras_object
from chainrule.symbolic import KerasTensor, is_symbolic
from chainrule.utils.naming import unique_name


@public("keras")
class Sequential(Model):
    """A stack of layers, each fed with the output of the one before (`keras.Sequential`).

    Args:
        layers: layers in order; the first may be an `Input`, else the model is built when it first sees data.
        name: made up by default.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((4,)), cr.layers.Dense(3, activation="relu"), cr.layers.Dense(1)])
    >>> model.count_params()
    19
    """

    _not_parts: ClassVar[frozenset[str]] = Model._not_parts | {"_chain", "_entry"}  # what is in them is known

    def __init__(self, layers: Any = None, trainable: bool = True, name: str | None = None) -> None:
        super().__init__(name=name)
        self.autocast = False  # the Input casts to its own type
        self._entry: list[InputLayer] = []
        self._chain: list[Layer] = []
        if layers is not None:
            for layer in layers if isinstance(layers, list | tuple) else [layers]:
                self._append(layer)
            self._draw()
        if not trainable:
            self.trainable = False

    def add(self, layer: Any, rebuild: bool = True) -> None:
        """Append a layer.

        Raises:
            ValueError: it is no layer, or its name is taken.
        """
        before = self._chain
        self._append(layer)
        if self._chain is before:
            return
        try:
            self._draw()
        except Exception:
            self._chain = before
            self._draw()
            raise

    def _append(self, layer: Any) -> None:
        """Put a layer at the end of the chain, not yet connected."""
        if isinstance(layer, KerasTensor):
            layer = layer.operation
        if not isinstance(layer, Layer):
            hint = f"{layer.__name__}(...)" if isinstance(layer, type) else "an object such as layers.Dense(8)"
            raise ValueError(f"Sequential '{self.name}': expected a layer, but {layer!r} was added. Write {hint}.")
        if any(layer.name == other.name and layer is not other for other in self._chain):
            raise ValueError(
                f"Sequential '{self.name}': the name '{layer.name}' is taken by another layer. "
                "Layers need names of their own."
            )
        if isinstance(layer, InputLayer):
            if self._entry or self._chain:
                raise ValueError(f"Sequential '{self.name}': an Input must be the first entry, and the only one.")
            self._entry = [layer]
            return
        if not self._chain and not self._entry:
            self._entry = _declared_entry(layer)
        self._chain = [*self._chain, layer]

    def pop(self, rebuild: bool = True) -> Layer:
        """Remove and return the last layer.

        Raises:
            IndexError: there is none.
        """
        if not self._chain:
            raise IndexError(f"Sequential '{self.name}' has no layer to remove.")
        layer = self._chain.pop()
        self._draw()
        return layer

    def _draw(self) -> None:
        """Connect the layers symbolically if the input's shape is known."""
        self._graph, self.built = None, False
        if not self._entry or not self._chain:
            return
        entry = self._entry[0].tensor
        x: Any = entry
        with context.name_scope(self):
            for layer in self._chain:
                known = next((n for n in layer._nodes if len(n.inputs) == 1 and n.inputs[0] is x), None)
                x = known.output if known is not None else layer(x)
        self._graph = Graph([entry], [x] if isinstance(x, KerasTensor) else x)
        self.built = True

    def _lock_state(self) -> None:
        """Take further layers at any time."""

    def build(self, input_shape: Any = None) -> None:
        """Make all variables for inputs of this shape (with the batch axis).

        Raises:
            ShapeError: it is not one shape with a batch axis, or not that of the model's Input.
        """
        if input_shape is None:
            if not self._entry:
                raise ShapeError(
                    f"Sequential '{self.name}': build needs an input shape, or an Input as the first layer."
                )
        elif self._entry:
            declared = self._entry[0].batch_shape
            if tuple(input_shape)[1:] != declared[1:]:
                raise ShapeError(
                    f"Sequential '{self.name}' has an Input of shape {declared}, so it cannot be built for "
                    f"{tuple(input_shape)}."
                )
        else:
            self._enter(input_shape)
        self._draw()

    def _enter(self, input_shape: Any) -> None:
        """Make the Input for data of this shape."""
        if not is_shape(input_shape):
            raise ShapeError(
                f"Sequential '{self.name}' takes one input, but received {len(input_shape)}. Use a functional Model."
            )
        shape = tuple(input_shape)
        if len(shape) == 1:
            raise ShapeError(
                f"Sequential '{self.name}': expected an input with a batch axis, such as (rows, features), received "
                f"shape {shape}. Use x.reshape(-1, 1) for one feature, x.reshape(1, -1) for one observation."
            )
        if not self._chain:
            raise ValueError(f"Sequential '{self.name}' has no layers yet: add some with add(layer).")
        dtype = entry_dtype(self._chain[0])
        self._entry = [InputLayer(batch_shape=(None, *shape[1:]), dtype=dtype, name=unique_name("input_layer"))]

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        if self._graph is not None and not is_symbolic(inputs):
            inputs = enter(self._graph, inputs)[0]
        if mask is not None:
            set_masks(inputs, mask)
        for layer in self._chain:
            inputs = layer(inputs)
        return inputs

    @property
    def layers(self) -> list[Layer]:
        return list(self._chain)

    @property
    def input(self) -> Any:
        return self.inputs[0]

    @property
    def output(self) -> Any:
        return self.outputs[0] if len(self.outputs) == 1 else super().output

    def _sublayers(self) -> list[Layer]:
        return list(self._chain)

    def compute_output_shape(self, input_shape: Any) -> Any:
        if self._graph is not None:
            return super().compute_output_shape(input_shape)
        for layer in self._chain:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self) -> Config:
        config: Config = {
            "name": self.name,
            "trainable": self._trainable,
            "dtype": self.dtype_policy.serialize_form(),
            "layers": [serialize_keras_object(layer) for layer in (*self._entry, *self._chain)],
        }
        if self._entry:
            config["build_input_shape"] = list(self._entry[0].batch_shape)
        return config

    @classmethod
    def from_config(cls, config: Config, custom_objects: Any = None) -> Any:
        model = cls(name=config.get("name"))
        for description in config["layers"]:
            model.add(deserialize_keras_object(description, custom_objects=custom_objects))
        shape = config.get("build_input_shape")
        if not model.built and shape and model._chain:
            model.build(tuple(shape))
        return model


def entry_dtype(layer: Layer) -> str:
    """Return the type of what a first layer takes."""
    if getattr(layer, "text_input", False):
        return "string"
    return "int32" if getattr(layer, "integer_input", False) else layer.compute_dtype


def _declared_entry(layer: Layer) -> list[InputLayer]:
    """Return the input that a first layer declares itself: `Dense(8, input_shape=(4,))`, or a whole model."""
    legacy = layer._legacy
    if "batch_input_shape" in legacy:
        return [InputLayer(batch_shape=legacy["batch_input_shape"])]
    if "input_shape" in legacy or "input_dim" in legacy:
        shape = legacy.get("input_shape") or (legacy["input_dim"],)
        whole = (int(shape),) if isinstance(shape, int | np.integer) else shape
        return [InputLayer(shape=whole, batch_size=legacy.get("batch_size"))]
    graph = layer._graph_or_none() if isinstance(layer, Model) else None
    if graph is not None and len(graph.inputs) == 1:
        return [InputLayer(batch_shape=graph.inputs[0].shape, dtype=graph.inputs[0].dtype)]
    return []
