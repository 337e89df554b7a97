"""What every command shares: where output goes, and how an error becomes one message and an exit code.

| code | meaning                                             |
|------|-----------------------------------------------------|
| 0    | done                                                |
| 1    | it could not be done: a damaged model, a full disk  |
| 2    | the command was not understood                      |
| 3    | something is wrong with the data                    |
| 4    | the training diverged                               |
| 130  | interrupted                                         |
"""

from __future__ import annotations

import functools
import json
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, ParamSpec, TypeVar

import typer

from chainrule.errors import ChainruleError, DataError, DivergedError, ShapeError, UnknownNameError

if TYPE_CHECKING:
    from rich.console import Console

P = ParamSpec("P")
R = TypeVar("R")

_WIDE = 160
OK, FAILED, USAGE, DATA, DIVERGED, INTERRUPTED = 0, 1, 2, 3, 4, 130


def exit_code(error: BaseException) -> int:
    """Return the exit code of an error."""
    from chainrule.tabular.settings import SettingsError

    if isinstance(error, SettingsError | UnknownNameError):
        return USAGE
    if isinstance(error, DataError | ShapeError):
        return DATA
    if isinstance(error, DivergedError):
        return DIVERGED
    return INTERRUPTED if isinstance(error, KeyboardInterrupt) else FAILED


def foreseen(command: Callable[P, R]) -> Callable[P, R]:
    """Turn foreseeable errors of a command into one message on stderr (and an object on stdout with `--json`)."""

    @functools.wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except BrokenPipeError:  # whoever read our output has gone
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(FAILED) from None
        except KeyboardInterrupt as error:
            _fail("Interrupted. Nothing was written.", exit_code(error), bool(kwargs.get("json_output")))
        except ChainruleError as error:
            _fail(str(error), exit_code(error), bool(kwargs.get("json_output")))
        except (OSError, MemoryError) as error:
            _fail(f"{type(error).__name__}: {error}", FAILED, bool(kwargs.get("json_output")))

    return guarded


def _fail(message: str, code: int, as_json: bool) -> NoReturn:
    if as_json:
        print(json.dumps({"error": message, "exit_code": code}, ensure_ascii=False))
    print(f"Error: {plain(message)}", file=sys.stderr)
    raise typer.Exit(code)


def plain(text: str) -> str:
    """Return text without control characters: names from a file must not steer the terminal.

    >>> plain("a\\x1b[31mb")
    'a?[31mb'
    """
    return "".join(c if c.isprintable() or c == "\n" else "?" for c in text)


class Output:
    """Human text to stderr, results to stdout.

    Args:
        as_json: the result is one JSON object.
        quiet: no human text.
    """

    def __init__(self, as_json: bool = False, quiet: bool = False) -> None:
        self.as_json = as_json
        self.quiet = quiet

    @functools.cached_property
    def console(self) -> Console:
        """The terminal behind stderr."""
        from rich.console import Console

        width = None if sys.stderr.isatty() else _WIDE
        return Console(
            stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=True, quiet=self.quiet, width=width
        )

    def say(self, text: str = "") -> None:
        """Print a line of human text."""
        self.console.print(plain(text))

    def show(self, renderable: Any) -> None:
        """Print a table or the like as human text."""
        self.console.print(renderable, soft_wrap=False)

    def result(self, result: dict[str, Any], text: str | None = None) -> None:
        """Print the result on stdout: as JSON if wanted, else `text` if there is any."""
        if self.as_json:
            print(json.dumps(result, ensure_ascii=False, allow_nan=False))
        elif text is not None:
            sys.stdout.write(text if text.endswith("\n") else text + "\n")
