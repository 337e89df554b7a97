"""An optimizer around another that multiplies the loss, and divides the gradients again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.optimizers.base import Optimizer
from chainrule.saving.serialization import deserialize_keras_object, public, serialize_keras_object
from chainrule.variables import Variable

_ONLY_DEFAULTS: dict[str, Any] = {
    "weight_decay": None,
    "clipnorm": None,
    "global_clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "ema_momentum": 0.99,
    "ema_overwrite_frequency": None,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}
"""What older files say of it; anything but these values belongs to the inner optimizer."""


@public("keras.optimizers")
class LossScaleOptimizer(Optimizer):
    r"""Multiplies the loss by a scale and divides the gradients by it, so that small ones do not become zero.

    The scale is doubled after `dynamic_growth_steps` steps whose gradients are all finite, and halved after a step
    with one that is not; such a step changes nothing else. Arithmetic here is float32 or float64, in which scaling by
    powers of two changes no digit: this optimizer exists so that programs and files of mixed precision work.

    Args:
        inner_optimizer: makes the updates; its own `loss_scale_factor` is set to None.
        initial_scale: the first scale.
        dynamic_growth_steps: finite steps in a row before the scale is doubled.
        name: the first part of its variables' paths.

    Raises:
        ValueError: an argument that belongs to the inner optimizer.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0])
    >>> optimizer = cr.optimizers.LossScaleOptimizer(cr.optimizers.SGD(0.5), initial_scale=1024.0)
    >>> optimizer.apply([np.array([2048.0])], [w]); w.numpy()
    array([0.], dtype=float32)
    >>> optimizer.apply([np.array([np.inf])], [w]); w.numpy(), float(optimizer.dynamic_scale)
    (array([0.], dtype=float32), 512.0)
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        _check(kwargs)
        super().__init__(learning_rate=0.0, name=name)
        self.inner_optimizer = inner_optimizer
        self.initial_scale = initial_scale
        self.dynamic_growth_steps = dynamic_growth_steps
        inner_optimizer.loss_scale_factor = None  # gradients are divided once, here

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        self.step_counter = self.add_variable((), dtype="int32", name="step_counter")
        self.dynamic_scale = self.add_variable((), dtype="float32", name="dynamic_scale")
        self.dynamic_scale.assign(self.initial_scale)
        self.inner_optimizer.build(variables)
        super().build(variables)
        self._states, self._places = self.inner_optimizer._states, self.inner_optimizer._places

    @property
    def variables(self) -> list[Variable]:
        """Its own two counters and scale, then those of the inner optimizer."""
        return [*self._variables, *self.inner_optimizer.variables]

    @property
    def learning_rate(self) -> Any:
        """That of the inner optimizer."""
        return self.inner_optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        self.inner_optimizer.learning_rate = learning_rate

    @property
    def iterations(self) -> Any:
        """Those of the inner optimizer: steps with finite gradients."""
        return self.inner_optimizer.iterations

    def scale_loss(self, loss: Any) -> Any:
        """Multiply the loss by the scale."""
        return loss * (float(self.dynamic_scale) if self.built else self.initial_scale)

    def check_finite(self, grads: Sequence[Any]) -> bool:
        """Whether no gradient holds NaN or infinity."""
        return all(bool(np.isfinite(np.asarray(g)).all()) for g in grads if g is not None)

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Divide the gradients by the scale and let the inner optimizer update, unless one of them is not finite."""
        if not self.built:
            if trainable_variables is None:
                raise ValueError(
                    f"{self.name}: gradients without variables need a built optimizer: "
                    "call build(trainable_variables) first."
                )
            self.build(list(trainable_variables))
        scale, steps = self.dynamic_scale, self.step_counter
        if not self.check_finite(grads):
            steps.assign(0)
            scale.assign(scale.value * np.float32(0.5))
            return
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        factor = float(scale)
        kept = [
            g if g is None or v.overwrite_with_gradient else np.asarray(g) / factor
            for g, v in zip(grads, variables, strict=True)
        ]
        self.inner_optimizer.apply(kept, trainable_variables)
        if int(steps) == self.dynamic_growth_steps - 1:
            steps.assign(0)
            scale.assign(scale.value * np.float32(2))
        else:
            steps.assign_add(1)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Replace the weights by the moving average that the inner optimizer keeps, if it does."""
        self.inner_optimizer.finalize_variable_values(var_list)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as JSON-like values."""
        return {
            "name": self.name,
            "inner_optimizer": serialize_keras_object(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Build it, with its inner optimizer, from what `get_config` gave."""
        inner = deserialize_keras_object(config["inner_optimizer"], custom_objects)
        return cls(inner, **{key: value for key, value in config.items() if key != "inner_optimizer"})


def _check(arguments: dict[str, Any]) -> None:
    """Say which arguments are not for this optimizer."""
    if not arguments.pop("dynamic", True):
        raise ValueError(
            "LossScaleOptimizer no longer supports `dynamic=False`: set `loss_scale_factor` on the inner optimizer."
        )
    for name, default in _ONLY_DEFAULTS.items():
        if arguments.pop(name, default) != default:
            raise ValueError(f"LossScaleOptimizer does not support `{name}`: set it on the inner optimizer.")
    if arguments:
        raise ValueError(f"LossScaleOptimizer does not support arguments: `{'`, `'.join(arguments)}`.")
