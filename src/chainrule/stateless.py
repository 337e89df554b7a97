"""Scopes in which variables have other values, as in Keras; and where computation happens."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from types import TracebackType
from typing import Any

import numpy as np

from chainrule.autodiff.tape import substitute
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import EngineError
from chainrule.variables import Variable


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.stateless: list[StatelessScope] = []
        self.symbolic: list[SymbolicScope] = []


_scopes = _Scopes()


class _Values(dict[int, Any]):
    """Values by the ids of variables, each in its variable's type, whatever is assigned."""

    keeps_types = True


class StatelessScope:
    """Within the block variables are read and assigned in a table of values; they themselves do not change.

    Args:
        state_mapping: pairs `(variable, value)`; other variables start with their own values. A tensor stays one, so
            that a tape which watches it gives the gradient.
        collect_losses: whether what layers give to `add_loss` goes to `scope.losses`.
        initialize_variables: accepted: variables made within have their values at once.

    Raises:
        ValueError: a key is no variable, or a value has another shape.

    >>> import chainrule as cr
    >>> w = cr.Variable([1.0, 2.0])
    >>> with cr.StatelessScope([(w, [5.0, 5.0])]) as scope:
    ...     _ = w.assign_add([1.0, 0.0])
    >>> scope.get_current_value(w), w.numpy()
    (Tensor([6., 5.], dtype=float32), array([1., 2.], dtype=float32))
    """

    def __init__(
        self,
        state_mapping: Iterable[tuple[Variable, Any]] | None = None,
        collect_losses: bool = False,
        initialize_variables: bool = True,
    ) -> None:
        self.collect_losses = collect_losses
        self.initialize_variables = initialize_variables
        self.losses: list[Any] = []
        self.state_mapping = _Values()
        for variable, value in state_mapping or ():
            if not isinstance(variable, Variable):
                raise ValueError(
                    "Invalid reference variable in StatelessScope: all keys in argument `mapping` must be Variable "
                    f"instances. Received instead: {variable}"
                )
            self.state_mapping[id(variable)] = _as_value(variable, value)
        self._exits: list[ExitStack] = []

    def __enter__(self) -> StatelessScope:
        stack = ExitStack()
        stack.enter_context(substitute(self.state_mapping))
        _scopes.stateless.append(self)
        stack.callback(_scopes.stateless.pop)
        self._exits.append(stack)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._exits.pop().close()

    def add_loss(self, loss: Any) -> None:
        """Add to `losses`."""
        self.losses.append(loss)

    def add_update(self, update: tuple[Variable, Any]) -> None:
        """Give a variable another value: `scope.add_update((variable, value))`."""
        variable, value = update
        self.state_mapping[id(variable)] = _as_value(variable, value)

    def get_current_value(self, variable: Variable) -> Tensor | None:
        """Return the value of a variable in this scope; None if it was neither given nor assigned."""
        found = self.state_mapping.get(id(variable))
        return found if found is None or isinstance(found, Tensor) else Tensor(np.asarray(found))


def _as_value(variable: Variable, value: Any) -> Any:
    """Return a value for a variable in its type; tensors of that type as they are."""
    if not (isinstance(value, Tensor) and value.dtype == variable.dtype):
        value = np.array(getattr(value, "value", value), variable.dtype)
    if tuple(value.shape) != variable.shape:
        raise ValueError(
            "Invalid variable value in StatelessScope: all values in argument `mapping` must be tensors with a shape "
            f"that matches the corresponding variable shape. For variable {variable}, received invalid value {value} "
            f"with shape {tuple(value.shape)}."
        )
    return value


def current_stateless_scope() -> StatelessScope | None:
    """Return the innermost `StatelessScope` of this thread, or None."""
    return _scopes.stateless[-1] if _scopes.stateless else None


class SymbolicScope:
    """Marks a block in which shapes are worked out rather than numbers (`keras.SymbolicScope`).

    Calls on symbolic tensors draw a graph in it as they do outside: here it changes nothing else.

    >>> with SymbolicScope():
    ...     in_symbolic_scope()
    True
    """

    def __enter__(self) -> SymbolicScope:
        _scopes.symbolic.append(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _scopes.symbolic.pop()


def in_symbolic_scope() -> bool:
    """Whether a `SymbolicScope` of this thread is open."""
    return bool(_scopes.symbolic)


@contextmanager
def _nothing() -> Iterator[None]:
    yield


def device(device_name: str) -> Any:
    """Return a block that computes on the CPU, the only device there is (`keras.device`).

    Args:
        device_name: `'cpu'` or `'cpu:0'`.

    Raises:
        EngineError: another device.

    >>> with device("cpu:0"):
    ...     pass
    """
    if not isinstance(device_name, str):
        raise EngineError(f"device: expected 'cpu:0', received {device_name!r:.60}.")
    kind, _, number = device_name.lower().strip("/").removeprefix("device:").partition(":")
    if kind != "cpu" or number not in ("", "0"):
        raise EngineError(
            f"device: chainrule computes on the CPU only, so '{device_name:.60}' is not there. Use 'cpu:0', or leave "
            "the `with` statement out."
        )
    return _nothing()
