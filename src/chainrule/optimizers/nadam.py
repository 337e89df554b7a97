"""Nadam."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.optimizers.base import Optimizer, power
from chainrule.optimizers.rate import LearningRate
from chainrule.saving.serialization import public
from chainrule.variables import Variable


@public("keras.optimizers")
class Nadam(Optimizer):
    r"""Nadam (Dozat, 2015): Adam with Nesterov's momentum, whose `beta_1` rises slowly.

    With `u_t = beta_1 * (1 - 0.5 * 0.96**t)` and `U_t` the product of `u_1` to `u_t`:
    `m += (1 - beta_1) * (g - m)`, `v += (1 - beta_2) * (g**2 - v)`,
    `m_hat = u_{t+1} * m / (1 - U_t * u_{t+1}) + (1 - u_t) * g / (1 - U_t)`, `v_hat = v / (1 - beta_2**t)` and
    `p -= learning_rate * m_hat / (sqrt(v_hat) + epsilon)`.

    Args:
        learning_rate: step per unit of scaled gradient.
        beta_1: how much of the mean gradient is kept.
        beta_2: how much of the mean square is kept.
        epsilon: added to the root.
        weight_decay: this and what follows are explained at `Optimizer`.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0, 1.0])
    >>> cr.optimizers.Nadam(0.1).apply([np.array([3.0, -0.01])], [w])
    >>> w.numpy().round(4)
    array([0.8937, 1.1063], dtype=float32)
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
        dtype = variables[0].dtype if variables else config.floatx()
        self._u_product = self._adopt(Variable(np.ones((), dtype), trainable=False), "u_product")

    def advance(self, step: int) -> None:
        kind = self._u_product.dtype.type
        factor = 1 - kind(0.5) * power(0.96, step, kind)
        self._u_product.assign(self._u_product.value * kind(self.beta_1) * factor)

    def update(self, p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        m, v = moments
        move, root = self.scratch(p, 2)
        kind = p.dtype.type
        beta_1, beta_2, half = kind(self.beta_1), kind(self.beta_2), kind(0.5)
        u = beta_1 * (1 - half * power(0.96, step, kind))
        u_next = beta_1 * (1 - half * power(0.96, step + 1, kind))
        product = kind(self._u_product.value)
        np.subtract(g, m, out=move)
        move *= 1 - beta_1
        m += move
        np.square(g, out=move)
        move -= v
        move *= 1 - beta_2
        v += move
        np.multiply(m, u_next, out=move)
        move /= 1 - product * u_next
        np.multiply(g, 1 - u, out=root)
        root /= 1 - product
        move += root
        np.divide(v, 1 - power(self.beta_2, step, kind), out=root)
        np.sqrt(root, out=root)
        root += self.epsilon
        move *= kind(learning_rate)
        move /= root
        p -= move
