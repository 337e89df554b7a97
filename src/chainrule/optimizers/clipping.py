"""Gradient clipping, in place: by value, by each variable's norm, by the norm of all together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule._typing import Array


def clip_by_value(gradients: Sequence[Array], limit: float) -> None:
    """Cut every element to `[-limit, limit]`.

    >>> g = np.array([-3.0, 0.5])
    >>> clip_by_value([g], 1.0); g
    array([-1. ,  0.5])
    """
    for g in gradients:
        np.clip(g, -limit, limit, out=g)


def clip_by_norm(gradients: Sequence[Array], limit: float) -> None:
    """Scale each gradient on its own to a Euclidean norm of at most `limit`: `g * limit / max(|g|, limit)`.

    >>> g = np.array([3.0, 4.0])
    >>> clip_by_norm([g], 1.0); g
    array([0.6, 0.8])
    """
    for g in gradients:
        kind = g.dtype.type
        norm = np.sqrt(np.sum(np.square(g)))
        g *= kind(limit)
        g /= np.maximum(norm, kind(limit))


def clip_by_global_norm(gradients: Sequence[Array], limit: float) -> None:
    """Scale all gradients by the one factor that brings their common norm down to `limit`.

    A NaN or infinite norm makes every gradient NaN, as in Keras, so that the trouble is seen.

    >>> a, b = np.array([3.0]), np.array([4.0])
    >>> clip_by_global_norm([a, b], 1.0); a, b
    (array([0.6]), array([0.8]))
    """
    norm = np.sqrt(np.sum(np.stack([np.sum(np.square(g)) for g in gradients])))
    kind = norm.dtype.type
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = kind(limit) * np.minimum(kind(1.0) / norm, kind(1.0) / kind(limit)) + (norm - norm)
    for g in gradients:
        g *= scale
