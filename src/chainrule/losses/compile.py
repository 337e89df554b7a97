"""`CompileLoss`: the loss of a whole model: one loss for each output, weighted and added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chainrule import tree
from chainrule.errors import DataError, ShapeError, unknown_name
from chainrule.losses.base import Loss, LossFunctionWrapper
from chainrule.losses.lookup import get


@dataclass(frozen=True)
class OutputLoss:
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
                found.append(OutputLoss(i, names[i] or resolved.name, resolved, weight))
        if not found:
            raise DataError("compile: every output's loss is None, so there is nothing to train. Give at least one.")
        self.outputs = found
        if len(found) > 1:
            from chainrule.metrics import Mean

            self.metrics = [Mean(name=f"{o.name}_loss") for o in found]

    def _names(self, y_pred: Any) -> list[str]:
        paths = _paths(y_pred)
        given = self.output_names if self.output_names and len(self.output_names) == len(paths) else None
        names = []
        for i, path in enumerate(paths):
            keys = [str(k) for k in path if isinstance(k, str)]
            ends_by_name = bool(path) and isinstance(path[-1], str)
            names.append("/".join(keys if ends_by_name else [*keys, given[i] if given else ""]).strip("/"))
        return names

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
        if self.outputs is None:
            self.build(y_true, y_pred)
        outputs = self.outputs or []
        names, predictions = self._names(y_pred), tree.flatten(y_pred)
        at = {o.position: o.loss for o in outputs}
        present = [at.get(i) for i in range(len(predictions))]
        targets = align(y_true, y_pred, names, present)
        weights = _sample_weights(sample_weight, y_pred, names, present)
        total: Any = None
        parts: dict[str, Any] = {}
        for o in outputs:
            value = o.loss(targets[o.position], predictions[o.position], weights[o.position])
            parts[f"{o.name}_loss"] = value
            value = value if o.weight is None else value * o.weight
            total = value if total is None else total + value
        return total, parts if len(outputs) > 1 else {}

    def __call__(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Return the total of the weighted losses of all outputs, and update `metrics`."""
        total, parts = self.compute(y_true, y_pred, sample_weight)
        if self.metrics:
            batch = tree.flatten(y_pred)[0].shape[0]
            for metric, value in zip(self.metrics, parts.values(), strict=True):
                metric.update_state(value, sample_weight=batch)
        return total


def resolve(identifier: Any, y_true: Any, y_pred: Any) -> Loss:
    """Return the loss object for a name, function or object; `'crossentropy'` (`'ce'`) by the shapes, as Keras does."""
    if isinstance(identifier, str) and identifier.lower() in ("crossentropy", "ce"):
        true, pred = tuple(y_true.shape), tuple(y_pred.shape)
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


# -- fitting structures to the outputs --------------------------------------------------------------------------------


def _paths(structure: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the keys and positions that lead to each leaf, in the order of `tree.flatten`."""
    if isinstance(structure, dict):
        return [p for key in sorted(structure) for p in _paths(structure[key], (*prefix, key))]
    if isinstance(structure, list | tuple):
        return [p for i, part in enumerate(structure) for p in _paths(part, (*prefix, i))]
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
        return _by_name(given, names, what, partial=isinstance(y_pred, dict))
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
        own = [n.split("/")[-1] for n in names[len(result) : len(result) + size]]
        result += spread(entry, part, own, what)
    return result


def align(y_true: Any, y_pred: Any, names: list[str], losses: Sequence[Any]) -> list[Any]:
    """Return the target of each output (None where there is none): targets may be a dict by name, a list, or nested.

    Raises:
        ShapeError: there are not as many targets as outputs with a loss.
    """
    flat = _by_output(y_true, y_pred, names)
    if len(flat) == len(names):
        return flat
    wanted = [i for i, loss in enumerate(losses) if loss is not None]
    if len(flat) == len(wanted):
        found: list[Any] = [None] * len(names)
        for i, target in zip(wanted, flat, strict=True):
            found[i] = target
        return found
    raise ShapeError(
        f"The model has {len(names)} outputs {[n for n in names if n] or ''}, but y has {len(flat)} parts. "
        "Give y as a list with one array for each output, or as a dict by output name."
    )


def _by_output(given: Any, y_pred: Any, names: list[str]) -> list[Any]:
    if isinstance(given, dict) and not any(tree.is_nested(v) for v in given.values()):
        unknown = [k for k in given if k not in names]
        if unknown and any(names):
            error = unknown_name("output", unknown[0], [n for n in names if n])
            raise type(error)(f"y has the key {unknown[0]!r}. {error}")
        return [given[n] for n in names if n in given] if any(names) else list(given.values())
    if isinstance(given, list | tuple) and not tree.is_nested(y_pred) and not _arrays(given):
        return [given]
    return tree.flatten(given)


def _arrays(parts: Sequence[Any]) -> bool:
    return all(hasattr(v, "shape") and len(v.shape) for v in tree.flatten(list(parts)))


def _sample_weights(given: Any, y_pred: Any, names: list[str], losses: Sequence[Any]) -> list[Any]:
    if given is None or not tree.is_nested(given):
        return [given] * len(names)
    if isinstance(given, dict):
        return [given.get(n) for n in names]
    return align(given, y_pred, names, losses)
