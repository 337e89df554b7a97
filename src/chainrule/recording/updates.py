"""How the optimizer changes a weight, so that a page can compute it without Python: its formulas, and its moments.

A start message holds the formulas (`update_of`); a frame holds what they start from (`state_of`): which step comes next
and, of small models, the moments.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from chainrule._typing import Array
from chainrule.errors import ModelFileError
from chainrule.formulas.as_data import tree_of
from chainrule.glassbox.optimizers import SYMBOLS, Recipe, has_recipe, recipe_of
from chainrule.recording.lines import Message
from chainrule.records import Record
from chainrule.utils.naming import unique_paths
from chainrule.variables import Slot, Variable

MOST = 2000
"""Of so many trained parameters at most the moments are recorded: they take as much room as the weights, or twice."""

_BY_STEP = frozenset(("Nadam", "Ftrl", "ScheduleFreeAdamW"))
"""Their formulas have constants that change from step to step, or that depend on the learning rate."""
_MORE = {
    "loss_scale_factor": "a loss scale",
    "gradient_accumulation_steps": "gradients of several batches",
    "use_ema": "a moving average of the weights",
}


def update_of(model: Any) -> dict[str, Any] | None:
    """Return the field `update` of a start message's formulas: the optimizer's formulas, or `why` there are none.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, name="d")], name="m")
    >>> model.compile(cr.optimizers.SGD(momentum=0.9), "mse")
    >>> found = update_of(model)
    >>> found["name"], [rule["symbol"] for rule in found["rules"]], found["constants"]
    ('SGD', ['m', 'w'], {'mu': 0.9})
    """
    optimizer = model.optimizer
    if optimizer is None:
        return None
    name = type(optimizer).__name__
    recipe = recipe_of(optimizer) if _is_known(optimizer) else None
    if recipe is None:
        return {"name": name, "why": f"The update by {name} {_IN_PYTHON}"}
    if why := _more(model):
        return {"name": name, "why": f"The update has {why} besides and {_IN_PYTHON}"}
    if any(rule.moment for rule in recipe.rules) and _size(model) > MOST:
        return {
            "name": name,
            "why": f"The moments of {name} are recorded for models of at most {MOST} weights; this update {_IN_PYTHON}",
        }
    paths = unique_paths(model.weights)
    return {
        "name": name,
        "plain": name == "SGD" and len(recipe.rules) == 1,
        "rules": [
            {"symbol": r.symbol, "formula": tree_of(r.formula), "moment": r.moment, "shared": r.shared}
            for r in recipe.rules
        ],
        "constants": {k: float(v) for k, v in recipe.constants.items()},
        "symbols": {k: {"text": SYMBOLS[k].text, "latex": SYMBOLS[k].latex} for k in _symbols(recipe) if k in SYMBOLS},
        "clip": {k: v for k in ("clipvalue", "clipnorm", "global_clipnorm") if (v := getattr(optimizer, k))},
        "decay": optimizer.weight_decay,
        "decayed": [paths[id(v)] for v in model.trainable_variables if optimizer._use_weight_decay(v)],
    }


def _is_known(optimizer: Any) -> bool:
    """Whether an optimizer has formulas, which are the same in every step."""
    return has_recipe(optimizer) and type(optimizer).__name__ not in _BY_STEP


_IN_PYTHON = "is derived in Python: chainrule.trace(model, x, y)."


def _more(model: Any) -> str:
    """Return what else happens in a step, which formulas for one weight do not say; "" if nothing does."""
    found = [words for name, words in _MORE.items() if getattr(model.optimizer, name, None)]
    found += ["constraints"] * any(v.constraint is not None for v in model.trainable_variables)
    return " and ".join(found)


def _symbols(recipe: Recipe) -> set[str]:
    return {name for r in recipe.rules for name in (r.symbol, *r.formula.symbols)} | set(recipe.constants)


class Kept(Record):
    """A copy of what an optimizer goes on from.

    Attributes:
        optimizer: the optimizer, or one like it that is built.
        steps: how many it has made.
        moments: one array of shape (rows, parameters) per `FlatState`; none of a large model.
    """

    optimizer: Any
    steps: int
    moments: list[Array]


def keep(model: Any) -> Kept | None:
    """Return a copy of what the optimizer goes on from, at once; `state_of` writes it down later."""
    optimizer = model.optimizer
    if not _is_known(optimizer):
        return None
    if not optimizer.built:
        optimizer = type(optimizer).from_config(optimizer.get_config())
        optimizer.build(model.trainable_variables)
    small = sum(state.gradient.size for state in optimizer._states) <= MOST
    moments = [state.array.copy() for state in optimizer._states] if small else []
    return Kept(optimizer, int(model.optimizer._iterations), moments)


def state_of(model: Any, kept: Kept | None = None) -> dict[str, Any] | None:
    """Return the field `optimizer` of a frame: which optimizer has made how many steps, and its moments by path.

    Args:
        model: with the optimizer.
        kept: what was kept of it; by default that of now.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, name="d")], name="m")
    >>> model.compile("rmsprop", "mse")
    >>> found = state_of(model)
    >>> found["name"], found["steps"], found["moments"]["m/d/bias"]["velocity"].tolist()
    ('RMSprop', 0, [0.0])
    """
    kept = kept or keep(model)
    if kept is None:
        return None
    moments: dict[str, dict[str, Array]] = {}
    for path, name, k, row, slot in _moments(model, kept.optimizer) if kept.moments else ():
        moments.setdefault(path, {})[name] = slot.view(kept.moments[k][row])
    return {"name": type(kept.optimizer).__name__, "steps": kept.steps, "moments": moments}


def put_state(model: Any, frame: Message, where: str) -> None:
    """Give a model that was built anew the learning rate of a frame and, if it holds them, steps and moments.

    Raises:
        ModelFileError: the moments are not those of the model's optimizer.
    """
    optimizer, state, rate = model.optimizer, frame.get("optimizer"), frame["learning_rate"]
    if rate is not None and 0 <= rate < math.inf and isinstance(getattr(optimizer, "_learning_rate", None), Variable):
        optimizer.learning_rate = rate
    if not state or state["name"] != type(optimizer).__name__:
        return
    if not _is_known(optimizer) or (optimizer.moments and not state["moments"]):
        return
    optimizer.build(model.trainable_variables)
    for path, name, k, row, slot in _moments(model, optimizer):
        value = state["moments"].get(path, {}).get(name)
        if value is None or value.shape != slot.shape or value.dtype.kind != "f":
            raise ModelFileError(f"{where}: the frame has no '{name}' of '{path}' with the shape {slot.shape}.")
        slot.view(optimizer._states[k].array[row])[...] = value
    optimizer._iterations.assign(state["steps"])


def _size(model: Any) -> int:
    return sum(v.size for v in model.trainable_variables)


def _moments(model: Any, optimizer: Any) -> Iterator[tuple[str, str, int, int, Slot]]:
    """Give for every moment of a weight that is trained: its path, its name, the state and the row it is in, where."""
    paths = unique_paths(model.weights)
    places = {id(state): k for k, state in enumerate(optimizer._states)}
    for v in model.trainable_variables:
        if id(v) in paths and id(v) in optimizer._places:
            state, index = optimizer._places[id(v)]
            for row, name in enumerate(state.rows):
                yield paths[id(v)], name, places[id(state)], row, state.slots[index]


__all__ = ["Kept", "keep", "put_state", "state_of", "update_of"]
