"""Settings of the whole process: the default float type, the number that guards divisions, and where messages go."""

from __future__ import annotations

from chainrule.errors import unknown_name

_settings: dict[str, object] = {"floatx": "float32", "epsilon": 1e-7, "interactive_logging": True}
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
    _settings["epsilon"] = float(value)


def backend() -> str:
    """Return `'numpy'`: the arrays a user sees are NumPy's (`keras.config.backend`)."""
    return "numpy"


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
