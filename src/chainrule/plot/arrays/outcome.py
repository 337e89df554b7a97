"""What a prediction is compared with: targets and outputs in any form, as class numbers and scores, or as values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, KindError, ShapeError, an, within
from chainrule.plot.arrays.given import is_recording, model_and_data, names_of_classes, predicts
from chainrule.records import Record

_BATCH = 1024


class Classified(Record):
    """Rows with a class and what the model said of them.

    Attributes:
        y: class numbers (n,).
        scores: of class 1 (n,), or of each class (n, classes); of which more says more strongly so.
        names: of the classes.
        threshold: where the score of class 1 decides, with two classes.
    """

    y: Array
    scores: Array
    names: tuple[str, ...]
    threshold: float = 0.5

    @property
    def binary(self) -> bool:
        return self.scores.ndim == 1

    @property
    def predicted(self) -> Array:
        """The class that each row is given (n,)."""
        if self.binary:
            return (self.scores > self.threshold).astype(np.int64)
        return np.asarray(self.scores.argmax(axis=1))

    def against_rest(self) -> list[tuple[str, Array, Array]]:
        """Return name, whether it is that class, and its score, for each class; for two classes, of class 1 alone."""
        if self.binary:
            return [(self.names[1], self.y == 1, self.scores)]
        return [(name, self.y == k, self.scores[:, k]) for k, name in enumerate(self.names)]


@within("plot.numbers.classified")
def classified(*what: Any, classes: Sequence[str] | None = None, threshold: float | None = None) -> Classified:
    """Return targets and scores as class numbers and arrays.

    Args:
        what: a model, its inputs and targets; or a recording; or targets and outputs: probabilities (n,), (n, 1) or
            (n, classes), or predicted labels. Targets are labels (numbers or text, in sorted order) or rows with one 1.
        classes: names of the classes in order.
        threshold: above which two classes are told apart; 0.5, or 0 where the targets are -1 and 1.

    Raises:
        ShapeError, DataError: they do not fit.

    >>> found = classified(["no", "yes", "yes"], [0.2, 0.4, 0.9])
    >>> found.y, found.predicted, found.names
    (array([0, 1, 1]), array([0, 0, 1]), ('no', 'yes'))
    """
    y, outputs = pair(what)
    classes = names_of_classes(what[0], classes)
    outputs = outputs[:, 0] if outputs.ndim == 2 and outputs.shape[1] == 1 else outputs
    if outputs.ndim == 1 and _are_labels(outputs, y):
        return _of_labels(_labels_of(y), outputs, classes)
    scores = floats(outputs, "outputs")
    count = 2 if scores.ndim == 1 else scores.shape[1]
    y = _labels_of(y, count)
    numbers, names = _numbers(y, count, classes)
    signed = y.dtype.kind in "fi" and bool((y == -1).any())
    return Classified(numbers, scores, names, threshold if threshold is not None else 0.0 if signed else 0.5)


def values(*what: Any, output: int | None = None) -> tuple[Array, Array]:
    """Return targets and predictions of a regression, both (n,).

    Args:
        what: a model, its inputs and targets; or targets and outputs.
        output: which of several outputs.

    Raises:
        ShapeError, DataError: they do not fit.

    >>> values([1, 2], [[1.5], [2.5]])
    (array([1., 2.]), array([1.5, 2.5]))
    """
    y, p = pair(what)
    found = []
    for array, name in ((y, "targets"), (p, "outputs")):
        columns = floats(array, name).reshape(len(array), -1)
        if columns.shape[1] > 1 and output is None:
            raise ShapeError(f"the {name} have {columns.shape[1]} columns. Choose one: output=0.")
        found.append(columns[:, min(output or 0, columns.shape[1] - 1)])
    return found[0], found[1]


def pair(what: Sequence[Any]) -> tuple[Array, Array]:
    """Return targets and outputs, of equally many rows.

    Raises:
        KindError, ShapeError, DataError: they are none.
    """
    if len(what) == 1 and is_recording(what[0]):
        return pair(model_and_data(what[0], None))
    if len(what) == 3:
        model, x, y = model_and_data(*what)
        y, outputs = np.asarray(y), predictions(model, x)
    elif len(what) == 2:
        if predicts(what[0]):
            raise DataError("expected a model, its inputs and targets: the targets y are missing.")
        y, outputs = np.asarray(what[0]), np.asarray(what[1])
    else:
        came = "no arguments" if not what else f"{an(what[0])} alone" if len(what) == 1 else f"{len(what)} arguments"
        raise KindError(
            f"expected targets and outputs, or a model, its inputs and targets, or a recording, but received {came}."
        )
    if y.dtype == object and y.ndim == 0 and y[()] is None:
        raise DataError("the targets y are missing.")
    if y.ndim == 0 or outputs.ndim not in (1, 2) or len(y) != len(outputs):
        raise ShapeError(
            f"expected as many targets as outputs, (n,) or (n, k), but received {y.shape} and {outputs.shape}."
        )
    if not len(y):
        raise DataError("there are no rows.")
    return y, outputs


def predictions(model: Any, x: Any, *, instead: str = "pass its targets and model.predict(x)[0]") -> Array:
    """Return the outputs of a model; of one that gives logits, the probabilities.

    Args:
        model: has one output.
        x: inputs.
        instead: what to do with a model of several outputs.

    Raises:
        ShapeError: the model has several outputs.
    """
    outputs = model.predict(x, batch_size=_BATCH, verbose=0)
    if isinstance(outputs, list | tuple | dict):
        raise ShapeError(f"Model '{model.name}' has {len(outputs)} outputs. Choose one: {instead}.")
    outputs = np.asarray(outputs)
    return _probabilities(outputs) if gives_logits(model) else outputs


def gives_logits(model: Any) -> bool:
    """Whether the loss of a model takes its outputs as logits."""
    parameters = getattr(getattr(model, "loss", None), "parameters", None) or {}
    return bool(parameters.get("from_logits"))


def _probabilities(logits: Array) -> Array:
    h = np.asarray(logits, np.float64)
    if h.shape[-1] == 1 or h.ndim == 1:
        return np.where(h < 0, np.exp(np.minimum(h, 0)), 1.0) / (1.0 + np.exp(-np.abs(h)))
    e = np.exp(h - h.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _are_labels(outputs: Array, y: Array) -> bool:
    if outputs.dtype.kind not in "fiu":
        return True
    whole = bool((outputs == np.floor(outputs)).all())
    return whole and (y.dtype.kind in "OUS" or bool((np.abs(outputs) > 1).any()) or outputs.dtype.kind != "f")


def _of_labels(y: Array, predicted: Array, classes: Sequence[str] | None) -> Classified:
    """Labels have no scores: the class that was chosen gets 1, the others 0."""
    if y.dtype.kind in "OUS" or predicted.dtype.kind in "OUS":
        y, predicted = y.astype(str), predicted.astype(str)
    known = np.unique(np.concatenate([y, predicted]))
    if known.dtype.kind in "iub" and classes is not None and known.min() >= 0 and known.max() < len(classes):
        known = np.arange(len(classes))
    names = tuple(map(str, classes)) if classes is not None else tuple(map(_name, known))
    if len(names) != len(known):
        raise DataError(f"There are {len(known)} classes in the data, but {len(names)} names: {', '.join(names)}.")
    chosen = np.eye(len(known))[np.searchsorted(known, predicted)]
    return Classified(np.asarray(np.searchsorted(known, y)), chosen, names)


def _labels_of(y: Array, count: int = 0) -> Array:
    """Return targets (n,): of rows with a single 1, its place."""
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 2 and y.dtype.kind in "fiub" and count in (0, y.shape[1]):
        return np.asarray(y.argmax(axis=1))
    if y.ndim != 1:
        raise ShapeError(f"expected one class for each row, (n,), but the targets have shape {y.shape}.")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise DataError("the targets hold numbers that are not finite.")
    return y


def _numbers(y: Array, count: int, classes: Sequence[str] | None) -> tuple[Array, tuple[str, ...]]:
    """Return class numbers and names, for outputs that tell `count` classes apart."""
    names = tuple(map(str, classes)) if classes is not None else None
    if names is not None and len(names) != count:
        raise DataError(f"the outputs tell {count} classes apart, but {len(names)} names were given.")
    if y.dtype.kind in "OUS":
        texts = y.astype(str)
        known = np.asarray(names) if names is not None and set(texts) <= set(names) else np.unique(texts)
        if len(known) != count:
            raise DataError(f"the outputs tell {count} classes apart, but the targets have {len(known)}.")
        order = np.argsort(known)
        return order[np.searchsorted(known, texts, sorter=order)], tuple(map(str, known))
    if count == 2 and y.dtype.kind in "fi" and (y == -1).any():
        y = (y > 0).astype(np.int64)
    numbers = y.astype(np.int64)
    if (numbers != y).any() or numbers.min() < 0 or numbers.max() >= count:
        raise DataError(
            f"expected targets that are classes from 0 to {count - 1}, but they range from {y.min():.6g} to "
            f"{y.max():.6g}."
        )
    return numbers, names or tuple(str(k) for k in range(count))


def floats(array: Array, what: str) -> Array:
    """Return numbers in float64.

    Raises:
        DataError: some are none, or not finite.
    """
    try:
        found = np.asarray(array, np.float64)
    except (TypeError, ValueError):
        raise DataError(f"the {what} must be numbers, but are of type {array.dtype}.") from None
    if not np.isfinite(found).all():
        raise DataError(f"the {what} hold numbers that are not finite (NaN or infinite).")
    return found


def _name(label: Any) -> str:
    return f"{label:g}" if isinstance(label, float | np.floating) else str(label)
