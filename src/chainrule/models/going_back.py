"""Going back while `fit` runs: a callback puts the model back to an earlier step, and `fit` goes on from its place.

Weights and optimizer are the callback's business (`Dashboard`); the place in the data is that of the loop. The order of
an epoch's rows and its random numbers follow from the number of the epoch, so the same steps follow once more.
"""

from __future__ import annotations

from typing import Any

from chainrule._typing import Array
from chainrule.records import Record


class Place(Record):
    """Where in a training.

    Attributes:
        seen: epochs the model had learnt from before this one, in all its trainings.
        step: batches of the epoch that are done.
        metrics: variables of the metrics, and their values there.
    """

    seen: int
    step: int
    metrics: list[tuple[Any, Array]]

    def enter(self) -> None:
        """Give the metrics what they held; after they were reset for the epoch."""
        for variable, value in self.metrics if self.step else ():
            variable.assign(value)


class WentBack(Exception):
    """Leaves the epoch that is under way, for the one of an earlier place."""

    def __init__(self, place: Place) -> None:
        super().__init__("training has gone back")
        self.place = place


def follow(callbacks: Any) -> None:
    """Go where a callback has put the training, if one has.

    Raises:
        WentBack: it has.
    """
    place = callbacks.take_place()
    if place is not None:
        raise WentBack(place)


__all__ = ["Place", "WentBack", "follow"]
