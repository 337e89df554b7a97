"""What the network must beat: the most frequent class or the mean, and a linear model."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Array
from chainrule.tabular import recipe
from chainrule.tabular.settings import Settings, with_changes

_PENALTIES = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0, 1000.0)


def majority(y: Array, classes: int, rows: int) -> Array:
    """Return, for each of `rows` rows, the share of each class among the training targets `y`: (rows, classes).

    The most frequent class is thus predicted everywhere.
    """
    shares = np.bincount(y, minlength=classes) / len(y)
    return np.tile(shares, (rows, 1))


def mean(y: Array, rows: int) -> Array:
    """Return the mean of the training targets for each of `rows` rows."""
    return np.full(rows, y.mean())


def ridge(train: tuple[Array, Array], validation: tuple[Array, Array], matrix: Array) -> Array:
    """Return the predictions of linear regression with a squared penalty on the coefficients (not on the intercept).

    `w = (X^T X + penalty I)^-1 X^T y` on centred columns; the penalty is the one with the least squared error on the
    validation rows.

    Args:
        train, validation: matrix (n, features) and target (n,).
        matrix: rows to predict for.
    """
    x, y = train[0].astype(np.float64), train[1].astype(np.float64)
    centre, level = x.mean(axis=0), y.mean()
    values, vectors = np.linalg.eigh((x - centre).T @ (x - centre))
    along = vectors.T @ ((x - centre).T @ (y - level))

    def predict(rows: Array, penalty: float) -> Array:
        w = vectors @ (along / (np.maximum(values, 0) + penalty))
        found: Array = (rows.astype(np.float64) - centre) @ w + level
        return found

    errors = [float(((predict(validation[0], p) - validation[1]) ** 2).mean()) for p in _PENALTIES]
    return predict(matrix, _PENALTIES[int(np.argmin(errors))])


def logistic(
    train: tuple[Array, Array], validation: tuple[Array, Array], matrix: Array, outputs: int, settings: Settings
) -> Array:
    """Return the outputs of logistic regression: our own network without a hidden layer, trained by the same recipe."""
    plain = with_changes(settings, hidden=(), dropout=0.0, weight_decay=0.0, learning_rate=0.01, epochs=50, patience=5)
    fitted = recipe.fit(matrix.shape[1], outputs, plain, train, validation)
    return recipe.outputs_of(fitted.model, matrix)
