"""RMSprop."""

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
class RMSprop(Optimizer):
    r"""RMSprop (Hinton, 2012): the gradient divided by the root of its running mean square.

    `v = rho * v + (1 - rho) * g**2` and `p -= learning_rate * g / sqrt(v + epsilon)`. Centered, the square of the
    running mean gradient is subtracted from `v` in the root. With momentum, `m = momentum * m + step` and `p -= m`.

    Args:
        learning_rate: step per unit of scaled gradient.
        rho: how much of the running means is kept.
        momentum: how much of the last step is kept.
        epsilon: added inside the root.
        centered: whether to divide by an estimate of the variance instead of the mean square.
        weight_decay: this and what follows are explained at `Optimizer`.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0, -1.0])
    >>> cr.optimizers.RMSprop(0.1).apply([np.array([1.0, -4.0])], [w])
    >>> w.numpy().round(3)
    array([ 0.684, -0.684], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        rho: float = 0.9,
        momentum: float = 0.0,
        epsilon: float = 1e-7,
        centered: bool = False,
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
        self.momentum = momentum
        self.epsilon = epsilon
        self.centered = centered
        self.moments = ("velocity", *("momentum",) * (momentum > 0), *("average_gradient",) * bool(centered))
        self.moment_groups = tuple((row,) for row in self.moments)

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._velocities = self.moment_variables("velocity")
        self._momentums = self.moment_variables("momentum") if self.momentum > 0 else []
        self._average_gradients = self.moment_variables("average_gradient") if self.centered else []

    def update(self, p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        move, root = self.scratch(p, 2)
        v = moments[0]
        v *= self.rho
        np.square(g, out=root)
        root *= 1 - self.rho
        v += root
        if self.centered:
            mean = moments[-1]
            mean *= self.rho
            np.multiply(g, 1 - self.rho, out=root)
            mean += root
            np.square(mean, out=root)
            np.subtract(v, root, out=root)
            root += self.epsilon
        else:
            np.add(v, self.epsilon, out=root)
        np.sqrt(root, out=root)
        np.multiply(g, p.dtype.type(learning_rate), out=move)
        move /= root
        if self.momentum > 0:
            m = moments[1]
            m *= self.momentum
            m += move
            p -= m
        else:
            p -= move
