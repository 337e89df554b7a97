"""Permutation importance: how much worse the predictions become when one column is shuffled.

Source: Breiman (2001), "Random Forests"; Fisher, Rudin, Dominici (2019), "All Models are Wrong, but Many are Useful".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, within
from chainrule.inspect import predictor
from chainrule.inspect.scores import Score, numeric, score_of, targets
from chainrule.random.threefry import fold_in, key_from_seed, permutation

_MOST_CELLS = 20_000_000


@dataclass(frozen=True)
class Importance:
    """How much worse the score gets when a feature is shuffled, in units of the score.

    Attributes:
        names: of the features or groups, as given.
        drops: (names, repeats); positive: the model needs the feature.
        score: name of the score.
        before: the score with nothing shuffled.
        higher_is_better: whether a drop is `before - after` or `after - before`.
        rows: how many were used.
    """

    names: tuple[str, ...]
    drops: Array
    score: str
    before: float
    higher_is_better: bool
    rows: int

    @property
    def mean(self) -> Array:
        """Mean drop of each feature over the repeats (names,)."""
        found: Array = self.drops.mean(axis=1)
        return found

    @property
    def std(self) -> Array:
        """Standard deviation of the drops over the repeats (names,)."""
        found: Array = self.drops.std(axis=1)
        return found

    @property
    def order(self) -> Array:
        """Numbers of the features, the most important first."""
        return np.argsort(-self.mean, kind="stable")

    def __str__(self) -> str:
        width = max(map(len, self.names))
        change = "falls" if self.higher_is_better else "rises"
        lines = [f"{self.score} {self.before:.4g} on {self.rows} rows; with a feature shuffled it {change} by"]
        lines += [f"  {self.names[i]:<{width}}  {self.mean[i]:8.4f} ± {self.std[i]:.4f}" for i in self.order]
        return "\n".join(lines)

    def to_frame(self, library: Any = None) -> Any:
        """Return a data frame with feature, mean and standard deviation, the most important first."""
        from chainrule.glassbox.render.data import to_frame

        order = self.order
        names = [self.names[i] for i in order]
        return to_frame({"feature": names, "mean": self.mean[order].tolist(), "std": self.std[order].tolist()}, library)


@within("inspect.permutation_importance")
def permutation_importance(
    model: Any,
    x: Any,
    y: Any,
    *,
    score: str | Score | None = None,
    repeats: int = 10,
    seed: int = 0,
    feature_names: Sequence[str] | None = None,
    groups: Mapping[str, Sequence[int]] | None = None,
    max_rows: int | None = None,
) -> Importance:
    """Return how much the score falls when each feature is shuffled: `score(y, f(x)) - score(y, f(x shuffled))`.

    A feature of importance 0 can be left out without loss as long as the others are there: of two columns that say the
    same, neither may seem to matter. Use rows that the model was not trained on.

    Args:
        model: a model, or a function from a matrix to outputs (probabilities, for scores of classes).
        x: inputs (rows, features), an array or a data frame.
        y: targets (rows,); class numbers, or values.
        score: `'accuracy'`, `'log_loss'`, `'roc_auc'`, `'rmse'`, `'mae'`, `'r2'`, or a function `(y, outputs)` of which
            more is better; by default accuracy where the model's loss is of classes, else R2.
        repeats: how often each feature is shuffled.
        seed: decides the shuffles.
        feature_names: one per column of `x`.
        groups: name to columns that are shuffled together (those of one category); without it each column alone.
        max_rows: use at most so many rows.

    Raises:
        ShapeError, DataError: the data do not fit.
        UnknownNameError: there is no such score.

    >>> x = np.arange(40.0).reshape(20, 2) % 7
    >>> found = permutation_importance(lambda m: 3 * m[:, 0], x, 3 * x[:, 0], feature_names=["used", "unused"])
    >>> float(found.before), bool(found.mean[0] > 0.5), float(found.mean[1])
    (1.0, True, 0.0)
    """
    rows = predictor.matrix(x)
    names = predictor.names_of(x, rows.shape[1], feature_names)
    y = targets(y, len(rows))
    if repeats < 1:
        raise DataError(f"repeats must be at least 1, but is {repeats}.")
    predict = predictor.predictor(model)
    name, function, higher = score_of(score, model)
    if not callable(score):
        y = numeric(y, "y")
    if max_rows is not None:
        kept = predictor.some_rows(len(rows), max_rows, seed)
        rows, y = rows[kept], y[kept]
    parts = {n: (i,) for i, n in enumerate(names)} if groups is None else {n: tuple(c) for n, c in groups.items()}
    before = function(y, predict(rows))
    sign, key = 1 if higher else -1, key_from_seed(seed)
    drops = np.empty((len(parts), repeats))
    for i, columns in enumerate(parts.values()):
        after = [function(y, p) for p in _shuffled(predict, rows, list(columns), repeats, fold_in(key, i))]
        drops[i] = sign * (before - np.array(after))
    return Importance(tuple(parts), drops, name, before, higher, len(rows))


def _shuffled(predict: predictor.Predict, x: Array, columns: list[int], repeats: int, key: Any) -> list[Array]:
    """Return the outputs for `x` with some columns shuffled, once per repeat; as many repeats per call as fit."""
    found: list[Array] = []
    at_once = max(1, _MOST_CELLS // max(x.size, 1))
    for start in range(0, repeats, at_once):
        now = range(start, min(start + at_once, repeats))
        block = np.tile(x, (len(now), 1))
        for place, repeat in enumerate(now):
            order = permutation(fold_in(key, repeat), len(x))
            block[place * len(x) : (place + 1) * len(x), columns] = x[order[:, None], columns]
        found += np.split(predict(block), len(now))
    return found
