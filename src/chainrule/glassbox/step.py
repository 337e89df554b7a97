"""One step of the compiled optimizer on copies: the optimizer and the model stay as they are."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.autodiff.tape import substitute
from chainrule.glassbox.optimizers import Recipe, recipe_of
from chainrule.glassbox.record import Runner
from chainrule.optimizers.loss_scale_optimizer import LossScaleOptimizer
from chainrule.optimizers.multi_optimizer import MultiOptimizer
from chainrule.utils.naming import unique_paths


@dataclass
class Step:
    """What the optimizer did.

    Args:
        optimizer: the compiled one, or a built copy of it; of a `LossScaleOptimizer`, the one it wraps.
        before, after: values of the model's variables, by path: `step.after["dense/kernel"]`.
        gradients: what the optimizer was given, by path.
        taken: what `update` was called with, by path: the weights (decayed) and the gradient (clipped).
        moments_before, moments_after: by path and name of the moment.
        rate: the learning rate of this step; None if there are several.
        number: of this update, counted from 1.
        recipe: the optimizer's formulas, None for a class of the user's own.
        stand_ins: the values after the step by the variables' ids, for running the model on them.
        paths: each variable's path by its id.
        due: whether the weights are updated now (not while gradients are accumulated).
        scaled: whether a `LossScaleOptimizer` is around the optimizer.
    """

    optimizer: Any
    before: dict[str, Array]
    after: dict[str, Array]
    gradients: dict[str, Array]
    taken: dict[str, tuple[Array, Array]] = field(default_factory=dict)
    moments_before: dict[str, dict[str, Array]] = field(default_factory=dict)
    moments_after: dict[str, dict[str, Array]] = field(default_factory=dict)
    rate: float | None = 0.0
    number: int = 1
    due: bool = True
    scaled: bool = False
    recipe: Recipe | None = None
    stand_ins: dict[int, Array] = field(default_factory=dict, repr=False)
    paths: dict[int, str] = field(default_factory=dict, repr=False)

    def path(self, variable: Any) -> str:
        """Return the name that a variable's values have here."""
        return self.paths[id(variable)]


def take(runner: Runner, gradients: dict[int, Array]) -> Step:
    """Apply the compiled optimizer to copies of the trainable variables that have a gradient (by their ids)."""
    variables = [v for v in runner.model.trainable_variables if id(v) in gradients]
    optimizer = _built(runner)
    scaled = isinstance(optimizer, LossScaleOptimizer)
    optimizer = optimizer.inner_optimizer if scaled else optimizer
    values = {id(v): _copy(v) for v in optimizer.variables} | runner.optimizer_values | runner.copies()
    paths = unique_paths(runner.variables)
    before = {paths[key]: value for key, value in runner.copies().items()}
    step = Step(optimizer, before, {}, {paths[key]: g for key, g in gradients.items()}, paths=paths)
    step.scaled = scaled
    calls: list[tuple[Array, Array]] = []
    spy = _noting(optimizer, calls)
    with np.errstate(all="ignore"), substitute(values):
        step.recipe = recipe_of(optimizer)
        step.rate = None if isinstance(optimizer, MultiOptimizer) else float(optimizer._current_rate())
        step.number = int(optimizer.iterations) + 1
        step.moments_before = {paths[id(v)]: _moments(optimizer, v) for v in variables}
        steps = optimizer.gradient_accumulation_steps
        step.due = not steps or (int(optimizer._iterations) + 1) % steps == 0
        if variables:
            factor = optimizer.loss_scale_factor or 1.0  # in training it is in the loss, and so in the gradients
            spy.apply([gradients[id(v)] * factor for v in variables], variables)
        step.moments_after = {paths[id(v)]: _moments(optimizer, v) for v in variables}
    ordered = sorted(variables, key=lambda v: _place(optimizer, v))
    step.taken = dict(zip([paths[id(v)] for v in ordered], calls, strict=False)) if len(calls) == len(ordered) else {}
    step.stand_ins = {key: np.asarray(getattr(values[key], "value", values[key])) for key in paths}
    step.after = {paths[key]: value for key, value in step.stand_ins.items()}
    return step


def _built(runner: Runner) -> Any:
    """Return the optimizer itself if it had its moments when the trace was made, else a built copy."""
    if runner.optimizer_config is None:
        return runner.optimizer
    made = type(runner.optimizer).from_config(runner.optimizer_config)
    made.build(runner.model.trainable_variables)
    return made


def _noting(optimizer: Any, calls: list[tuple[Array, Array]]) -> Any:
    """Return a shallow copy of the optimizer that notes what `update` is called with."""
    spy = copy.copy(optimizer)
    update = spy.update

    def noted(p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        calls.append((p.copy(), g.copy()))
        update(p, g, moments, learning_rate, step)

    spy.__dict__["update"] = noted
    return spy


def _copy(variable: Any) -> Array:
    return np.array(variable.value, np.float64 if variable.dtype.kind == "f" else None)


def _place(optimizer: Any, variable: Any) -> tuple[int, int]:
    state, index = optimizer._places[id(variable)]
    return optimizer._states.index(state), index


def _moments(optimizer: Any, variable: Any) -> dict[str, Array]:
    state, index = optimizer._places[id(variable)]
    return {name: np.array(state.moments[row][index].value) for row, name in enumerate(state.rows)}
