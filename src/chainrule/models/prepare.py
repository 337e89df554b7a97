"""What happens before the first step: the model is built for the data, its parameters are packed, an engine is chosen."""

from __future__ import annotations

from typing import Any

from chainrule import tree
from chainrule.autodiff.tape import active
from chainrule.data.batches import Batches
from chainrule.engines.base import Engine
from chainrule.engines.choose import choose
from chainrule.errors import DataError
from chainrule.models.checks import check_labels, warn_of_one_class, warn_of_softmax_over_one


def prepare(model: Any, batches: Batches, where: str) -> None:
    """Make a model ready for training or evaluation on these data.

    Args:
        where: `'fit'`, `'evaluate'`, ..., for messages.

    Raises:
        DataError, ShapeError: the data do not fit the model.
    """
    build_for(model, batches.peek()[0])
    warn_of_softmax_over_one(model)
    check_labels(model, batches, where)
    if where == "fit":
        warn_of_one_class(model, batches)
    if not model.optimizer.built:
        model.pack()
        model.optimizer.build(model.trainable_variables)
    model._engine = _engine_for(model)


def prepare_to_predict(model: Any, x: Any) -> Engine:
    """Build a model for `x` and return the engine that predicts."""
    build_for(model, x)
    if model._engine is None or not model._buffer.holds(model._buffer.variables):
        engine = model._engine = _engine_for(model)
        return engine
    return model._engine  # type: ignore[no-any-return]


def _engine_for(model: Any) -> Engine:
    model.pack()
    return choose(model._engine_wanted, model)


def build_for(model: Any, x: Any) -> None:
    """Build a model that has not seen data yet by showing it one row, and number its layers for their random numbers."""
    layers = model._flatten_layers()
    if not model.built or not all(layer.built for layer in layers):
        if active():
            raise DataError(
                f"Model '{model.name}' must be built before it is used inside a GradientTape: call it once first."
            )
        model(tree.map_structure(lambda a: a[:1], x), training=False)
        layers = model._flatten_layers()
    for index, layer in enumerate(layers):
        layer._random_index = index
