"""The loss of a model for many values of its weights; the model itself is not touched.

Small networks of dense layers compute many sets of weights at once: a kernel (sets, in, out) times inputs (rows, in)
gives (sets, rows, out), and everything after it works on the last axis alone. Other models are computed one set at a
time: by a copy, on the model's own engine, or, where a model cannot be copied, as `trace` computes.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.engines.threads import threads_for
from chainrule.errors import ChainruleError, DataError, an
from chainrule.plot.arrays.trail import Parameters

if TYPE_CHECKING:
    from chainrule.glassbox.record import Runner
    from chainrule.plot.arrays.directions import Directions

_AT_ONCE = 4_000_000  # numbers in the largest array
_SMALL = 16_384  # numbers that a layer gives for all rows; the engine is faster with more
_LAYERS = frozenset({"Dense", "Activation", "Dropout", "InputLayer", "ReLU", "LeakyReLU", "ELU", "Softmax", "Identity"})
_MEANS = ("sum_over_batch_size", "mean")


class Losses:
    """Computes the loss of data for vectors of weights.

    Args:
        model: built and compiled.
        x, y, sample_weight: as `fit` takes them.
        rows: at most so many are used, drawn by `seed`.
        seed: of the draw.
        scratch: a copy of the model to compute on, if there is one already; it keeps its weights.

    Raises:
        ChainruleError: the model has no loss.
    """

    def __init__(
        self,
        model: Any,
        x: Any,
        y: Any,
        sample_weight: Any = None,
        rows: int | None = 1000,
        seed: int = 0,
        scratch: Any = None,
    ) -> None:
        from chainrule.data.adapters import make_batches
        from chainrule.data.batches import ArrayBatches
        from chainrule.glassbox.record import Batch
        from chainrule.plot.arrays.sample import some

        if not model.compiled:
            raise ChainruleError(
                f"Model '{model.name}' has no loss: compile it, "
                "model.compile(optimizer='sgd', loss='mean_squared_error')."
            )
        batches = make_batches(x, y, sample_weight, where="surface")
        if not isinstance(batches, ArrayBatches):
            raise DataError(f"expected arrays or data frames, but received {an(x)}. Pass one batch of it.")
        x, y, weight = batches.arrays()
        n = batches.size or 0
        taken = slice(None) if rows is None or n <= rows else some(n, rows, seed)
        x, y, weight = (tree.map_structure(lambda a: None if a is None else a[taken], part) for part in (x, y, weight))
        self.model, self.parameters, self.batch = model, Parameters(model), Batch(x, y, weight)
        self.rows = self.batch.rows
        self._scratch = scratch

    def over(self, plane: Directions, across: Array, up: Array) -> Array:
        """Return the loss at every point of a grid (len(up), len(across))."""
        found = [self.of(vectors) for vectors in plane.blocks(across, up)]
        return np.concatenate(found).reshape(len(up), len(across))

    def of(self, vectors: Array) -> Array:
        """Return the loss for each of the vectors (n, size)."""
        vectors = np.atleast_2d(vectors)
        with threads_for(self.parameters.size, self.rows):
            if len(vectors) > 1 and self.rows * self._widest <= _SMALL and self._can_be_stacked():
                return self._stacked(vectors)
            if len(vectors) > 1 and self.model._graph_or_none() is not None:
                return self._by_a_copy(vectors)
            return self._one_by_one(vectors)

    @property
    def _widest(self) -> int:
        return max(int(v.shape[-1]) for v in self.parameters.variables if v.shape)

    @cached_property
    def _runner(self) -> Runner:
        from chainrule.glassbox.record import Runner

        return Runner(self.model)

    @cached_property
    def _copy(self) -> Any:
        """A model of the same kind and state, whose weights may be changed."""
        from chainrule.glassbox.record import undisturbed
        from chainrule.models.clone import clone_model

        if self._scratch is not None:
            return self._scratch
        with undisturbed(self.model):
            made = clone_model(self.model)
        made.set_weights(self.model.get_weights())
        return made

    def _by_a_copy(self, vectors: Array) -> Array:
        from chainrule.glassbox.record import undisturbed

        batch, model = self.batch, self._copy
        own = Parameters(model)
        found, kept = np.empty(len(vectors)), own.vector()
        try:
            with undisturbed(model), np.errstate(all="ignore"):
                for k, vector in enumerate(vectors):
                    own.put(vector)
                    outputs = model(batch.x, training=False)
                    found[k] = np.sum(np.asarray(model._loss_of(batch.x, batch.y, outputs, batch.weight, False)))
        finally:
            own.put(kept)
        return found

    def _one_by_one(self, vectors: Array) -> Array:
        model, batch, runner = self.model, self.batch, self._runner
        values = runner.copies()
        ids = [id(v) for v in self.parameters.variables]
        inputs = runner._inputs(batch)
        found = np.empty(len(vectors))
        with runner._scope(values):
            for k, vector in enumerate(vectors):
                values.update(zip(ids, self.parameters.parts(vector), strict=True))
                loss = model._loss_of(batch.x, batch.y, model(inputs, training=False), batch.weight, False)
                found[k] = np.sum(np.asarray(loss))
        return found

    def _can_be_stacked(self) -> bool:
        model, loss = self.model, self.model._compile_loss
        layers = model._flatten_layers()[1:]
        plain = all(type(v).__name__ in _LAYERS and type(v).__module__.startswith("chainrule.") for v in layers)
        alone = isinstance(self.batch.x, np.ndarray) and self.batch.x.ndim == 2 and isinstance(self.batch.y, np.ndarray)
        if not (plain and alone) or loss is None or self.batch.weight is not None or model._graph_or_none() is None:
            return False
        if model.overrides("compute_loss") or any(v.regularizer for v in self.parameters.variables):
            return False
        if any(getattr(v, "activity_regularizer", None) is not None for v in layers):
            return False
        if not loss.built:
            self._one_by_one(self.parameters.vector()[None])
        return len(loss.outputs) == 1 and loss.outputs[0].loss.reduction in _MEANS

    def _stacked(self, vectors: Array) -> Array:
        from chainrule.losses.base import as_float

        model, runner, output = self.model, self._runner, self.model._compile_loss.outputs[0]
        chunk = max(1, _AT_ONCE // (self.rows * self._widest))
        values, inputs = runner.copies(), runner._inputs(self.batch)
        found = np.empty(len(vectors))
        with runner._scope(values):
            for first in range(0, len(vectors), chunk):
                some = vectors[first : first + chunk]
                for v, part in zip(self.parameters.variables, self.parameters.parts(some), strict=True):
                    values[id(v)] = part if v.ndim != 1 else part[:, None, :]
                p = model(inputs, training=False)
                y = as_float(self.batch.y, p.dtype, "y")
                y = np.broadcast_to(np.asarray(y), (len(some), *self.batch.y.shape))
                each = np.asarray(output.loss.call(y, p))
                found[first : first + chunk] = each.reshape(len(some), -1).mean(axis=1)
        return found if output.weight is None else found * output.weight
