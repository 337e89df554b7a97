"""`Pipeline`: layers one after the other, as one layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule._typing import Config
from chainrule.autodiff.masks import mask_of, set_mask
from chainrule.layers.base import Layer
from chainrule.saving.serialization import deserialize_keras_object, public, serialize_keras_object

__all__ = ["Pipeline"]


@public("keras.layers")
class Pipeline(Layer):
    """`y = layer_n(... layer_2(layer_1(x)))`, a plain layer rather than a model.

    Args:
        layers: in the order in which they run; called by itself, the pipeline runs them as in training.

    >>> import chainrule as cr
    >>> scale = cr.layers.Pipeline([cr.layers.Rescaling(2.0), cr.layers.Rescaling(1.0, offset=1.0)])
    >>> scale([[3.0]]).numpy().tolist()
    [[7.0]]
    """

    def __init__(self, layers: Sequence[Layer], name: str | None = None) -> None:
        super().__init__(name=name)
        self._pipeline_layers = list(layers)

    @property
    def layers(self) -> list[Layer]:
        """The layers in order."""
        return self._pipeline_layers

    def call(self, inputs: Any, training: bool = True, mask: Any = None) -> Any:
        if mask is not None and mask_of(inputs) is None:
            set_mask(inputs, mask)
        for layer in self._pipeline_layers:
            inputs = layer(inputs)
        return inputs

    def get_config(self) -> Config:
        return {"layers": serialize_keras_object(self._pipeline_layers), "name": self.name}

    @classmethod
    def from_config(cls, config: Config) -> Any:
        return cls([deserialize_keras_object(layer) for layer in config["layers"]], name=config.get("name"))
