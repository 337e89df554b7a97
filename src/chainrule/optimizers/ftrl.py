"""FTRL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.optimizers.base import Optimizer
from chainrule.optimizers.rate import LearningRate
from chainrule.saving.serialization import public
from chainrule.variables import Variable

_NOT_NEGATIVE = (
    "initial_accumulator_value",
    "l1_regularization_strength",
    "l2_regularization_strength",
    "l2_shrinkage_regularization_strength",
)


@public("keras.optimizers")
class Ftrl(Optimizer):
    r"""Follow the regularized leader (McMahan et al., 2013), which makes weights exactly zero under an L1 penalty.

    With `h(a) = a**(-learning_rate_power)`, `l2 = l2_regularization_strength + beta / (2 * learning_rate)` and
    `g' = g + 2 * l2_shrinkage_regularization_strength * p`:
    `n' = n + g**2`, `z += g' - (h(n') - h(n)) / learning_rate * p` and
    `p = (clip(z, -l1, l1) - z) / (h(n') / learning_rate + 2 * l2)`, then `n = n'`.

    Args:
        learning_rate: step per unit of scaled gradient.
        learning_rate_power: zero or negative; 0 keeps the learning rate constant.
        initial_accumulator_value: what `n` starts with.
        l1_regularization_strength: L1 penalty `l1`.
        l2_regularization_strength: L2 penalty on the weights.
        l2_shrinkage_regularization_strength: L2 penalty that only shrinks, through the gradient.
        beta: the paper's beta.
        weight_decay: this and what follows are explained at `Optimizer`.

    Raises:
        ValueError: a positive `learning_rate_power`, or a negative strength or initial value.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0])
    >>> cr.optimizers.Ftrl(0.5, initial_accumulator_value=0.0).apply([np.array([2.0])], [w])
    >>> w.numpy()
    array([0.5], dtype=float32)
    """

    moments = ("accumulator", "linear")

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        learning_rate_power: float = -0.5,
        initial_accumulator_value: float = 0.1,
        l1_regularization_strength: float = 0.0,
        l2_regularization_strength: float = 0.0,
        l2_shrinkage_regularization_strength: float = 0.0,
        beta: float = 0.0,
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
        if learning_rate_power > 0:
            raise ValueError(
                "`learning_rate_power` needs to be negative or zero. "
                f"Received: learning_rate_power={learning_rate_power}."
            )
        self.learning_rate_power = learning_rate_power
        self.initial_accumulator_value = initial_accumulator_value
        self.l1_regularization_strength = l1_regularization_strength
        self.l2_regularization_strength = l2_regularization_strength
        self.l2_shrinkage_regularization_strength = l2_shrinkage_regularization_strength
        self.beta = beta
        for argument in _NOT_NEGATIVE:
            if getattr(self, argument) < 0:
                raise ValueError(
                    f"`{argument}` needs to be positive or zero. Received: {argument}={getattr(self, argument)}."
                )

    def build(self, variables: Sequence[Variable]) -> None:
        super().build(variables)
        self._accumulators = self.moment_variables("accumulator")
        self._linears = self.moment_variables("linear")

    def _initial_moments(self) -> dict[str, float]:
        return {"accumulator": self.initial_accumulator_value}

    def update(self, p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        n, z = moments
        old, new, change = self.scratch(p, 3)
        rate = p.dtype.type(learning_rate)
        self._h(n, old)
        np.square(g, out=new)
        n += new
        self._h(n, new)
        np.subtract(new, old, out=old)
        old /= rate
        old *= p
        np.multiply(p, 2 * self.l2_shrinkage_regularization_strength, out=change)
        change += g
        change -= old
        z += change
        new /= rate
        new += 2 * (self.l2_regularization_strength + self.beta / (2 * rate))
        np.clip(z, -self.l1_regularization_strength, self.l1_regularization_strength, out=p)
        p -= z
        p /= new

    def _h(self, n: Array, out: Array) -> None:
        """`out = n ** -learning_rate_power`, by the exact square root in the usual case."""
        if self.learning_rate_power == -0.5:
            np.sqrt(n, out=out)
        else:
            np.power(n, -self.learning_rate_power, out=out)
