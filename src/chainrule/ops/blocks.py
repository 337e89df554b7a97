"""Building blocks of layers and losses: encodings, crossentropies, normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Value
from chainrule.autodiff.op import op
from chainrule.errors import ShapeError
from chainrule.ops.activation import log_sigmoid, log_softmax
from chainrule.ops.arithmetic import clip, maximum, minimum, rsqrt, square
from chainrule.ops.comparison import greater, isnan, less_equal, select
from chainrule.ops.creation import shape as shape_of
from chainrule.ops.elementwise import log
from chainrule.ops.indexing import take_along_axis
from chainrule.ops.norms import norm
from chainrule.ops.reductions import Axis, axes_of, max, mean, sum, var
from chainrule.ops.shapes import expand_dims, reshape, squeeze

__all__ = [
    "batch_normalization",
    "binary_crossentropy",
    "categorical_crossentropy",
    "in_top_k",
    "layer_normalization",
    "moments",
    "multi_hot",
    "normalize",
    "one_hot",
    "rms_normalization",
    "sparse_categorical_crossentropy",
]


@op("x")
def one_hot(x: Value, num_classes: int, axis: int = -1, dtype: Any = None, sparse: bool = False) -> Value:
    """1 at the index `x` of `num_classes` places, 0 elsewhere; an index out of range gives zeros only."""
    if sparse:
        raise ValueError("ops.one_hot: sparse tensors are not supported.")
    hits = np.equal(x.astype(np.int64)[..., None], np.arange(num_classes))
    return np.moveaxis(hits.astype(dtype or config.floatx()), -1, axis)


def multi_hot(
    inputs: Value,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: Any = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Value:
    """1 at every index that occurs in a row, 0 elsewhere."""
    if num_classes is None:
        num_classes = kwargs.get("num_tokens")
    if num_classes is None:
        raise ValueError("ops.multi_hot: `num_classes` must be given.")
    return max(one_hot(inputs, num_classes, axis, dtype, sparse), 1 if len(shape_of(inputs)) > 1 else 0)


def in_top_k(targets: Value, predictions: Value, k: int) -> Value:
    """Whether each target's prediction is among the `k` largest of its row (ties count as among them)."""
    chosen = take_along_axis(predictions, expand_dims(targets, -1), -1)
    chosen = select(isnan(chosen), -np.inf, chosen)
    return less_equal(1 + sum(greater(predictions, chosen), -1), k)


def binary_crossentropy(target: Value, output: Value, from_logits: bool = False) -> Value:
    """`-(target log(output) + (1 - target) log(1 - output))`, element by element.

    Args:
        target: 0, 1, or probabilities.
        output: probabilities, clipped to `[epsilon, 1 - epsilon]`; or any numbers with `from_logits`.
        from_logits: `output` is what a sigmoid would still be applied to.

    Raises:
        ShapeError: the shapes differ.
    """
    _same_shape("binary_crossentropy", target, output)
    if from_logits:
        return -target * log_sigmoid(output) - (1.0 - target) * log_sigmoid(-output)
    output = clip(output, config.epsilon(), 1.0 - config.epsilon())
    return -(target * log(output) + (1.0 - target) * log(1.0 - output))


def categorical_crossentropy(target: Value, output: Value, from_logits: bool = False, axis: int = -1) -> Value:
    """`-sum(target * log(output))` along the axis of the classes.

    Args:
        target: probabilities of the classes, one-hot for instance.
        output: probabilities, divided by their sum and clipped; or any numbers with `from_logits`.
        from_logits: `output` is what a softmax would still be applied to.
        axis: the axis of the classes.

    Raises:
        ShapeError: the shapes differ.
    """
    _same_shape("categorical_crossentropy", target, output)
    return -sum(target * _log_probabilities(output, from_logits, axis), axis)


def sparse_categorical_crossentropy(target: Value, output: Value, from_logits: bool = False, axis: int = -1) -> Value:
    """`-log(output[target])`: `categorical_crossentropy` of class numbers.

    Args:
        target: the number of the class, with the shape of `output` without the classes, or with 1 in their place.
        output: probabilities, divided by their sum and clipped; or any numbers with `from_logits`.
        from_logits: `output` is what a softmax would still be applied to.
        axis: the axis of the classes.

    Raises:
        ShapeError: the shapes do not fit.
    """
    if len(shape_of(target)) == len(shape_of(output)) and shape_of(target)[-1] == 1:
        target = squeeze(target, -1)
    if shape_of(target) != shape_of(output)[:-1]:
        raise ShapeError(
            f"sparse_categorical_crossentropy: target has shape {shape_of(target)}, but output of shape "
            f"{shape_of(output)} needs {shape_of(output)[:-1]}, one class number for each row."
        )
    hits = one_hot(target, shape_of(output)[axis], axis)
    return -sum(hits * _log_probabilities(output, from_logits, axis), axis)


def _log_probabilities(output: Value, from_logits: bool, axis: int) -> Value:
    if from_logits:
        return log_softmax(output, axis)
    return log(clip(output / sum(output, axis, True), config.epsilon(), 1.0 - config.epsilon()))


def _same_shape(name: str, target: Value, output: Value) -> None:
    if shape_of(target) != shape_of(output):
        raise ShapeError(
            f"{name}: target and output must have one shape, but have {shape_of(target)} and {shape_of(output)}."
        )


def moments(x: Value, axes: Axis, keepdims: bool = False, synchronized: bool = False) -> tuple[Value, Value]:
    """The mean and the variance."""
    if synchronized:
        raise ValueError("ops.moments: synchronized=True is not supported.")
    return mean(x, axes, keepdims), var(x, axes, keepdims)


def normalize(x: Value, axis: Axis = -1, order: int = 2, epsilon: float | None = None) -> Value:
    """`x` divided by its norm along an axis (but not by less than `epsilon`)."""
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"ops.normalize: order must be a whole number of at least 1, not {order!r}.")
    epsilon = config.epsilon() if epsilon is None else epsilon
    if len(shape_of(x)) == 0:
        x = expand_dims(x, 0)
    if order == 2:
        return x * minimum(rsqrt(sum(square(x), axis, True)), 1.0 / epsilon)
    return x / maximum(norm(x, order, axis, True), epsilon)


def batch_normalization(
    x: Value, mean: Value, variance: Value, axis: int, offset: Value = None, scale: Value = None, epsilon: float = 1e-3
) -> Value:
    """`(x - mean) / √(variance + epsilon) * scale + offset`, the statistics lying along `axis`."""
    shape = [1] * len(shape_of(x))
    shape[axis] = shape_of(mean)[0]
    factor = rsqrt(reshape(variance, shape) + epsilon)
    if scale is not None:
        factor = factor * reshape(scale, shape)
    shift = -reshape(mean, shape) * factor
    if offset is not None:
        shift = shift + reshape(offset, shape)
    return x * factor + shift


def layer_normalization(
    x: Value, gamma: Value = None, beta: Value = None, axis: Any = -1, epsilon: float | None = None, **kwargs: Any
) -> Value:
    """`(x - mean) / √(variance + epsilon) * gamma + beta`, the statistics taken along `axis`."""
    epsilon = config.epsilon() if epsilon is None else epsilon
    shape = shape_of(x)
    axes = sorted(axes_of(axis, len(shape)))
    lengths = [n if a in axes else 1 for a, n in enumerate(shape)]
    centre, spread = moments(x, tuple(axes), keepdims=True)
    factor = rsqrt(spread + epsilon)
    if gamma is not None:
        factor = factor * reshape(gamma, lengths)
    shift = -centre * factor
    if beta is not None:
        shift = shift + reshape(beta, lengths)
    return x * factor + shift


def rms_normalization(x: Value, scale: Value = None, axis: Any = -1, epsilon: float | None = None) -> Value:
    """`x / √(mean(x²) + epsilon) * scale`, the mean taken along `axis` (Zhang and Sennrich 2019)."""
    epsilon = config.epsilon() if epsilon is None else epsilon
    axes = tuple(sorted(axes_of(axis, len(shape_of(x)))))
    result = x * rsqrt(mean(square(x), axes, keepdims=True) + epsilon)
    return result if scale is None else result * scale
