"""What a layer holds: its variables, the layers and metrics in it, and the losses its last call left behind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np

from chainrule import ops, tree
from chainrule._typing import Array
from chainrule.autodiff.operators import Operators
from chainrule.errors import NotDifferentiableError, ShapeError
from chainrule.layers import context
from chainrule.stateless import current_stateless_scope
from chainrule.variables import Changes, Variable

if TYPE_CHECKING:
    from chainrule.layers.base import Layer


class HoldsState:
    """The half of `Layer` that concerns variables, the layers within, losses and metrics.

    Whatever is set as an attribute is found: variables, layers, metrics, and lists, dicts and sets of them, in the
    order in which they were set.
    """

    _not_parts: ClassVar[frozenset[str]] = frozenset({"_build_shapes", "_legacy", "_losses", "_nodes", "_parts"})
    _notes: ClassVar[frozenset[str]] = frozenset({"_losses"})
    """Attributes that change while models run, and say nothing about how they compute."""
    name: str
    built: bool
    _trainable: bool
    _locked: bool
    _watches: ClassVar[bool] = False  # whether `call` is Python code of the user's own, which may do anything
    _held_before: tuple[Any, ...] = ()
    _variables_trainable: list[Variable]
    _variables_fixed: list[Variable]
    _parts: dict[str, None]
    _losses: list[Any]
    _nodes: list[Any]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        instance = super().__new__(cls, *args, **kwargs)
        # Here, not in __init__: a class may set attributes before it calls super().__init__().
        instance.__dict__.update(_parts={}, _variables_trainable=[], _variables_fixed=[], _losses=[], _nodes=[])
        instance.__dict__["_locked"] = False
        return instance

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._not_parts:
            if isinstance(value, Variable):
                self._own(value)
            elif isinstance(value, list | tuple | dict | set) or _is_part(value):
                if self._locked:
                    self._refuse_new(name, value)
                self._parts[name] = None
        object.__setattr__(self, name, value)
        if self._locked and name in self._parts and self._watches:
            self._know_held()
        if name not in self._notes:
            Changes.count += 1

    def _own(self, variable: Variable) -> None:
        """Count a variable among this layer's own, once."""
        if all(v is not variable for v in self._own_variables()):
            if self._locked:
                raise self._too_late(f"the variable '{variable.name}'")
            (self._variables_trainable if variable.trainable else self._variables_fixed).append(variable)

    def _own_variables(self) -> list[Variable]:
        return [*self._variables_trainable, *self._variables_fixed]

    # -- once the layer is built --------------------------------------------------------------------------------------

    def _lock_state(self) -> None:
        """Refuse further variables, layers and metrics from now on: each call would add more of them."""
        self.__dict__["_locked"] = True
        if self._watches:
            self._know_held()

    def _know_held(self) -> None:
        self.__dict__["_held_before"] = tuple(self._held()) if self._parts else ()

    def _refuse_added(self) -> None:
        """Raise if a call has put a layer or metric into a list or dict, where nothing else notices it."""
        known = {id(part) for part in self._held_before}
        for part in self._held():
            if id(part) not in known:
                raise self._too_late(f"{type(part).__name__} '{part.name}'")

    def _refuse_new(self, attribute: str, value: Any) -> None:
        """Raise unless all layers and metrics in a value are held already."""
        held = {id(part) for part in self._held()}
        for part in _members(value if isinstance(value, list | tuple | dict | set) else [value]):
            if id(part) not in held:
                raise self._too_late(f"{type(part).__name__} '{part.name}' as `{attribute}`")

    def _too_late(self, what: str) -> ValueError:
        return ValueError(
            f"{type(self).__name__} '{self.name}' cannot take {what}: you cannot add new elements of state (variables "
            "or sub-layers) to a layer that is already built. All state must be created in the `__init__()` method or "
            "in the `build()` method."
        )

    # -- layers and metrics within ------------------------------------------------------------------------------------

    def _held(self) -> Iterator[Any]:
        """Yield the members of the attributes that can hold layers and metrics."""
        attributes = self.__dict__
        for name in list(self._parts):
            value = attributes.get(name)
            if isinstance(value, list | tuple | dict | set):
                yield from _members(value)
            elif _is_part(value):
                yield value

    def _sublayers(self) -> list[Layer]:
        """Return the layers held in attributes, and in their lists and dicts, in the order they were set."""
        return [cast("Layer", v) for v in self._held() if isinstance(v, HoldsState)] if self._parts else []

    def _flatten_layers(self) -> list[Layer]:
        """Return this layer and all layers below it, each once."""
        seen: dict[int, Any] = {}
        stack: list[Any] = [self]
        while stack:
            layer = stack.pop()
            if id(layer) not in seen:
                seen[id(layer)] = layer
                below = layer._sublayers()
                if below:
                    stack.extend(reversed(below))
        return list(seen.values())

    @property
    def metrics(self) -> list[Any]:
        """The metrics held by this layer and the layers in it."""
        return [m for layer in self._flatten_layers() for m in layer._own_metrics()]

    def _own_metrics(self) -> list[Any]:
        return [v for v in self._held() if not isinstance(v, HoldsState)] if self._parts else []

    @property
    def metrics_variables(self) -> list[Variable]:
        """The variables of `metrics`."""
        return [v for m in self.metrics for v in m.variables]

    # -- variables ----------------------------------------------------------------------------------------------------

    @property
    def weights(self) -> list[Variable]:
        """The variables of this layer and of the layers in it, each once."""
        return weights_of(self._flatten_layers())

    @property
    def variables(self) -> list[Variable]:
        return self.weights

    @property
    def trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if v.trainable] if self.trainable else []

    @property
    def non_trainable_weights(self) -> list[Variable]:
        return [v for v in self.weights if not v.trainable] if self.trainable else self.weights

    @property
    def trainable_variables(self) -> list[Variable]:
        return self.trainable_weights

    @property
    def non_trainable_variables(self) -> list[Variable]:
        return self.non_trainable_weights

    @property
    def trainable(self) -> bool:
        """Whether the variables are trained; setting it concerns the layers inside as well."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        for layer in self._flatten_layers():
            layer._trainable = bool(value)
            for v in layer._variables_trainable:
                v.trainable = bool(value)

    def get_weights(self) -> list[Array]:
        """Return the values of all variables as a list of arrays."""
        return [v.numpy() for v in self.weights]

    def set_weights(self, weights: Any) -> None:
        """Set the values of all variables, in the order of `get_weights`.

        Raises:
            ShapeError: their number or shapes differ; no variable was changed.
        """
        mine, arrays = self.weights, [np.asarray(w) for w in weights]
        if len(mine) != len(arrays):
            hint = "" if self.built else " It is not built yet: give it an input shape, or call it on data first."
            raise ShapeError(f"'{self.name}' has {len(mine)} weights, but set_weights received {len(arrays)}.{hint}")
        for v, w in zip(mine, arrays, strict=True):
            if v.shape != w.shape:
                raise ShapeError(f"'{self.name}': weight '{v.path}' has shape {v.shape}, but received shape {w.shape}.")
        for v, w in zip(mine, arrays, strict=True):
            v.assign(w)

    def count_params(self) -> int:
        """Return the number of numbers in all variables."""
        if not self.built:
            raise ValueError(
                f"{type(self).__name__} '{self.name}' has no weights yet: give it an Input, or call it on data first."
            )
        return sum(v.size for v in self.weights)

    # -- losses -------------------------------------------------------------------------------------------------------

    def add_loss(self, loss: Any) -> None:
        """Add a number computed in `call` to the training loss; the next call of the outermost layer forgets it.

        Raises:
            NotDifferentiableError: it is no tensor.
        """
        for value in tree.flatten(loss):
            if not isinstance(value, Operators):
                raise NotDifferentiableError(
                    f"'{self.name}': add_loss takes a tensor computed with chainrule.ops from the inputs or weights, "
                    f"but received a {type(value).__name__}."
                )
            if context.on_trial():
                continue
            self._losses.append(value)
            scope = current_stateless_scope()
            if scope is not None and scope.collect_losses:
                scope.add_loss(value)

    def _forget_losses(self) -> None:
        for layer in self._flatten_layers():
            if layer._losses:
                layer._losses = []

    @property
    def losses(self) -> list[Any]:
        """What `add_loss` and the activity regularizers left in the last call, and the penalties of the weights."""
        left = [loss for layer in self._flatten_layers() for loss in layer._losses]
        return left + [v.regularizer(v) for v in self.trainable_weights if v.regularizer is not None]

    def _penalize_activity(self, regularizer: Any, outputs: Any) -> None:
        """Add the penalty of the outputs, divided by the batch size as in Keras."""
        for output in tree.flatten(outputs):
            self.add_loss(ops.convert_to_tensor(regularizer(output)) / max(1, output.shape[0] if output.shape else 1))

    # -- files --------------------------------------------------------------------------------------------------------

    def save_own_variables(self, store: Any) -> None:
        """Put the layer's own variables into a mapping under `'0'`, `'1'`, ..."""
        for i, v in enumerate(self._own_variables()):
            store[str(i)] = v.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take the layer's own variables from such a mapping.

        Raises:
            ShapeError: their number or shapes differ.
        """
        mine = self._own_variables()
        if len(store.keys()) != len(mine):
            raise ShapeError(
                f"Layer '{self.name}' has {len(mine)} variables, but the file holds {len(store.keys())} for it."
                + ("" if self.built else " The layer is not built yet.")
            )
        for i, v in enumerate(mine):
            v.assign(np.asarray(store[str(i)]))


def weights_of(layers: list[Layer]) -> list[Variable]:
    """Return the variables that the layers own themselves, each once."""
    found: dict[int, Variable] = {}
    for layer in layers:
        for own in (layer._variables_trainable, layer._variables_fixed):
            for v in own:
                found[id(v)] = v
    return list(found.values())


def _members(value: Any) -> Iterator[Any]:
    """Yield the layers and metrics in nested lists, dicts and sets."""
    for part in value.values() if isinstance(value, dict) else value:
        if isinstance(part, list | tuple | dict | set):
            yield from _members(part)
        elif _is_part(part):
            yield part


def _is_part(value: Any) -> bool:
    """Whether a value is a layer or a metric."""
    return isinstance(value, HoldsState) or (hasattr(value, "reset_state") and hasattr(value, "update_state"))
