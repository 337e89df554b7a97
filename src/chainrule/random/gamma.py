"""Gamma, beta and binomial numbers, as `keras.random`; drawn in float64, with fresh keys for each rejection round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from chainrule._typing import Array
from chainrule.random import threefry
from chainrule.random.draws import Seed, float_type, lengths
from chainrule.random.seeds import key_for
from chainrule.random.threefry import Key, fold_in

Doubles = npt.NDArray[np.float64]
_FEW_TRIALS = 16


def gamma(shape: Sequence[int], alpha: Any, dtype: Any = None, seed: Seed = None) -> Array:
    """Draw from the gamma distribution with shape parameter `alpha` > 0 and scale 1.

    >>> gamma((100_000,), 3.0, seed=1).mean().round(1)
    np.float32(3.0)
    """
    kind = float_type(dtype, "gamma")
    return np.exp(_log_gamma_draws(key_for(seed), _positive("gamma", "alpha", alpha, shape))).astype(kind)


def beta(shape: Sequence[int], alpha: Any, beta: Any, dtype: Any = None, seed: Seed = None) -> Array:
    """Draw from the beta distribution with parameters `alpha`, `beta` > 0.

    >>> beta((100_000,), 2.0, 6.0, seed=1).mean().round(2)
    np.float32(0.25)
    """
    kind = float_type(dtype, "beta")
    a, b = _positive("beta", "alpha", alpha, shape), _positive("beta", "beta", beta, shape)
    return _beta_draws(key_for(seed), a, b).astype(kind)


def binomial(shape: Sequence[int], counts: Any, probabilities: Any, dtype: Any = None, seed: Seed = None) -> Array:
    """Draw the number of successes in `counts` trials that succeed with `probabilities`.

    >>> binomial((100_000,), 50, 0.3, seed=1).mean().round(1)
    np.float32(15.0)
    """
    kind = float_type(dtype, "binomial")
    shape = lengths(shape, "binomial")
    n = np.broadcast_to(np.asarray(counts), shape).astype(np.int64).ravel()
    p = np.broadcast_to(np.asarray(probabilities, np.float64), shape).ravel().copy()
    if (n < 0).any() or not ((p >= 0) & (p <= 1)).all():
        raise ValueError("random.binomial: expected counts >= 0 and probabilities in [0, 1].")
    return _binomial_draws(key_for(seed), n, p).reshape(shape).astype(kind)


def _positive(function: str, name: str, value: Any, shape: Sequence[int]) -> Doubles:
    values = np.broadcast_to(np.asarray(value, np.float64), lengths(shape, function))
    if not (values > 0).all():
        raise ValueError(f"random.{function}: expected {name} > 0, received {value!r}.")
    return values


def _log_gamma_draws(key: Key, alpha: Doubles) -> Doubles:
    """Logarithms of gamma numbers: tiny `alpha` gives numbers too small for floats. Marsaglia and Tsang (2000)."""
    flat = alpha.ravel()
    d = np.where(flat < 1, flat + 1, flat) - 1 / 3
    c = 1 / np.sqrt(9 * d)
    result, open_ = np.empty_like(flat), np.arange(flat.size)
    attempt = 0
    while open_.size:
        z = threefry.normal(fold_in(key, attempt, 0), open_.shape, "float64")
        u = 1 - threefry.uniform(fold_in(key, attempt, 1), open_.shape, "float64")
        v = np.maximum(1 + c[open_] * z, 0) ** 3
        with np.errstate(divide="ignore"):
            log_v = np.log(v)
        accepted = np.log(u) < 0.5 * z * z + d[open_] * (1 - v + log_v)
        result[open_[accepted]] = np.log(d[open_[accepted]]) + log_v[accepted]
        open_ = open_[~accepted]
        attempt += 1
    small = np.flatnonzero(flat < 1)  # gamma(a) = gamma(a + 1) u^(1/a)
    if small.size:
        u = 1 - threefry.uniform(fold_in(key, attempt), small.shape, "float64")
        result[small] += np.log(u) / flat[small]
    return result.reshape(alpha.shape)


def _beta_draws(key: Key, a: Doubles, b: Doubles) -> Doubles:
    """`X / (X + Y)` of two gamma numbers, from their logarithms."""
    difference = _log_gamma_draws(fold_in(key, 1), b) - _log_gamma_draws(fold_in(key, 0), a)
    return 1 / (1 + np.exp(np.minimum(difference, 709.0)))


def _binomial_draws(key: Key, n: npt.NDArray[np.int64], p: Doubles) -> npt.NDArray[np.int64]:
    """Halve the trials by the median of their uniform numbers, a beta number, until few are left. Relles (1972)."""
    successes, step = np.zeros_like(n), 0
    while (many := np.flatnonzero(n > _FEW_TRIALS)).size:
        middle = (n[many] + 1) // 2
        median = _beta_draws(
            fold_in(key, 0, step), middle.astype(np.float64), (n[many] + 1 - middle).astype(np.float64)
        )
        below = median <= p[many]
        successes[many] += np.where(below, middle, 0)
        with np.errstate(divide="ignore", invalid="ignore"):
            p[many] = np.clip(np.where(below, (p[many] - median) / (1 - median), p[many] / median), 0, 1)
        n[many] = np.where(below, n[many] - middle, middle - 1)
        step += 1
    u = threefry.uniform(fold_in(key, 1), (n.size, _FEW_TRIALS), "float64")
    trials = np.arange(_FEW_TRIALS) < n[:, None]
    successes += ((u < p[:, None]) & trials).sum(axis=1)
    return successes
