"""AdamW: Adam with decoupled weight decay by default."""

from __future__ import annotations

from typing import Any

from chainrule.optimizers.adam import Adam
from chainrule.optimizers.rate import LearningRate
from chainrule.saving.serialization import public


@public("keras.optimizers")
class AdamW(Adam):
    r"""Adam with `p -= learning_rate * weight_decay * p` before each update (Loshchilov and Hutter, 2017).

    The decay reaches every variable, biases too, unless `exclude_from_weight_decay` spares it.

    Args:
        learning_rate: step per unit of scaled gradient.
        weight_decay: fraction (times the learning rate) of each weight that is subtracted per step (PyTorch: 0.01).
        beta_1: as Adam's, like what follows.

    Raises:
        ValueError: `weight_decay` is None.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0])
    >>> import numpy as np
    >>> cr.optimizers.AdamW(0.1, weight_decay=0.5).apply([np.array([2.0])], [w])
    >>> w.numpy().round(4)
    array([0.85], dtype=float32)
    """

    def __init__(
        self,
        learning_rate: LearningRate = 0.001,
        weight_decay: float | None = 0.004,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
        amsgrad: bool = False,
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
            learning_rate, beta_1, beta_2, epsilon, amsgrad, weight_decay, clipnorm, clipvalue, global_clipnorm,
            use_ema, ema_momentum, ema_overwrite_frequency, loss_scale_factor, gradient_accumulation_steps,
            name, **kwargs,
        )  # fmt: skip
        if weight_decay is None:
            raise ValueError("AdamW: argument `weight_decay` must be a float. Received: weight_decay=None")
