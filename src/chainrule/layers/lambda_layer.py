"""`Lambda`: a Python function as a layer."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from chainrule._typing import Value
from chainrule.layers.base import Layer
from chainrule.saving.serialization import public, serialize_keras_object

__all__ = ["Lambda"]


@public("keras.layers")
class Lambda(Layer):
    """`y = function(x, **arguments)`

    A named and registered function can be saved by its name. A `lambda` cannot: files hold data, never code.

    Args:
        function: written with `chainrule.ops` and Python operators, so that it has a gradient.
        output_shape: found by trying, unless given (without the batch axis, or a function of the input shape).
        mask: the mask of the output: a tensor, or a function of the input and its mask; none by default.
        arguments: further keyword arguments of the function.

    >>> import chainrule as cr
    >>> cr.layers.Lambda(lambda x: x ** 2)([[3.0]]).numpy().tolist()
    [[9.0]]
    """

    def __init__(
        self,
        function: Callable[..., Any],
        output_shape: Any = None,
        mask: Any = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not callable(function):
            raise TypeError(f"Lambda '{self.name}': expected a function, but received {function!r}.")
        self.function = function
        self.output_shape_given = output_shape
        self.mask = mask
        self.supports_masking = mask is not None
        self.arguments = dict(arguments or {})
        parameters = _parameters(function)
        self._takes_training, self._takes_mask = "training" in parameters, "mask" in parameters

    def call(self, inputs: Value, mask: Any = None, training: bool | None = None) -> Value:
        extra = {"training": training} if self._takes_training else {}
        if self._takes_mask:
            extra["mask"] = mask
        return self.function(inputs, **{**self.arguments, **extra})

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        return self.mask(inputs, mask) if callable(self.mask) else self.mask

    def compute_output_shape(self, input_shape: Any) -> Any:
        if callable(self.output_shape_given):
            return self.output_shape_given(input_shape)
        if self.output_shape_given is None:
            return super().compute_output_shape(input_shape)
        return (_batch(input_shape), *self.output_shape_given)

    def get_config(self) -> dict[str, Any]:
        given = {"output_shape": self.output_shape_given, "mask": self.mask}
        config = {**super().get_config(), **{k: serialize_keras_object(v) for k, v in given.items()}}
        if isinstance(config["function"], str):  # one of ours, by its name
            config["function"] = {
                "module": "builtins",
                "class_name": "function",
                "config": config["function"],
                "registered_name": "function",
            }
        return {k: v for k, v in config.items() if k not in given or v is not None}


def _batch(shape: Any) -> Any:
    """Return the length of the batch axis of a shape, or of the first in a structure of shapes."""
    first = next(iter(shape.values())) if isinstance(shape, dict) else shape[0]
    return first if first is None or isinstance(first, int) else _batch(first)


def _parameters(function: Callable[..., Any]) -> Any:
    try:
        return inspect.signature(function).parameters
    except (TypeError, ValueError):
        return ()
