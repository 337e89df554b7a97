"""Schedules along a cosine: one descent after an optional warm-up, or several (Loshchilov and Hutter, 2016)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.optimizers.schedules.base import LearningRateSchedule, as_rate_type, check_positive, rate_type
from chainrule.saving.serialization import public


@public("keras.optimizers.schedules")
class CosineDecay(LearningRateSchedule):
    """`initial_learning_rate * ((1 - alpha) * (1 + cos(pi * step / decay_steps)) / 2 + alpha)`, after a warm-up.

    With a `warmup_target`, the learning rate first rises in a straight line to it, in `warmup_steps` steps, and the
    descent starts there. Keras computes in whole numbers if `initial_learning_rate` is the integer 0, and so gives 0
    throughout; here 0 means 0.0.

    Args:
        initial_learning_rate: the learning rate at step 0.
        decay_steps: steps of the descent.
        alpha: the last learning rate as a fraction of the highest.
        name: kept in the configuration.
        warmup_target: the learning rate after the warm-up; None for no warm-up.
        warmup_steps: steps of the warm-up.

    Raises:
        ValueError: `decay_steps` is not positive.

    >>> CosineDecay(1.0, decay_steps=10)(np.array([0, 5, 10])).round(3)
    array([1. , 0.5, 0. ], dtype=float32)
    >>> CosineDecay(0.0, decay_steps=10, warmup_target=1.0, warmup_steps=4)(np.array([0, 2, 4, 14]))
    array([0. , 0.5, 1. , 0. ], dtype=float32)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        decay_steps: int,
        alpha: float = 0.0,
        name: str = "CosineDecay",
        warmup_target: float | None = None,
        warmup_steps: int = 0,
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.decay_steps = decay_steps
        self.alpha = alpha
        self.name = name
        self.warmup_target = warmup_target
        self.warmup_steps = warmup_steps
        check_positive("decay_steps", decay_steps)

    def __call__(self, step: Any) -> Any:
        kind = rate_type()
        at, first, steps = as_rate_type(step, kind), kind(self.initial_learning_rate), kind(self.decay_steps)
        if self.warmup_target is None:
            return self._descend(np.minimum(at, steps), steps, first, kind)
        target, warmup = kind(self.warmup_target), kind(self.warmup_steps)
        at = np.minimum(at, steps + warmup)
        rising = (target - first) * (at / warmup) + first if self.warmup_steps else target
        return np.where(at < warmup, rising, self._descend(at - warmup, steps, target, kind))[()]

    def _descend(self, at: Any, steps: Any, highest: Any, kind: Any) -> Any:
        wave = kind(0.5) * (1 + np.cos(kind(math.pi) * (at / steps)))
        return highest * (kind(1 - self.alpha) * wave + kind(self.alpha))


@public("keras.optimizers.schedules")
class CosineDecayRestarts(LearningRateSchedule):
    """Cosine descents one after the other, each `t_mul` times as long and `m_mul` times as high as the one before.

    Args:
        initial_learning_rate: the learning rate at step 0.
        first_decay_steps: steps of the first descent.
        t_mul: growth of the length.
        m_mul: growth of the height.
        alpha: the lowest learning rate as a fraction of the highest.
        name: kept in the configuration.

    Raises:
        ValueError: `first_decay_steps` is not positive.

    >>> CosineDecayRestarts(1.0, first_decay_steps=10)(np.array([0, 5, 20])).round(3)
    array([1. , 0.5, 0.5], dtype=float32)
    """

    def __init__(
        self,
        initial_learning_rate: float,
        first_decay_steps: int,
        t_mul: float = 2.0,
        m_mul: float = 1.0,
        alpha: float = 0.0,
        name: str = "SGDRDecay",
    ) -> None:
        self.initial_learning_rate = initial_learning_rate
        self.first_decay_steps = first_decay_steps
        self.t_mul = t_mul
        self.m_mul = m_mul
        self.alpha = alpha
        self.name = name
        check_positive("first_decay_steps", first_decay_steps)

    def __call__(self, step: Any) -> Any:
        kind = rate_type()
        done = as_rate_type(step, kind) / kind(self.first_decay_steps)
        t_mul, alpha = kind(self.t_mul), kind(self.alpha)
        if t_mul == 1:
            restarts = np.floor(done)
            done = done - restarts
        else:
            restarts = np.floor(np.log(1 - done * (1 - t_mul)) / np.log(t_mul))
            growth = np.power(t_mul, restarts)
            done = (done - (1 - growth) / (1 - t_mul)) / growth
        wave = kind(0.5) * np.power(kind(self.m_mul), restarts) * (1 + np.cos(kind(math.pi) * done))
        return kind(self.initial_learning_rate) * ((1 - alpha) * wave + alpha)
