"""Layers around another layer: `Wrapper`, `TimeDistributed`, `SpectralNormalization`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule import initializers, ops
from chainrule._typing import Array, Shape, Value
from chainrule.engines.plan import CannotLower, Step
from chainrule.errors import ShapeError
from chainrule.layers.activation import Activation
from chainrule.layers.arguments import call_parameters
from chainrule.layers.base import Layer
from chainrule.layers.dense import Dense
from chainrule.layers.input_spec import InputSpec
from chainrule.saving.serialization import deserialize_keras_object, public

__all__ = ["SpectralNormalization", "TimeDistributed", "Wrapper"]


@public("keras.layers")
class Wrapper(Layer):
    """The base of layers around another layer: it builds that layer with itself, and keeps it in its configuration.

    Args:
        layer: the layer within.

    Raises:
        ValueError: it is no layer.
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        if not isinstance(layer, Layer):
            raise ValueError(
                f"{type(self).__name__}: expected a layer, such as layers.Dense(8), but received {layer!r}."
            )
        super().__init__(**kwargs)
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        if not self.layer.built:
            self.layer.build(input_shape)
            self.layer.built = True

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        rest = {k: deserialize_keras_object(v) for k, v in config.items() if k != "layer"}
        return cls(deserialize_keras_object(config["layer"], custom_objects=custom_objects), **rest)


@public("keras.layers")
class TimeDistributed(Wrapper):
    """`y[:, t] = layer(x[:, t])` for each step t, with the same weights.

    Shapes: x (batch, steps, ...), y (batch, steps, ...).

    Args:
        layer: applied to one step of the whole batch after the other. Its own `call` runs, so it adds no penalty of its
            activity, as in Keras.

    >>> import chainrule as cr
    >>> cr.layers.TimeDistributed(cr.layers.Dense(4))(cr.ops.ones((2, 3, 5))).shape
    (2, 3, 4)
    """

    supports_masking = True

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)

    def build(self, input_shape: Any = None) -> None:
        shape = self._of_step(input_shape)
        if not self.layer.built:  # not by `super().build`: the shape that is kept must be that of all steps
            self.layer.build(shape)

    def _of_step(self, shape: Shape) -> Shape:
        if not isinstance(shape, list | tuple) or len(shape) < 3:
            raise ShapeError(
                f"TimeDistributed '{self.name}': expected an input with at least 3 axes (batch, steps, features), "
                f"received shape {tuple(shape)}."
            )
        return (shape[0], *shape[2:])

    def call(self, inputs: Value, training: bool | None = None, mask: Any = None) -> Value:
        if mask is not None and tuple(mask.shape[:2]) != tuple(inputs.shape[:2]):
            raise ShapeError(
                f"TimeDistributed '{self.name}': the mask must have the batch and the steps of the input as its first "
                f"axes, {tuple(inputs.shape[:2])}, but has shape {tuple(mask.shape)}."
            )
        known = call_parameters(type(self.layer))
        options: dict[str, Any] = {"training": training} if "training" in known else {}
        results = []
        for t in range(inputs.shape[1]):
            if mask is not None and "mask" in known:
                options["mask"] = mask[:, t]
            results.append(self.layer.call(inputs[:, t], **options))
        return ops.stack(results, axis=1)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        inner = self.layer.compute_output_shape(self._of_step(input_shape))
        return (inner[0], input_shape[1], *inner[1:])

    def lower(self) -> Iterator[Step]:
        if type(self.layer) not in (Dense, Activation):  # they treat each step by itself however many axes there are
            raise CannotLower(f"layer '{self.name}' runs {type(self.layer).__name__} step by step")
        yield from self.layer.lower()


@public("keras.layers")
class SpectralNormalization(Wrapper):
    """A layer whose kernel is divided by its largest singular value before each training step.

    The value is estimated by `power_iterations` steps from the vector `vector_u`, which is kept from step to step. The
    kernel stays divided: the gradient is that with respect to the divided kernel, as in Keras on TensorFlow.

    Args:
        layer: a layer with a `kernel` (such as `Dense`) or `embeddings`.
        power_iterations: how often the estimate is refined in each step.

    Raises:
        ValueError: the layer has neither, or `power_iterations` is not positive.

    Source: Miyato et al. (2018).

    >>> import chainrule as cr
    >>> layer = cr.layers.SpectralNormalization(cr.layers.Dense(3), power_iterations=50)
    >>> y = layer(cr.ops.ones((2, 4)), training=True)
    >>> round(float(np.linalg.svd(layer.layer.kernel.numpy())[1][0]), 4)
    1.0
    """

    def __init__(self, layer: Layer, power_iterations: int = 1, **kwargs: Any) -> None:
        super().__init__(layer, **kwargs)
        if power_iterations < 1:
            raise ValueError(
                f"SpectralNormalization '{self.name}': power_iterations must be positive, but is {power_iterations}."
            )
        self.power_iterations = power_iterations

    def build(self, input_shape: Any = None) -> None:
        super().build(input_shape)
        self.input_spec = InputSpec(min_ndim=1, axes={-1: input_shape[-1]})
        found = getattr(self.layer, "kernel", None)
        found = getattr(self.layer, "embeddings", None) if found is None else found
        if found is None:
            raise ValueError(
                f"SpectralNormalization '{self.name}': the layer '{self.layer.name}' "
                f"({type(self.layer).__name__}) has neither a kernel nor embeddings."
            )
        self.kernel = found
        self.vector_u = self.add_weight(
            (1, found.shape[-1]),
            initializers.TruncatedNormal(stddev=0.02),
            dtype=found.dtype,
            trainable=False,
            name="vector_u",
        )

    def call(self, inputs: Value, training: bool = False) -> Value:
        if training and np.any(self.kernel.value):
            u, kernel = self.normalized_weights()
            self.vector_u.assign(u)
            self.kernel.assign(kernel)
        return ops.cast(self.layer(inputs), inputs.dtype) if inputs.dtype.kind == "f" else self.layer(inputs)

    def normalized_weights(self) -> tuple[Array, Array]:
        """Return the next `vector_u` and the kernel divided by its largest singular value as estimated with it."""
        kernel, u = self.kernel.value, self.vector_u.value
        matrix = kernel.reshape(-1, kernel.shape[-1])
        for _ in range(self.power_iterations):
            v = np.asarray(ops.normalize(u @ matrix.T, axis=None))
            u = np.asarray(ops.normalize(v @ matrix, axis=None))
        return u, kernel / (v @ matrix @ u.T)[0, 0]

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return self.layer.compute_output_shape(input_shape)  # type: ignore[no-any-return]

    def lower(self) -> Iterator[Step]:
        raise CannotLower(f"layer '{self.name}' changes its kernel in each training step")
