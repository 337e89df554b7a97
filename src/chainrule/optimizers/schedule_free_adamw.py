"""AdamW without a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.optimizers.base import Optimizer, power
from chainrule.optimizers.rate import LearningRate
from chainrule.saving.serialization import public
from chainrule.variables import Variable


@public("keras.optimizers")
class ScheduleFreeAdamW(Optimizer):
    r"""Schedule-free AdamW (Defazio et al., 2024): an average of all steps takes the place of a falling learning rate.

    `v += (1 - beta_2) * (g**2 - v)`, `z -= learning_rate * g / (sqrt(v / (1 - beta_2**t)) + epsilon)` (the moment
    that Keras calls `momentum`, which starts at the weights); `x += (z - x) / t` is the average of all `z`, and the
    weights are `p = (1 - beta_1) * z + beta_1 * x`. `x` is not stored: it is `(p - (1 - beta_1) * z) / beta_1`.

    Args:
        learning_rate: step per unit of scaled gradient.
        beta_1: share of the average in the weights.
        beta_2: how much of the mean square is kept.
        epsilon: added to the root.
        warmup_steps: steps over which the learning rate rises to its value; 0: none.
        weight_decay: this and what follows are explained at `Optimizer`.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0, 1.0])
    >>> cr.optimizers.ScheduleFreeAdamW(0.1).apply([np.array([3.0, -0.01])], [w])
    >>> w.numpy().round(4)
    array([0.9, 1.1], dtype=float32)
    """

    moments = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate: LearningRate = 0.0025,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        warmup_steps: int = 0,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.warmup_steps = warmup_steps

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._momentums = self.moment_variables("momentum")
        self._velocities = self.moment_variables("velocity")
        for moment, variable in zip(self._momentums, variables, strict=True):
            if moment is not None:
                moment.assign(variable.value)

    def update(self, p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        z, v = moments
        average, move = self.scratch(p, 2)
        kind = p.dtype.type
        rate, beta_1, beta_2, share = kind(learning_rate), kind(self.beta_1), kind(self.beta_2), 1 / kind(step)
        if self.warmup_steps > 0:
            rate *= np.minimum(kind(step) / kind(self.warmup_steps), kind(1))
        np.multiply(z, 1 - beta_1, out=average)
        np.subtract(p, average, out=average)
        average /= beta_1
        np.square(g, out=move)
        move -= v
        move *= 1 - beta_2
        v += move
        np.divide(v, 1 - power(self.beta_2, step, kind), out=move)
        np.sqrt(move, out=move)
        move += kind(self.epsilon)
        np.multiply(g, rate, out=p)
        p /= move
        z -= p
        average *= 1 - share
        np.multiply(z, share, out=move)
        average += move
        average *= beta_1
        np.multiply(z, 1 - beta_1, out=p)
        p += average
