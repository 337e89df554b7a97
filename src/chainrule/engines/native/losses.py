"""Losses for the native engine: the options of a loss as numbers, in the order in which its kernel takes them."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any

from chainrule import config, losses
from chainrule.engines.plan import CannotLower, LossOf, Part

KERNELS = (
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_generalized_cross_entropy",
    "categorical_hinge",
    "circle",
    "cosine_similarity",
    "dice",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
)
"""The losses that have a kernel (native/kernels/losses.hpp)."""

CLASS_NUMBERS = ("categorical_generalized_cross_entropy", "circle", "sparse_categorical_crossentropy")
"""Losses whose targets are class numbers: one for each row of the predictions."""

_WHOLE_BATCH = ("dice", "tversky")
_ARRAYS = ("ref_labels", "ref_embeddings")


def loss_options(part: Part) -> tuple[float, ...]:
    """Return the numbers a loss's kernel takes: the function's arguments in their order, then `config.epsilon()`.

    `axis` is left out, and None (no `ignore_class`) is NaN.

    Raises:
        CannotLower: no kernel computes this loss.

    >>> loss_options(Part("huber", {"delta": 2.0}))
    (2.0, 1e-07)
    """
    if part.kind not in KERNELS:
        raise CannotLower(f"loss '{part.kind}' has no native kernel")
    return function_options(getattr(losses, part.kind), part.options, f"loss '{part.kind}'")


def check_mask(loss: LossOf) -> None:
    """Refuse a mean over rows that are known only once their losses are.

    Raises:
        CannotLower: it is one.
    """
    if loss.loss.kind == "circle" and loss.masked and loss.reduction != "sum":
        raise CannotLower("loss 'circle' is a mean over the rows whose loss is not 0")


def function_options(function: Callable[..., Any], given: Mapping[str, Any], where: str) -> tuple[float, ...]:
    """Return the arguments of a loss or metric function after y and p, with its defaults, and epsilon.

    Args:
        function: one of ours.
        given: its arguments by name.
        where: what to call it in the reason.

    Raises:
        CannotLower: an argument has a value that no kernel knows.
    """
    parameters = list(inspect.signature(function).parameters.values())[2:]
    unknown = [name for name in given if name not in {p.name for p in parameters}]
    if unknown:
        raise CannotLower(f"{where} has the option {unknown[0]}, which no native kernel knows")
    numbers = []
    for parameter in parameters:
        value = given.get(parameter.name, parameter.default)
        if parameter.name == "axis":
            _check_axis(value, function.__name__, where)
        elif parameter.name in _ARRAYS:
            if value is not None:
                raise CannotLower(f"{where} has {parameter.name}, which no native kernel knows")
        else:
            numbers.append(_number(value, parameter.name, where))
    return (*numbers, config.epsilon())


def _check_axis(axis: Any, name: str, where: str) -> None:
    wanted = None if name in _WHOLE_BATCH else -1
    if isinstance(axis, bool) or axis != wanted:
        raise CannotLower(f"{where} has axis={axis!r}; its native kernel has axis={wanted}")


def _number(value: Any, name: str, where: str) -> float:
    if value is None:
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError):
        raise CannotLower(f"{where} has {name}={value!r}, which is no number") from None
