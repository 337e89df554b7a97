"""What the page may change of a model while it trains, and how; engines notice by themselves."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule.utils.naming import unique_paths
from chainrule.web.protocol import Json, RequestError


def read(model: Any) -> Json:
    """Return the values of the settings; None for what the model does not have.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dropout(0.5), cr.layers.Dense(1, kernel_regularizer="l2")])
    >>> model.compile(cr.optimizers.SGD(0.5), "mse")
    >>> read(model)
    {'learning_rate': 0.5, 'optimizer': 'SGD', 'l2': 0.01, 'dropout': 0.5}
    """
    penalized = [layer.kernel_regularizer for layer in _penalizable(model)]
    return {
        "learning_rate": _rate(model.optimizer),
        "optimizer": type(model.optimizer).__name__,
        "l2": max((r.l2 if r is not None else 0.0 for r in penalized), default=None),
        "dropout": max((layer.rate for layer in _dropouts(model)), default=None),
    }


def can_set(model: Any) -> list[str]:
    """Return which settings can be changed.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    >>> model.compile(cr.optimizers.SGD(0.5), "mse")
    >>> can_set(model)
    ['learning_rate', 'optimizer', 'l2']
    """
    found = {
        "learning_rate": _has_plain_rate(model.optimizer),
        "optimizer": _is_plain(model.optimizer),
        "l2": any(True for _ in _penalizable(model)),
        "dropout": any(True for _ in _dropouts(model)),
    }
    return [name for name, possible in found.items() if possible]


def change(model: Any, name: str, value: Any) -> None:
    """Change a setting.

    Raises:
        RequestError: not to this value.
    """
    if name == "learning_rate":
        model.optimizer.learning_rate = value
    elif name == "optimizer":
        _replace_optimizer(model, value)
    elif name == "l2":
        for layer in list(_penalizable(model)):
            _penalize(layer, value)
    elif name == "dropout":
        for layer in list(_dropouts(model)):
            layer.rate = value


def edit(model: Any, path: str, index: tuple[int, ...], value: float) -> None:
    """Give one number of a weight another value.

    Raises:
        RequestError: there is no such weight, or no such place in it.
    """
    paths = unique_paths(model.weights)
    variable = next((v for v in model.weights if paths[id(v)] == path), None)
    if variable is None:
        raise RequestError(f"There is no weight {path!r:.80}.", 404)
    if len(index) != variable.ndim or any(i >= n for i, n in zip(index, variable.shape, strict=True)):
        raise RequestError(f"'{path}' has the shape {list(variable.shape)}, so {list(index)} is no place in it.")
    values = variable.numpy()
    values[index] = value
    variable.assign(values)


# -- the optimizer -----------------------------------------------------------------------------------------------------

_LEFT_OUT = ("LossScaleOptimizer", "MultiOptimizer", "ScheduleFreeAdamW", "Optimizer", "Muon")
"""Optimizers that need more than a learning rate."""


@functools.cache
def optimizer_names() -> tuple[str, ...]:
    """Return what `set optimizer` takes.

    >>> optimizer_names()[:3]
    ('Adadelta', 'Adafactor', 'Adagrad')
    """
    from chainrule import optimizers

    kinds = {n: getattr(optimizers, n) for n in optimizers.__all__}
    plain = [n for n, k in kinds.items() if isinstance(k, type) and issubclass(k, optimizers.Optimizer)]
    return tuple(sorted((n for n in plain if n not in _LEFT_OUT), key=str.lower))


def _replace_optimizer(model: Any, name: str) -> None:
    """Give the model another optimizer, whose moments begin anew, with the learning rate of the one before."""
    from chainrule import optimizers

    kind = {n.lower(): n for n in optimizer_names()}.get(name.lower())
    if kind is None:
        raise RequestError(f"'optimizer' must be one of {', '.join(optimizer_names())}.")
    new = getattr(optimizers, kind)(learning_rate=_rate(model.optimizer))
    new.build(model.trainable_variables)
    model.optimizer = new
    model._compile_arguments["optimizer"] = new


def _is_plain(optimizer: Any) -> bool:
    return _has_plain_rate(optimizer) and type(optimizer).__name__ in optimizer_names()


def _has_plain_rate(optimizer: Any) -> bool:
    """Whether there is one learning rate, and no schedule sets it."""
    from chainrule.optimizers.schedules import LearningRateSchedule

    given = getattr(optimizer, "_learning_rate", None)
    return _rate(optimizer) is not None and not isinstance(given, LearningRateSchedule) and not callable(given)


def _rate(optimizer: Any) -> float | None:
    """Return the learning rate with as many digits as its type has: 0.1, not 0.10000000149."""
    rate = getattr(optimizer, "learning_rate", None)
    return None if rate is None else float(str(np.float32(float(rate))))


# -- regularization ----------------------------------------------------------------------------------------------------


def _penalizable(model: Any) -> Iterator[Any]:
    """Yield the layers whose kernel has no penalty, or L2's."""
    from chainrule.regularizers import L2

    for layer in model._flatten_layers():
        if getattr(layer, "kernel", None) is not None and hasattr(layer, "kernel_regularizer"):
            given = layer.kernel_regularizer
            if given is None or type(given) is L2:
                yield layer


def _penalize(layer: Any, factor: float) -> None:
    from chainrule.regularizers import L2

    layer.kernel_regularizer = layer.kernel.regularizer = L2(factor) if factor else None


def _dropouts(model: Any) -> Iterator[Any]:
    from chainrule.layers import Dropout

    return (layer for layer in model._flatten_layers() if isinstance(layer, Dropout))


__all__ = ["can_set", "change", "edit", "optimizer_names", "read"]
