"""Blocks: the metrics of many epochs as one message, for networks that need microseconds for an epoch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ModelFileError
from chainrule.records import Record

MOST = 2_000_000
"""Epochs that a recording may tell of."""


def block(
    epochs: Sequence[int] | Array, steps: Sequence[int] | Array, seconds: Any, logs: Mapping[str, Sequence[Any]]
) -> dict[str, Any]:
    """Return what some epochs gave, in columns; each epoch is at one place of all of them.

    Args:
        epochs: their numbers.
        steps: how many batches there had been at the end of each.
        seconds: since the training began.
        logs: metric name to one number per epoch.

    >>> made = block([0, 1], [4, 8], [0.1, 0.2], {"loss": [0.5, 0.25]})
    >>> next(expanded([made]))
    {'kind': 'epoch', 'epoch': 0, 'step': 4, 'seconds': 0.1, 'logs': {'loss': 0.5}}
    """
    return {
        "kind": "epochs",
        "step": int(steps[-1]),
        "epochs": _small(np.asarray(epochs, np.int64)),
        "steps": _small(np.asarray(steps, np.int64)),
        "seconds": np.asarray(seconds, np.float64),
        "logs": {name: np.asarray(values, np.float64) for name, values in logs.items()},
    }


def _small(counts: Array) -> Array:
    return counts.astype(np.int32) if counts[-1] < 1 << 31 else counts


class Epochs(Record):
    """What some epochs gave, in columns.

    Attributes:
        numbers, steps, seconds: as for `block`.
        logs: metric name to one value per epoch, of any kind.
    """

    numbers: Sequence[int]
    steps: Sequence[int]
    seconds: Array
    logs: Mapping[str, Sequence[Any]]


def messages_of(parts: Iterable[Epochs]) -> Iterator[dict[str, Any]]:
    """Yield messages that tell of all these epochs: blocks of those whose metrics are numbers of the same names.

    >>> parts = [Epochs([i], [4 * i], np.array([0.1 * i]), {"loss": [0.5]}) for i in range(3)]
    >>> parts.append(Epochs([3], [12], np.array([0.3]), {"loss": [0.5], "val_loss": [0.4]}))
    >>> [(made["kind"], made["step"]) for made in messages_of(parts)]
    [('epochs', 8), ('epoch', 12)]
    """
    for likeness, alike in groupby(parts, _likeness):
        group = list(alike)
        numbers, steps, seconds = (
            np.concatenate([_array(getattr(part, name)) for part in group]) for name in ("numbers", "steps", "seconds")
        )
        logs = {name: [v for part in group for v in part.logs[name]] for name in group[0].logs}
        if len(numbers) > 1 and isinstance(likeness, tuple):
            yield block(numbers, steps, seconds, logs)
            continue
        for i, (number, step, second) in enumerate(
            zip(numbers.tolist(), steps.tolist(), seconds.tolist(), strict=True)
        ):
            values = {name: column[i] for name, column in logs.items()}
            yield {"kind": "epoch", "epoch": number, "step": step, "seconds": second, "logs": values}


def _likeness(part: Epochs) -> tuple[str, ...] | int:
    """Return what may be put into one block: the names, or something of its own where a value is no plain number."""
    plain = all(set(map(type, column)) == {float} for column in part.logs.values())
    return tuple(part.logs) if plain else id(part)


def _array(counts: Any) -> Array:
    return np.arange(counts.start, counts.stop, counts.step) if isinstance(counts, range) else np.asarray(counts)


def expanded(messages: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield messages, and in place of a block one message for each of its epochs.

    Raises:
        ModelFileError: the blocks tell of more epochs than anybody has trained.
    """
    total = 0
    for message in messages:
        if message["kind"] != "epochs":
            yield message
            continue
        total += len(message["epochs"])
        if total > MOST:
            raise ModelFileError(f"a recording may tell of {MOST} epochs, but this one tells of more.")
        logs = {name: values.tolist() for name, values in message["logs"].items()}
        columns = (message["epochs"].tolist(), message["steps"].tolist(), message["seconds"].tolist())
        for i, (epoch, step, seconds) in enumerate(zip(*columns, strict=True)):
            values = {name: column[i] for name, column in logs.items()}
            yield {"kind": "epoch", "epoch": epoch, "step": step, "seconds": seconds, "logs": values}


def halved(message: dict[str, Any]) -> dict[str, Any]:
    """Return a block without every second of its epochs; the last one stays.

    >>> halved(block([0, 1, 2], [4, 8, 12], [0.1, 0.2, 0.3], {"loss": [0.5, 0.3, 0.2]}))["epochs"].tolist()
    [0, 2]
    """
    which = slice((len(message["epochs"]) - 1) % 2, None, 2)
    columns = {name: message[name][which] for name in ("epochs", "steps", "seconds")}
    return {**message, **columns, "logs": {name: values[which] for name, values in message["logs"].items()}}
