"""Rules about gradients on their way back through the layers: those that vanish and those that explode."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.health.finding import Finding
from chainrule.health.thresholds import limit

_AGAINST_VANISHING = (
    "activation='relu' in the hidden layers, with kernel_initializer='he_normal'",
    "BatchNormalization between the layers",
    "fewer layers",
)
_AGAINST_EXPLODING = (
    "smaller initial weights: kernel_initializer='he_normal' for relu, 'glorot_uniform' for tanh",
    "scaled inputs and targets: y = (y - y.mean()) / y.std()",
    "an optimizer with clipnorm=1.0",
)


def not_finite(weights: Mapping[str, Array], step: int | None = None) -> list[Finding]:
    """Find the first weights that are NaN or infinite.

    >>> print(not_finite({"net/a/kernel": np.array([1.0, np.nan])})[0].message)
    1 of 2 numbers of 'net/a/kernel' are NaN or infinite: so is every output.
    """
    for path, w in weights.items():
        if w.dtype.kind == "f" and not np.isfinite(w).all():
            bad = int((~np.isfinite(w)).sum())
            return [
                Finding(
                    "diverged", "error", layer_of(path), step,
                    f"{bad} of {w.size} numbers of '{path}' are NaN or infinite: so is every output.",
                    {"bad": bad, "of": int(w.size)},
                    (
                        "start anew with a learning rate ten times smaller",
                        "an optimizer with clipnorm=1.0",
                        "scaled inputs and targets: x = (x - x.mean(axis=0)) / x.std(axis=0)",
                    ),
                )
            ]  # fmt: skip
    return []


def vanishing(gradients: Mapping[str, Array], step: int | None = None) -> list[Finding]:
    """Find the first kernel whose gradient is tiny beside the largest of those behind it.

    Args:
        gradients: by path, in the order of the layers; only those of two axes or more, the kernels, are compared.

    >>> ones = np.ones((2, 2))
    >>> print(vanishing({"a/kernel": 1e-6 * ones, "b/kernel": 1e-3 * ones, "c/kernel": ones})[0].message)
    The gradient of 'a/kernel' is 1e-06, only 1e-06 of that of 'c/kernel' (1): it vanishes on its way back.
    """
    kernels = {path: root_mean_square(g) for path, g in gradients.items() if g.ndim > 1}
    if len(kernels) < 2 or not all(np.isfinite(v) for v in kernels.values()):
        return []
    first, *rest = kernels
    largest = max(rest, key=kernels.__getitem__)
    share = kernels[first] / kernels[largest] if kernels[largest] else 1.0
    if share >= limit("vanishing"):
        return []
    return [
        Finding(
            "vanishing-gradients", "warning", layer_of(first), step,
            f"The gradient of '{first}' is {kernels[first]:.2g}, only {share:.2g} of that of '{largest}' "
            f"({kernels[largest]:.2g}): it vanishes on its way back.",
            {"gradient": kernels[first], "largest": kernels[largest], "share": share, "limit": limit("vanishing")},
            _AGAINST_VANISHING,
        )
    ]  # fmt: skip


def signal(units: Iterable[Mapping[str, Any]], step: int | None = None) -> list[Finding]:
    """Find outputs that shrink to nothing or grow without bound from hidden layer to hidden layer: so do gradients.

    Args:
        units: what each hidden layer's units give, with the standard deviation `std` over rows and units.

    >>> growing = [{"layer": f"d{i}", "std": 10.0**i} for i in range(6)]
    >>> print(signal(growing)[0].message)
    The outputs of the hidden layers grow from 1 in 'd0' to 1e+05 in 'd5' (standard deviations), and gradients with ...
    """
    units = list(units)
    if len(units) < 2 or not units[0]["std"]:
        return []
    first, last = units[0], units[-1]
    ratio = last["std"] / first["std"]
    if limit("signal_lost") <= ratio <= limit("signal_grown"):
        return []
    code, verb, advice = (
        ("exploding-gradients", "grow", _AGAINST_EXPLODING) if ratio > 1 else
        ("vanishing-gradients", "shrink", _AGAINST_VANISHING)
    )  # fmt: skip
    return [
        Finding(
            code, "warning", last["layer"], step,
            f"The outputs of the hidden layers {verb} from {first['std']:.2g} in '{first['layer']}' to "
            f"{last['std']:.2g} in '{last['layer']}' (standard deviations), and gradients with them.",
            {"first": first["std"], "last": last["std"], "ratio": ratio,
             "limit": limit("signal_grown" if ratio > 1 else "signal_lost")},
            advice,
        )
    ]  # fmt: skip


def exploding(gradients: Mapping[str, Array], weights: Mapping[str, Array], step: int | None = None) -> list[Finding]:
    """Find the kernel whose gradient is largest beside the kernel itself, if it is enormous.

    >>> print(exploding({"a/kernel": np.full((2, 2), 1e5)}, {"a/kernel": np.ones((2, 2))})[0].message)
    The gradient of 'a/kernel' has norm 2e+05, 1e+05 times that of the weights: it explodes.
    """
    worst, ratio, size = "", 0.0, 0.0
    for path, g in gradients.items():
        if g.ndim > 1 and path in weights:
            norm, weight = norm_of(g), norm_of(weights[path])
            if weight > 0 and norm / weight > ratio:
                worst, ratio, size = path, norm / weight, norm
    if not ratio > limit("exploding"):
        return []
    return [
        Finding(
            "exploding-gradients", "warning", layer_of(worst), step,
            f"The gradient of '{worst}' has norm {size:.2g}, {ratio:.2g} times that of the weights: it explodes.",
            {"gradient": size, "ratio": ratio, "limit": limit("exploding")},
            _AGAINST_EXPLODING,
        )
    ]  # fmt: skip


def root_mean_square(array: Array) -> float:
    """Return the size of a typical number of an array."""
    return norm_of(array) / float(max(array.size, 1) ** 0.5)


def norm_of(array: Array) -> float:
    """Return the square root of the sum of squares, in float64."""
    with np.errstate(all="ignore"):
        return float(np.sqrt(np.square(array, dtype=np.float64).sum()))


def layer_of(path: str) -> str:
    """Return the name of the layer in the path of a weight.

    >>> layer_of("network/dense_1/kernel"), layer_of("kernel")
    ('dense_1', 'kernel')
    """
    return path.split("/")[-2] if "/" in path else path
