"""What is worth an error before training: names that nothing has, inputs of other shapes, labels of no class."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.data.arrays import text_in_numbers
from chainrule.data.batches import ArrayBatches, Batches
from chainrule.data.checks import named_leaves
from chainrule.errors import ChainruleError, DataError
from chainrule.layers.base import Layer
from chainrule.models.entries import check_shapes

_BY_SHAPE = ("accuracy", "acc", "crossentropy", "ce")


def check_names(loss: Any, metrics: Any, weighted_metrics: Any) -> None:
    """Check the strings given to `compile`, before anything is set.

    Raises:
        UnknownNameError: with the nearest known names.
    """
    from chainrule import losses
    from chainrule.metrics import lookup

    for name in _strings(loss):
        if name.lower() not in _BY_SHAPE[2:]:
            losses.get(name)
    for leaf in tree.flatten(loss):
        if isinstance(leaf, Layer):
            losses.get(leaf)  # which refuses it
    for name in (*_strings(metrics), *_strings(weighted_metrics)):
        if name.lower() not in _BY_SHAPE[:2]:
            lookup.get(name)


def _strings(given: Any) -> Iterator[str]:
    """Yield the names among the leaves; a serialized object is not looked into."""
    if isinstance(given, str):
        yield given
    elif isinstance(given, dict):
        if "class_name" not in given:
            for part in given.values():
                yield from _strings(part)
    elif isinstance(given, list | tuple):
        for part in given:
            yield from _strings(part)


# -- data ----------------------------------------------------------------------------------------------------------


class located:
    """Puts the place in front of the message of an error of ours, unless it names `fit`, `evaluate`, ... already."""

    def __init__(self, where: str) -> None:
        self.where = where

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, _: object) -> None:
        if isinstance(error, ChainruleError) and not str(error).startswith(self.where.split(",")[0]):
            raise type(error)(f"{self.where}: {error}") from error


def check_inputs(model: Any, batches: Batches, where: str) -> None:
    """Compare inputs in memory with the shapes of the model's inputs; text is for models that take text.

    Raises:
        DataError: text for a model without a layer that takes it.
        ShapeError: naming the array, the model's input and the layer it feeds.
    """
    if isinstance(batches, ArrayBatches) and not _takes_text(model):
        for name, array in named_leaves(batches.arrays()[0], "x"):
            if isinstance(array, np.ndarray) and array.dtype.kind == "O":
                raise DataError(text_in_numbers(array, name))
    graph = model._graph_or_none()
    if graph is not None and isinstance(batches, ArrayBatches):
        check_shapes(graph, batches.arrays()[0], where)


def _takes_text(model: Any) -> bool:
    graph = model._graph_or_none()
    if graph is not None and any(t.dtype == "string" for t in graph.inputs):
        return True
    return any(getattr(layer, "text_input", False) for layer in model._flatten_layers())


def check_labels(model: Any, batches: Batches, where: str) -> None:
    """Compare targets in memory with the classes that the model predicts, so that an error names the row of `y`.

    Raises:
        DataError: a class number that is none of the classes, or a probability outside of 0 to 1.
    """
    for loss, y, width in _targets(model, batches):
        with located(where):
            _check_classes(loss, y, width)


def _check_classes(loss: Any, y: Array, width: int | None) -> None:
    name = _name(loss)
    options = getattr(loss, "parameters", {})
    if (
        name == "sparse_categorical_crossentropy"
        and width is not None
        and y.ndim <= 2
        and options.get("axis", -1) == -1
    ):
        if y.dtype.kind in "iu" and y.size == len(y) and y.min() >= 0 and y.max() < width:
            return  # the usual case, in two passes
        from types import SimpleNamespace

        from chainrule.losses.classification import class_numbers

        class_numbers(y, SimpleNamespace(shape=(len(y), width)), options.get("ignore_class"), -1, name)
    elif name == "binary_crossentropy" and y.dtype.kind in "iuf" and y.size and not (y.min() >= 0 and y.max() <= 1):
        at = tuple(int(i) for i in np.argwhere((y < 0) | (y > 1))[0])
        hint = "use loss='hinge' for labels -1 and 1" if y.min() == -1 else "number the two classes 0 and 1"
        raise DataError(
            f"{name}: y{list(at)} is {y[at].item():g}, but targets must lie between 0 and 1: {hint}, or use another "
            "loss if this is no classification."
        )


def _targets(model: Any, batches: Batches) -> Iterator[tuple[Any, Array, int | None]]:
    """Yield the loss, the targets and the width of each output, where all three can be told from arrays and graph."""
    compiled = model._compile_loss
    if compiled is None or not isinstance(batches, ArrayBatches):
        return
    y = batches.arrays()[1]
    graph = model._graph_or_none()
    outputs = graph.outputs if graph is not None else None
    losses = compiled.user_loss
    if isinstance(y, np.ndarray) and not tree.is_nested(losses) and (outputs is None or len(outputs) == 1):
        yield losses, y, None if outputs is None else _classes(outputs[0].shape)
    elif outputs is not None and not isinstance(graph.output_structure, dict):
        names = model.output_names or []
        for i, output in enumerate(outputs):
            loss, part = _entry(losses, i, names, len(outputs)), _entry(y, i, names, len(outputs))
            if isinstance(part, np.ndarray) and loss is not None:
                yield loss, part, _classes(output.shape)


def _classes(shape: Any) -> int | None:
    """Return the number of classes of an output with one prediction per row; of others the loss itself looks at y."""
    return shape[-1] if len(shape) == 2 else None


def _entry(given: Any, index: int, names: list[str], count: int) -> Any:
    """Return what belongs to one output of a list, a dict by name, or one thing for all."""
    if isinstance(given, dict):
        return given.get(names[index])
    if isinstance(given, list | tuple):
        return given[index] if len(given) == count else None
    return None if isinstance(given, np.ndarray) else given


def _name(loss: Any) -> str:
    """Return the snake-case name of a loss given by name, class, object or function."""
    from chainrule import losses

    if isinstance(loss, str) and loss.lower() in _BY_SHAPE[2:]:
        return "crossentropy"
    try:
        found = losses.get(loss)
    except ChainruleError:
        return ""
    fn = getattr(found, "fn", found)
    return str(getattr(fn, "__name__", ""))
