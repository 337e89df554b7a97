"""Adamax."""

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
class Adamax(Optimizer):
    r"""Adamax (Kingma and Ba, 2014, section 7.1): Adam with the largest recent gradient in place of the mean square.

    `m += (1 - beta_1) * (g - m)`, `u = max(beta_2 * u, |g|)` and
    `p -= learning_rate * m / ((1 - beta_1**t) * (u + epsilon))`.

    Args:
        learning_rate: step per unit of scaled gradient.
        beta_1: how much of the mean gradient is kept.
        beta_2: by how much the largest gradient fades per step.
        epsilon: added to the largest gradient.
        weight_decay: this and what follows are explained at `Optimizer`.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0, 1.0])
    >>> cr.optimizers.Adamax(0.1).apply([np.array([3.0, -0.01])], [w])
    >>> w.numpy().round(4)
    array([0.9, 1.1], dtype=float32)
    """

    moments = ("momentum", "norm")

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
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

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._m = self.moment_variables("momentum")
        self._u = self.moment_variables("norm")

    def update(self, p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        m, u = moments
        move, norm = self.scratch(p, 2)
        kind = p.dtype.type
        np.subtract(g, m, out=move)
        move *= 1 - self.beta_1
        m += move
        u *= self.beta_2
        np.abs(g, out=norm)
        np.maximum(u, norm, out=u)
        np.add(u, self.epsilon, out=norm)
        norm *= 1 - power(self.beta_1, step, kind)
        np.multiply(m, kind(learning_rate), out=move)
        move /= norm
        p -= move
