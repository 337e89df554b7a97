"""Muon."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.optimizers.base import Optimizer, power
from chainrule.optimizers.rate import LearningRate
from chainrule.optimizers.state import Run
from chainrule.optimizers.weights import decay_weights
from chainrule.saving.serialization import public
from chainrule.variables import Variable


@public("keras.optimizers")
class Muon(Optimizer):
    r"""Muon (Jordan et al., 2024): momentum made orthogonal for matrices, AdamW for all other variables.

    A matrix keeps `m = momentum * m + g` and takes `x = g + momentum * m`, scaled to norm 1. `ns_steps` times,
    `x = a * x + (b * A + c * A**2) x` with `A = x x^T`, a Newton-Schulz iteration that brings all singular values near
    1. Then `p -= learning_rate * rms_rate * sqrt(longer side) * x` (Liu et al., 2025). Vectors, embeddings and what
    `exclude_layers` names follow Adam's rule. Output layers do better with Adam: exclude them by name.

    Args:
        learning_rate: step per unit of the orthogonal matrix.
        adam_beta_1, adam_beta_2, epsilon: Adam's, for the variables that follow it.
        adam_weight_decay: their weight decay.
        weight_decay: that of the matrices; this and what follows are explained at `Optimizer`.
        exclude_layers: regular expressions; a variable in whose path one is found follows Adam.
        exclude_embeddings: whether variables with 'embedding' in their path follow Adam.
        muon_a, muon_b, muon_c: coefficients of the iteration.
        adam_lr_ratio: factor of the learning rate for Adam.
        momentum: how much of the sum of gradients is kept.
        ns_steps: number of iterations.
        nesterov: whether the gradient is added once more to the momentum.
        rms_rate: root mean square of an update's elements per unit of learning rate; None: no such scaling.

    >>> import chainrule as cr
    >>> w = cr.Variable([[1.0, 0.0], [0.0, 1.0]])
    >>> muon = cr.optimizers.Muon(0.1, rms_rate=None, weight_decay=None)
    >>> muon.apply([np.array([[5.0, 0.0], [0.0, 5.0]])], [w])
    >>> w.numpy().round(2)
    array([[0.89, 0.  ],
           [0.  , 0.89]], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        adam_beta_1: float = 0.9,
        adam_beta_2: float = 0.999,
        adam_weight_decay: float | None = 0.004,
        epsilon: float = 1e-7,
        weight_decay: float | None = 0.004,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        exclude_layers: Sequence[str] | None = None,
        exclude_embeddings: bool = True,
        muon_a: float = 3.4445,
        muon_b: float = -4.7750,
        muon_c: float = 2.0315,
        adam_lr_ratio: float = 1,
        momentum: float = 0.95,
        ns_steps: int = 5,
        nesterov: bool = True,
        rms_rate: float | None = 0.2,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            learning_rate, weight_decay, clipnorm, clipvalue, global_clipnorm, use_ema, ema_momentum,
            ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps, name, **kwargs,
        )  # fmt: skip
        self.adam_beta_1 = adam_beta_1
        self.adam_beta_2 = adam_beta_2
        self.adam_weight_decay = adam_weight_decay
        self.epsilon = epsilon
        self.exclude_layers = list(exclude_layers or ())
        self.exclude_embeddings = exclude_embeddings
        self.muon_a = muon_a
        self.muon_b = muon_b
        self.muon_c = muon_c
        self.adam_lr_ratio = adam_lr_ratio
        self.momentum = momentum
        self.ns_steps = ns_steps
        self.nesterov = nesterov
        self.rms_rate = rms_rate

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        super().build(variables)
        self.momentums: list[Variable | None] = []
        self.adam_velocities: list[Variable | None] = []
        for variable in variables:
            m = v = None
            if not variable.overwrite_with_gradient:
                m = self.add_variable_from_reference(variable, "momentum")
                if self._follows_adam(variable):
                    v = self.add_variable_from_reference(variable, "velocity")
            self.momentums.append(m)
            self.adam_velocities.append(v)

    def _follows_adam(self, variable: Variable) -> bool:
        if variable.ndim != 2 or (self.exclude_embeddings and "embedding" in variable.path.lower()):
            return True
        return any(re.search(pattern, variable.path) for pattern in self.exclude_layers)

    def _decay(self, runs: Sequence[Run], learning_rate: float) -> None:
        for weight_decay, adam in ((self.weight_decay, False), (self.adam_weight_decay, True)):
            if weight_decay is not None:

                def decays(variable: Variable, adam: bool = adam) -> bool:
                    return self._use_weight_decay(variable) and self._follows_adam(variable) == adam

                decay_weights(runs, weight_decay, learning_rate, decays, self.scratch)

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        index, kind = self._get_variable_index(variable), variable.dtype.type
        g, m, v = np.asarray(gradient, kind), self.momentums[index], self.adam_velocities[index]
        assert m is not None
        if v is not None:
            variable.assign_sub(self._adam_move(g, m, v, kind(learning_rate) * kind(self.adam_lr_ratio)))
            return
        keep = kind(self.momentum)
        m.assign(g + keep * m.value)
        x = self._orthogonal(g + keep * m.value if self.nesterov else m.value)
        x *= kind(learning_rate)
        if self.rms_rate is not None:
            x *= np.sqrt(kind(max(x.shape))) * kind(self.rms_rate)
        variable.assign_sub(x)

    def _adam_move(self, g: Array, m: Variable, v: Variable, learning_rate: Any) -> Array:
        """Move the moments of a variable that follows Adam, and return its step."""
        kind, step = g.dtype.type, int(self.iterations) + 1
        m.assign_add((g - m.value) * kind(1 - self.adam_beta_1))
        v.assign_add((np.square(g) - v.value) * kind(1 - self.adam_beta_2))
        alpha = learning_rate * np.sqrt(1 - power(self.adam_beta_2, step, kind))
        alpha /= 1 - power(self.adam_beta_1, step, kind)
        return np.asarray(m.value * alpha / (np.sqrt(v.value) + kind(self.epsilon)))

    def _orthogonal(self, matrix: Array) -> Array:
        """Return a matrix with the same singular vectors, and singular values near 1."""
        kind = matrix.dtype.type
        a, b, c = kind(self.muon_a), kind(self.muon_b), kind(self.muon_c)
        tall = matrix.shape[0] > matrix.shape[1]
        x = matrix.T if tall else matrix
        x = x / (np.sqrt(np.sum(np.square(x))) + kind(1e-7))
        for _ in range(self.ns_steps):
            gram = x @ x.T
            x = a * x + (b * gram + c * gram @ gram) @ x
        return np.asarray(x.T if tall else x)
