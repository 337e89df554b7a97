"""Traps in the data: looked for in a bounded number of rows."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.layers.base import Layer
from chainrule.metrics.accuracy import Accuracy, BinaryAccuracy, CategoricalAccuracy
from chainrule.models.traps import say
from chainrule.models.traps_of_outputs import Output, is_ours

_ROWS = 256
_NUMBERS = 1 << 14
_LARGE = 100.0
_FIRST = 64
_TAIL_ROWS = 4096
_EXPECTED = 20
_SHARES = ("categorical_crossentropy", "categorical_focal_crossentropy")
_CLASSIFIERS = ("crossentropy", "hinge")
_PASSED_ON = frozenset({"Concatenate", "Dropout", "Flatten", "GaussianNoise", "Identity", "Permute", "Reshape"})


def _some(array: Array) -> Array:
    """Return at most 256 rows, evenly spread, of at most 16,384 numbers unless a row has more."""
    count = max(min(_ROWS, _NUMBERS * len(array) // max(array.size, 1)), 1)
    return array if len(array) <= count else array[:: -(-len(array) // count)]


# -- inputs -----------------------------------------------------------------------------------------------------------


def check_inputs(model: Any, x: Any) -> None:
    """Warn of inputs far from 0 that a Dense layer reads as they are.

    Far is a column whose root mean square is above 100: pixels from 0 to 255, years, incomes; not the few outliers of a
    column that was scaled.
    """
    graph = model._graph_or_none()
    if graph is None:
        return
    for i, tensor in enumerate(graph.inputs):
        if len(graph.inputs) == 1 and isinstance(x, np.ndarray):
            array: Any = x
        elif isinstance(x, dict):
            array = x.get(graph.input_names[i])
        else:
            array = x[i] if isinstance(x, list | tuple) and len(x) == len(graph.inputs) else None
        if not isinstance(array, np.ndarray) or array.dtype.kind not in "iuf" or array.ndim < 2 or not array.size:
            continue
        sample = _some(array)
        if max(-float(sample.min()), float(sample.max())) > _LARGE:
            _check_columns(model, sample, _dense_reader(graph, tensor), f"{'x' if array is x else tensor.name}")


def _check_columns(model: Any, sample: Array, reader: Any, name: str) -> None:
    columns = sample.reshape(-1, sample.shape[-1]) if sample.ndim == 2 else sample.reshape(len(sample), -1)
    size = np.sqrt(np.square(columns, dtype=np.float64).mean(axis=0))
    if reader is None or not size.max() > _LARGE:
        return
    worst = int(size.argmax())
    low, high = columns[:, worst].min(), columns[:, worst].max()
    others = int((size > _LARGE).sum()) - 1
    more = f", and {others} more such column{'s' * (others > 1)}" if others else ""
    place = f"column {worst} of {name}" if sample.ndim == 2 else f"{name}[:, {_index(worst, sample.shape[1:])}]"
    pixels = sample.ndim > 2 or (columns.min() >= 0 and columns.max() <= 255 and columns.shape[1] >= 64)
    do = "x = x / 255" if pixels else "x = (x - x.mean(axis=0)) / x.std(axis=0)"
    say(
        model,
        "unscaled inputs",
        f"fit: {place} runs from {low:g} to {high:g} ({len(sample)} rows looked at){more}, and layer '{reader.name}' "
        "reads it as it is: weights are drawn for inputs of size 1, so training is slow, stuck or diverges. Scale "
        f"first, for example {do.replace('x', name) if name == 'x' else do}, with the numbers of the training rows "
        "for later data too.",
        name,
    )


def _index(flat: int, shape: tuple[int, ...]) -> str:
    return ", ".join(str(int(i)) for i in np.unravel_index(flat, shape))


def _dense_reader(graph: Any, tensor: Any) -> Layer | None:
    """Return a Dense layer that an input reaches unchanged, if there is one."""
    reached = {id(tensor)}
    for node in graph.nodes:
        if not any(id(t) in reached for t in node.inputs):
            continue
        operation = node.operation
        inner = operation._graph_or_none() if hasattr(operation, "_graph_or_none") else None
        if inner is not None:
            for outer, entry in zip(node.inputs, inner.inputs, strict=False):
                found = _dense_reader(inner, entry) if id(outer) in reached else None
                if found is not None:
                    return found
        elif is_ours(operation) and type(operation).__name__ == "Dense":
            if _normalized(graph, node):
                continue
            layer: Layer = operation
            return layer
        elif type(operation).__name__ in _PASSED_ON and is_ours(operation):
            reached.add(id(node.outputs if not isinstance(node.outputs, list | tuple) else node.outputs[0]))
    return None


def _normalized(graph: Any, node: Any) -> bool:
    """Whether a linear Dense layer feeds nothing but BatchNormalization, which makes up for the size of its inputs."""
    output = node.outputs[0] if isinstance(node.outputs, list | tuple) else node.outputs
    readers = [other.operation for other in graph.nodes if any(t is output for t in other.inputs)]
    linear = getattr(node.operation.activation, "__name__", "linear") == "linear"
    ends = any(t is output for t in graph.outputs)
    return linear and not ends and bool(readers) and all(
        is_ours(reader) and type(reader).__name__ == "BatchNormalization" for reader in readers
    )  # fmt: skip


# -- targets ----------------------------------------------------------------------------------------------------------


def check_targets(model: Any, output: Output, whole: bool) -> None:
    """Warn of targets that do not suit loss or metrics.

    Args:
        whole: whether these are all targets, and not those of one batch.
    """
    y = output.y
    if y is None or y.dtype.kind not in "iufb" or not y.size:
        return
    sample = _some(y)
    if output.loss in _SHARES and sample.max() > 1 and bool((sample == np.trunc(sample)).all()):
        say(
            model,
            "class numbers",
            f"fit: y holds {sample.max():g}, so it looks like class numbers, but {output.loss} expects a row of shares "
            "that sum to 1 for each observation, and multiplies the loss by such numbers. Write "
            "loss='sparse_categorical_crossentropy', or y = utils.to_categorical(y).",
            output.name,
        )
    elif whole and len(y) > 1 and _has_classes(output):
        _check_one_class(model, y, output)
    for metric in output.metrics:
        _check_accuracy(model, metric, sample, output)


def _has_classes(output: Output) -> bool:
    """Whether each row of the targets names one class."""
    several = output.loss.startswith("binary_") and output.width != 1
    return not several and any(part in output.loss for part in _CLASSIFIERS)


def _check_one_class(model: Any, y: Array, output: Output) -> None:
    """Warn of a classification in which all observations have the same class."""
    if y.size == len(y) and y.flat[0] != y.flat[-1]:
        return
    if all(_is_one_class(part, output.width) for part in (y[:_FIRST], y)):  # most data show it in their first rows
        label = classes(y, output.width).reshape(-1)[0].item()
        say(
            model,
            "one class",
            f"fit: all {len(y)} rows of y have the class {label:g}: the model can only learn to say so. Check how y "
            "was made, or shuffle before splitting.",
            output.name,
        )


def classes(y: Array, width: int | None) -> Array:
    """Return the class of each row: of one-hot rows the place of the largest number."""
    return y.argmax(axis=-1) if y.ndim == 2 and y.shape[1] > 1 and y.shape[1] == width else y


def _is_one_class(y: Array, width: int | None) -> bool:
    labels = classes(y, width)
    return labels.ndim <= 2 and labels.size == len(labels) and bool((labels == labels[:1]).all())


def _check_accuracy(model: Any, metric: Any, sample: Array, output: Output) -> None:
    """Warn of an accuracy that counts something else than right answers."""
    if type(metric) is Accuracy:
        problem = "metrics.Accuracy counts outputs that equal the target exactly, which real numbers hardly ever do"
        do = "write metrics=['accuracy'], which chooses by the shapes"
    elif type(metric) is BinaryAccuracy and (odd := sample[(sample != 0) & (sample != 1)]).size:
        problem = f"accuracy compares y with 0 and 1, but y holds {odd[0]:g}, which never counts as right"
        regression = not any(part in output.loss for part in _CLASSIFIERS)
        do = (
            "for a regression, write metrics=['mae'] or ['r2_score']"
            if regression
            else "number the two classes 0 and 1 for it"
        )
    elif type(metric) is CategoricalAccuracy and output.loss in ("binary_crossentropy", "binary_focal_crossentropy"):
        if sample.ndim != 2 or _is_one_hot(sample):
            return
        problem = (
            f"y has rows with {_label_counts(sample)} labels, but accuracy only compares the place of the largest "
            "output with that of the largest target"
        )
        do = "write metrics=['binary_accuracy'], which counts each label"
    elif type(metric) is CategoricalAccuracy and not any(part in output.loss for part in _CLASSIFIERS):
        if sample.ndim != 2 or output.loss == "kl_divergence" or _is_shares(sample):
            return
        problem = "y holds quantities, but accuracy only compares the place of the largest output with that in y"
        do = "for a regression, write metrics=['mae'] or ['r2_score']"
    else:
        return
    say(model, "accuracy", f"fit: {problem}: the number says nothing about the model. Instead {do}.", output.name)


def _is_one_hot(rows: Array) -> bool:
    return bool(((rows == 0) | (rows == 1)).all()) and bool((rows.sum(axis=-1) == 1).all())


def _is_shares(rows: Array) -> bool:
    return bool((rows >= 0).all()) and bool(np.allclose(rows.sum(axis=-1), 1, atol=1e-3))


def _label_counts(rows: Array) -> str:
    counts = np.unique(np.round(rows.sum(axis=-1)).astype(np.int64))
    return f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


# -- the tail that validates -------------------------------------------------------------------------------------------


def check_tail(model: Any, before: Output, after: Output) -> None:
    """Warn if the last rows, held out for validation, hold other classes than the rows before.

    Some thousand rows of each part are looked at; what they lack is then looked for in all.
    """
    if before.y is None or after.y is None or not _has_classes(before):
        return
    head, tail = (classes(y, before.width) for y in (before.y, after.y))
    if head.size != len(head) or tail.size != len(tail) or head.dtype.kind not in "iubf":
        return
    head, tail = head.reshape(-1), tail.reshape(-1)
    (known, counts), present = np.unique(_spread(head), return_counts=True), np.unique(_spread(tail))
    if len(known) > len(head) // 4 + 1:
        return  # not classes
    unseen = [c for c in present if c not in known and not (head == c).any()]
    expected = counts / counts.sum() * len(tail)
    lost = [c for c, n in zip(known, expected, strict=True) if n >= _EXPECTED and not (tail == c).any()]
    if not unseen and not lost:
        return
    if unseen:
        seen = f"class {unseen[0]:g} occurs only there"
        why = "the rows seem to be sorted by class" if lost or len(unseen) > 1 else "the model never learns it"
    else:
        seen = (
            f"class {lost[0]:g}, of which some {int(expected[list(known).index(lost[0])])} would be there, is missing"
        )
        why = "the rows seem to be sorted by class, and val_ numbers do not mean what they should"
    say(
        model,
        "tail",
        f"fit: validation_split takes the last rows, before shuffling, and {seen}: {why}. Shuffle first, "
        "p = numpy.random.permutation(len(x)); x, y = x[p], y[p], or pass validation_data.",
        before.name,
    )


def _spread(y: Array) -> Array:
    return y[:: -(-len(y) // _TAIL_ROWS)]
