"""`Loss`: what every loss does around its formula: types, shapes, weights, reduction, as Keras 3 does them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from chainrule import config, ops, tree
from chainrule._typing import TensorLike, Value
from chainrule.autodiff.masks import mask_of
from chainrule.autodiff.operators import Operators
from chainrule.autodiff.tensor import Tensor
from chainrule.dtype_policies import DTypePolicy
from chainrule.errors import DataError, ShapeError, unknown_name
from chainrule.saving.serialization import Configurable, public, serialize_keras_object, snake_case
from chainrule.utils.naming import unique_name

REDUCTIONS = ("sum_over_batch_size", "sum", "mean", "mean_with_sample_weight", "none", None)


@public("keras.losses")
class Loss(Configurable):
    """Base of all losses. A loss of your own needs only `call(y_true, y_pred)`, written with `chainrule.ops`.

    Args:
        name: its name in logs; the class name in snake case by default.
        reduction: `'sum_over_batch_size'` or `'mean'` divide the sum of the weighted losses by how many there are (not
            by the sum of the weights: `'mean_with_sample_weight'` does that); `'sum'`; `'none'` or None keep all.
        dtype: the float type it computes in; that of `y_pred` by default.

    >>> import chainrule as cr
    >>> class Quartic(cr.losses.Loss):
    ...     def call(self, y_true, y_pred):
    ...         return cr.ops.mean((y_true - y_pred) ** 4, axis=-1)
    >>> Quartic()([[1.0]], [[3.0]])
    Tensor(16., dtype=float32)
    """

    def __init__(
        self, name: str | None = None, reduction: str | None = "sum_over_batch_size", dtype: Any = None
    ) -> None:
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.reduction = check_reduction(reduction)
        policy = dtype if dtype is None or hasattr(dtype, "compute_dtype") else DTypePolicy(str(dtype))
        self._dtype: str | None = None if policy is None else str(policy.compute_dtype)

    @property
    def dtype(self) -> str:
        """The float type asked for, or the default one."""
        return self._dtype or config.floatx()

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the loss of each observation. To be written by each loss."""
        raise TypeError(f"{type(self).__name__} needs a method call(self, y_true, y_pred) that returns the losses.")

    def mask(self, y_true: Any, y_pred: Any, losses: Any) -> Any:
        """Return which of `losses` count, as booleans of the same shape, or None if all do."""
        return None

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: TensorLike | None = None) -> Value:
        """Return the reduced loss.

        Args:
            y_true: targets.
            y_pred: predictions; where they have a mask, the losses it excludes do not count.
            sample_weight: a weight for each observation (or for each of its losses).

        Raises:
            ShapeError: targets, predictions or weights do not fit each other.
        """
        of_output = mask_of(y_pred)
        y_pred = tree.map_structure(lambda v: as_float(v, self._dtype, f"{self.name}: y_pred"), joined(y_pred))
        like = self._dtype or tree.flatten(y_pred)[0].dtype
        y_true = tree.map_structure(lambda v: as_float(v, like, f"{self.name}: y_true"), joined(y_true))
        losses = self.call(y_true, y_pred)
        mask = self.mask(y_true, y_pred, losses)
        if of_output is not None:
            _check_mask(self.name, tuple(of_output.shape), tuple(losses.shape))
            mask = of_output if mask is None else np.logical_and(np.asarray(of_output), np.asarray(mask))
        return reduce_weighted(losses, sample_weight, mask, self.reduction, self.name)

    def _base_config(self) -> dict[str, Any]:
        """The name and reduction of a user's loss whose constructor passes them on as `**kwargs`."""
        kinds = {p.kind for p in inspect.signature(type(self).__init__).parameters.values()}
        return {"name": self.name, "reduction": self.reduction} if inspect.Parameter.VAR_KEYWORD in kinds else {}

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments, without the type, as Keras does."""
        arguments = super().get_config()
        arguments.pop("dtype", None)
        return arguments


class LossFunctionWrapper(Loss):
    """A loss made of a function `fn(y_true, y_pred, **parameters)` that gives the loss of each observation.

    Args:
        fn: written with `chainrule.ops`.
        reduction, name, dtype: see `Loss`.
        kwargs: further arguments for `fn`.
    """

    def __init__(
        self,
        fn: Callable[..., Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name or getattr(fn, "__name__", None), reduction=reduction, dtype=dtype)
        self.fn = fn
        self.parameters = kwargs

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments and the function's parameters."""
        return {**super().get_config(), **serialize_keras_object(self.parameters)}

    def call(self, y_true: Any, y_pred: Any) -> Any:
        if tree.is_nested(y_true) or tree.is_nested(y_pred):
            return self.fn(y_true, y_pred, **self.parameters)
        return self.fn(*same_rank(y_true, y_pred), **self.parameters)


public("keras.losses")(LossFunctionWrapper)


class BuiltinLoss(LossFunctionWrapper):
    """A loss of ours: `function` names its formula, and the constructor's further arguments are its parameters."""

    function: ClassVar[Callable[..., Any]]

    def __init__(self, name: str | None, reduction: str | None, dtype: Any, **parameters: Any) -> None:
        super().__init__(type(self).function, reduction=reduction, name=name, dtype=dtype, **parameters)
        for key, value in parameters.items():
            setattr(self, key, value)


# -- types and shapes -------------------------------------------------------------------------------------------------


def joined(values: Any) -> Any:
    """Return nested lists of numbers as one array; structures of arrays are kept."""
    if not isinstance(values, list | tuple):
        return values
    leaves = tree.flatten(values)
    if not all(isinstance(v, int | float | np.generic) for v in leaves):
        return values
    array = np.asarray(values)
    return array if any(isinstance(v, np.generic) for v in leaves) else array.astype(config.floatx())


def as_float(value: Any, dtype: Any, where: str) -> Any:
    """Return `value` as a tensor of the float type `dtype`; without one, its own if it is a float, else the default.

    Raises:
        DataError: it holds text or other things that are no numbers.
    """
    if isinstance(value, Operators):
        own: np.dtype[Any] = value.dtype
        if own.kind == "f" and (dtype is None or own == dtype):
            return value
        return ops.cast(value, dtype or config.floatx())
    array = np.asarray(value)
    if array.dtype.kind not in "fiub":
        raise DataError(
            f"{where} must hold numbers, but holds {array.dtype}. Turn labels into class numbers first: "
            "numpy.unique(labels, return_inverse=True)."
        )
    if dtype is None:
        keeps = array.dtype.kind == "f" and isinstance(value, np.ndarray | np.generic)
        dtype = array.dtype if keeps else config.floatx()
    return Tensor(array.astype(dtype))  # a copy: the caller may go on changing its own


def same_rank(first: Any, second: Any, expand_rank_1: bool = True) -> tuple[Any, Any]:
    """Give two tensors whose ranks differ by one the same rank: `(n,)` and `(n, 1)` mean the same thing.

    The one of lower rank gets a last axis if it has rank 1, otherwise the other one loses its last axis of length 1.
    """
    a, b = len(first.shape), len(second.shape)
    if a == b + 1 and first.shape[-1] == 1:
        if b == 1 and expand_rank_1:
            second = ops.expand_dims(second, axis=-1)
        else:
            first = ops.squeeze(first, axis=-1)
    elif b == a + 1 and second.shape[-1] == 1:
        if a == 1 and expand_rank_1:
            first = ops.expand_dims(first, axis=-1)
        else:
            second = ops.squeeze(second, axis=-1)
    return first, second


def pair(y_true: Any, y_pred: Any, name: str) -> tuple[Any, Any]:
    """Return targets and predictions as float tensors of one shape.

    Raises:
        ShapeError: their shapes differ in more than a last axis of length 1.
    """
    y_pred = as_float(y_pred, None, f"{name}: y_pred")
    y_true = as_float(y_true, y_pred.dtype, f"{name}: y_true")
    y_true, y_pred = same_rank(y_true, y_pred)
    if tuple(y_true.shape) != tuple(y_pred.shape):
        raise ShapeError(_mismatch(name, tuple(y_true.shape), tuple(y_pred.shape)))
    return y_true, y_pred


def _mismatch(name: str, true: tuple[int, ...], pred: tuple[int, ...]) -> str:
    text = f"{name}: y_true has shape {true}, but y_pred has shape {pred}; they must be equal. "
    if true and pred and true[0] != pred[0]:
        return text + "Give one target row for each prediction row."
    if "categorical" in name and (len(true) < len(pred) or true[-1] == 1):
        return text + (
            "Class numbers as targets need loss='sparse_categorical_crossentropy'; "
            f"otherwise encode them: utils.to_categorical(y, {pred[-1]})."
        )
    if len(true) < len(pred) or true[-1] == 1:
        return text + "For one target per observation the last layer needs 1 unit; for class numbers use a sparse loss."
    return text + f"The last layer needs as many units as y_true has columns: {true[-1]}."


# -- weights and reduction --------------------------------------------------------------------------------------------


def check_reduction(reduction: str | None) -> str | None:
    """Return the reduction if there is such a one.

    Raises:
        UnknownNameError: there is none.
    """
    if reduction not in REDUCTIONS:
        raise unknown_name("loss reduction", reduction, [r for r in REDUCTIONS if r])
    return reduction


def reduce_weighted(losses: Any, sample_weight: Any, mask: Any, reduction: str | None, name: str = "loss") -> Any:
    """Return the losses times their weights, reduced.

    Args:
        losses: one per observation, or several.
        sample_weight: of the shape of `losses`, or one per observation; None for 1.
        mask: which losses count; a mean is then over those.
        reduction: see `Loss`.
        name: for messages.
    """
    losses = ops.convert_to_tensor(losses)
    weight = _masked_weight(sample_weight, mask, losses, reduction)
    if weight is not None:
        losses, weight = _fit_weight(losses, weight, name)
        losses = losses * weight
    if reduction in (None, "none") or losses.ndim == 0 or tuple(losses.shape) == (0,):
        return losses
    total = ops.sum(losses)
    if reduction == "sum":
        return total
    if reduction == "mean_with_sample_weight" and weight is not None:
        divisor = ops.sum(weight)
        return total / divisor if np.any(np.asarray(divisor)) else total * 0.0
    return total / float(max(losses.size, 1))


def _check_mask(name: str, mask: tuple[int, ...], losses: tuple[int, ...]) -> None:
    """Compare the mask of an output with its losses: Keras would spread the ones over the others without a word.

    Raises:
        ShapeError: there is not one place in the mask for each loss.
    """
    if losses and mask != losses and (*mask, 1) != losses and mask != (*losses, 1):
        raise ShapeError(
            f"{name}: the output has a mask of shape {mask}, but the losses have shape {losses}: a loss takes up the "
            "last axis of the output, a mask must not have it. Put a layer that does not support masking at the end "
            "(Reshape, Flatten), if the loss is to count everything."
        )


def _masked_weight(sample_weight: Any, mask: Any, losses: Any, reduction: str | None) -> Any:
    """Return the weights of the losses, 0 where they do not count and scaled so that a mean is over those that do."""
    weight = None if sample_weight is None else as_float(sample_weight, losses.dtype, "sample_weight")
    if mask is None:
        return weight
    counts = np.asarray(mask, dtype=losses.dtype)
    if reduction in ("mean", "sum_over_batch_size"):
        valid = counts.sum()
        counts = counts * (counts.size / valid) if valid else counts
    counted = ops.convert_to_tensor(counts.astype(losses.dtype))
    if weight is None:
        return counted
    counted, weight = same_rank(counted, weight)
    of_mask, of_weight = tuple(counted.shape), tuple(weight.shape)
    if of_weight == of_mask[: len(of_weight)]:  # one weight per observation, which has several places
        weight = ops.reshape(weight, of_weight + (1,) * (len(of_mask) - len(of_weight)))
    try:
        return weight * counted
    except ShapeError:
        raise ShapeError(
            f"sample_weight has shape {tuple(weight.shape)}, but the output has a mask of shape "
            f"{tuple(counted.shape)}: give one weight for each step."
        ) from None


def _fit_weight(losses: Any, weight: Any, name: str) -> tuple[Any, Any]:
    if not losses.shape:  # one number for the whole batch
        return losses, weight
    losses, weight = same_rank(losses, weight)
    of_losses, of_weight = tuple(losses.shape), tuple(weight.shape)
    if len(of_weight) < len(of_losses) and of_weight == of_losses[: len(of_weight)]:
        of_weight += (1,) * (len(of_losses) - len(of_weight))
        weight = ops.reshape(weight, of_weight)
    try:
        fits = np.broadcast_shapes(of_losses, of_weight) == of_losses
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"{name}: sample_weight has shape {of_weight}, but the losses have shape {of_losses}. "
            "Give one weight for each observation."
        )
    return losses, weight
