"""`Scene`: what the data of a tab are computed from: the model at the moment that the page shows, and some rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.data.batches import ArrayBatches
from chainrule.errors import ChainruleError, without_name
from chainrule.plot.arrays.sample import some
from chainrule.web.protocol import Json, RequestError, whole_text

MOST_ROWS = 20_000
MOST_WORK = 400_000_000
"""Of rows times parameters, for one pass through the model: below a second on a slow machine."""


class Scene:
    """A model and rows of its training data.

    Args:
        model: a copy of its own, with the weights shown.
        start: the start message.
        x, y: structures of arrays; y may be None.
        rows: numbers of these rows in the training data.
        total: how many rows the training data have.
        step: of the weights.
    """

    def __init__(self, model: Any, start: Json, x: Any, y: Any, rows: Array, total: int | None, step: int) -> None:
        self.model = model
        self.start = start
        self.x = x
        self.y = y
        self.rows = rows
        self.total = total
        self.step = step

    # -- what it is about ----------------------------------------------------------------------------------------------

    @property
    def task(self) -> str:
        """'binary', 'multiclass', 'regression' or 'other'."""
        return str(self.start["data"]["task"])

    @property
    def features(self) -> list[Json]:
        """What is known of each feature."""
        return list(self.start["data"]["features"])

    @property
    def classes(self) -> list[str] | None:
        """The names of the classes."""
        found = self.start["data"]["classes"]
        return None if found is None else [str(name) for name in found]

    # -- numbers -------------------------------------------------------------------------------------------------------

    @property
    def size(self) -> int:
        """How many rows there are."""
        return len(self.rows)

    def outputs(self, x: Any = None) -> Array:
        """Return what the model says of its only output.

        Raises:
            RequestError: it has several.
        """
        given = self.x if x is None else x
        found = self.model.predict(given, batch_size=1024, verbose=0)
        if not isinstance(found, np.ndarray):
            raise RequestError("The model has several outputs, so there is no one picture of its predictions.")
        return found

    def matrix(self) -> Array:
        """Return the rows as one matrix of numbers.

        Raises:
            RequestError: the inputs are something else.
        """
        if not isinstance(self.x, np.ndarray) or self.x.ndim != 2 or self.x.dtype.kind not in "fiub":
            raise RequestError("This view takes models whose input is one row of numbers.")
        return self.x

    def targets(self) -> Array:
        """Return the targets.

        Raises:
            RequestError: there are none, or several outputs.
        """
        if not isinstance(self.y, np.ndarray):
            raise RequestError("This view takes models with one output, trained on targets.")
        return self.y

    def about(self) -> Json:
        """Return which rows a view was computed on."""
        return {"step": self.step, "rows": self.size, "of": self.total}


@contextmanager
def scene(stage: Any, most: int = MOST_ROWS) -> Iterator[Scene]:
    """Give the newest moment of a stage with some of its data; the twin is nobody else's within the block.

    Args:
        stage: a `web.stage.Stage`.
        most: at most so many rows; fewer for large models.

    Raises:
        RequestError: there is nothing to show yet; or what the block computes is refused, in the same words.
    """
    twin, moment = stage.newest()
    start = stage.hub.newest("start")
    if start is None:
        raise RequestError("There is nothing to show yet: the training has not begun.", 409)
    with twin.at(moment) as model:
        most = min(most, max(64, MOST_WORK // max(1, model.count_params())))
        x, y, rows, total = some_rows(stage, most)
        try:
            yield Scene(model, start, x, y, rows, total, moment.position.step)
        except RequestError:
            raise
        except ChainruleError as error:
            raise RequestError(without_name(error)) from None


def some_rows(stage: Any, most: int) -> tuple[Any, Any, Array, int | None]:
    """Return inputs, targets and numbers of at most `most` rows of the training data, and how many there are."""
    training = stage.training
    if isinstance(training, ArrayBatches):
        x, y, _ = training.arrays()
        rows = some(training.size, most)
        if len(rows) == training.size:
            return x, y, rows, training.size
        return _taken(x, rows), _taken(y, rows), rows, training.size
    probe = stage.probe
    return probe.x, probe.y, np.arange(probe.size), training.size


def _taken(arrays: Any, rows: Array) -> Any:
    return None if arrays is None else tree.map_structure(lambda a: a[rows], arrays)


# -- parameters --------------------------------------------------------------------------------------------------------


def count(text: str, name: str, low: int, high: int) -> int:
    """Return a whole number of a query.

    Raises:
        RequestError: it is none, or outside the bounds.
    """
    return whole_text(text, name, low, high)


def feature(text: str, name: str, features: int) -> int:
    """Return the number of a feature."""
    return whole_text(text, name, 0, features - 1)


__all__ = ["Scene", "count", "feature", "scene", "some_rows"]
