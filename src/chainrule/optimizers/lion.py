"""Lion."""

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
class Lion(Optimizer):
    r"""Lion (Chen et al., 2023): every weight moves by the learning rate, against the sign of the mean gradient.

    `p -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g)`, then `m = beta_2 * m + (1 - beta_2) * g`. Choose a
    learning rate 3 to 10 times smaller than Adam's.

    Args:
        learning_rate: length of every step.
        beta_1: share of the mean gradient in the direction.
        beta_2: how much of the mean gradient is kept.
        weight_decay: this and what follows are explained at `Optimizer`.

    Raises:
        ValueError: `beta_1` is not in (0, 1].

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0, 1.0, 1.0])
    >>> cr.optimizers.Lion(0.5).apply([np.array([3.0, -0.01, 0.0])], [w])
    >>> w.numpy()
    array([0.5, 1.5, 1. ], dtype=float32)
    """

    moments = ("momentum",)

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_1: float = 0.9,
        beta_2: float = 0.99,
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
        if not 0 < beta_1 <= 1:
            raise ValueError(
                "Argument `beta_1` must be above 0 and at most 1; otherwise the optimizer degenerates to SignSGD. "
                f"Received: beta_1={beta_1}."
            )
        self.beta_1 = beta_1
        self.beta_2 = beta_2

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._momentums = self.moment_variables("momentum")

    def update(self, p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        (m,) = moments
        move, part = self.scratch(p, 2)
        kind = p.dtype.type
        beta_1, beta_2 = kind(self.beta_1), kind(self.beta_2)
        np.multiply(m, beta_1, out=move)
        np.multiply(g, 1 - beta_1, out=part)
        move += part
        np.sign(move, out=move)
        move *= kind(learning_rate)
        p -= move
        m *= beta_2
        np.multiply(g, 1 - beta_2, out=part)
        m += part
