"""What the page may change of a model while it trains, and how."""

from __future__ import annotations

from typing import Any

from chainrule.utils.naming import unique_paths
from chainrule.web.protocol import Json, RequestError


def read(model: Any) -> Json:
    """Return the values of the settings.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dropout(0.5), cr.layers.Dense(1)])
    >>> model.compile(cr.optimizers.SGD(0.5), "mse")
    >>> read(model)
    {'learning_rate': 0.5, 'optimizer': 'sgd', 'l2': 0.0, 'dropout': 0.5}
    """
    return {
        "learning_rate": _rate(model.optimizer),
        "optimizer": type(model.optimizer).__name__.lower(),
        "l2": 0.0,
        "dropout": next((layer.rate for layer in _dropouts(model)), 0.0),
    }


def can_set(model: Any) -> list[str]:
    """Return which settings can be changed."""
    return ["learning_rate"]


def change(model: Any, name: str, value: Any) -> None:
    """Change a setting.

    Raises:
        RequestError: it cannot be changed, or not to this value.
    """
    if name == "learning_rate":
        model.optimizer.learning_rate = value


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


def _rate(optimizer: Any) -> float | None:
    rate = getattr(optimizer, "learning_rate", None)
    return None if rate is None else float(rate)


def _dropouts(model: Any) -> list[Any]:
    from chainrule.layers import Dropout

    return [layer for layer in model._flatten_layers() if isinstance(layer, Dropout)]
