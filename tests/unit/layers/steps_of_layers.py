"""The steps of layers that rearrange, pool and normalise, run by NumPy at rest as their docstrings say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule.engines import plan


def softmax(x: Any, axis: Any = -1) -> Any:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def along(x: Any, axes: tuple[int, ...], v: Any) -> Any:
    return v.reshape([n if a in axes else 1 for a, n in enumerate(x.shape)])


def grouped(step: plan.GroupNormalize, x: Any, read: Callable[[Any], Any]) -> Any:
    at = step.axis % x.ndim
    features = np.moveaxis(x, at, 1)
    groups = features.reshape(len(x), step.groups, -1)
    groups = (groups - groups.mean(2, keepdims=True)) / np.sqrt(groups.var(2, keepdims=True) + step.epsilon)
    y = np.moveaxis(groups.reshape(features.shape), 1, at)
    y = y if step.gamma is None else y * along(x, (at,), read(step.gamma))
    return y if step.beta is None else y + along(x, (at,), read(step.beta))


def dot(step: plan.Dot, first: Any, second: Any) -> Any:
    rows = []
    for x, axis in zip((first, second), step.axes, strict=True):
        x = np.moveaxis(x, axis, -1)
        length = np.maximum(np.sqrt((x * x).sum(-1, keepdims=True)), 1e-7) if step.normalize else 1.0
        rows.append(x / length)
    made = [np.tensordot(a, b, (-1, -1)) for a, b in zip(*rows, strict=True)]
    return np.stack(made).reshape(len(first), *np.shape(made[0])) if np.ndim(made[0]) else np.array(made)[:, None]


def apply(step: Any, xs: list[Any], read: Callable[[Any], Any]) -> Any:
    x = xs[0]
    match step:
        case plan.AlphaDropout() | plan.MultiplyNoise():
            return x
        case plan.Transpose():
            return x.transpose(0, *step.order)
        case plan.Repeat():
            return np.stack([x] * step.count, 1)
        case plan.Pool():
            return (x.mean if step.kind == "mean" else x.max)(step.axis, keepdims=step.keepdims)
        case plan.UnitNormalize():
            return x / np.sqrt(np.maximum((x * x).sum(step.axes, keepdims=True), 1e-12))
        case plan.RootNormalize():
            root = np.sqrt((x * x).mean(step.axes, keepdims=True) + step.epsilon)
            return x / root * along(x, tuple(a % x.ndim for a in step.axes), read(step.scale))
        case plan.GroupNormalize():
            return grouped(step, x, read)
        case plan.Dot():
            return dot(step, *xs)
    raise AssertionError(f"no rule for {step}")
