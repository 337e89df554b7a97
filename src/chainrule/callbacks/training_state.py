"""Everything that a training needs to go on as if it had never stopped, taken and put back."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.models.guard import Snapshot
from chainrule.random import seeds


def take_state(model: Any, callbacks: Iterable[Any], epoch: int, step: int, logs: dict[str, Any] | None) -> Any:
    """Return the state of a training as numbers, texts and arrays.

    Args:
        epoch: the one to go on with, from 0.
        step: of that epoch, the one to go on with; more than 0 in the middle of an epoch.
        logs: the metrics so far.

    Raises:
        TypeError: a callback's `state` holds something that cannot be written.
    """
    return {
        "epoch": epoch,
        "step": step,
        "logs": _numbers(logs),
        "stopped": bool(model.stop_training),
        "weights": [v.numpy() for v in model.weights],
        "optimizer": [v.numpy() for v in model.optimizer.variables],
        "metrics": [v.numpy() for v in _metric_variables(model)] if step else [],
        "random": _random_state(model),
        "callbacks": [[name, state] for name, state in _states(callbacks)],
    }


def put_back(model: Any, state: Any, source: str) -> None:
    """Give the model, its optimizer and all random numbers the state they had.

    Raises:
        ModelFileError: it is the state of another model, or no such state at all; nothing is changed then.
    """
    optimizer = model.optimizer
    if not optimizer.built:
        optimizer.build(model.trainable_variables)
    variables = [*model.weights, *optimizer.variables]
    before, random_before = Snapshot(variables), _random_state(model)
    try:
        _check(model.weights, state["weights"], source, "model")
        _check(optimizer.variables, state["optimizer"], source, "optimizer")
        for v, value in zip(variables, [*state["weights"], *state["optimizer"]], strict=True):
            v.assign(value)
        _set_random_state(model, state["random"])
    except ModelFileError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        before.restore()
        _set_random_state(model, random_before)
        raise ModelFileError(f"'{source}' is no state of a training: {type(error).__name__}: {error}"[:300]) from None


def put_back_metrics(model: Any, state: Any, source: str) -> None:
    """Give the metrics the state they had in the middle of an epoch.

    Raises:
        ModelFileError: they are others.
    """
    variables = _metric_variables(model)
    _check(variables, state["metrics"], source, "set of metrics")
    for v, value in zip(variables, state["metrics"], strict=True):
        v.assign(value)
    model._step_logs = None


def put_back_callbacks(callbacks: Iterable[Any], states: Iterable[Any]) -> None:
    """Give each callback the state that the callback of the same class, and of the same place among those, had."""
    known = dict(_numbered(states))
    for key, callback in _numbered((type(c).__name__, c) for c in callbacks):
        if known.get(key):
            callback.restore(known[key])  # it had a state, so that it has this method, too


def _states(callbacks: Iterable[Any]) -> Iterator[tuple[str, Any]]:
    for callback in callbacks:
        take, give = getattr(callback, "state", None), getattr(callback, "restore", None)
        state = take() if callable(take) and callable(give) else None  # a user's class may call anything else so
        yield type(callback).__name__, state if isinstance(state, dict) else {}


def _numbered(pairs: Iterable[Any]) -> Iterator[tuple[tuple[str, int], Any]]:
    counts: Counter[str] = Counter()
    for name, value in pairs:
        yield (name, counts[name]), value
        counts[name] += 1


def _metric_variables(model: Any) -> list[Any]:
    return [v for metric in model.metrics for v in metric.variables]


def _check(variables: list[Any], values: list[Any], source: str, what: str) -> None:
    mine = [(tuple(v.shape), v.dtype) for v in variables]
    theirs = [(a.shape, a.dtype) for a in values]
    if mine == theirs:
        return
    if len(mine) != len(theirs):
        problem = f"it has {len(mine)} variables, the backup {len(theirs)}"
    else:
        at = next(i for i, pair in enumerate(zip(mine, theirs, strict=True)) if pair[0] != pair[1])
        problem = (
            f"'{getattr(variables[at], 'path', variables[at])}' has shape {mine[at][0]} and type {mine[at][1]}, "
            f"in the backup {theirs[at][0]} and {theirs[at][1]}"
        )
    raise ModelFileError(
        f"'{source}' was written by another {what}: {problem}. Delete the folder to start anew, or give this training "
        "another one."
    )


def _numbers(logs: dict[str, Any] | None) -> dict[str, Any]:
    kinds = (bool, int, float, str, np.ndarray, np.generic)
    return {name: value for name, value in (logs or {}).items() if isinstance(value, kinds)}


# -- random numbers ----------------------------------------------------------------------------------------------------


def _random_state(model: Any) -> dict[str, Any]:
    """Where all sequences of random numbers stand: the model's, the layers', the process's, NumPy's and Python's."""
    _, numbers, gauss = random.getstate()
    name, keys, position, has_gauss, cached = np.random.get_state()  # noqa: NPY002 - users' scripts draw from it
    return {
        "model": list(model._random_key),
        "epochs": model._epochs_seen,
        "layers": [[g.seed, g.drawn] for g in _generators(model)],
        "process": list(seeds.process_state()),
        "python": [np.array(numbers, np.uint32), gauss],
        "numpy": [name, np.asarray(keys), position, has_gauss, cached],
    }


def _set_random_state(model: Any, state: dict[str, Any]) -> None:
    high, low = state["model"]
    model._random_key, model._epochs_seen = (high, low), state["epochs"]
    for generator, (seed, drawn) in zip(_generators(model), state["layers"], strict=False):
        generator.seed, generator.drawn = seed, drawn
    seeds.set_process_state(state["process"])
    numbers, gauss = state["python"]
    random.setstate((3, tuple(numbers.tolist()), gauss))
    np.random.set_state(tuple(state["numpy"]))  # noqa: NPY002


def _generators(model: Any) -> list[seeds.SeedGenerator]:
    found = (g for layer in model._flatten_layers() for g in vars(layer).values())
    return [g for g in found if isinstance(g, seeds.SeedGenerator)]
