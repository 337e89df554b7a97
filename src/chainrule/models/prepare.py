"""Before the first step: the model is built for the data, its parameters are packed, an engine is chosen."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import tree
from chainrule.autodiff.tape import active, substitute
from chainrule.data.batches import Batch, Batches
from chainrule.engines.base import Engine
from chainrule.errors import ChainruleError, DataError
from chainrule.layers.context import trial
from chainrule.models.checks import check_inputs, check_labels, located
from chainrule.models.traps import warn_of_traps

_TEACHING = ("fit", "train_on_batch")


def prepare(model: Any, batches: Batches, where: str) -> None:
    """Make a model ready for training or evaluation on these data.

    Args:
        where: `'fit'`, `'evaluate'`, ..., for messages.

    Raises:
        DataError, ShapeError: the data do not fit the model.
    """
    check_inputs(model, batches, where)
    batch = batches.peek()
    build_for(model, batch[0])
    check_labels(model, batches, where)
    with located(where):
        _build_loss_and_metrics(model, batch)
    with model.structure_fixed():
        if where in _TEACHING:
            warn_of_traps(model, batches, where)
        if not model.optimizer.built and all(layer.built for layer in model._flatten_layers()[1:]):
            model.pack()
            model.optimizer.build(model.trainable_variables)
        model._engine = _engine_for(model)


def check_more(model: Any, batches: Batches, where: str) -> None:
    """Check further data, those of a validation, for a model that is prepared."""
    check_inputs(model, batches, where)
    check_labels(model, batches, where)


def _build_loss_and_metrics(model: Any, batch: Batch) -> None:
    """Settle which loss and metrics belong to which output, by the shapes of the first batch."""
    loss, metrics = model._compile_loss, model._compile_metrics
    if model.overrides("train_step", "test_step", "compute_loss", "compute_metrics"):
        return
    x, y, _ = batch
    if y is None and loss is not None:
        raise DataError("the model was compiled with a loss, but no targets were given: pass y as well as x.")
    unbuilt = [part for part in (loss, metrics) if part is not None and not part.built]
    if unbuilt and y is not None:
        try:
            _try(model, unbuilt, _rows(x), _rows(y))
        except ChainruleError:
            _try(model, unbuilt, x, y)  # for a message about the data as they are
    if metrics is not None:
        metrics.heed(loss)


def _try(model: Any, unbuilt: list[Any], x: Any, y: Any) -> None:
    outputs = _tried(model, x)
    for part in unbuilt:
        part.build(y, outputs)
    if model._compile_loss is not None:
        with np.errstate(all="ignore"):
            model._compile_loss.compute(y, outputs)  # do the shapes fit?


def _tried(model: Any, x: Any) -> Any:
    """Return the outputs for some rows; the call leaves no losses, statistics or counts behind."""
    with substitute({}), trial(), np.errstate(all="ignore"):
        return model(x, training=False)


def _rows(structure: Any, count: int = 2) -> Any:
    """Return the first rows of arrays: two show all that shapes can show."""
    return tree.map_structure(lambda a: None if a is None else a[:count], structure)


def prepare_to_predict(model: Any, batches: Batches) -> Engine:
    """Build a model where needed and return the engine that predicts."""
    check_inputs(model, batches, "predict")
    engine: Engine | None = model._engine
    if engine is None or not model._buffer.holds(model._parameters()):
        build_for(model, batches.peek()[0])
        engine = model._engine = _engine_for(model)
    return engine


def _engine_for(model: Any) -> Engine:
    from chainrule.engines.choose import choose  # engines know models

    model.pack()
    return choose(model._engine_wanted, model, model._engine)


def build_for(model: Any, x: Any) -> None:
    """Build a model that has not seen data yet by showing it one row, and number its layers."""
    layers = model._flatten_layers()
    if not model.has_call and model.overrides("train_step", "test_step"):
        model.built = True  # two models that train each other: only their steps say what is computed
    elif not model.built or not all(layer.built for layer in layers):
        if active():
            raise DataError(
                f"Model '{model.name}' must be built before it is used inside a GradientTape: call it once first."
            )
        _tried(model, _rows(x, 1))
    model.number_layers()
