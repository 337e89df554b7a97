"""What the page may say: commands and questions, each checked before anything is done. `docs/dashboard.md` lists them.

Messages from the training to the page are those of `recording.messages`, and `status` below. All answers are JSON
objects; a refusal is `{"error": sentence}` with a status of 400 or more.

    GET  /api/events                                SSE: start, epochs, findings, newest frame, status; then what is new
    POST /api/session     {"token": str}            swaps the token for a cookie
    POST /api/command     {"do": ...}               one of the commands; answers {"ok": true, "status": {...}}
    GET  /api/derivation  ?row=&weight=&notation=&digits=&lines=
    GET  /api/quiz        ?row=&blanks=&seed=       the derivation with blanks, and which answers are right
    GET  /api/view/NAME   ?...                      the data of a tab
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from chainrule.errors import ChainruleError

Json: TypeAlias = dict[str, Any]

STEPS = ("sample", "batch", "epoch")
SETTINGS = ("learning_rate", "optimizer", "batch_size", "l2", "dropout", "speed")
NOTATIONS = ("lecture", "textbook", "keras")
LONGEST_NAME = 200
MOST_AXES = 8
MOST_EPOCHS = 10**9


class RequestError(ChainruleError):
    """A request that is refused: `status` is HTTP's number for why.

    >>> RequestError("no such view", 404).status
    404
    """

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Command:
    """What the page wants done.

    Args:
        do: play, pause, step, back, set, edit, stop_at or reset.
        by: of step: sample, batch or epoch.
        name: of set: the setting.
        path: of edit: the variable.
        index: of edit: which of its numbers.
        value: of set and edit.
        epoch, loss: of stop_at: pause once this many epochs are done, or the loss is at most this.
    """

    do: str
    by: str = "batch"
    name: str = ""
    path: str = ""
    index: tuple[int, ...] = ()
    value: Any = None
    epoch: int | None = None
    loss: float | None = None


def parse_command(body: Any) -> Command:
    """Return the command that a request's JSON stands for.

    Raises:
        RequestError: it is none.

    >>> parse_command({"do": "step", "by": "epoch"}).by
    'epoch'
    >>> parse_command({"do": "jump"})
    Traceback (most recent call last):
    chainrule.web.protocol.RequestError: 'do' must be one of play, pause, step, back, set, edit, stop_at, reset.
    """
    if not isinstance(body, dict):
        raise RequestError("A command is a JSON object.")
    do = body.get("do")
    if not isinstance(do, str) or do not in _COMMANDS:
        raise RequestError(f"'do' must be one of {', '.join(_COMMANDS)}.")
    fields, read = _COMMANDS[do]
    unknown = sorted(set(body) - {"do", *fields})
    if unknown:
        raise RequestError(f"'{do}' takes {_listed(fields)}, but not {unknown[0]!r:.60}.")
    return read(do, body)


def _listed(fields: tuple[str, ...]) -> str:
    return " and ".join(f"'{f}'" for f in fields) if fields else "nothing more"


def _plain(do: str, body: Json) -> Command:
    return Command(do)


def _step(do: str, body: Json) -> Command:
    return Command(do, by=one_of(body.get("by", "batch"), "by", STEPS))


def _set(do: str, body: Json) -> Command:
    name = one_of(body.get("name"), "name", SETTINGS)
    value = body.get("value")
    if name == "optimizer":
        return Command(do, name=name, value=text(value, "value"))
    if name == "batch_size":
        return Command(do, name=name, value=whole(value, "batch_size", 1, MOST_EPOCHS))
    if name == "speed" and value is None:
        return Command(do, name=name)
    low, high = {"learning_rate": (0, 1e6), "l2": (0, 1e6), "dropout": (0, 0.99), "speed": (0.1, 1e6)}[name]
    return Command(do, name=name, value=number(value, name, low, high))


def _edit(do: str, body: Json) -> Command:
    path, index = text(body.get("path"), "path"), body.get("index")
    if not isinstance(index, list) or len(index) > MOST_AXES:
        raise RequestError("'index' must be a list of whole numbers, one for each axis.")
    return Command(
        do,
        path=path,
        index=tuple(whole(i, "index", 0, 2**31) for i in index),
        value=number(body.get("value"), "value", -1e30, 1e30),
    )


def _stop_at(do: str, body: Json) -> Command:
    epoch, loss = body.get("epoch"), body.get("loss")
    return Command(
        do,
        epoch=None if epoch is None else whole(epoch, "epoch", 1, MOST_EPOCHS),
        loss=None if loss is None else number(loss, "loss", -1e30, 1e30),
    )


_COMMANDS: dict[str, tuple[tuple[str, ...], Callable[[str, Json], Command]]] = {
    "play": ((), _plain),
    "pause": ((), _plain),
    "step": (("by",), _step),
    "back": ((), _plain),
    "set": (("name", "value"), _set),
    "edit": (("path", "index", "value"), _edit),
    "stop_at": (("epoch", "loss"), _stop_at),
    "reset": ((), _plain),
}


# -- values ------------------------------------------------------------------------------------------------------------


def number(value: Any, name: str, low: float, high: float) -> float:
    """Return a finite number between bounds.

    Raises:
        RequestError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise RequestError(f"'{name}' must be a number, but is {value!r:.60}.")
    if not low <= value <= high:  # a whole number may be too large for a float
        raise RequestError(f"'{name}' must be from {low:g} to {high:g}, but is {value!r:.60}.")
    return float(value)


def whole(value: Any, name: str, low: int, high: int) -> int:
    """Return a whole number between bounds.

    Raises:
        RequestError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise RequestError(f"'{name}' must be a whole number from {low} to {high}, but is {value!r:.60}.")
    return value


def text(value: Any, name: str) -> str:
    """Return a short text.

    Raises:
        RequestError: it is something else.
    """
    if not isinstance(value, str) or not value or len(value) > LONGEST_NAME:
        raise RequestError(f"'{name}' must be a text of 1 to {LONGEST_NAME} characters.")
    return value


def one_of(value: Any, name: str, choices: tuple[str, ...]) -> str:
    """Return one of the choices.

    Raises:
        RequestError: it is something else.
    """
    if not isinstance(value, str) or value not in choices:
        raise RequestError(f"'{name}' must be one of {', '.join(choices)}.")
    return value


# -- questions ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """Which derivation is asked for.

    Args:
        row: number of the observation in the training data.
        weight: `dense/kernel[0,1]`, whose derivative is derived by itself; or none.
        notation: of the formulas.
        digits: decimals shown.
        lines: all numbers are wanted as data, too, as `Trace.to_dict` has them.
    """

    row: int
    weight: str = ""
    notation: str = "lecture"
    digits: int = 4
    lines: bool = False


def parse_question(query: Mapping[str, str]) -> Question:
    """Return the question that the parameters of an address stand for.

    Raises:
        RequestError: it is none.

    >>> parse_question({"row": "17", "weight": "dense/kernel[0,1]"}).row
    17
    """
    return Question(
        whole_text(query.get("row", "0"), "row", 0, 2**62),
        text(query["weight"], "weight") if query.get("weight") else "",
        one_of(query.get("notation", "lecture"), "notation", NOTATIONS),
        whole_text(query.get("digits", "4"), "digits", 1, 15),
        one_of(query.get("lines", "0"), "lines", ("0", "1")) == "1",
    )


def whole_text(value: str, name: str, low: int, high: int) -> int:
    """Return a whole number that is written in an address.

    Raises:
        RequestError: it is something else.
    """
    if not (value.isascii() and value.isdigit() and len(value) < 20):
        raise RequestError(f"'{name}' must be a whole number, but is {value!r:.60}.")
    return whole(int(value), name, low, high)
