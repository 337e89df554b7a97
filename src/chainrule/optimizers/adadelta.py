"""Adadelta."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.optimizers.base import Optimizer
from chainrule.optimizers.rate import LearningRate
from chainrule.saving.serialization import public
from chainrule.variables import Variable


@public("keras.optimizers")
class Adadelta(Optimizer):
    r"""Adadelta (Zeiler, 2012): steps in the unit of the parameters, from running means of squared gradients and steps.

    `a = rho * a + (1 - rho) * g**2`, `d = -sqrt(s + epsilon) * g / sqrt(a + epsilon)`,
    `s = rho * s + (1 - rho) * d**2` and `p += learning_rate * d`.

    Args:
        learning_rate: factor of every step; the paper has 1.0. With the default 0.001 the weights hardly move.
        rho: how much of the running means is kept.
        epsilon: added inside both roots.
        weight_decay: this and what follows are explained at `Optimizer`.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0])
    >>> cr.optimizers.Adadelta(1.0, rho=0.0, epsilon=1.0).apply([np.array([0.75])], [w])
    >>> w.numpy().round(4)
    array([0.4], dtype=float32)
    """

    moments = ("accumulated_grad", "accumulated_delta_var")

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        rho: float = 0.95,
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
        self.rho = rho
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._accumulated_grads = self.moment_variables("accumulated_grad")
        self._accumulated_delta_vars = self.moment_variables("accumulated_delta_var")

    def update(self, p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        a, s = moments
        move, root = self.scratch(p, 2)
        a *= self.rho
        np.square(g, out=move)
        move *= 1 - self.rho
        a += move
        np.add(s, self.epsilon, out=move)
        np.sqrt(move, out=move)
        move *= g
        np.add(a, self.epsilon, out=root)
        np.sqrt(root, out=root)
        move /= root
        s *= self.rho
        np.square(move, out=root)
        root *= 1 - self.rho
        s += root
        move *= p.dtype.type(learning_rate)
        p -= move
