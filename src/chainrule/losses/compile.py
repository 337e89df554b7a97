"""`CompileLoss`: the loss of a whole model: one loss for each output, weighted and added up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, SupportsFloat

import numpy as np

from chainrule import tree
from chainrule.errors import DataError
from chainrule.losses.base import Loss, LossFunctionWrapper
from chainrule.losses.lookup import get
from chainrule.losses.outputs import align, paths_of, spread
from chainrule.losses.outputs import sample_weights as _sample_weights
from chainrule.records import Record


class OutputLoss(Record):
    """The loss of one output: `position` among all outputs, its `name`, the loss object and its weight."""

    position: int
    name: str
    loss: Loss
    weight: float | None


class CompileLoss:
    """What `Model.compile(loss=..., loss_weights=...)` means.

    Args:
        loss: a loss (name, object, function) for every output; or a list in the order of the outputs, or a dict by
            output name, or nested like the outputs; None where an output has no loss.
        loss_weights: factors in the same form; one number if there is one output.
        reduction: kept for Keras's signature; each loss has its own.
        output_names: names of the outputs, in order.

    Calling it gives the total and, with several outputs, adds the loss of each (before its weight, under the name that
    logs use: `'a_loss'`) to `metrics`; `compute` gives the same numbers and changes nothing.

    >>> import numpy as np
    >>> loss = CompileLoss({"a": "mse", "b": "mae"}, loss_weights={"a": 1.0, "b": 10.0}, output_names=["a", "b"])
    >>> y, p = np.zeros((2, 1)), np.ones((2, 1))
    >>> float(loss([y, y], [p, p])), {m.name: float(m.result()) for m in loss.metrics}
    (11.0, {'a_loss': 1.0, 'b_loss': 1.0})
    """

    def __init__(
        self,
        loss: Any,
        loss_weights: Any = None,
        reduction: str | None = "sum_over_batch_size",
        output_names: Sequence[str] | None = None,
    ) -> None:
        if loss_weights is not None and not isinstance(loss_weights, list | tuple | dict | float | int):
            raise TypeError(
                "compile: loss_weights must be a number, a list in the order of the outputs, or a dict by output name, "
                f"but is {type(loss_weights).__name__}."
            )
        for weight in tree.flatten(loss_weights):
            if weight is not None and (isinstance(weight, bool | str) or not isinstance(weight, SupportsFloat)):
                raise TypeError(
                    f"compile: loss_weights holds {weight!r}, which is not a number. The third argument of compile is "
                    "loss_weights; metrics go by name: compile(optimizer, loss, metrics=[...])."
                )
        self.name = "compile_loss"
        self.reduction = reduction
        self.user_loss = loss
        self.user_weights = loss_weights
        self.output_names = list(output_names) if output_names else None
        self.outputs: list[OutputLoss] | None = None
        self.metrics: list[Any] = []

    @property
    def built(self) -> bool:
        """Whether the names and shapes of the outputs have been seen."""
        return self.outputs is not None

    def build(self, y_true: Any, y_pred: Any) -> None:
        """Find the loss of each output; `'crossentropy'` is decided by the shapes.

        Raises:
            DataError: losses, weights or targets do not fit the outputs.
            UnknownNameError: a loss or an output of that name does not exist.
        """
        names = self._names(y_pred)
        losses = spread(self.user_loss, y_pred, names, "loss")
        weights = self._weights(losses, y_pred, names)
        targets = align(y_true, y_pred, names, losses)
        found = []
        for i, (loss, weight, prediction) in enumerate(zip(losses, weights, tree.flatten(y_pred), strict=True)):
            if loss is not None:
                resolved = resolve(loss, targets[i], prediction)
                name = names[i] if names[i].rpartition("/")[2] else names[i] + resolved.name
                found.append(OutputLoss(i, name, resolved, weight))
        if not found:
            raise DataError("compile: every output's loss is None, so there is nothing to train. Give at least one.")
        if isinstance(y_pred, dict) and isinstance(self.user_loss, dict):  # Keras lists them as the loss was written
            order = list(self.user_loss)
            found.sort(key=lambda o: order.index(o.name) if o.name in order else len(order))
        self.outputs = found
        if len(found) > 1:
            from chainrule.metrics import Mean

            self.metrics = [Mean(name=f"{o.name}_loss") for o in found]

    def _names(self, y_pred: Any) -> list[str]:
        """Return the name of each output: its keys joined by `/`, a position at the end replaced by the given name."""
        paths = paths_of(y_pred)
        given = self.output_names if self.output_names and len(self.output_names) == len(paths) else [""] * len(paths)
        ends = [
            path[-1] if path and isinstance(path[-1], str) else name for path, name in zip(paths, given, strict=True)
        ]
        return ["/".join([*map(str, path[:-1]), end]) for path, end in zip(paths, ends, strict=True)]

    def _weights(self, losses: list[Any], y_pred: Any, names: list[str]) -> list[float | None]:
        weights = self.user_weights
        if weights is None:
            return [None] * len(losses)
        if isinstance(weights, int | float):
            if len(losses) > 1:
                raise DataError(
                    f"compile: loss_weights={weights} is one number, but the model has {len(losses)} outputs {names}. "
                    "Give a list or a dict by output name."
                )
            return [float(weights)]
        used = sum(loss is not None for loss in losses)
        if isinstance(weights, list | tuple) and len(weights) == used != len(losses):
            given = iter(weights)
            weights = [None if loss is None else next(given) for loss in losses]
        return [None if w is None else float(w) for w in spread(weights, y_pred, names, "loss_weights")]

    def compute(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> tuple[Any, dict[str, Any]]:
        """Return the total and the losses of the outputs by name (empty for a single output).

        Args:
            y_true: targets in the structure of the outputs (or a list, or a dict by output name).
            y_pred: the outputs.
            sample_weight: for all outputs, or one for each in such a structure.
        """
        if y_true is None:
            raise DataError("The model was compiled with a loss, but no targets were given: pass y as well as x.")
        values = self._values(y_true, y_pred, sample_weight)
        parts = {f"{o.name}_loss": value for o, value in values} if len(values) > 1 else {}
        return _total(values), parts

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the total of the weighted losses of all outputs, and update `metrics`."""
        values = self._values(y_true, y_pred, sample_weight)
        if self.metrics:
            batch = tree.flatten(y_pred)[0].shape[0]
            for metric, (_, value) in zip(self.metrics, values, strict=True):
                metric.update_state(value, sample_weight=batch)
        return _total(values)

    def _values(self, y_true: Any, y_pred: Any, sample_weight: Any) -> list[tuple[OutputLoss, Any]]:
        """Return the losses, before their weights, of the outputs that have one."""
        if y_true is None:
            raise DataError("The model was compiled with a loss, but no targets were given: pass y as well as x.")
        if self.outputs is None:
            self.build(y_true, y_pred)
        outputs = self.outputs or []
        if not any(tree.is_nested(part) for part in (y_true, y_pred, sample_weight)):
            return [(outputs[0], outputs[0].loss(y_true, y_pred, sample_weight))]
        names, predictions = self._names(y_pred), tree.flatten(y_pred)
        at = {o.position: o.loss for o in outputs}
        present = [at.get(i) for i in range(len(predictions))]
        targets = align(y_true, y_pred, names, present)
        weights = _sample_weights(sample_weight, y_pred, names, present)
        parts = list(zip(targets, predictions, weights, strict=True))
        return [(o, o.loss(*parts[o.position])) for o in outputs]


def _total(values: list[tuple[OutputLoss, Any]]) -> Any:
    total: Any = None
    for o, value in values:
        weighted = value if o.weight is None else value * o.weight
        total = weighted if total is None else total + weighted
    return total


def resolve(identifier: Any, y_true: Any, y_pred: Any) -> Loss:
    """Return the loss object for a name, function or object; `'crossentropy'` (`'ce'`) by the shapes, as Keras does."""
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        true, pred = np.shape(y_true), np.shape(y_pred)
        if pred[-1] == 1:
            found = get("binary_crossentropy")
        elif len(true) < len(pred) or true[-1] == 1:
            found = get("sparse_categorical_crossentropy")
        else:
            found = get("categorical_crossentropy")
    else:
        found = get(identifier)
    if isinstance(found, Loss):
        return found
    name = identifier if isinstance(identifier, str) else getattr(found, "__name__", type(found).__name__)
    return LossFunctionWrapper(found, name=name)
