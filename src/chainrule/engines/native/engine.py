"""The native engine: the plan as a program in C++, many steps of an epoch in one call, many epochs where nobody looks.

It computes what the reference engine computes, on the same memory: the flat buffer, the optimizer's moments, the
totals of the metrics. `native/` holds the C++; ARCHITECTURE.md explains how a step runs.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule import config, tree
from chainrule._typing import Array
from chainrule.data.batches import Batches
from chainrule.engines.base import Engine
from chainrule.engines.compiled import compiled
from chainrule.engines.describe import describe_optimizer
from chainrule.engines.epoch import Epoch
from chainrule.engines.front import Front
from chainrule.engines.lower import lower
from chainrule.engines.native import optimizer as steps
from chainrule.engines.native.feed import Arrays, arrays_of, check_classes, check_tables, inputs_of
from chainrule.engines.native.job import Job
from chainrule.engines.native.python_updates import PythonUpdates
from chainrule.engines.native.threads import use_threads
from chainrule.engines.native.totals import add_totals, hand_over, records
from chainrule.engines.native.translate import Translation, check_losses, translate
from chainrule.engines.plan import CannotLower, Plan
from chainrule.engines.reference import ReferenceEngine
from chainrule.random.seeds import step_scope
from chainrule.random.threefry import Key, fold_in
from chainrule.symbolic import unpacked
from chainrule.variables import Changes, packing

_RECORDED_ROWS = 1 << 16
"""Rows whose predictions are kept at a time for metrics in Python."""

_KEPT_JOBS = 4

_PREPARED_BATCHES = 256
"""Batches of the default size for which categories and text are turned into numbers at once."""


class NativeEngine:
    """Runs models whose layers, losses and optimizers are ours. Metrics of the user's own are handed their batches."""

    name = "native"

    def __init__(self, reason: str | None = None) -> None:
        self.reason = reason
        self._key: tuple[Any, ...] = ()
        self._seen = -1
        self._plan: Plan | None = None
        self._suffix = ""
        self._jobs: dict[Any, Job] = {}
        self._arrays: list[tuple[Any, Arrays]] = []
        self._predictor: Any = None
        self._forward: Translation | None = None
        self._front: Front | None = None

    @property
    def batches_at_once(self) -> float:
        """Of a prediction: all, but where layers in Python come first; the reference engine takes a few at a time."""
        return _PREPARED_BATCHES if self._front is not None and self._front.nodes else math.inf

    def refuses(self, model: Any) -> str | None:
        """Say why it cannot run a model. Asked again, it keeps its programs if nothing about the model has changed."""
        native = compiled()
        if isinstance(native, str):
            return native
        self.forget()
        with packing:
            model.pack()
            seen = Changes.count  # what another thread changes meanwhile is looked at next time
            try:
                plan = lower(model)
                if plan.python:
                    raise CannotLower(plan.python[0])
                key = _key(model, plan, native)
                if not _same(key, self._key):
                    self._jobs, self._predictor, self._key = {}, None, ()
                    self._prepare(model, plan, native)
                    self._key = key
            except CannotLower as reason:
                return str(reason)
        self._seen = seen
        return None

    def _successor(self, model: Any, learns: bool = False) -> Engine | None:
        """Return the engine that runs the model now, if not this one, because something about it has changed.

        A callback may set attributes of a layer or the optimizer, or use another model that shares layers with this
        one, whose variables then lie in that model's buffer.
        """
        if self._seen == Changes.count and not (learns and self._plan and _differs(model.optimizer, self._plan)):
            return None
        from chainrule.engines.choose import choose

        engine = model._engine = choose(model._engine_wanted, model, self)
        return None if engine is self else engine

    def forget(self) -> None:
        """Let go of the data."""
        self._arrays = []

    def _prepare(self, model: Any, plan: Plan, native: Any) -> None:
        buffer = model.pack()
        kind = buffer.array.dtype
        if str(kind) not in ("float32", "float64"):
            raise CannotLower(f"model '{model.name}' computes in {kind}")
        for entry in plan.inputs:
            if np.dtype(entry.dtype).kind == "f" and entry.dtype != str(kind):
                raise CannotLower(f"input '{entry.name}' is of type {entry.dtype}, but the weights are of type {kind}")
        self._front = Front(model._graph_or_none())
        self._plan, self._suffix = plan, "32" if kind == np.float32 else "64"
        self._forward = translate(plan, getattr(native, f"Program{self._suffix}"))
        check_losses(plan.losses)
        if model.optimizer is not None:
            steps.check_optimizer(model.optimizer, model.trainable_variables)
            steps.check_plan(plan)

    # -- training -----------------------------------------------------------------------------------------------------

    def train_steps(self, model: Any, epoch: Epoch, key: Key, first: int, last: int) -> Array:
        if model._compile_loss is None or not model.trainable_variables:  # an error, or nothing to learn
            return ReferenceEngine().train_steps(model, epoch, key, first, last)
        other = self._successor(model, learns=True)
        if other is not None:
            epoch.skip(first)
            return other.train_steps(model, epoch, key, first, last)
        return self._run(model, epoch, key, first, last, learns=True)

    def test_steps(self, model: Any, epoch: Epoch, first: int, last: int) -> Array:
        if model._compile_loss is None:
            return ReferenceEngine().test_steps(model, epoch, first, last)
        other = self._successor(model)
        if other is not None:
            epoch.skip(first)
            return other.test_steps(model, epoch, first, last)
        return self._run(model, epoch, (0, 0), first, last, learns=False)

    def train_epochs(
        self, model: Any, batches: Batches, epochs: range, guard: Any, history: Any
    ) -> dict[str, list[float]] | None:
        """Train several epochs in one call; see engines/native/epochs.py."""
        from chainrule.engines.native.epochs import train_epochs

        if model._compile_loss is None or not model.trainable_variables:
            return None
        return train_epochs(self, model, batches, epochs, guard, history)

    def job_for(self, model: Any, batch: Any, batch_size: int) -> tuple[Job, Arrays]:
        """Return the program and trainer for these arrays, and the arrays as they go in."""
        use_threads(compiled())
        arrays = self._arrays_of(model, batch)
        return self._job(model, arrays, min(batch_size, len(arrays.inputs[0]))), arrays

    def _run(self, model: Any, epoch: Epoch, key: Key, first: int, last: int, learns: bool) -> Array:
        batch = epoch.arrays
        if batch is None:
            use_threads(compiled())
            return self._run_stream(model, epoch, key, first, last, learns)
        assert epoch.batch_size is not None
        try:
            job, arrays = self.job_for(model, batch, epoch.batch_size)
        except CannotLower:  # the reference engine says why, or does it
            epoch.skip(first)
            other = ReferenceEngine()
            return (
                other.train_steps(model, epoch, key, first, last)
                if learns
                else other.test_steps(model, epoch, first, last)
            )
        rows = len(arrays.inputs[0]) if epoch.order is None else len(epoch.order)
        order = None if epoch.order is None else np.ascontiguousarray(epoch.order, np.int64)
        last = min(last, -(-rows // epoch.batch_size))  # `steps_per_epoch` may ask for more than is left
        return self._run_job(model, job, arrays, order, rows, epoch.batch_size, first, last, 0, key, learns)

    def _run_stream(self, model: Any, epoch: Epoch, key: Key, first: int, last: int, learns: bool) -> Array:
        losses: list[float] = []
        for step in range(first, last):
            batch = epoch.step(step)
            if batch is None:
                break
            try:
                arrays = self._checked(model, batch)
                rows = len(arrays.inputs[0])
                job = self._job(model, arrays, rows)
            except CannotLower:  # the reference engine says why, or does it
                with step_scope(fold_in(key, step)):
                    losses.append(model._learn(*batch) if learns else model._examine(*batch))
            else:
                losses += self._run_job(
                    model, job, arrays, None, rows, rows, step, step + 1, step, key, learns
                ).tolist()  # fmt: skip
            if learns and not math.isfinite(losses[-1]):
                break
        return np.array(losses)

    def _run_job(
        self, model: Any, job: Job, arrays: Arrays, order: Array | None, rows: int, batch_size: int,
        first: int, last: int, origin: int, key: Key, learns: bool,
    ) -> Array:  # fmt: skip
        """Run steps in as few native calls as rates, and metrics in Python, allow."""
        feeds = arrays.feeds(job.translation)
        losses = np.zeros(last - first)
        updates = job.updates if learns else None
        at_once = steps.steps_per_rate(model.optimizer) if learns else math.inf
        if updates is not None:
            at_once = 1
        if job.translation.handed:
            at_once = min(at_once, max(_RECORDED_ROWS // batch_size, 1))
        done = 0
        while done < last - first:
            begin = first + done
            end = int(min(last, begin + at_once))
            totals = np.zeros(job.trainer.n_totals())
            kept = records(job.translation, end - begin, batch_size, model._buffer.array.dtype)
            rates = _rates(model.optimizer, end - begin, updates) if learns else None
            ran = job.trainer.run(
                job.optimizer if learns else None, feeds, order, rows, batch_size, begin, end, origin, key, rates,
                losses[done:], totals, kept,
            )  # fmt: skip
            if learns:
                _close(model, updates, losses[done : done + ran])
            model._step_logs = None
            add_totals(model, job.translation, totals)
            hand_over(job.translation, arrays, kept, order, (begin - origin) * batch_size, rows, batch_size, ran)
            done += ran
            if ran < end - begin or (learns and not math.isfinite(losses[done - 1])):
                break
        return losses[:done]

    def _arrays_of(self, model: Any, batch: Any) -> Arrays:
        """Return the arrays of an epoch; those of the next epochs, and of their validations, are the same ones."""
        for known, arrays in self._arrays:
            if all(a is b for a, b in zip(known, batch, strict=True)):
                return arrays
        arrays = self._checked(model, batch)
        self._arrays = [*self._arrays[-1:], (tuple(batch), arrays)]
        return arrays

    def _checked(self, model: Any, batch: Any) -> Arrays:
        assert self._front is not None
        assert self._forward is not None
        assert self._plan is not None
        arrays = arrays_of(model, batch, self._front)
        check_tables(self._forward, arrays.inputs)
        check_classes(self._plan, self._forward, arrays)
        return arrays

    def _job(self, model: Any, arrays: Arrays, batch: int) -> Job:
        key = (arrays.shapes, batch)
        job = self._jobs.get(key)
        if job is None:
            assert self._plan is not None
            if len(self._jobs) >= _KEPT_JOBS:
                self._jobs.pop(next(iter(self._jobs)))
            job = self._jobs[key] = Job(model, self._plan, arrays.shapes, batch, self._suffix)
        return job

    # -- prediction ---------------------------------------------------------------------------------------------------

    def predict_batch(self, model: Any, x: Any) -> Any:
        other = self._successor(model)
        if other is None and model._predicts_itself():
            other = ReferenceEngine()
        if other is not None:
            return other.predict_batch(model, x)
        use_threads(compiled())
        graph = model._graph_or_none()
        try:
            assert self._front is not None
            inputs = inputs_of(self._front, x)
        except CannotLower:  # the reference engine says why
            return ReferenceEngine().predict_batch(model, x)
        rows = len(inputs[0])
        forward, dtype = self._forward, model._buffer.array.dtype
        assert forward is not None
        check_tables(forward, inputs)
        outputs = [np.empty((rows, *node.shape), dtype) for node in forward.outputs]
        self.predictor(model).predict(inputs, rows, outputs)
        return unpacked(tree.pack_sequence_as(graph.output_structure, outputs))

    def predictor(self, model: Any) -> Any:
        """Return what runs the forward pass, on the model's parameters."""
        found = self._predictor  # which another thread may throw away
        if found is None:
            assert self._forward is not None
            kind = getattr(compiled(), f"Predictor{self._suffix}")
            found = self._predictor = kind(self._forward.program, model._buffer.array)
        return found


def _rates(optimizer: Any, n: int, updates: PythonUpdates | None) -> Array:
    """Return the learning rates of the next steps; an optimizer in Python asks for its own."""
    return np.zeros(n) if updates is not None else steps.rates(optimizer, int(optimizer._iterations), n)


def _close(model: Any, updates: PythonUpdates | None, losses: Array) -> None:
    """Let Python see what native steps have changed, or make the update of a step with a finite loss."""
    if updates is None:
        steps.close_steps(model.optimizer, model._buffer)
        return
    model._buffer.touch()
    if np.isfinite(losses).all():
        updates.apply(model.optimizer)


def _differs(optimizer: Any, plan: Plan) -> bool:
    """Whether an optimizer is set otherwise than a plan says."""
    return optimizer is not None and describe_optimizer(optimizer) != plan.optimizer


def _key(model: Any, plan: Plan, native: Any) -> tuple[Any, ...]:
    """Return all that programs and optimizers are made from; they serve as long as it stays the same."""
    optimizer = model.optimizer
    live = () if optimizer is None else (optimizer, optimizer.state, optimizer._excluded, optimizer._excluded_pattern)
    return plan, model.pack().array, native.isa(), config.epsilon(), *live


def _same(key: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two keys are equal: arrays by identity, all else by value."""
    if len(key) != len(other):
        return False
    try:
        return all(a is b or (not isinstance(a, np.ndarray) and bool(a == b)) for a, b in zip(key, other, strict=True))
    except ValueError:  # plans that hold arrays
        return False
