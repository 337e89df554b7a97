"""Settings of the whole process: float types, the number that guards divisions, limits, threads, and messages."""

from __future__ import annotations

import operator
import os
import warnings
from typing import TYPE_CHECKING, Any

from chainrule.errors import DataError, TrapWarning, UnknownNameError, unknown_name
from chainrule.lazy import refuser

_settings: dict[str, Any] = {
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
    return float(_settings["epsilon"])


def set_epsilon(value: float) -> None:
    """Set the small number of `epsilon()`."""
    from chainrule.variables import Changes

    _settings["epsilon"] = float(value)
    Changes.count += 1


def backend() -> str:
    """Return `'numpy'`: the arrays a user sees are NumPy's (`keras.config.backend`)."""
    return "numpy"


def set_backend(backend: str) -> None:
    """Accept `'numpy'`, the only backend there is (`keras.config.set_backend`).

    Raises:
        UnknownNameError: another backend was asked for.
    """
    if backend != "numpy":
        raise UnknownNameError(
            f"set_backend: chainrule runs on its own engines and has no backend {backend!r:.40}; the arrays that "
            "a user sees are NumPy's. Leave the call out, or use Keras to run on TensorFlow, JAX or PyTorch."
        )


# -- types ------------------------------------------------------------------------------------------------------------


def dtype_policy() -> Any:
    """Return the policy of layers that are made without a `dtype`: by default that of `floatx()`.

    >>> dtype_policy()
    <DTypePolicy "float32">
    """
    from chainrule.dtype_policies import DTypePolicy

    chosen = _settings.get("dtype_policy")
    return DTypePolicy(floatx()) if chosen is None else chosen


def set_dtype_policy(policy: Any) -> None:
    """Set the policy of layers that are made from now on without a `dtype`.

    Args:
        policy: a name or a `DTypePolicy`. Mixed ones compute in float32, and say so once.

    Raises:
        ValueError: it is neither.

    >>> set_dtype_policy("float64")
    >>> dtype_policy()
    <DTypePolicy "float64">
    >>> from chainrule.utils import clear_session
    >>> clear_session()  # forgets it
    """
    from chainrule.dtype_policies import DTypePolicy

    if isinstance(policy, str):
        policy = DTypePolicy(policy)
    if not isinstance(policy, DTypePolicy):
        raise ValueError(
            "set_dtype_policy: expected a string, such as 'float32', or an instance of DTypePolicy. "
            f"Received: policy={policy} (of type {type(policy)})"
        )
    _settings["dtype_policy"] = policy


def forget_dtype_policy() -> None:
    """Let `floatx()` be the policy of new layers again; `clear_session` calls it."""
    _settings.pop("dtype_policy", None)


def image_data_format() -> str:
    """Return where the channels of an array are: `'channels_last'` by default (`keras.config.image_data_format`)."""
    return str(_settings.get("image_data_format", "channels_last"))


def set_image_data_format(data_format: str) -> None:
    """Set what layers with a `data_format` take it to be if they are not told.

    Raises:
        UnknownNameError: it is neither `'channels_last'` nor `'channels_first'`.
    """
    formats = ("channels_last", "channels_first")
    if str(data_format).lower() not in formats:
        raise unknown_name("data format", data_format, formats)
    _settings["image_data_format"] = str(data_format).lower()


# -- limits, for trying a script out ----------------------------------------------------------------------------------


def max_epochs() -> int | None:
    """Return how many epochs any `fit` may run at most; None: no limit.

    What `set_max_epochs` said, else the environment variable `KERAS_MAX_EPOCHS`.
    """
    return _limit("max_epochs", "KERAS_MAX_EPOCHS")


def set_max_epochs(max_epochs: int | None) -> None:
    """Limit the epochs of every `fit`, to try a script out without editing it; None: no limit.

    >>> set_max_epochs(2)
    >>> max_epochs()
    2
    >>> set_max_epochs(None)
    """
    _settings["max_epochs"] = max_epochs


def max_steps_per_epoch() -> int | None:
    """Return how many batches an epoch of `fit`, or an `evaluate` or `predict`, may have at most; None: no limit.

    What `set_max_steps_per_epoch` said, else the environment variable `KERAS_MAX_STEPS_PER_EPOCH`.
    """
    return _limit("max_steps_per_epoch", "KERAS_MAX_STEPS_PER_EPOCH")


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Limit the batches of every epoch, `evaluate` and `predict`; None: no limit."""
    _settings["max_steps_per_epoch"] = max_steps_per_epoch


def _limit(name: str, variable: str) -> int | None:
    if name in _settings or not os.environ.get(variable):
        found = _settings.get(name)
    else:
        found = os.environ[variable]
    if not found:
        return None
    number = _whole(found)
    if number < 1:
        where = variable if isinstance(found, str) else f"set_{name}"
        raise DataError(f"{where}: expected a whole number from 1 up, received {found!r:.40}.")
    return number


def limited_epochs(epochs: int) -> int:
    """Return a number of epochs, or, with a warning, `max_epochs()` if that is less."""
    limit = max_epochs()
    if limit is None or limit >= epochs:
        return epochs
    _warn(f"Limiting epochs to {limit}")
    return limit


def limited_steps(steps: int | None) -> int | None:
    """Return a number of batches (None: not known), or, with a warning, `max_steps_per_epoch()` if that is less."""
    limit = max_steps_per_epoch()
    if limit is None or (steps is not None and limit >= steps):
        return steps
    _warn(f"Limiting steps_per_epoch to {limit}")
    return limit


def _warn(message: str) -> None:
    from chainrule.utils.callers import outside

    warnings.warn(message, stacklevel=outside())


# -- threads ----------------------------------------------------------------------------------------------------------


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
    return usable_cores() if limit is None else min(int(limit), usable_cores())


def _checked(count: object, where: str) -> int:
    """Return a number of threads as an int."""
    number = _whole(count)
    if number < 1:
        raise DataError(f"{where}: expected a whole number of threads from 1 up, received {count!r}.")
    return number


def _whole(count: object) -> int:
    """Return a whole number that may come as text, 0 for anything else."""
    try:
        return 0 if isinstance(count, bool) else int(count) if isinstance(count, str) else operator.index(count)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return 0


# -- messages ---------------------------------------------------------------------------------------------------------


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


def enable_traceback_filtering() -> None:
    """Accept that tracebacks leave out frames of the library, the default in Keras.

    Here they are complete either way, and short: between the line that calls `fit` and a layer lie few frames.
    """
    _settings["traceback_filtering"] = True


def disable_traceback_filtering() -> None:
    """Accept that tracebacks show every frame; they do either way.

    >>> disable_traceback_filtering()
    >>> is_traceback_filtering_enabled()
    False
    >>> enable_traceback_filtering()
    """
    _settings["traceback_filtering"] = False


def is_traceback_filtering_enabled() -> bool:
    """Whether the filtering of tracebacks was asked for (the default in Keras); see `enable_traceback_filtering`."""
    return bool(_settings.get("traceback_filtering", True))


def enable_unsafe_deserialization() -> None:
    """Accept Keras's switch, which allows files to bring code along; here it changes nothing, and a warning says so."""
    if are_trap_warnings_enabled():
        warnings.warn(
            "enable_unsafe_deserialization() changes nothing: chainrule never runs code from a file. Pass functions "
            "and classes of your own as custom_objects, or register them with register_keras_serializable().",
            TrapWarning,
            stacklevel=2,
        )


if not TYPE_CHECKING:  # type checkers know what is there
    __getattr__ = refuser("chainrule.config")
