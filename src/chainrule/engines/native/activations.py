"""Which native kernel computes an activation, and the numbers it takes besides its input."""

from __future__ import annotations

import inspect
import math
from collections.abc import Mapping
from typing import Any

from chainrule import activations
from chainrule.engines.plan import CannotLower

KERNELS = (
    "linear",
    "sigmoid",
    "tanh",
    "relu",
    "relu_with_options",
    "leaky_relu",
    "relu6",
    "elu",
    "selu",
    "celu",
    "gelu",
    "silu",
    "softplus",
    "softsign",
    "exponential",
    "mish",
    "squareplus",
    "log_sigmoid",
    "tanh_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "hard_shrink",
    "soft_shrink",
    "threshold",
    "sparse_plus",
    "sparse_sigmoid",
    "softmax",
    "log_softmax",
    "sparsemax",
    "glu",
)


def options_of(name: str, options: Mapping[str, Any]) -> tuple[float, ...]:
    """Return the numbers a kernel takes, in its order: the function's parameters, without its input and axis.

    Args:
        name: a function of `chainrule.activations`.
        options: those of its parameters that are given; the others have the function's defaults.

    Raises:
        CannotLower: no kernel computes it.

    >>> options_of("relu_with_options", {"max_value": 6.0}), options_of("gelu", {})
    ((0.0, 6.0, 0.0), (0.0,))
    """
    function = getattr(activations, "relu" if name == "relu_with_options" else name, None)
    if name not in KERNELS or not callable(function):
        raise CannotLower(f"the activation {name!r} has no native kernel")
    parameters = list(inspect.signature(function).parameters.values())[1:]
    if unknown := set(options) - {p.name for p in parameters}:
        raise CannotLower(f"the activation {name!r} has no option {min(unknown)!r}")
    values = {p.name: options.get(p.name, p.default) for p in parameters}
    if values.pop("axis", -1) != -1:
        raise CannotLower(f"the activation {name!r} along axis {options['axis']}, not the last one")
    return tuple(_number(name, option, value) for option, value in values.items())


def kernel_of(name: str, options: Mapping[str, Any]) -> tuple[str, tuple[float, ...]]:
    """Return the kernel of an activation and its numbers: those of `relu` depend on whether it has options.

    Raises:
        CannotLower: no kernel computes it.

    >>> kernel_of("relu", {"negative_slope": 0.0}), kernel_of("relu", {"negative_slope": 0.5})
    (('relu', ()), ('relu_with_options', (0.5, inf, 0.0)))
    """
    numbers = options_of(name, options)
    if name != "relu":
        return name, numbers
    plain = numbers == options_of("relu", {})
    return ("relu", ()) if plain else ("relu_with_options", numbers)


def _number(name: str, option: str, value: Any) -> float:
    if value is None and option == "max_value":
        return math.inf
    try:
        return float(value)
    except (TypeError, ValueError):
        given = "no value" if value is inspect.Parameter.empty else repr(value)
        raise CannotLower(f"the activation {name!r} with {given} for its option {option!r}") from None
