"""What a model says over two of its inputs: the numbers behind decision regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.errors import DataError, within
from chainrule.plot.arrays.given import model_and_data, names_of_features
from chainrule.plot.arrays.inputs import Feature, Inputs
from chainrule.plot.arrays.outcome import predictions
from chainrule.plot.arrays.plane import plane
from chainrule.records import Record

_ONE_OUTPUT = "draw chainrule.Model(model.inputs, model.outputs[0]), with the targets of that output as y"
_SIGMOIDS = ("sigmoid", "hard_sigmoid")


class Regions(Record):
    """The outputs of a model on a grid.

    Attributes:
        kind: `'binary'`, `'multiclass'` or `'values'`.
        features: the two axes.
        x, y: values of the grid's columns and rows.
        outputs: probability of class 1, or values, (len(y), len(x)); of several classes (len(y), len(x), classes).
        fixed: the values of all other features by name.
        threshold: where class 1 begins.
    """

    kind: str
    features: tuple[Feature, Feature]
    x: Array
    y: Array
    outputs: Array
    fixed: dict[str, Any]
    threshold: float = 0.5

    @property
    def classes(self) -> Array:
        """The class at each point (len(y), len(x))."""
        if self.kind == "multiclass":
            return np.asarray(self.outputs.argmax(axis=-1))
        return (self.outputs > self.threshold).astype(np.int64)


@within("plot.numbers.regions")
def regions(
    model: Any,
    x: Any = None,
    y: Any = None,
    *,
    features: Sequence[int | str] = (0, 1),
    fixed: Mapping[str, Any] | None = None,
    names: Sequence[str] | None = None,
    grid: int = 120,
    bounds: tuple[float, float, float, float] | None = None,
    output: int | None = None,
) -> Regions:
    """Return what a model says on a grid over two inputs, the others held at fixed values.

    Args:
        model: has one output layer; or a recording, whose last model is taken.
        x: the data, for ranges, medians and most frequent values; of a recording the rows it holds.
        y: targets, which tell classes from numbers where the model does not.
        features: numbers or names of the two inputs.
        fixed: values of other inputs by name; the median or the most frequent value by default.
        names: of the inputs, in order.
        grid: points along each axis.
        bounds: `(left, right, bottom, top)`.
        output: which of several outputs that are no classes.

    Raises:
        DataError, UnknownNameError: the features do not exist.

    >>> import chainrule as cr
    >>> net = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid", kernel_initializer="ones")])
    >>> found = regions(net, [[-1.0, -1.0], [1.0, 1.0]], grid=3, bounds=(-1, 1, -1, 1))
    >>> found.kind, found.classes.tolist()
    ('binary', [[0, 0, 0], [0, 0, 1], [0, 1, 1]])
    """
    names = names_of_features(model, names)
    model, x, y = model_and_data(model, x, y)
    data = x if isinstance(x, Inputs) else Inputs(x, names)
    place = plane(data, features, fixed, grid, bounds)
    outputs = np.asarray(predictions(model, place.rows, instead=_ONE_OUTPUT), np.float64)
    if outputs.ndim == 1:
        outputs = outputs[:, None]
    kind, threshold = kind_of(model, outputs, y)
    if kind != "multiclass":
        chosen = 0 if output is None and outputs.shape[1] == 1 else output
        if chosen is None or not -outputs.shape[1] <= chosen < outputs.shape[1]:
            raise DataError(f"The model has {outputs.shape[1]} outputs that are no classes. Choose one: output=0.")
        outputs = outputs[:, chosen]
    return Regions(
        kind,
        place.features,
        place.x,
        place.y,
        outputs.reshape(*place.shape, *outputs.shape[1:]),
        place.fixed,
        threshold,
    )


def kind_of(model: Any, outputs: Array, y: Any = None) -> tuple[str, float]:
    """Return what outputs (rows, k) are, `'binary'`, `'multiclass'` or `'values'`, and the threshold of class 1."""
    loss = getattr(model, "loss", None)
    name = str(getattr(loss, "name", getattr(loss, "__name__", loss)) or "").lower()
    activation = str(getattr(getattr(model.layers[-1], "activation", None), "__name__", "")) if _layered(model) else ""
    k = outputs.shape[1]
    if k > 1:
        sums = bool(np.allclose(outputs.sum(axis=1), 1, atol=1e-3)) and bool((outputs >= -1e-6).all())
        return ("multiclass" if "categorical" in name or activation == "softmax" or sums else "values"), 0.5
    labels = np.unique(np.asarray(tree.flatten(y)[0])) if y is not None else np.empty(0)
    signed = labels.dtype.kind in "fi" and -1 in labels
    if "hinge" in name or (signed and len(labels) == 2 and set(labels.tolist()) == {-1, 1}):
        return "binary", 0.0
    two = y is not None and (labels.dtype.kind in "OUSb" or set(labels.tolist()) <= {0, 1})
    if two or activation in _SIGMOIDS or name.startswith("binary"):
        return "binary", 0.5
    return "values", 0.5


def _layered(model: Any) -> bool:
    return bool(getattr(model, "layers", None))
