"""`LearningRates`: the losses at many learning rates, and what they suggest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.records import Record

_SHOWN = 12
_BEGUN = 0.1
_WORDS = {"valley": "suggested", "steepest": "steepest", "lowest": "lowest"}


class LearningRates(Record):
    """What `find_learning_rate` found; `of` makes it of rates and losses.

    Attributes:
        rates: the learning rates tried, ascending.
        losses: the loss of one batch at each, before the step.
        smooth: the same without the noise of batches.
        suggestions: learning rate by rule: `'valley'`, `'steepest'`, `'lowest'`; see `suggestions_of`.
        exploded: whether the loss ran away before the last rate, which ended the search.

    >>> found = LearningRates.of([0.0001, 0.001, 0.01, 0.1, 1.0, 10.0], [1.0, 0.98, 0.5, 0.3, 0.4, 9.0])
    >>> print(found)
    Learning rate 0.01 suggested: the middle of the descent of the loss.
          rate      loss
        0.0001    1.0000
         0.001    0.9800
          0.01    0.5000  suggested, steepest
           0.1    0.3000  lowest
             1    0.4000
            10    9.0000
    >>> found.suggestion
    0.01
    """

    rates: Array
    losses: Array
    smooth: Array
    suggestions: Mapping[str, float]
    exploded: bool = False

    @classmethod
    def of(cls, rates: Any, losses: Any, smoothing: float = 0.0, exploded: bool = False) -> LearningRates:
        """Return what losses at some rates suggest.

        Args:
            rates, losses: of equal length.
            smoothing: weight of what came before in the running mean of the losses.
        """
        rates, losses = np.asarray(rates, np.float64), np.asarray(losses, np.float64)
        smooth = smoothed(losses, smoothing)
        return cls(rates, losses, smooth, suggestions_of(rates, smooth), exploded)

    @property
    def suggestion(self) -> float:
        """The learning rate to begin with."""
        return self.suggestions["valley"]

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the loss against the learning rate, with the suggestion, and return the axes (`chainrule.plot`)."""
        from chainrule import plot

        return plot.learning_rates(self, ax=ax, **options)  # type: ignore[attr-defined,unused-ignore]

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as JSON values."""
        return {
            "suggestion": self.suggestion, "suggestions": dict(self.suggestions), "exploded": self.exploded,
            "rates": self.rates.tolist(), "losses": self.losses.tolist(), "smooth": self.smooth.tolist(),
        }  # fmt: skip

    def __str__(self) -> str:
        lines = [f"Learning rate {self.suggestion:.2g} suggested: the middle of the descent of the loss."]
        lines.append(f"{'rate':>10}{'loss':>10}")
        marks = {i: ", ".join(_WORDS[k] for k in self.suggestions if self._at(k) == i) for i in range(len(self.rates))}
        every = max(len(self.rates) // _SHOWN, 1)
        for i, (rate, loss) in enumerate(zip(self.rates, self.smooth, strict=True)):
            if i % every == 0 or marks[i] or i == len(self.rates) - 1:
                lines.append(f"{rate:>10.2g}{loss:>10.4f}  {marks[i]}".rstrip())
        if self.exploded:
            lines.append("Then the loss ran away.")
        return "\n".join(lines)

    def _at(self, rule: str) -> int:
        return int(np.flatnonzero(self.rates == self.suggestions[rule])[0])


def smoothed(losses: Array, weight: float) -> Array:
    """Return the running means of losses, in which a loss counts `weight` times as much as the one after it.

    >>> smoothed(np.array([1.0, 2.0, 3.0]), 0.5).round(4).tolist()
    [1.0, 1.6667, 2.4286]
    """
    total = share = 0.0
    found = np.empty(len(losses))
    for i, loss in enumerate(losses):
        total, share = weight * total + (1 - weight) * loss, weight * share + (1 - weight)
        found[i] = total / share
    return found


def suggestions_of(rates: Array, losses: Array) -> dict[str, float]:
    """Return the learning rates that three rules suggest, after Smith (2017) and fastai.

    valley: the middle, on a logarithmic scale, of the descent: from where a tenth of the whole fall is done to where
        the loss is lowest. The safest.
    steepest: where the loss falls fastest against the logarithm of the rate, within the descent.
    lowest: where the loss is lowest. Too high to train with.

    >>> suggestions_of(np.array([0.001, 0.01, 0.1, 1.0, 10.0]), np.array([1.0, 1.0, 0.7, 0.2, 5.0]))
    {'valley': 0.1, 'steepest': 1.0, 'lowest': 1.0}
    """
    lowest = int(np.argmin(losses))
    before = float(np.median(losses[: max(lowest // 4, 1)]))
    high = np.flatnonzero(losses[: lowest + 1] >= before - _BEGUN * (before - losses[lowest]))
    first = int(high[-1]) if len(high) else 0
    middle = int(np.argmin(np.abs(np.log(rates) - (np.log(rates[first]) + np.log(rates[lowest])) / 2)))
    slopes = np.diff(losses[first : lowest + 1])
    steepest = first + 1 + int(np.argmin(slopes)) if len(slopes) else lowest
    return {rule: float(rates[i]) for rule, i in (("valley", middle), ("steepest", steepest), ("lowest", lowest))}
