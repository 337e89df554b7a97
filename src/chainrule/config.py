"""Settings of the whole process: the default float type, the number that guards divisions, threads, and messages."""

from __future__ import annotations

import operator
import os
from typing import TYPE_CHECKING

from chainrule.errors import DataError, unknown_name
from chainrule.lazy import refuser

_settings: dict[str, object] = {
    "floatx": "float32",
    "epsilon": 1e-7,
    "interactive_logging": True,
    "trap_warnings": True,
}
_THREADS = "CHAINRULE_NUM_THREADS"
_FLOATS = ("float16", "float32", "float64")


def floatx() -> str:
    """Return the default float type, as `keras.config.floatx`.

    >>> floatx()
    'float32'
    """
    return str(_settings["floatx"])


def set_floatx(value: str) -> None:
    """Set the default float type: `'float32'` or `'float64'` (`'float16'` is stored and computed in float32).

    Raises:
        UnknownNameError: another name was given.
    """
    if value not in _FLOATS:
        raise unknown_name("float type", value, _FLOATS)
    _settings["floatx"] = value


def epsilon() -> float:
    """Return the small number added or clipped to where a division or logarithm needs it (Keras: 1e-7)."""
    return float(_settings["epsilon"])  # type: ignore[arg-type]


def set_epsilon(value: float) -> None:
    """Set the small number of `epsilon()`."""
    from chainrule.variables import Changes

    _settings["epsilon"] = float(value)
    Changes.count += 1


def backend() -> str:
    """Return `'numpy'`: the arrays a user sees are NumPy's (`keras.config.backend`)."""
    return "numpy"


def set_num_threads(count: int | None) -> None:
    """Set how many threads the native engine may use at most; None: as many as cores are usable (the default).

    Small work uses fewer, and never are there more than the cores that the process may use (its affinity and the
    quota of its control groups). The number changes the speed only: results are the same, bit for bit.

    Raises:
        DataError: not a whole number from 1 up.

    >>> set_num_threads(1)
    >>> num_threads()
    1
    >>> set_num_threads(None)
    """
    _settings["num_threads"] = None if count is None else _checked(count, "set_num_threads")


def num_threads() -> int:
    """Return how many threads the native engine may use at most.

    What `set_num_threads` said, else the environment variable `CHAINRULE_NUM_THREADS`, else all usable cores.

    Raises:
        DataError: the environment variable is not a whole number from 1 up.
    """
    from chainrule.utils.cores import usable_cores

    limit = _settings.get("num_threads")
    if limit is None and os.environ.get(_THREADS):
        limit = _checked(os.environ[_THREADS], _THREADS)
    return usable_cores() if limit is None else min(int(limit), usable_cores())  # type: ignore[call-overload]


def _checked(count: object, where: str) -> int:
    """Return a number of threads as an int."""
    try:
        number = int(count) if isinstance(count, str) else operator.index(count)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = 0
    if number < 1 or isinstance(count, bool):
        raise DataError(f"{where}: expected a whole number of threads from 1 up, received {count!r}.")
    return number


def enable_interactive_logging() -> None:
    """Show progress and messages on standard output: the default (`keras.config.enable_interactive_logging`)."""
    _settings["interactive_logging"] = True


def disable_interactive_logging() -> None:
    """Send progress and messages to the logger `chainrule` at level INFO, one record per finished line.

    >>> disable_interactive_logging()
    >>> is_interactive_logging_enabled()
    False
    >>> enable_interactive_logging()
    """
    _settings["interactive_logging"] = False


def is_interactive_logging_enabled() -> bool:
    """Whether progress and messages go to standard output rather than to the logger `chainrule`."""
    return bool(_settings["interactive_logging"])


def disable_trap_warnings() -> None:
    """Do not look for what is allowed but does not do what it looks like (`errors.TrapWarning`).

    >>> disable_trap_warnings()
    >>> are_trap_warnings_enabled()
    False
    >>> enable_trap_warnings()
    """
    _settings["trap_warnings"] = False


def enable_trap_warnings() -> None:
    """Look for such things in `compile` and `fit`: the default."""
    _settings["trap_warnings"] = True


def are_trap_warnings_enabled() -> bool:
    """Whether `compile` and `fit` warn with a `TrapWarning` of what does not do what it looks like."""
    return bool(_settings["trap_warnings"])


if not TYPE_CHECKING:  # type checkers know what is there
    __getattr__ = refuser("chainrule.config")
