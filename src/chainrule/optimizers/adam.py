"""Adam."""

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
class Adam(Optimizer):
    r"""Adam (Kingma and Ba, 2014): the running mean of the gradient, divided by the root of its running mean square.

    `m += (1 - beta_1) * (g - m)`, `v += (1 - beta_2) * (g**2 - v)` and `p -= alpha * m / (sqrt(v) + epsilon)` with
    `alpha = learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t)`. The epsilon stands outside the bias correction (the
    paper's "epsilon hat"), other than PyTorch's. With `amsgrad`, the largest `v` so far takes its place.

    Args:
        learning_rate: step per unit of scaled gradient.
        beta_1: how much of the mean gradient is kept.
        beta_2: how much of the mean square is kept.
        epsilon: added to the root.
        amsgrad: whether to divide by the largest `v` so far (Reddi et al., 2018).
        weight_decay: this and what follows are explained at `Optimizer`.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0, 1.0])
    >>> cr.optimizers.Adam(0.1).apply([np.array([3.0, -0.01])], [w])
    >>> w.numpy().round(4)
    array([0.9, 1.1], dtype=float32)
    """

    moments: tuple[str, ...] = ("momentum", "velocity")

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
        self.amsgrad = amsgrad
        if amsgrad:
            self.moments = ("momentum", "velocity", "velocity_hat")
            self.moment_groups = (("momentum", "velocity"), ("velocity_hat",))

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._momentums = self.moment_variables("momentum")
        self._velocities = self.moment_variables("velocity")
        self._velocity_hats = self.moment_variables("velocity_hat") if self.amsgrad else []

    def update(self, p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        m, v = moments[:2]
        move, root = self.scratch(p, 2)
        kind = p.dtype.type
        alpha = kind(learning_rate) * np.sqrt(1 - power(self.beta_2, step, kind)) / (1 - power(self.beta_1, step, kind))
        np.subtract(g, m, out=move)
        move *= 1 - self.beta_1
        m += move
        np.square(g, out=move)
        move -= v
        move *= 1 - self.beta_2
        v += move
        if self.amsgrad:
            np.maximum(moments[2], v, out=moments[2])
            v = moments[2]
        np.sqrt(v, out=root)
        root += self.epsilon
        np.multiply(m, alpha, out=move)
        move /= root
        p -= move
