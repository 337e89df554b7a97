"""Lamb."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.optimizers.base import Optimizer, power
from chainrule.optimizers.rate import LearningRate
from chainrule.saving.serialization import public
from chainrule.variables import Variable


@public("keras.optimizers")
class Lamb(Optimizer):
    r"""Lamb (You et al., 2019): Adam whose step for each variable is as long as the variable itself.

    `m += (1 - beta_1) * (g - m)`, `v += (1 - beta_2) * (g**2 - v)`,
    `u = m / (1 - beta_1**t) / (sqrt(v / (1 - beta_2**t)) + epsilon)` and `p -= learning_rate * |p| / |u| * u`, with the
    Euclidean norms of the whole variable; where one of them is zero, their ratio counts as one. The learning rate is
    thus the relative change of each variable in a step, which serves very large batches.

    Args:
        learning_rate: length of the step, as a share of the variable's length.
        beta_1: how much of the mean gradient is kept.
        beta_2: how much of the mean square is kept.
        epsilon: added to the root.
        weight_decay: this and what follows are explained at `Optimizer`.

    >>> import chainrule as cr
    >>> w = cr.Variable([3.0, 4.0])
    >>> cr.optimizers.Lamb(0.1).apply([np.array([2.0, 2.0])], [w])
    >>> w.numpy().round(4)
    array([2.6464, 3.6464], dtype=float32)
    """

    moments = ("momentum", "velocity")

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
        if self.built:
            return
        super().build(variables)
        self._momentums = self.moment_variables("momentum")
        self._velocities = self.moment_variables("velocity")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        index, kind = self._get_variable_index(variable), variable.dtype.type
        g, p, step = np.asarray(gradient, kind), variable.value, int(self.iterations) + 1
        m, v = self._momentums[index], self._velocities[index]
        assert m is not None
        assert v is not None
        m.assign_add((g - m.value) * kind(1 - self.beta_1))
        v.assign_add((np.square(g) - v.value) * kind(1 - self.beta_2))
        root = np.sqrt(v.value / (1 - power(self.beta_2, step, kind))) + kind(self.epsilon)
        update = m.value / (1 - power(self.beta_1, step, kind)) / root
        own, its = np.sqrt(np.sum(np.square(p))), np.sqrt(np.sum(np.square(update)))
        ratio = own / its if own > 0 and its > 0 else kind(1)
        variable.assign_sub(ratio * kind(learning_rate) * update)
