"""Fits what a user gives for several outputs (losses, weights, targets) to the outputs: single, list, dict, nested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from chainrule import tree
from chainrule.errors import DataError, ShapeError, unknown_name


def paths_of(structure: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the keys and positions that lead to each leaf, in the order of `tree.flatten`."""
    if isinstance(structure, dict):
        return [p for key in sorted(structure) for p in paths_of(structure[key], (*prefix, key))]
    if isinstance(structure, list | tuple):
        return [p for i, part in enumerate(structure) for p in paths_of(part, (*prefix, i))]
    return [prefix]


def spread(given: Any, y_pred: Any, names: list[str], what: str) -> list[Any]:
    """Return one entry of `given` for each output.

    Args:
        given: a single entry for all, a list, a dict by output name, or a structure like the outputs.
        y_pred: the outputs.
        names: of the outputs, in order.
        what: for messages.
    """
    count = len(names)
    if not tree.is_nested(given):
        return [given] * count
    if isinstance(given, dict):
        if isinstance(y_pred, dict) and any(tree.is_nested(v) for v in y_pred.values()):
            return _spread_nested(given, y_pred, names, what)
        return _by_name(given, [n.rpartition("/")[2] for n in names], what, partial=isinstance(y_pred, dict))
    if len(given) == count and not any(tree.is_nested(v) for v in given):
        return list(given)
    if isinstance(y_pred, list | tuple) and len(given) == len(y_pred):
        return _spread_parts(list(given), list(y_pred), names, what)
    raise DataError(
        f"compile: {what} has {len(given)} entries, but the model has {count} outputs {[n for n in names if n] or ''}. "
        "Give one for each output, in their order, or a dict by output name."
    )


def _by_name(given: Mapping[str, Any], names: list[str], what: str, partial: bool) -> list[Any]:
    if len(names) == 1 and not names[0] and len(given) == 1:
        return list(given.values())
    for key in given:
        if key not in names:
            error = unknown_name("output", key, [n for n in names if n])
            raise type(error)(f"compile: {what} has the key {key!r}. {error}")
    missing = [n for n in names if n not in given]
    if missing and not partial:
        raise DataError(
            f"compile: {what} has no entry for the outputs {missing}. "
            f"Write None where there is none: {{{missing[0]!r}: None}}."
        )
    return [given.get(n) for n in names]


def _spread_nested(given: Mapping[str, Any], y_pred: Mapping[str, Any], names: list[str], what: str) -> list[Any]:
    for key in given:
        if key not in y_pred:
            error = unknown_name("output", key, list(y_pred))
            raise type(error)(f"compile: {what} has the key {key!r}. {error}")
    keys = sorted(y_pred)
    return _spread_parts([given.get(k) for k in keys], [y_pred[k] for k in keys], names, what)


def _spread_parts(given: list[Any], parts: list[Any], names: list[str], what: str) -> list[Any]:
    result: list[Any] = []
    for entry, part in zip(given, parts, strict=True):
        size = len(tree.flatten(part))
        own = [n.rpartition("/")[2] for n in names[len(result) : len(result) + size]]
        result += spread(entry, part, own, what)
    return result


def align(y_true: Any, y_pred: Any, names: list[str], losses: Sequence[Any]) -> list[Any]:
    """Return the target of each output (None where there is none): targets may be a dict by name, a list, or nested.

    Raises:
        DataError, ShapeError: an output with a loss has no target.
    """
    flat = _by_output(y_true, y_pred, names)
    wanted = [i for i, loss in enumerate(losses) if loss is not None]
    if len(flat) == len(wanted) < len(names):
        found: list[Any] = [None] * len(names)
        for i, target in zip(wanted, flat, strict=True):
            found[i] = target
        return found
    if len(flat) != len(names):
        raise ShapeError(
            f"The model has {len(names)} outputs {[n for n in names if n] or ''}, but y has {_arrays_of(flat)}. "
            "Give y as a list with one array for each output, or as a dict by output name."
        )
    for i in wanted:
        if flat[i] is None:
            raise DataError(f"y has no targets for the output {names[i]!r}, which has a loss.")
    return flat


def _by_output(given: Any, y_pred: Any, names: list[str]) -> list[Any]:
    """Return the parts of `given` in the order of the outputs; of a dict by name, None where there is none."""
    if isinstance(given, dict) and not any(tree.is_nested(v) for v in given.values()):
        if not any(names):
            return list(given.values())
        for key in given:
            if key not in names:
                error = unknown_name("output", key, [n for n in names if n])
                raise type(error)(f"y has the key {key!r}. {error}")
        return [given.get(n) for n in names]
    if isinstance(given, list | tuple) and not tree.is_nested(y_pred) and not _arrays(given):
        return [given]
    return tree.flatten(given)


def _arrays(parts: Sequence[Any]) -> bool:
    return all(hasattr(v, "shape") and len(v.shape) for v in tree.flatten(list(parts)))


def sample_weights(given: Any, y_pred: Any, names: list[str], losses: Sequence[Any]) -> list[Any]:
    """Return the weights of each output's rows (None: all count alike): one array for all, a list, or a dict by name.

    Raises:
        ShapeError: there are neither as many as outputs nor as many as losses.
    """
    if given is None or not tree.is_nested(given):
        return [given] * len(names)
    if isinstance(given, dict):
        return [given.get(n) for n in names]
    flat = _by_output(given, y_pred, names)
    wanted = [i for i, loss in enumerate(losses) if loss is not None]
    if len(flat) == len(names):
        return flat
    if len(flat) != len(wanted):
        raise ShapeError(
            f"The model has {len(names)} outputs {[n for n in names if n] or ''}, but sample_weight has "
            f"{_arrays_of(flat)}. "
            "Give one array for all outputs, a list with one for each (None: all rows count alike), or a dict by name."
        )
    found: list[Any] = [None] * len(names)
    for i, weight in zip(wanted, flat, strict=True):
        found[i] = weight
    return found


def _arrays_of(parts: Sequence[Any]) -> str:
    return f"{len(parts)} array{'s' * (len(parts) != 1)}"
