"""Runs a model once on copies of its weights in float64 and keeps what the tape recorded.

Nothing of the model changes: ops read stand-ins for the variables, and whatever else a call leaves behind is put back.
"""

from __future__ import annotations

import copy
import random
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from chainrule import ops, tree
from chainrule._typing import Array
from chainrule.autodiff.tape import GradientTape, Record, substitute
from chainrule.autodiff.tensor import Tensor
from chainrule.dtype_policies import precision
from chainrule.layers import context
from chainrule.random import seeds

KEY = (0x5EED, 0x61A55)
"""The key of a trace's random numbers: the same masks each time."""


@dataclass
class Batch:
    """Data as arrays: `x` and `y` in any structure, `weight` per row or None."""

    x: Any
    y: Any = None
    weight: Any = None

    @property
    def rows(self) -> int:
        return int(tree.flatten(self.x)[0].shape[0])

    def take(self, rows: slice) -> Batch:
        """Return some of the rows."""
        return Batch(
            *(tree.map_structure(lambda a: None if a is None else a[rows], v) for v in (self.x, self.y, self.weight))
        )


@dataclass
class OutputLoss:
    """The loss of one output of the model, before and after its factor."""

    position: int
    name: str
    loss: Any
    factor: float | None
    y: Any
    weight: Any
    value: Tensor
    losses: Array


@dataclass
class Recording:
    """One run of a model: what the tape recorded, from the inputs to the loss."""

    model: Any
    batch: Batch
    tape: GradientTape
    owners: list[Any]
    n_forward: int
    row: int
    inputs: list[Tensor]
    outputs: list[Tensor]
    stand_ins: dict[int, Tensor]
    parts: list[OutputLoss] = field(default_factory=list)
    data_loss: Tensor | None = None
    penalties: list[Tensor] = field(default_factory=list)
    loss: Tensor | None = None

    @property
    def records(self) -> list[Record]:
        return self.tape.records

    @property
    def value(self) -> float:
        """The loss with all penalties, as a number."""
        assert self.loss is not None
        return float(self.loss)

    @property
    def data_value(self) -> float:
        """The loss of the data, as a number."""
        assert self.data_loss is not None
        return float(self.data_loss)

    def gradients(self, target: Tensor, sources: list[Any]) -> list[Array | None]:
        """Return the derivatives of `target` with respect to each source, None where it does not depend on it."""
        if not any(r.output is target for r in self.records):
            return [None] * len(sources)
        found = self.tape.gradient(target, sources)
        return [None if g is None else np.asarray(g) for g in found]

    def part(self, first: int, last: int) -> GradientTape:
        """Return a tape that knows only the records `first` to `last - 1`: for derivatives of one step alone."""
        tape = GradientTape(persistent=True)
        tape.records = self.records[first:last]
        tape._followed = self.tape._followed
        return tape


class _Owned(list[Record]):
    """A tape's list of records that notes, for each, in which layer's call it was made."""

    def __init__(self) -> None:
        super().__init__()
        self.owners: list[Any] = []

    def append(self, entry: Record) -> None:
        self.owners.append(context.current())
        super().append(entry)


class Runner:
    """Runs a model on copies of its variables.

    Args:
        model: a built model.
        training: whether dropout drops and batch statistics are used.
    """

    def __init__(self, model: Any, training: bool = False) -> None:
        self.model = model
        self.training = training
        self.variables = list(model.variables)
        self.optimizer = model.optimizer
        self.optimizer_config = (
            None if model.optimizer is None or model.optimizer.built else model.optimizer.get_config()
        )
        # A trace shows the model as it was: what is trained later must not shine through.
        self._values = {id(v): _double(v) for v in self.variables}
        self.optimizer_values = {} if self.optimizer is None else {id(v): _double(v) for v in self.optimizer.variables}

    def copies(self) -> dict[int, Array]:
        """Return copies of the variables as they were when the trace was made, in float64, by identity."""
        return dict(self._values)

    def record(self, batch: Batch, row: int | None = None, with_loss: bool = True) -> Recording:
        """Run the model, and its loss if wanted, and return what was recorded.

        Args:
            batch: what the model sees.
            row: if given, the loss is that of this one observation of the batch.
            with_loss: whether the loss is computed.
        """
        stand_ins = {key: Tensor(value) for key, value in self.copies().items()}
        inputs = self._inputs(batch)
        flat = tree.flatten(inputs)
        tape, records = GradientTape(persistent=True), _Owned()
        tape.records = records
        with self._scope(dict(stand_ins)), tape:
            tape.watch([t for t in [*stand_ins.values(), *flat] if t.dtype.kind == "f"])
            outputs = self.model(inputs, training=self.training)
            made = Recording(
                self.model, batch, tape, records.owners, len(records), row or 0, flat, tree.flatten(outputs), stand_ins
            )
            if with_loss:
                only = slice(None) if row is None else slice(row, row + 1)
                shown = tree.map_structure(lambda t: t if row is None else t[only], outputs)
                self._add_loss(made, batch.take(only), shown)
        return made

    def loss(self, batch: Batch, values: Mapping[int, Array], row: int | None = None) -> float:
        """Return the loss (of one observation, if `row` is given) for other values of the variables."""
        with self._scope(dict(values)):
            outputs = self.model(self._inputs(batch), training=self.training)
            if row is not None:
                batch, outputs = (
                    batch.take(slice(row, row + 1)),
                    tree.map_structure(lambda t: t[row : row + 1], outputs),
                )
            loss = self.model._loss_of(batch.x, batch.y, outputs, batch.weight, self.training)
            return float(np.sum(np.asarray(loss)))  # a loss that is not reduced is learned from as its sum

    def _inputs(self, batch: Batch) -> Any:
        """Return the inputs as tensors; whole numbers become float64 where the model declares floats."""
        graph = self.model._graph_or_none()
        floats = graph is not None and all(np.dtype(t.dtype).kind == "f" for t in graph.inputs if t.dtype != "string")
        return tree.map_structure(lambda a: _tensor(a, floats), batch.x)

    @contextmanager
    def _scope(self, values: dict[int, Any]) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(undisturbed(self.model))
            stack.enter_context(substitute(values))
            stack.enter_context(precision("float64"))
            stack.enter_context(seeds.step_scope(KEY))
            stack.enter_context(np.errstate(all="ignore"))
            yield

    def _add_loss(self, recording: Recording, batch: Batch, outputs: Any) -> None:
        """Compute the loss as `Model.compute_loss` does, keeping its parts where the model does not define its own."""
        from chainrule.models.trainer import Trainer

        model = self.model
        if type(model).compute_loss is not Trainer.compute_loss:
            recording.loss = model._loss_of(batch.x, batch.y, outputs, batch.weight, self.training)
            return
        total = None
        if model._compile_loss is not None:
            loss = copy.copy(model._compile_loss)
            total, _ = loss.compute(batch.y, outputs, batch.weight)
            total = total if total.ndim == 0 else ops.sum(total)
            recording.data_loss = total
            with recording.tape.stop_recording():
                recording.parts = _parts(loss, batch, outputs)
        recording.penalties = model._added_losses()
        for penalty in recording.penalties:
            total = penalty if total is None else total + penalty
        recording.loss = total


def _parts(loss: Any, batch: Batch, outputs: Any) -> list[OutputLoss]:
    """Return the loss of each output by itself."""
    from chainrule.losses.outputs import align, sample_weights

    predictions = tree.flatten(outputs)
    names = loss._names(outputs)
    present: list[Any] = [None] * len(predictions)
    for o in loss.outputs:
        present[o.position] = o.loss
    targets = align(batch.y, outputs, names, present)
    weights = sample_weights(batch.weight, outputs, names, present)
    found = []
    for o in loss.outputs:
        y, p, w = targets[o.position], predictions[o.position], weights[o.position]
        found.append(OutputLoss(o.position, o.name, o.loss, o.weight, y, w, o.loss(y, p, w), _each(o.loss, y, p)))
    return found


def _each(loss: Any, y: Any, p: Tensor) -> Array:
    """Return the losses of a batch one by one, before weights and reduction."""
    from chainrule.losses.base import as_float

    return np.asarray(loss.call(as_float(y, p.dtype, loss.name), p))


def _double(variable: Any) -> Array:
    return np.array(variable.value, np.float64 if variable.dtype.kind == "f" else None)


def _tensor(value: Any, floats: bool) -> Tensor:
    array = np.asarray(value)
    return Tensor(np.array(array, np.float64 if array.dtype.kind in ("fiub" if floats else "f") else None))


@contextmanager
def undisturbed(model: Any) -> Iterator[None]:
    """Put back whatever the block changes in the attributes of layers and in the random generators."""
    layers = model._flatten_layers()
    kept = [(layer, dict(layer.__dict__)) for layer in layers]
    generators = [g for layer in layers for g in layer.__dict__.values() if isinstance(g, seeds.SeedGenerator)]
    drawn = [(g, g.drawn) for g in generators]
    process, numpy_state, python_state = vars(seeds._Process).copy(), np.random.get_state(), random.getstate()  # noqa: NPY002
    for index, layer in enumerate(layers):
        object.__setattr__(layer, "_random_index", index)
    try:
        yield
    finally:
        for layer, attributes in kept:
            layer.__dict__.clear()
            layer.__dict__.update(attributes)
        for generator, count in drawn:
            generator.drawn = count
        if not _beside.a_training:
            seeds._Process.key, seeds._Process.drawn = process["key"], process["drawn"]
            np.random.set_state(numpy_state)  # noqa: NPY002
            random.setstate(python_state)


class _Beside(threading.local):
    a_training = False


_beside = _Beside()


@contextmanager
def beside_a_training() -> Iterator[None]:
    """Within the block nothing is put back that another thread may be using: the random numbers of the process."""
    before, _beside.a_training = _beside.a_training, True
    try:
        yield
    finally:
        _beside.a_training = before
