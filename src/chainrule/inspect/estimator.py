"""A trained model as a scikit-learn estimator that is fitted already: for `sklearn.inspection` and its displays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule.errors import missing_extra, within
from chainrule.inspect import predictor
from chainrule.inspect.scores import classes_of


@within("inspect.as_estimator")
def as_estimator(model: Any, classes: Sequence[Any] | None = None) -> Any:
    """Return a fitted scikit-learn classifier (if there are classes) or regressor that predicts with `model`.

    Args:
        model: a model, or a function from a matrix to outputs.
        classes: names of the classes in the order of the outputs; of two for a single sigmoid.

    Raises:
        MissingExtraError: scikit-learn is not installed.

    >>> from sklearn.inspection import partial_dependence
    >>> double = as_estimator(lambda x: 2 * x[:, 0])
    >>> partial_dependence(double, np.array([[0.0, 1.0], [1.0, 3.0]]), [0])["average"]
    array([[0., 2.]])
    """
    predictor.predictor(model)  # which says it where it is none
    try:
        from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
    except ImportError:
        raise missing_extra("scikit-learn", "sklearn", "as_estimator") from None

    class Fitted(BaseEstimator):  # type: ignore[misc]
        """Predicts with a model that is trained already."""

        def __init__(self, model: Any = None) -> None:
            self.model = model

        def fit(self, x: Any, y: Any = None) -> Any:
            """Do nothing: the model is trained."""
            return self

        def __sklearn_is_fitted__(self) -> bool:
            return True

        @within("inspect.as_estimator")
        def _outputs(self, x: Any) -> Any:
            return predictor.predictor(self.model)(predictor.matrix(x))

    class FittedRegressor(RegressorMixin, Fitted):  # type: ignore[misc]
        def predict(self, x: Any) -> Any:
            found = self._outputs(x)
            return found[:, 0] if found.shape[1] == 1 else found

    class FittedClassifier(ClassifierMixin, Fitted):  # type: ignore[misc]
        classes_ = None if classes is None else np.asarray(classes)

        def predict_proba(self, x: Any) -> Any:
            p = self._outputs(x)
            return np.hstack([1 - p, p]) if p.shape[1] == 1 else p

        def predict(self, x: Any) -> Any:
            return np.asarray(classes)[classes_of(self._outputs(x))]

    return FittedRegressor(model) if classes is None else FittedClassifier(model)
