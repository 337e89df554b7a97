"""One step of an optimizer: all that happens between the gradients and the new weights, in Keras's order.

loss scale -> accumulation -> clipping -> weight decay -> update -> moving average -> constraints -> iteration
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ShapeError
from chainrule.optimizers.clipping import clip_by_global_norm, clip_by_norm, clip_by_value
from chainrule.optimizers.rate import HasLearningRate
from chainrule.optimizers.state import FlatState, Run, Scratch
from chainrule.optimizers.weights import average_weights, decay_weights
from chainrule.variables import Variable


class AppliesGradients(HasLearningRate):
    """`apply` and its parts. What an optimizer makes of a gradient is its `update` (or a user's `update_step`)."""

    weight_decay: float | None
    clipnorm: float | None
    clipvalue: float | None
    global_clipnorm: float | None
    use_ema: bool
    ema_momentum: float
    ema_overwrite_frequency: int | None
    loss_scale_factor: float | None
    scratch: Scratch
    _trainable_variables: tuple[Variable, ...]
    _trainable_variables_indices: dict[int, int]
    _states: list[FlatState]
    _places: dict[int, tuple[FlatState, int]]
    _excluded: set[int]
    _excluded_pattern: re.Pattern[str] | None

    def build(self, variables: Sequence[Variable]) -> None:
        raise NotImplementedError

    def update(self, p: Array, g: Array, moments: Any, learning_rate: float, step: int) -> None:
        """Change `p` and `moments` in place, element by element; leave `g` as it is.

        Args:
            p: parameters, of any shape: often those of all variables as one vector.
            g: gradient, of the same shape.
            moments: one array of that shape per name in `self.moments`.
            learning_rate: step per unit of gradient.
            step: number of this update, from 1.
        """
        raise NotImplementedError(
            f"{type(self).__name__} must define update_step(gradient, variable, learning_rate), or "
            "update(p, g, moments, learning_rate, step)."
        )

    def update_step(self, gradient: Any, variable: Variable, learning_rate: Any) -> None:
        """Update one variable from its gradient: the method that Keras's custom optimizers override."""
        state, index = self._places[id(variable)]
        runs = state.runs([index])
        runs[0].gradient[...] = np.asarray(gradient).reshape(runs[0].gradient.shape)
        self._update_runs(runs, learning_rate)
        state.close(runs)

    def advance(self, step: int) -> None:
        """Change scalars that belong to no variable, once per step, before the first `update` (Nadam has one)."""

    # -- a step ------------------------------------------------------------------------------------------------------

    def apply_gradients(self, grads_and_vars: Iterable[tuple[Any, Variable]]) -> Variable:
        """Apply `zip(gradients, variables)`; returns the iteration."""
        pairs = list(grads_and_vars)
        self.apply([g for g, _ in pairs], [v for _, v in pairs])
        return self._iterations

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Variable] | None = None) -> None:
        """Update the variables from their gradients.

        Args:
            grads: one gradient per variable; None for a variable that is to stay as it is.
            trainable_variables: the variables, by default those the optimizer was built with.

        Raises:
            ValueError: no gradients at all, unknown variables, or the wrong number of gradients.
            ShapeError: a gradient of another shape than its variable.
        """
        if len(grads) == 0:
            return
        pairs = self._pairs(grads, trainable_variables)
        for g, v in pairs:
            if v.overwrite_with_gradient:
                v.assign(g)
        pairs = [(g, v) for g, v in pairs if not v.overwrite_with_gradient]
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            self._apply(pairs)
        for _, v in pairs:
            if v.constraint is not None:
                v.assign(v.constraint(v))
        self._iterations.assign_add(1)

    def _pairs(self, grads: Sequence[Any], given: Sequence[Variable] | None) -> list[tuple[Any, Variable]]:
        """Return the gradients that exist with their variables, or say what is wrong with them."""
        if given is None and not self.built:
            raise ValueError(
                f"{self.name}: gradients without variables need a built optimizer: "
                "call build(trainable_variables) first."
            )
        variables = self._trainable_variables if given is None else list(given)
        if not self.built:
            self.build(variables)
        for v in variables:
            if id(v) not in self._trainable_variables_indices:
                raise ValueError(
                    f"{self.name}: unknown variable '{v.path}'. An optimizer works only on the variables it was built "
                    "with; make a new one for another set of variables."
                )
        if len(grads) != len(variables):
            raise ValueError(
                f"{self.name}: expected {len(variables)} gradients, one per variable, received {len(grads)}."
            )
        missing = [v.path for g, v in zip(grads, variables, strict=True) if g is None]
        if len(missing) == len(variables):
            raise ValueError(f"{self.name}: no gradients provided for any variable.")
        if missing:
            warnings.warn(
                f"Gradients do not exist for variables {missing} when minimizing the loss. If using `model.compile()`, "
                "did you forget to provide a `loss` argument?",
                stacklevel=3,
            )
        return [(g, v) for g, v in zip(grads, variables, strict=True) if g is not None]

    def _apply(self, pairs: list[tuple[Any, Variable]]) -> None:
        rate = self._current_rate()
        opened = self._open(pairs)
        runs = [run for _, part in opened for run in part]
        due = self._accumulate(runs)
        arrays = type(self).update_step is AppliesGradients.update_step
        if due:
            self._clip(runs)
            self._decay(runs, rate)
            self.advance(int(self.iterations) + 1)
            if arrays:
                self._update_runs(runs, rate)
        for state, part in opened:
            state.close(part)
        if due and not arrays:
            for piece in [piece for run in runs for piece in run.pieces]:
                self.update_step(piece.gradient.copy(), piece.variable, rate)
        if self.use_ema:
            self._average()

    def _open(self, pairs: list[tuple[Any, Variable]]) -> list[tuple[FlatState, list[Run]]]:
        """Return the runs of these variables, with the gradients copied in and freed of the loss scale."""
        by_state: dict[int, dict[int, Any]] = {}
        for g, v in pairs:
            state, index = self._places[id(v)]
            by_state.setdefault(id(state), {})[index] = g
        opened = []
        for state in self._states:
            grads = by_state.get(id(state), {})
            runs = state.runs(sorted(grads))
            for run in runs:
                for piece in run.pieces:
                    piece.gradient[...] = _checked(grads[piece.place], piece.variable)
                if self.loss_scale_factor is not None:
                    np.divide(run.gradient, self.loss_scale_factor, out=run.gradient)
            opened.append((state, runs))
        return opened

    def _accumulate(self, runs: list[Run]) -> bool:
        """Whether an update is due; gradients are stored until then, and averaged when it is."""
        steps = self.gradient_accumulation_steps
        if not steps:
            return True
        due = (int(self._iterations) + 1) % steps == 0
        for run in runs:
            stored = run.rows[int(self.use_ema)]
            if due:
                np.add(run.gradient, stored, out=run.gradient)
                np.divide(run.gradient, steps, out=run.gradient)
                stored[...] = 0
            else:
                stored += run.gradient
        return due

    def _clip(self, runs: list[Run]) -> None:
        if self.clipvalue and self.clipvalue > 0:
            clip_by_value([run.gradient for run in runs], self.clipvalue)
        elif self.clipnorm and self.clipnorm > 0:
            clip_by_norm([piece.gradient for run in runs for piece in run.pieces], self.clipnorm)
        elif self.global_clipnorm and self.global_clipnorm > 0:
            clip_by_global_norm([piece.gradient for run in runs for piece in run.pieces], self.global_clipnorm)

    def _update_runs(self, runs: list[Run], rate: float) -> None:
        step, first = int(self.iterations) + 1, int(self.use_ema) + bool(self.gradient_accumulation_steps)
        for run in runs:
            self.update(run.parameters, run.gradient, run.rows[first:], rate, step)

    def scale_loss(self, loss: Any) -> Any:
        """Multiply the loss by `loss_scale_factor`, if there is one."""
        return loss if self.loss_scale_factor is None else loss * self.loss_scale_factor

    # -- moving average of the weights -------------------------------------------------------------------------------

    def _average(self) -> None:
        """Move the averages; the first iteration starts them at the weights."""
        iteration, frequency = int(self.iterations), self.ema_overwrite_frequency
        overwrite = bool(frequency) and (iteration + 1) % int(frequency or 1) == 0
        for state in self._states:
            runs = state.runs(range(len(state.variables)))
            average_weights(runs, self.ema_momentum if iteration else 0.0, overwrite, self.scratch)
            state.close(runs)

    def finalize_variable_values(self, var_list: Sequence[Variable]) -> None:
        """Replace the weights by their moving average, if there is one; `fit` calls it at the end.

        Raises:
            ValueError: another number of variables than the optimizer was built with.
        """
        if not self.use_ema:
            return
        if len(var_list) != len(self._trainable_variables):
            raise ValueError(
                f"{self.name}: {len(var_list)} model variables to overwrite do not match the "
                f"{len(self._trainable_variables)} averages of the optimizer. Was it used on this model?"
            )
        for variable, average in zip(var_list, self.moment_variables("average"), strict=True):
            if average is not None:
                variable.assign(average)

    def moment_variables(self, row: str) -> list[Variable | None]:
        """Return one moment of every variable the optimizer was built with: `moment_variables("velocity")`.

        None stands for a variable that is overwritten with its gradient and so has no moments.
        """
        return [self._moment(v, row) for v in self._trainable_variables]

    def _moment(self, variable: Variable, row: str) -> Variable | None:
        if id(variable) not in self._places:
            return None
        state, index = self._places[id(variable)]
        return state.moments[state.rows.index(row)][index]

    # -- weight decay ------------------------------------------------------------------------------------------------

    def exclude_from_weight_decay(
        self, var_list: Iterable[Variable] | None = None, var_names: Iterable[str] | None = None
    ) -> None:
        """Spare variables from weight decay; call it before training.

        Args:
            var_list: the variables themselves.
            var_names: regular expressions; a variable in whose name one is found is spared (`["bias"]`).
        """
        self._excluded = {id(v) for v in var_list or ()}
        names = sorted(set(var_names or ()))
        self._excluded_pattern = re.compile("|".join(names)) if names else None

    def _decay(self, runs: Sequence[Run], learning_rate: float) -> None:
        if self.weight_decay is not None:
            decay_weights(runs, self.weight_decay, learning_rate, self._use_weight_decay, self.scratch)

    def _use_weight_decay(self, variable: Variable) -> bool:
        if id(variable) in self._excluded:
            return False
        return self._excluded_pattern is None or self._excluded_pattern.search(variable.name) is None


def _checked(gradient: Any, variable: Variable) -> Array:
    array = np.asarray(gradient)
    if array.shape != variable.shape:
        raise ShapeError(
            f"Gradient of variable '{variable.path}': expected shape {variable.shape}, received shape {array.shape}."
        )
    return array
