"""Activation functions p = f(h), as `keras.activations`, each with its formula and derivative.

To add one: write the function with ops and describe it with `@activation`. The formula (in h) and the derivative (in h
or in the result p) are what the glass box prints; a test holds both against what the function computes.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from chainrule import ops
from chainrule._typing import TensorLike, Value
from chainrule.formulas import Facts, Formula, with_facts
from chainrule.saving.serialization import deserialize_keras_object, get_object, public, serialize_keras_object

F = TypeVar("F", bound=Callable[..., Any])


def activation(
    formula: str | Callable[..., Facts],
    derivative: str = "",
    symbol: str = "",
    vector: bool = False,
    constants: Mapping[str, Any] | None = None,
    where: Mapping[str, str] | None = None,
    note: str = "",
) -> Callable[[F], F]:
    """Make a function an activation that strings, files and the glass box know.

    Args:
        formula: p as an expression in h (see `Formula`), or a function that makes the `Facts` from the parameters.
        derivative: dp/dh as an expression in h and p.
        symbol: what it is called in print; its name by default.
        vector: elements depend on each other: formula of `p[i]`, derivative of `p[i]` with respect to `h[j]`.
        constants: value of each further symbol, or the name of the parameter that holds it.
        where: further quantities by name.
        note: a sentence to print below the formula.
    """

    def mark(function: F) -> F:
        name = function.__name__
        if callable(formula):
            described = with_facts(functools.partial(formula, name))(function)
        else:
            facts = Facts(
                Formula(formula),
                Formula(derivative),
                symbol=symbol or name,
                title=name.replace("_", " "),
                vector=vector,
                constants=constants or {},
                where={k: Formula(v) for k, v in (where or {}).items()},
                note=note,
            )
            described = with_facts(facts)(function)
        return public("keras.activations")(described)

    return mark


# -- the usual --------------------------------------------------------------------------------------------------------


@activation("h", derivative="1")
def linear(x: TensorLike) -> Value:
    """`p = h`: no activation."""
    return x


@activation("1 / (1 + exp(-h))", derivative="p * (1 - p)", symbol="σ")
def sigmoid(x: TensorLike) -> Value:
    """`p = 1 / (1 + exp(-h))`, between 0 and 1.

    >>> import numpy as np
    >>> sigmoid(np.array([-0.5, 0.5])).round(4)
    array([0.3775, 0.6225])
    """
    return ops.sigmoid(x)


@activation("tanh(h)", derivative="1 - p**2")
def tanh(x: TensorLike) -> Value:
    """`p = tanh(h)`, between -1 and 1."""
    return ops.tanh(x)


@activation("exp(h[i]) / sum(exp(h[k]) for k in K)", derivative="p[i] * (kronecker(i, j) - p[j])", vector=True)
def softmax(x: TensorLike, axis: int = -1) -> Value:
    """`p_i = exp(h_i) / sum_k exp(h_k)` along `axis`: positive numbers that add up to 1."""
    return ops.softmax(x, axis=axis)


def _relu_facts(name: str, negative_slope: float, max_value: float | None, threshold: float) -> Facts:
    above, slope_above = ("h", "1") if max_value is None else ("min(max(0, h), m)", "1 if 0 < h < m else 0")
    below, slope_below = ("alpha * (h - theta)", "alpha") if negative_slope else ("0", "0")
    if threshold == 0:
        below = below.replace("(h - theta)", "h")
    limit = "theta" if threshold else "0"
    formula, slope = f"{above} if h > {limit} else {below}", f"({slope_above}) if h > {limit} else {slope_below}"
    if not negative_slope and not threshold:
        formula = "max(0, h)" if max_value is None else above
        slope = "1 if h > 0 else 0" if max_value is None else slope_above
    constants = {"alpha": negative_slope, "theta": threshold, "m": max_value}
    used = {k: v for k, v in constants.items() if k in Formula(formula).symbols}
    return Facts(Formula(formula), Formula(slope), symbol=name, title=name, constants=used)


@activation(_relu_facts)
def relu(x: TensorLike, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Value:
    """`p = max(0, h)`; with options, h from `threshold` to `max_value`, and `negative_slope * (h - threshold)` below.

    Args:
        x: any shape.
        negative_slope: slope below the threshold.
        max_value: upper bound of the result.
        threshold: values up to it count as negative.

    >>> import numpy as np
    >>> relu(np.array([-2.0, 3.0, 9.0]), negative_slope=0.1, max_value=6.0)
    array([-0.2,  3. ,  6. ])
    """
    if negative_slope == 0 and threshold == 0:
        return ops.relu(x) if max_value is None else ops.clip(x, 0.0, max_value)
    above = ops.where(ops.greater(x, threshold), x, ops.zeros_like(x)) if threshold else ops.relu(x)
    if max_value is not None:
        above = ops.clip(above, 0.0, max_value)
    if negative_slope == 0:
        return above
    return ops.subtract(above, negative_slope * ops.relu(ops.subtract(threshold, x)))


@activation("h if h >= 0 else alpha * h", derivative="1 if h >= 0 else alpha", constants={"alpha": "negative_slope"})
def leaky_relu(x: TensorLike, negative_slope: float = 0.2) -> Value:
    """`p = h` if h > 0, else `negative_slope * h`. The layer `LeakyReLU` has another default: 0.3."""
    return ops.leaky_relu(x, negative_slope=negative_slope)


@activation("min(max(0, h), 6)", derivative="1 if 0 < h < 6 else 0")
def relu6(x: TensorLike) -> Value:
    """`p = min(max(0, h), 6)`."""
    return ops.relu6(x)


# -- smooth around zero -----------------------------------------------------------------------------------------------


@activation(
    "h if h > 0 else alpha * (exp(h) - 1)", derivative="1 if h > 0 else p + alpha", constants={"alpha": "alpha"}
)
def elu(x: TensorLike, alpha: float = 1.0) -> Value:
    """`p = h` if h > 0, else `alpha * (exp(h) - 1)` (Clevert et al. 2015)."""
    return ops.elu(x, alpha=alpha)


@activation(
    "lam * h if h > 0 else lam * alpha * (exp(h) - 1)",
    derivative="lam if h > 0 else p + lam * alpha",
    constants={"alpha": 1.6732632423543772848170429916717, "lam": 1.0507009873554804934193349852946},
)
def selu(x: TensorLike) -> Value:
    """`p = lambda * elu(h, alpha)` with the two constants that keep mean 0 and variance 1 (Klambauer et al. 2017)."""
    return ops.selu(x)


@activation(
    "h if h > 0 else alpha * (exp(h / alpha) - 1)",
    derivative="1 if h > 0 else exp(h / alpha)",
    constants={"alpha": "alpha"},
)
def celu(x: TensorLike, alpha: float = 1.0) -> Value:
    """`p = h` if h > 0, else `alpha * (exp(h / alpha) - 1)`."""
    return ops.celu(x, alpha=alpha)


def _gelu_facts(name: str, approximate: bool) -> Facts:
    if not approximate:
        formula = "0.5 * h * (1 + erf(h / sqrt(2)))"
        derivative = "0.5 * (1 + erf(h / sqrt(2))) + h * exp(-h**2 / 2) / sqrt(2 * pi)"
        return Facts(Formula(formula), Formula(derivative), symbol=name, title=name)
    return Facts(
        Formula("0.5 * h * (1 + tanh(u))"),
        Formula("0.5 * (1 + tanh(u)) + 0.5 * h * (1 - tanh(u)**2) * sqrt(2 / pi) * (1 + 0.134145 * h**2)"),
        symbol=name,
        title=name,
        where={"u": Formula("sqrt(2 / pi) * (h + 0.044715 * h**3)")},
        note="u = √(2/π)·(h + 0.044715·h³)",
    )


@activation(_gelu_facts)
def gelu(x: TensorLike, approximate: bool = False) -> Value:
    """`p = h * Phi(h)`, Phi the normal distribution function or its tanh approximation (Hendrycks, Gimpel 2016)."""
    return ops.gelu(x, approximate=approximate)


@activation("h * sigma(h)", derivative="sigma(h) * (1 + h * (1 - sigma(h)))")
def silu(x: TensorLike) -> Value:
    """`p = h * sigmoid(h)`, also called swish."""
    return ops.silu(x)


@activation("log(1 + exp(h))", derivative="1 / (1 + exp(-h))")
def softplus(x: TensorLike) -> Value:
    """`p = log(1 + exp(h))`, a smooth relu."""
    return ops.softplus(x)


@activation("h / (1 + abs(h))", derivative="1 / (1 + abs(h))**2")
def softsign(x: TensorLike) -> Value:
    """`p = h / (1 + |h|)`, between -1 and 1."""
    return ops.softsign(x)


@activation("exp(h)", derivative="p")
def exponential(x: TensorLike) -> Value:
    """`p = exp(h)`."""
    return ops.exp(x)


@activation(
    "h * tanh(log(1 + exp(h)))",
    derivative="tanh(log(1 + exp(h))) + h * (1 - tanh(log(1 + exp(h)))**2) * sigma(h)",
)
def mish(x: TensorLike) -> Value:
    """`p = h * tanh(softplus(h))` (Misra 2019)."""
    return ops.mish(x)


@activation("(h + sqrt(h**2 + b)) / 2", derivative="(1 + h / sqrt(h**2 + b)) / 2", constants={"b": "b"})
def squareplus(x: TensorLike, b: float = 4) -> Value:
    """`p = (h + sqrt(h² + b)) / 2`, a smooth relu without exponentials (Barron 2021)."""
    return ops.squareplus(x, b=b)


@activation("-log(1 + exp(-h))", derivative="1 - exp(p)")
def log_sigmoid(x: TensorLike) -> Value:
    """`p = log(sigmoid(h))`."""
    return ops.log_sigmoid(x)


@activation("h - tanh(h)", derivative="tanh(h)**2")
def tanh_shrink(x: TensorLike) -> Value:
    """`p = h - tanh(h)`."""
    return ops.tanh_shrink(x)


# -- piecewise linear or quadratic ------------------------------------------------------------------------------------


@activation("0 if h <= -3 else 1 if h >= 3 else h / 6 + 0.5", derivative="1 / 6 if -3 < h < 3 else 0")
def hard_sigmoid(x: TensorLike) -> Value:
    """`p = relu6(h + 3) / 6` (Keras 2 had another one: `0.2 h + 0.5`)."""
    return ops.hard_sigmoid(x)


@activation(
    "0 if h <= -3 else h if h >= 3 else h * (h + 3) / 6",
    derivative="0 if h <= -3 else 1 if h >= 3 else (2 * h + 3) / 6",
)
def hard_silu(x: TensorLike) -> Value:
    """`p = h * relu6(h + 3) / 6`, also called hard swish (Howard et al. 2019)."""
    return ops.hard_silu(x)


@activation("max(-1, min(1, h))", derivative="1 if -1 < h < 1 else 0")
def hard_tanh(x: TensorLike) -> Value:
    """`p = max(-1, min(1, h))`."""
    return ops.hard_tanh(x)


@activation("h if abs(h) > theta else 0", derivative="1 if abs(h) > theta else 0", constants={"theta": "threshold"})
def hard_shrink(x: TensorLike, threshold: float = 0.5) -> Value:
    """`p = h` where |h| > threshold, else 0."""
    return ops.hard_shrink(x, threshold=threshold)


@activation(
    "h - theta if h > theta else h + theta if h < -theta else 0",
    derivative="1 if abs(h) > theta else 0",
    constants={"theta": "threshold"},
)
def soft_shrink(x: TensorLike, threshold: float = 0.5) -> Value:
    """`p = h` moved towards 0 by `threshold`, and 0 if it would pass it."""
    return ops.soft_shrink(x, threshold=threshold)


@activation(
    "h if h > theta else c",
    derivative="1 if h > theta else 0",
    constants={"theta": "threshold", "c": "default_value"},
)
def threshold(x: TensorLike, threshold: float, default_value: float) -> Value:
    """`p = h` where h > threshold, else `default_value`."""
    return ops.threshold(x, threshold, default_value)


@activation(
    "0 if h <= -1 else h if h >= 1 else (h + 1)**2 / 4",
    derivative="0 if h <= -1 else 1 if h >= 1 else (h + 1) / 2",
)
def sparse_plus(x: TensorLike) -> Value:
    """`p = (h + 1)² / 4` between -1 and 1, 0 below, h above: the integral of `sparse_sigmoid`."""
    return ops.sparse_plus(x)


@activation("0 if h <= -1 else 1 if h >= 1 else (h + 1) / 2", derivative="0.5 if -1 < h < 1 else 0")
def sparse_sigmoid(x: TensorLike) -> Value:
    """`p = (h + 1) / 2` between -1 and 1, 0 below, 1 above."""
    return ops.sparse_sigmoid(x)


# -- whole vectors ----------------------------------------------------------------------------------------------------


@activation("h[i] - log(sum(exp(h[k]) for k in K))", derivative="kronecker(i, j) - exp(p[j])", vector=True)
def log_softmax(x: TensorLike, axis: int = -1) -> Value:
    """`p_i = log softmax(h)_i` along `axis`."""
    return ops.log_softmax(x, axis=axis)


@activation(
    "max(h[i] - tau, 0)",
    derivative="(p[i] > 0) * (kronecker(i, j) - (p[j] > 0) / sum(p[k] > 0 for k in K))",
    vector=True,
    where={"tau": "max((sum(sorted(h)[-n:]) - 1) / n for n in range(1, len(h) + 1))"},
    note="τ is the one number that makes the pᵢ add up to 1",
)
def sparsemax(x: TensorLike, axis: int = -1) -> Value:
    """`p_i = max(h_i - tau, 0)`, tau such that they add up to 1: a softmax with true zeros (Martins, Astudillo 2016).

    Keras 3.15.1 and before have a slip in tau (keras-team/keras#23425, mended since); this is the paper's function.
    """
    return ops.sparsemax(x, axis=axis)


@activation(
    "h[i] * sigma(h[i + n])",
    derivative="kronecker(i, j) * sigma(h[i + n]) + kronecker(i + n, j) * p[i] * (1 - sigma(h[i + n]))",
    vector=True,
    where={"n": "len(h) // 2", "I": "range(n)"},
    note="n is half the number of h: the second half opens or closes the first",
)
def glu(x: TensorLike, axis: int = -1) -> Value:
    """`p = a * sigmoid(b)`, a and b the two halves of h along `axis` (Dauphin et al. 2016)."""
    return ops.glu(x, axis=axis)


# -- lookup -----------------------------------------------------------------------------------------------------------

swish = silu
hard_swish = hard_silu

ALIASES: dict[str, Callable[..., Any]] = {"swish": silu, "hard_swish": hard_silu}


def get(identifier: Any) -> Callable[..., Any]:
    """Return the activation function for a name, a configuration, a function, or None (which is `linear`).

    Raises:
        UnknownNameError: no activation has that name.

    >>> get("relu").__name__, get(None).__name__
    ('relu', 'linear')
    """
    if identifier is None:
        return linear
    return cast(Callable[..., Any], get_object(identifier, "activation", "keras.activations", ALIASES))


def serialize(activation: Callable[..., Any]) -> Any:
    """Return the name of one of our activations, or the description of a registered one."""
    return serialize_keras_object(activation)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the activation that `serialize` described."""
    if isinstance(config, str):
        return get_object(config, "activation", "keras.activations", {**ALIASES, **(custom_objects or {})})
    return deserialize_keras_object(config, custom_objects)
