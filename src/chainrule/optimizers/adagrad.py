"""Adagrad."""

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
class Adagrad(Optimizer):
    r"""Adagrad (Duchi et al., 2011): the gradient divided by the root of the sum of its squares so far.

    `a += g**2` and `p -= learning_rate * g / sqrt(a + epsilon)`, where `a` starts at `initial_accumulator_value`.

    Args:
        learning_rate: step per unit of scaled gradient.
        initial_accumulator_value: what the sums start with (PyTorch: 0).
        epsilon: added inside the root.
        weight_decay: this and what follows are explained at `Optimizer`.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0])
    >>> cr.optimizers.Adagrad(0.5, initial_accumulator_value=0.0).apply([np.array([2.0])], [w])
    >>> w.numpy()
    array([0.5], dtype=float32)
    """

    moments = ("accumulator",)

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        initial_accumulator_value: float = 0.1,
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
        self.initial_accumulator_value = initial_accumulator_value
        self.epsilon = epsilon

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._accumulators = self.moment_variables("accumulator")

    def _initial_moments(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    def update(self, p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        (a,) = moments
        move, root = self.scratch(p, 2)
        np.square(g, out=root)
        a += root
        np.add(a, self.epsilon, out=root)
        np.sqrt(root, out=root)
        np.multiply(g, p.dtype.type(learning_rate), out=move)
        move /= root
        p -= move
