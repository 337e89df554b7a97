"""Adafactor."""

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
class Adafactor(Optimizer):
    r"""Adafactor (Shazeer and Stern, 2018): mean squares of rows and columns stand for those of all elements.

    With `b = 1 - t**beta_2_decay` and `s = g**2 + epsilon_1`: a matrix keeps `r = b * r + (1 - b) * mean(s)` of each
    row and the like `c` of each column, and `v = r / mean(r) * c` is their outer product; a vector keeps
    `v = b * v + (1 - b) * s`. With more axes than two, each matrix of the last two has its own rows and columns. Then
    `u = g / sqrt(v)`, and `p -= max(epsilon_2, rms(p)) * rho * u / max(1, rms(u) / clip_threshold)` with
    `rho = min(learning_rate, 1 / sqrt(t))`, where `rms` is the root of a variable's mean square.

    Args:
        learning_rate: largest step, as a share of the variable's root mean square.
        beta_2_decay: exponent by which the mean squares forget more slowly over time.
        epsilon_1: added to every square.
        epsilon_2: smallest scale of a variable.
        clip_threshold: root mean square above which an update is scaled down.
        relative_step: accepted for Keras's sake: it bounds the learning rate by `1 / sqrt(t)`, as `rho` does anyway.
        weight_decay: this and what follows are explained at `Optimizer`.

    >>> import chainrule as cr
    >>> w = cr.Variable([[1.0, 1.0], [1.0, 1.0]])
    >>> cr.optimizers.Adafactor(0.1).apply([np.array([[1.0, 2.0], [2.0, 4.0]])], [w])
    >>> w.numpy().round(4)
    array([[0.9, 0.9],
           [0.9, 0.9]], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        beta_2_decay: float = -0.8,
        epsilon_1: float = 1e-30,
        epsilon_2: float = 1e-3,
        clip_threshold: float = 1.0,
        relative_step: bool = True,
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
        self.beta_2_decay = beta_2_decay
        self.epsilon_1 = epsilon_1
        self.epsilon_2 = epsilon_2
        self.clip_threshold = clip_threshold
        self.relative_step = relative_step

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self._squares: dict[int, tuple[Variable, Variable, Variable]] = {}
        for variable in variables:
            if variable.overwrite_with_gradient:
                continue
            shape, kind, name = variable.shape, variable.dtype, variable.name
            matrix = len(shape) >= 2  # the two of a vector are unused, but Keras's files have them, as integers
            row = self.add_variable(shape[:-1] if matrix else (), dtype=kind if matrix else "int32", name=name)
            column = self.add_variable(shape[:-2] + shape[-1:] if matrix else (), dtype=row.dtype, name=name)
            self._squares[id(variable)] = row, column, self.add_variable_from_reference(variable, "velocity")

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        kind, step = variable.dtype.type, int(self.iterations) + 1
        g, p = np.asarray(gradient, kind), variable.value
        scale = np.minimum(kind(learning_rate), 1 / np.sqrt(kind(step)))
        scale *= np.maximum(kind(self.epsilon_2), _root_mean_square(p))
        update = g / np.sqrt(self._mean_square(np.square(g) + kind(self.epsilon_1), variable, step))
        update /= np.maximum(kind(1), _root_mean_square(update) / kind(self.clip_threshold))
        variable.assign_sub(scale * update)

    def _mean_square(self, square: Array, variable: Variable, step: int) -> Array:
        """Move the mean squares of a variable and return what they say of its elements."""
        row, column, velocity = self._squares[id(variable)]
        kind = square.dtype.type
        keep = 1 - kind(float(step) ** self.beta_2_decay)
        if square.ndim < 2:
            velocity.assign(keep * velocity.value + (1 - keep) * square)
        else:
            row.assign(keep * row.value + (1 - keep) * square.mean(axis=-1))
            column.assign(keep * column.value + (1 - keep) * square.mean(axis=-2))
            share = row.value / row.value.mean(axis=-1, keepdims=True)
            velocity.assign(share[..., None] * column.value[..., None, :])
        return velocity.value


def _root_mean_square(x: Array) -> Any:
    return np.sqrt(np.mean(np.square(x)))
