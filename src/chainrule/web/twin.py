"""`Twin`: a copy of a model on which the page's numbers are computed, so that training never waits and nothing tears.

The training thread takes a `Moment` (the values of all variables, copied) where it stops anyway; other threads put it
into the twin and compute there: derivations, pictures, the data of tabs.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from chainrule._typing import Array
from chainrule.glassbox.record import beside_a_training
from chainrule.random import seeds
from chainrule.records import Record
from chainrule.web.session import Position


class Moment(Record):
    """A model at one moment of its training.

    Attributes:
        position: which one.
        seconds: since the training began.
        logs: loss and metrics of the epoch so far.
        values: of the weights, then of the optimizer's variables.
        revision: how often the model's structure had changed.
    """

    position: Position
    seconds: float
    logs: dict[str, float]
    values: list[Array]
    revision: int


def variables_of(model: Any) -> list[Any]:
    """Return the weights of a model, then the variables of its optimizer."""
    return [*model.weights, *(model.optimizer.variables if model.optimizer is not None else ())]


def values_of(variables: list[Any]) -> list[Array]:
    """Return copies of the values of variables."""
    return [v.numpy() for v in variables]


class Twin:
    """A copy of a model.

    Args:
        model: a built model; copied at once, so this is for the thread that trains it.
        revision: see `Moment`.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, name="d")])
    >>> model.compile("sgd", "mse")
    >>> twin = Twin(model)
    >>> model.layers[0].set_weights([[[5.0], [5.0]], [0.0]])
    >>> bool(twin.model.layers[0].kernel.numpy()[0, 0] == 5)
    False
    """

    def __init__(self, model: Any, revision: int = 0) -> None:
        drawn = seeds.process_state()
        self.model = copy.deepcopy(model)
        seeds.set_process_state(drawn)  # what is drawn for the copy's first weights is nobody's business
        self.revision = revision
        self.moment: Moment | None = None
        self.lock = threading.RLock()
        self._variables = variables_of(self.model)
        for mine, its in zip(self._variables, variables_of(model), strict=True):
            mine.path = its.path  # a copy is named anew

    @contextmanager
    def at(self, moment: Moment) -> Iterator[Any]:
        """Give the model with the values of a moment; nobody else uses the twin within the block."""
        with self.lock:
            if moment is not self.moment:
                for variable, value in zip(self._variables, moment.values, strict=True):
                    variable.assign(value)
                self.moment = moment
            with beside_a_training():
                yield self.model


__all__ = ["Moment", "Twin", "values_of", "variables_of"]
