"""`Activation`: any activation function as a layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule import activations
from chainrule._typing import Shape, Value
from chainrule.engines.plan import Activate, CannotLower, Step
from chainrule.layers.base import Layer
from chainrule.saving.names import named
from chainrule.saving.serialization import public

__all__ = ["Activation"]


@public("keras.layers")
class Activation(Layer):
    """`y = activation(x)`

    Args:
        activation: a name or function of `chainrule.activations`.

    >>> import chainrule as cr
    >>> cr.layers.Activation("relu")([-1.0, 2.0]).numpy().tolist()
    [0.0, 2.0]
    """

    supports_masking = True

    def __init__(self, activation: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.activation = activations.get(activation)

    def call(self, inputs: Value) -> Value:
        return self.activation(inputs)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def lower(self) -> Iterator[Step]:
        yield from lower_activation(self, self.activation)


def lower_activation(layer: Layer, activation: Any) -> Iterator[Step]:
    """Yield the step of an activation function: none for `linear`.

    Raises:
        CannotLower: it is not one of `chainrule.activations`.
    """
    if activation is None or activation is activations.linear:
        return
    name = getattr(activation, "__name__", "")
    if named("keras.activations", name) is not activation:
        raise CannotLower(
            f"the activation {name or type(activation).__name__!r} of layer '{layer.name}' is Python code"
        )
    yield Activate(name)
