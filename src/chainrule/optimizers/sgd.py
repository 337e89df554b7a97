"""Gradient descent, plain, with momentum, with Nesterov's momentum."""

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
class SGD(Optimizer):
    r"""Gradient descent: `p -= learning_rate * g`.

    With momentum: `m = momentum * m - learning_rate * g` and `p += m`; with Nesterov's (Sutskever et al., 2013):
    `p += momentum * m - learning_rate * g` with the new `m`.

    Args:
        learning_rate: step per unit of gradient.
        momentum: between 0 and 1; 0 keeps no moments.
        nesterov: whether the gradient counts as taken after the momentum's step.
        weight_decay: this and what follows are explained at `Optimizer`.

    Raises:
        ValueError: `momentum` is not a number between 0 and 1.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0, -1.0])
    >>> sgd = cr.optimizers.SGD(0.5, momentum=0.5)
    >>> for _ in range(2):
    ...     sgd.apply([np.array([1.0, 0.0])], [w])
    >>> w.numpy()
    array([-0.25, -1.  ], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
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
        if not isinstance(momentum, int | float) or not 0 <= momentum <= 1:
            raise ValueError(f"`momentum` must be a float between [0, 1]. Received: momentum={momentum!r}")
        self.momentum = momentum
        self.nesterov = nesterov
        self.moments = ("momentum",) if momentum else ()

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self.momentums = self.moment_variables("momentum") if self.momentum else []

    def update(self, p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        move, look = self.scratch(p, 2)
        np.multiply(g, p.dtype.type(learning_rate), out=move)
        if not self.momentum:
            p -= move
            return
        (m,) = moments
        m *= self.momentum
        m -= move
        if not self.nesterov:
            p += m
            return
        np.multiply(m, self.momentum, out=look)
        look -= move
        p += look
