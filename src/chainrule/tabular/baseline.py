"""What the network must beat: the most frequent class or the mean, and a linear model trained to convergence.

The linear model is given the columns in two forms, as plain numbers (neither logged nor clipped) and as the features of
the network, both standardised; the form and the penalty that do best on the validation rows are taken.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chainrule._typing import Array
from chainrule.tabular.lbfgs import minimise
from chainrule.tabular.split import Split

PENALTIES = (1000.0, 100.0, 10.0, 1.0, 1e-1, 1e-2, 1e-3)
"""Each is tried; they weigh the squared coefficients against the sum over the training rows."""

_SMALLEST = 1e-15


def majority(y: Array, classes: int, rows: int) -> Array:
    """Return, for each of `rows` rows, the share of each class among the training targets `y`: (rows, classes).

    The most frequent class is thus predicted everywhere.
    """
    shares = np.bincount(y, minlength=classes) / len(y)
    return np.tile(shares, (rows, 1))


def mean(y: Array, rows: int) -> Array:
    """Return the mean of the training targets for each of `rows` rows."""
    return np.full(rows, y.mean())


def standardised(matrix: Array, rows: Array) -> Array:
    """Return the matrix in float64 with mean 0 and standard deviation 1 of each column over some rows.

    A column that is constant in those rows becomes 0.

    >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0], [7.0, 6.0]]), np.array([0, 1]))
    array([[-1.,  0.],
           [ 1.,  0.],
           [ 5.,  0.]])
    """
    largest = np.abs(matrix).max(axis=0, initial=0).astype(np.float64)
    x = matrix / np.where(largest > 0, largest, 1.0)  # so that squares of huge numbers stay finite
    spread = x[rows].std(axis=0)
    useful = spread > 1e-12
    found: Array = np.where(useful, (x - x[rows].mean(axis=0)) / np.where(useful, spread, 1.0), 0.0)
    return found


def linear_regression(forms: Sequence[Array], y: Array, split: Split) -> Array:
    """Return the predictions of ridge regression for the test rows (n,).

    Args:
        forms: matrices of all rows, to choose from.
        y: values of all rows.
    """
    candidates = [(x, w, b) for x in forms for w, b in ridge(x[split.train], y[split.train])]
    errors = [float(((x[split.validation] @ w + b - y[split.validation]) ** 2).mean()) for x, w, b in candidates]
    x, w, b = candidates[int(np.argmin(errors))]
    found: Array = x[split.test] @ w + b
    return found


def logistic_regression(forms: Sequence[Array], y: Array, split: Split, classes: int) -> Array:
    """Return the probabilities that logistic regression gives to the test rows (n, classes).

    Args:
        forms: matrices of all rows, to choose from.
        y: class numbers of all rows.
    """
    candidates = [(x, w, b) for x in forms for w, b in logistic(x[split.train], y[split.train], classes)]
    losses = [_log_loss(_softmax(x[split.validation] @ w + b), y[split.validation]) for x, w, b in candidates]
    x, w, b = candidates[int(np.argmin(losses))]
    return _softmax(x[split.test] @ w + b)


def ridge(x: Array, y: Array, penalties: Sequence[float] = PENALTIES) -> list[tuple[Array, float]]:
    """Return coefficients (features,) and intercept of linear regression for each penalty.

    `w = (X^T X + penalty I)^-1 X^T y` on centred columns; the intercept is not penalised.
    """
    centre, level = x.mean(axis=0), float(y.mean())
    values, vectors = np.linalg.eigh((x - centre).T @ (x - centre))
    along = vectors.T @ ((x - centre).T @ (y - level))
    found = []
    for penalty in penalties:
        w = vectors @ (along / (np.maximum(values, 0) + penalty))
        found.append((w, level - float(centre @ w)))
    return found


def logistic(
    x: Array, y: Array, classes: int, penalties: Sequence[float] = PENALTIES[1:-1], tolerance: float = 1e-5
) -> list[tuple[Array, Array]]:
    """Return weights (features, classes) and intercepts (classes,) of logistic regression for each penalty.

    Minimises `-sum(log p(y)) + penalty / 2 sum(w^2)`, each penalty from the solution of the one before. The intercepts
    are not penalised; with two classes the weights of the first are 0, so that the second's are those of the sigmoid.
    """
    n, features = x.shape
    first = 1 if classes == 2 else 0
    wide = np.hstack([x, np.ones((n, 1))])
    hot = np.eye(classes)[y]
    theta = np.zeros((features + 1) * (classes - first))
    found = []
    for penalty in penalties:

        def objective(theta: Array, penalty: float = penalty) -> tuple[float, Array]:
            w = theta.reshape(features + 1, classes - first)
            logits = np.zeros((n, classes))
            logits[:, first:] = wide @ w
            top = logits.max(axis=1, keepdims=True)
            p = np.exp(logits - top)
            total = p.sum(axis=1, keepdims=True)
            loss = float((np.log(total) + top)[:, 0].mean() - (hot * logits).sum() / n)
            gradient = wide.T @ (p / total - hot)[:, first:] / n
            gradient[:-1] += penalty / n * w[:-1]
            return loss + penalty / (2 * n) * float((w[:-1] ** 2).sum()), gradient.ravel()

        theta = minimise(objective, theta, tolerance)
        full = np.zeros((features + 1, classes))
        full[:, first:] = theta.reshape(features + 1, classes - first)
        found.append((full[:-1], full[-1]))
    return found


def _softmax(logits: Array) -> Array:
    p = np.exp(logits - logits.max(axis=1, keepdims=True))
    found: Array = p / p.sum(axis=1, keepdims=True)
    return found


def _log_loss(p: Array, y: Array) -> float:
    return float(-np.log(np.maximum(p[np.arange(len(y)), y], _SMALLEST)).mean())
