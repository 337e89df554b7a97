"""Optimizers without a kernel, the user's own among them: the native engine computes the gradients, Python the update.

Each step is one native call, forward and backward, which leaves the gradient of the trainable parameters in an array;
then `optimizer.apply` runs as it does on the reference engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.autodiff.tensor import Tensor
from chainrule.engines.plan import CannotLower
from chainrule.variables import FlatBuffer, Variable


def check_scaling(optimizer: Any) -> None:
    """Say whether the optimizer multiplies the loss by a number, so that gradients can be multiplied instead.

    Raises:
        CannotLower: it has a `scale_loss` of its own, which may do anything.
    """
    owner = next(c for c in type(optimizer).__mro__ if "scale_loss" in vars(c))
    if not owner.__module__.startswith("chainrule.optimizers."):
        raise CannotLower(f"optimizer '{optimizer.name}' has its own scale_loss")


class PythonUpdates:
    """Hands the gradients of a step to an optimizer.

    Args:
        buffer: the model's parameters.
        variables: the trainable ones: the first ones of the buffer, in order.
        trained: which of them have a gradient.
    """

    def __init__(self, buffer: FlatBuffer, variables: Sequence[Variable], trained: Sequence[bool]) -> None:
        size = sum(v.size for v in variables)
        self.parameters = buffer.array[:size]
        self.gradient = np.zeros(size, buffer.array.dtype)
        self.variables = list(variables)
        self.trained = list(trained)

    def describe(self) -> dict[str, Any]:
        """Return what `read_optimizer` (native/bind/optimizer.hpp) takes."""
        return {"name": "", "parameters": self.parameters, "gradient": self.gradient}

    def apply(self, optimizer: Any) -> None:
        """Let the optimizer update the variables from the gradient that a step has left."""
        whole = self.gradient * self.gradient.dtype.type(optimizer.scale_loss(1.0))
        grads = [
            Tensor(v.slot.view(whole)) if has and v.slot is not None else None
            for v, has in zip(self.variables, self.trained, strict=True)
        ]
        optimizer.apply(grads, self.variables)
