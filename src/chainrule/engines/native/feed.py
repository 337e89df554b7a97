"""How data reach a program: one array for each of its feeds, in rows without gaps, in a type that native code reads."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.data.batches import Batch
from chainrule.engines.front import Front
from chainrule.engines.native.losses import CLASS_NUMBERS
from chainrule.engines.native.translate import TargetShapes, Translation
from chainrule.engines.plan import CannotLower, Plan
from chainrule.layers.embedding import row_numbers
from chainrule.losses.classification import class_numbers
from chainrule.losses.outputs import align
from chainrule.losses.outputs import sample_weights as weights_of
from chainrule.models.entries import fits

_KINDS = "fiub"


class Arrays(NamedTuple):
    """The rows of an epoch, or of a batch: one array for each input, and for each output's targets and weights."""

    inputs: list[Array]
    targets: list[Array | None]
    weights: list[Array | None]

    @property
    def shapes(self) -> TargetShapes:
        return TargetShapes(tuple(map(_numbers, self.targets)), tuple(map(_numbers, self.weights)))

    def feeds(self, program: Translation) -> list[Array | None]:
        """Return the arrays in the order of a program's feeds."""
        return [
            *self.inputs,
            *(self.targets[o] for o in program.targets),
            *(self.weights[o] for o in program.weights),
        ]


def arrays_of(model: Any, batch: Batch, front: Front) -> Arrays:
    """Return the arrays of `(x, y, sample_weight)` by input and output.

    Raises:
        DataError, ShapeError, CannotLower: they do not fit the model.
    """
    x, y, sample_weight = batch
    graph = model._graph_or_none()
    inputs = inputs_of(front, x)
    count = len(graph.outputs)
    if y is None:
        return Arrays(inputs, [None] * count, [None] * count)
    if count == 1 and not tree.is_nested(y) and not tree.is_nested(sample_weight):
        targets, weights = [y], [sample_weight]
    else:
        losses = model._compile_loss
        structure = graph.output_structure
        names = losses._names(structure) if losses is not None else graph.output_names
        at = {o.position: o.loss for o in losses.outputs} if losses is not None else {}
        present = [at.get(i) for i in range(count)]
        targets = align(y, structure, names, present)
        weights = weights_of(sample_weight, structure, names, present)
    arrays = Arrays(
        inputs,
        [None if t is None else readable(t) for t in targets],
        [None if w is None else readable(w) for w in weights],
    )
    for array in (*arrays.targets, *arrays.weights):
        if array is not None and len(array) != len(inputs[0]):
            raise CannotLower(f"{len(array)} targets or weights do not fit {len(inputs[0])} rows")
    return arrays


def inputs_of(front: Front, x: Any) -> list[Array]:
    """Return the arrays of a plan's inputs: those of the model, or what the layers in front make of them.

    Raises:
        ShapeError, CannotLower: they do not fit. (The reference engine says so in full.)
    """
    inputs = [readable(a, t.dtype) for a, t in zip(front.run(x), front.tensors, strict=True)]
    for array, t in zip(inputs, front.tensors, strict=True):
        if not fits(array.shape, t.shape) or len(array) != len(inputs[0]):
            raise CannotLower(f"the input '{t.operation.name}' is given numbers of shape {array.shape}")
    return inputs


def readable(given: Any, dtype: str | None = None) -> Array:
    """Return an array that native code can read row by row: itself, if it can.

    Args:
        dtype: of an input that takes whole numbers.
    """
    array: Array = np.asarray(given)
    if dtype is not None and np.dtype(dtype).kind in "iu" and array.dtype.kind == "f":
        array = array.astype(dtype)
    if array.dtype.kind not in _KINDS or (array.dtype.itemsize == 2 and array.dtype.kind == "f") or array.itemsize > 8:
        array = array.astype(np.float64 if array.itemsize > 8 else np.float32)
    if not array.dtype.isnative:
        array = array.astype(array.dtype.newbyteorder("="))
    row = array[:1]
    if not row.flags.c_contiguous or not array.flags.aligned or (len(array) > 1 and array.strides[0] < row.nbytes):
        array = array.copy()
    return array


def check_tables(program: Translation, inputs: list[Array]) -> None:
    """Check the inputs that are numbers of rows of tables.

    Raises:
        DataError: one is not.
    """
    for source, count, name in program.tables:
        row_numbers(inputs[source], count, name)


def check_classes(plan: Plan, program: Translation, arrays: Arrays) -> None:
    """Check targets that are class numbers: native code reads predictions at these places.

    Raises:
        DataError: one is no class.
    """
    for loss in plan.losses:
        target, node = arrays.targets[loss.output], program.outputs[loss.output]
        if loss.loss.kind not in CLASS_NUMBERS or loss.loss.kind == "circle" or target is None or not len(target):
            continue
        if target.dtype.kind not in "iu" or target.min() < 0 or target.max() >= node.shape[-1]:
            like = SimpleNamespace(shape=(len(target), *node.shape))
            class_numbers(target, like, loss.loss.options.get("ignore_class"), -1, loss.loss.kind)


def _numbers(array: Array | None) -> int | None:
    return None if array is None else math.prod(array.shape[1:])
