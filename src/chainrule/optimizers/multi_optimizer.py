"""Several optimizers for one model, each for its part of the variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from typing import Any

from chainrule.optimizers.base import Optimizer
from chainrule.optimizers.loss_scale_optimizer import LossScaleOptimizer
from chainrule.saving.serialization import deserialize_keras_object, public, serialize_keras_object
from chainrule.variables import Variable


@public("keras.optimizers")
class OptimizerMap(MutableMapping[str, Optimizer]):
    """Which optimizer a variable belongs to: by its path, by a regular expression that matches it all, by default.

    Args:
        default_optimizer: for variables that no key is for.
        optimizer_map: path or regular expression -> optimizer.

    Raises:
        TypeError: the default is no optimizer, or the map no dict.

    >>> import chainrule as cr
    >>> sgd, adam = cr.optimizers.SGD(), cr.optimizers.Adam()
    >>> chosen = OptimizerMap(sgd, {"encoder/.*": adam})
    >>> chosen["encoder/dense/kernel"] is adam, chosen["decoder/dense/kernel"] is sgd
    (True, True)
    """

    def __init__(self, default_optimizer: Optimizer, optimizer_map: dict[str, Optimizer] | None = None) -> None:
        if not isinstance(default_optimizer, Optimizer):
            raise TypeError(
                f"OptimizerMap: default_optimizer must be a chainrule Optimizer instance. Received: {default_optimizer}"
            )
        if optimizer_map is not None and not isinstance(optimizer_map, dict):
            raise TypeError(f"OptimizerMap: optimizer_map must be a dictionary. Received: {optimizer_map}")
        self._default_optimizer = default_optimizer
        self._optimizer_map = optimizer_map or {}

    @property
    def default_optimizer(self) -> Optimizer:
        """The optimizer of all variables that no key is for."""
        return self._default_optimizer

    def __getitem__(self, key: str) -> Optimizer:
        if key in self._optimizer_map:
            return self._optimizer_map[key]
        matching = [pattern for pattern in self._optimizer_map if re.fullmatch(pattern, key)]
        if len(matching) > 1:
            raise ValueError(f"Multiple optimizers assigned to variable {key}: the keys {matching} all match it.")
        return self._optimizer_map[matching[0]] if matching else self._default_optimizer

    def __setitem__(self, key: str, optimizer: Optimizer) -> None:
        if key in self._optimizer_map:
            raise ValueError(
                f"'{key}' already exists in the OptimizerMap with value {self._optimizer_map[key]}. "
                "Please make sure to not use duplicated keys."
            )
        if not isinstance(key, str):
            raise ValueError(f"OptimizerMap: key must be a string. Received: {key}")
        _check(optimizer, f"optimizer of '{key}'")
        self._optimizer_map[key] = optimizer

    def __delitem__(self, key: str) -> None:
        del self._optimizer_map[key]

    def __len__(self) -> int:
        return len(self._optimizer_map)

    def __iter__(self) -> Iterator[str]:
        return iter(self._optimizer_map)

    def __call__(self, variable: Variable) -> Optimizer:
        return self[variable.path]

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as JSON-like values."""
        return {
            "default_optimizer": serialize_keras_object(self._default_optimizer),
            "optimizer_map": serialize_keras_object(self._optimizer_map),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> OptimizerMap:
        """Build it, with its optimizers, from what `get_config` gave."""
        return cls(
            deserialize_keras_object(config["default_optimizer"], custom_objects),
            deserialize_keras_object(config["optimizer_map"], custom_objects),
        )


@public("keras.optimizers")
class MultiOptimizer(Optimizer):
    """Hands every variable to the optimizer that is chosen for it.

    Each has its own learning rate and settings, so this one has no learning rate: read and set those of `optimizers`.

    Args:
        optimizer_map: an `OptimizerMap`, or a function that returns the optimizer of a variable (the same object for
            all variables of one optimizer).
        loss_scale_factor: factor of the loss, which all of them divide by; it takes the place of their own.
        name: the first part of its variables' paths.

    Raises:
        ValueError: what is chosen for a variable is no optimizer, or one that wraps others.

    >>> import chainrule as cr
    >>> import numpy as np
    >>> w, b = cr.Variable([1.0], name="w"), cr.Variable([1.0], name="b")
    >>> chosen = OptimizerMap(cr.optimizers.SGD(0.5), {"b": cr.optimizers.SGD(0.25)})
    >>> cr.optimizers.MultiOptimizer(chosen).apply([np.ones(1), np.ones(1)], [w, b])
    >>> float(w[0]), float(b[0])
    (0.5, 0.75)
    """

    def __init__(
        self,
        optimizer_map: OptimizerMap | Callable[[Variable], Optimizer],
        loss_scale_factor: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(learning_rate=0.0, loss_scale_factor=loss_scale_factor, name=name)
        self.optimizer_map = optimizer_map
        self._inner_optimizers: list[Optimizer] = []
        self._chosen: dict[int, Optimizer] = {}
        if isinstance(optimizer_map, Mapping):
            for optimizer in (*optimizer_map.values(), getattr(optimizer_map, "default_optimizer", None)):
                if optimizer is not None:
                    self._admit(optimizer)

    def _admit(self, optimizer: Optimizer) -> None:
        if not any(optimizer is known for known in self._inner_optimizers):
            optimizer.loss_scale_factor = self.loss_scale_factor
            self._inner_optimizers.append(optimizer)

    @property
    def optimizers(self) -> list[Optimizer]:
        """The optimizers, in the order of the map's keys, the default one last."""
        return self._inner_optimizers

    def build(self, variables: Sequence[Variable]) -> None:
        if self.built:
            return
        for variable in variables:
            optimizer = self.optimizer_map(variable)
            _check(optimizer, f"optimizer of variable '{variable.path}'")
            self._admit(optimizer)
            self._chosen[id(variable)] = optimizer
        super().build(variables)
        self._states, self._places = [], {}
        for optimizer, mine in self._parts(variables):
            optimizer.build(mine)
            self._states += optimizer._states
            self._places.update(optimizer._places)

    def _parts(self, variables: Sequence[Variable]) -> list[tuple[Optimizer, list[Variable]]]:
        """Return each optimizer with those of the variables that are its own; those with none are left out."""
        parts = [(o, [v for v in variables if self._chosen[id(v)] is o]) for o in self._inner_optimizers]
        return [(optimizer, mine) for optimizer, mine in parts if mine]

    @property
    def variables(self) -> list[Variable]:
        """Its own iteration and (unused) learning rate, then all variables of one optimizer after the other."""
        return [*self._variables, *(v for optimizer in self._inner_optimizers for v in optimizer.variables)]

    @property
    def learning_rate(self) -> Any:
        """There is none.

        Raises:
            AttributeError: always; each of `optimizers` has its own.
        """
        raise AttributeError(
            "Learning rate cannot be accessed on a MultiOptimizer. Access the learning rate on the individual "
            "sub-optimizers instead: optimizer.optimizers[0].learning_rate."
        )

    @learning_rate.setter
    def learning_rate(self, learning_rate: Any) -> None:
        raise AttributeError(
            "Learning rate cannot be set on a MultiOptimizer. Set the learning rate on the individual "
            "sub-optimizers instead: optimizer.optimizers[0].learning_rate = ..."
        )

    @property
    def loss_scale_factor(self) -> float | None:
        """Factor of the loss; setting it sets it for all of `optimizers`."""
        return self._loss_scale_factor

    @loss_scale_factor.setter
    def loss_scale_factor(self, value: float | None) -> None:
        self._loss_scale_factor = value
        for optimizer in getattr(self, "_inner_optimizers", ()):
            optimizer.loss_scale_factor = value

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Let each optimizer update its own variables."""
        if len(grads) == 0:
            return
        if trainable_variables is None and not self.built:
            raise ValueError(
                f"{self.name}: gradients without variables need a built optimizer: "
                "call build(trainable_variables) first."
            )
        variables = self._trainable_variables if trainable_variables is None else list(trainable_variables)
        if not self.built:
            self.build(variables)
        if len(grads) != len(self._trainable_variables):
            raise ValueError(
                f"{self.name}: expected {len(self._trainable_variables)} gradients, one per variable, "
                f"received {len(grads)}."
            )
        by_id = {id(v): g for g, v in zip(grads, variables, strict=True)}
        for optimizer, mine in self._parts(variables):
            optimizer.apply([by_id[id(v)] for v in mine], mine)
        self._iterations.assign_add(1)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Replace the weights by their moving averages, where an optimizer keeps them."""
        for optimizer, mine in self._parts(var_list):
            optimizer.finalize_variable_values(mine)

    def get_config(self) -> dict[str, Any]:
        """Return the constructor's arguments as JSON-like values."""
        return {
            "optimizer_map": serialize_keras_object(self.optimizer_map),
            "loss_scale_factor": self.loss_scale_factor,
            "name": self.name,
        }


def _check(optimizer: Any, what: str) -> None:
    """Raise a ValueError unless it is an optimizer that may be one of several."""
    if not isinstance(optimizer, Optimizer):
        raise ValueError(f"MultiOptimizer: {what} must be a chainrule Optimizer instance. Received: {optimizer}")
    if isinstance(optimizer, LossScaleOptimizer | MultiOptimizer):
        raise ValueError(f"MultiOptimizer: {what} cannot be a {type(optimizer).__name__}, which wraps others.")
