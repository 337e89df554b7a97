"""Every exception the library raises on purpose.

    ChainruleError
    ├── ShapeError (ValueError)             an array has the wrong shape
    ├── DataError (ValueError)              a value, label, column, row or file of data is wrong
    │   └── KindError (TypeError)           ... or is no such thing at all: text in place of a model, a class
    ├── UnknownNameError (ValueError)       a string names nothing we know
    ├── NotDifferentiableError (TypeError)  a derivative was asked for that does not exist
    ├── MutatedError (RuntimeError)         a recorded value changed before its gradient was taken
    ├── ModelFileError (ValueError)         a model file cannot be read or written
    ├── DivergedError (ArithmeticError)     the loss became NaN or infinite
    │   └── SomeDivergedError               ... of some of the models that were trained together
    ├── EngineError (RuntimeError)          the engine asked for cannot run the model
    └── MissingExtraError (ImportError)     an optional package is not installed

and the warning of what is allowed but does not do what it looks like:

    TrapWarning (UserWarning)

Each message says where, what was expected, what came and what to do.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ParamSpec, TypeVar

_LONGEST = 500
_MANY = 40  # more names than that are not listed
_INNER = re.compile(r"^(predict|trace|surface|plot): ")  # what the user did not call

P = ParamSpec("P")
R = TypeVar("R")


class ChainruleError(Exception):
    """Base of all exceptions raised by chainrule."""


class ShapeError(ChainruleError, ValueError):
    """An array has the wrong shape."""


class DataError(ChainruleError, ValueError):
    """A value, label, column, row or file of data is wrong."""


class KindError(DataError, TypeError):
    """Something came that is of another kind than what was expected."""


class UnknownNameError(ChainruleError, ValueError):
    """A string names nothing we know."""


class NotDifferentiableError(ChainruleError, TypeError):
    """A derivative was asked for that does not exist."""


class MutatedError(ChainruleError, RuntimeError):
    """A recorded value changed before its gradient was taken."""


class ModelFileError(ChainruleError, ValueError):
    """A model file cannot be read or written.

    The message is one line of at most 500 characters, whatever of the file's own text is in it.

    >>> print(ModelFileError("'m.keras' holds a layer named 'a\\nb'."))
    'm.keras' holds a layer named 'a\\nb'.
    """

    def __init__(self, message: object = "") -> None:
        text = str(message)[:2000]
        line = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
        super().__init__(line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}...")


class DivergedError(ChainruleError, ArithmeticError):
    """The loss became NaN or infinite."""


class SomeDivergedError(DivergedError):
    """The loss of some of the models of `fit_many` became NaN or infinite; the others are trained.

    Attributes:
        histories: one per model, in order; None where the model diverged.
        errors: number of a model that diverged to its `DivergedError`.
    """

    def __init__(
        self, message: str, histories: Sequence[Any] = (), errors: Mapping[int, BaseException] | None = None
    ) -> None:
        super().__init__(message)
        self.histories = list(histories)
        self.errors = dict(errors or {})


class EngineError(ChainruleError, RuntimeError):
    """The engine asked for cannot run the model."""


class MissingExtraError(ChainruleError, ImportError):
    """An optional package is not installed."""


class TrapWarning(UserWarning):
    """What was written is allowed, but does not do what it looks like.

    Each is said once for a line of a program. `warnings.filterwarnings("ignore", category=TrapWarning)` silences them,
    `chainrule.config.disable_trap_warnings()` does not even look for them.
    """


def unknown_name(kind: str, name: object, known: Iterable[str]) -> UnknownNameError:
    """Return the error for an unknown `name`, with the nearest known ones.

    >>> print(unknown_name("activation", "rellu", ["relu", "selu", "tanh"]))
    Unknown activation 'rellu'. Did you mean 'relu' or 'selu'?
    >>> print(unknown_name("loss", "zzz", ["mse", "mae"]))
    Unknown loss 'zzz'. Known: 'mae', 'mse'.
    """
    import difflib  # only needed when something is wrong

    names = sorted(set(known))
    near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.6)
    if not near:
        near = [n for n in names if n.lower() == str(name).lower()]
    if near:
        return UnknownNameError(f"Unknown {kind} {name!r}. Did you mean {' or '.join(map(repr, near))}?")
    listed = [*map(repr, names[:_MANY]), *([f"... ({len(names)} in all)"] if len(names) > _MANY else [])]
    return UnknownNameError(f"Unknown {kind} {name!r}. Known: {', '.join(listed)}.")


def within(where: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Begin the message of each error that leaves a public function with the function's name.

    Where one calls another, the name is that of the one the user called.

    >>> @within("half")
    ... def half(x):
    ...     raise DataError("expected an even number, but received 3.")
    >>> half(3)
    Traceback (most recent call last):
    chainrule.errors.DataError: half: expected an even number, but received 3.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def called(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                return function(*args, **kwargs)
            except ChainruleError as error:
                error.args = (f"{where}: {_INNER.sub('', without_name(error))}",)
                error.where = where  # type: ignore[attr-defined]
                raise

        return called

    return decorate


def without_name(error: ChainruleError) -> str:
    """Return what an error says without the name that `within` gave it: for pages, whose readers called no function."""
    return str(error).removeprefix(f"{getattr(error, 'where', '')}: ")


def an(what: object) -> str:
    """Return what something is, with its article: for "but received ...".

    >>> an(3), an(ValueError), an("run.jsonl"), an(None)
    ('an int', 'the class ValueError', "the text 'run.jsonl'", 'None')
    """
    if what is None:
        return "None"
    if isinstance(what, str):
        return f"the text {what!r:.60}"
    if isinstance(what, type):
        return f"the class {what.__name__}"
    name = type(what).__name__
    return f"{'an' if name[0] in 'aeiouAEIOU' else 'a'} {name}"


def missing_extra(package: str, extra: str, purpose: str) -> MissingExtraError:
    """Return the error for an optional `package` that is not installed.

    >>> print(missing_extra("polars", "tables", "Reading CSV files"))
    Reading CSV files needs the package 'polars'. Install it with: pip install "chainrule[tables]"
    """
    return MissingExtraError(
        f"{purpose} needs the package '{package}'. Install it with: pip install \"chainrule[{extra}]\""
    )
