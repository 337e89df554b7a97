"""What each of many models gets: its data and callbacks; and that no two of them share what training changes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chainrule import tree
from chainrule.callbacks.base import Callback
from chainrule.data.adapters import is_stream
from chainrule.data.arrays import is_array_like, is_structure
from chainrule.data.samples import Samples
from chainrule.errors import DataError
from chainrule.metrics.base import Metric
from chainrule.models.crew import place
from chainrule.models.model import Model


def for_each(name: str, value: Any, count: int) -> list[Any]:
    """Return what each model gets of an argument.

    >>> for_each("class_weight", [{0: 1.0}, None], 2), for_each("y", [0, 1], 2)
    ([{0: 1.0}, None], [[0, 1], [0, 1]])
    """
    if not isinstance(value, list) or not any(_is_whole(name, entry) for entry in value):
        return [value] * count
    if len(value) != count:
        raise DataError(
            f"fit_many: {name} is a list of {len(value)}, but there are {count} models: a list has one entry for each "
            "model. For several inputs or outputs pass a tuple or a dict."
        )
    return value


def _is_whole(name: str, entry: Any) -> bool:
    """Whether it is all that a model needs, rather than a row or a number."""
    pair = name == "validation_data" and isinstance(entry, tuple)
    return entry is not None and (pair or is_structure(entry) or is_array_like(entry) or is_stream(entry))


def callbacks_for_each(given: Any, count: int) -> list[Any]:
    if given is None:
        return [None] * count
    if callable(given) and not isinstance(given, Callback | type):
        each: list[Any] = [given(number) for number in range(count)]
    elif not isinstance(given, list) or len(given) != count or any(isinstance(one, Callback) for one in given):
        raise DataError(
            "fit_many: no two models can share a callback, so callbacks must be a list with one list for each model, "
            "or a function from the number of a model to its callbacks: callbacks=lambda i: [EarlyStopping()]."
        )
    else:
        each = given
    seen: dict[int, int] = {}
    for number, own in enumerate(each):
        for one in own if isinstance(own, list | tuple) else [own]:
            if one is not None and seen.setdefault(id(one), number) != number:
                raise DataError(
                    f"fit_many: models[{seen[id(one)]}] and models[{number}] have the same {type(one).__name__} among "
                    "their callbacks. Make one for each model."
                )
    return each


def check_models(models: Any) -> list[Any]:
    found = list(models) if isinstance(models, list | tuple) else []
    if not found or not all(isinstance(m, Model) for m in found):
        raise DataError("fit_many: models must be a list of compiled models.")
    for number, model in enumerate(found):
        if not model.compiled:
            raise DataError(f"fit_many: {place(number, model)} must be compiled first: model.compile(...).")
    owners: dict[int, tuple[int, str]] = {}
    for number, model in enumerate(found):
        for what, part in _parts(model):
            first, _ = owners.setdefault(id(part), (number, what))
            if first != number:
                raise DataError(
                    f"fit_many: models[{first}] and models[{number}] have the same {what}, so they cannot be trained "
                    "at the same time. Make one for each model."
                )
    return found


def _parts(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield what training changes, with what to call it."""
    yield "model", model
    yield "optimizer", model.optimizer
    for variable in model.weights:
        yield f"weights ('{variable.path}')", variable
    for metric in model.metrics:
        yield f"metric ('{metric.name}')", metric
    for metric in _given_metrics(model._compile_arguments):
        yield f"metric ('{metric.name}')", metric


def _given_metrics(arguments: Any) -> Iterator[Any]:
    for name in ("metrics", "weighted_metrics"):
        for one in tree.flatten(arguments[name]) if arguments and arguments[name] is not None else ():
            if isinstance(one, Metric):
                yield one


def check_streams(own: list[dict[str, Any]]) -> None:
    """Check that no two models take batches from one source: which one gets a batch would be a matter of chance."""
    for name in ("x", "validation_data"):
        seen: dict[int, int] = {}
        for number, one in enumerate(own):
            given = one[name]
            if isinstance(given, Samples) or not is_stream(given):
                continue
            first = seen.setdefault(id(given), number)
            if first != number:
                raise DataError(
                    f"fit_many: models[{first}] and models[{number}] have the same {type(given).__name__} as {name}. "
                    "Pass arrays, or a list with one for each model."
                )
