"""A model as a scikit-learn regressor."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.wrappers.base import (
    ModelEstimator,
    RegressorMixin,
    validate_data,
)


class SKLearnRegressor(RegressorMixin, ModelEstimator):  # type: ignore[misc]
    """A model that learns numbers, as a scikit-learn estimator (`keras.wrappers.SKLearnRegressor`).

    Args:
        model: a compiled model, of which each `fit` trains a copy; or a function `f(X, y, **model_kwargs)` that
            returns one; `y` has shape (rows, outputs).
        warm_start: go on with the weights of the last `fit`, and with the given model itself instead of a copy.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of the model's `fit`, such as `{"epochs": 20, "verbose": 0}`.

    Attributes:
        model_: the trained model.
        history_: the `History` of the last `fit`.

    >>> import numpy as np
    >>> import chainrule as cr
    >>> def make_model(X, y):
    ...     model = cr.Sequential([cr.Input(X.shape[1:]), cr.layers.Dense(y.shape[1])])
    ...     model.compile("adam", "mse")
    ...     return model
    >>> X = np.random.default_rng(0).normal(size=(40, 3))
    >>> SKLearnRegressor(make_model, fit_kwargs={"verbose": 0}).fit(X, X.sum(axis=1), epochs=2).predict(X[:2]).shape
    (2,)
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        tags.target_tags.multi_output = True
        return tags

    def fit(self, X: Any, y: Any, **kwargs: Any) -> SKLearnRegressor:
        """Train the model.

        Args:
            X: (rows, features).
            y: one number per row, or several: (rows, outputs).
            **kwargs: arguments of the model's `fit`; they go before `fit_kwargs`.

        Raises:
            RuntimeError: the model is not compiled.
        """
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True)
        self._one_axis = y.ndim == 1
        self._train(X, y.reshape(len(y), -1), kwargs)
        return self

    def predict(self, X: Any) -> Array:
        """Return the model's outputs, in the shape of the targets it was trained with."""
        outputs = self._outputs(X).astype(np.float64)
        return outputs[:, 0] if self._one_axis and outputs.ndim == 2 and outputs.shape[1] == 1 else outputs
