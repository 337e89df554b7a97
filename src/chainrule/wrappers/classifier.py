"""A model as a scikit-learn classifier."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.wrappers.base import (
    ClassifierMixin,
    ModelEstimator,
    check_classification_targets,
    type_of_target,
    validate_data,
)


class SKLearnClassifier(ClassifierMixin, ModelEstimator):  # type: ignore[misc]
    """A model that learns classes, as a scikit-learn estimator (`keras.wrappers.SKLearnClassifier`).

    Labels may be of any type. The function that makes the model gets them one-hot, (rows, classes), and its model has
    one output per class; for two classes one output does as well, and for a sparse loss, class numbers are made.

    Args:
        model: a compiled model, of which each `fit` trains a copy; or a function `f(X, y, **model_kwargs)` that
            returns one.
        warm_start: go on with the weights of the last `fit`, and with the given model itself instead of a copy.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of the model's `fit`, such as `{"epochs": 20, "verbose": 0}`.

    Attributes:
        model_: the trained model.
        history_: the `History` of the last `fit`.
        classes_: the labels, sorted.

    >>> import numpy as np
    >>> import chainrule as cr
    >>> def make_model(X, y, units=8):
    ...     layers = [cr.Input(X.shape[1:]), cr.layers.Dense(units, "relu"), cr.layers.Dense(y.shape[1], "softmax")]
    ...     model = cr.Sequential(layers)
    ...     model.compile("adam", "categorical_crossentropy")
    ...     return model
    >>> X, y = np.random.default_rng(0).normal(size=(40, 3)), np.repeat(["no", "yes"], 20)
    >>> classifier = SKLearnClassifier(make_model, model_kwargs={"units": 4}, fit_kwargs={"verbose": 0})
    >>> classifier.fit(X, y).predict(X).shape, classifier.classes_.tolist()
    ((40,), ['no', 'yes'])
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True
        return tags

    def fit(self, X: Any, y: Any, **kwargs: Any) -> SKLearnClassifier:
        """Train the model.

        Args:
            X: (rows, features).
            y: one label per row.
            **kwargs: arguments of the model's `fit`; they go before `fit_kwargs`.

        Raises:
            ValueError: the labels are no classes, or only one.
            RuntimeError: the model is not compiled.
        """
        X, y = validate_data(self, X, y)
        check_classification_targets(y)
        kind = type_of_target(y)
        if kind not in ("binary", "multiclass"):
            raise ValueError(f"Only binary and multiclass target types are supported. Target type: {kind}")
        self.classes_, numbers = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError("Classifier can't train when only one class is present.")
        self._train(X, np.eye(len(self.classes_))[numbers], kwargs)
        return self

    def predict(self, X: Any) -> Array:
        """Return the most probable label of each row."""
        outputs = self._outputs(X)
        numbers = self._one_output(outputs) > 0 if outputs.shape[1] == 1 else outputs.argmax(axis=1)
        labels: Array = self.classes_[numbers.astype(np.int64)]
        return labels

    def decision_function(self, X: Any) -> Array:
        """Return the model's outputs, (rows, classes); for two classes the second minus the first, (rows,)."""
        outputs = self._outputs(X).astype(np.float64)
        if outputs.shape[1] == 1:
            return self._one_output(outputs)
        return np.subtract(outputs[:, 1], outputs[:, 0]) if len(self.classes_) == 2 else outputs

    def _targets(self, model: Any, y: Array) -> Array:
        """Return the targets one-hot, or as numbers for a sparse loss or a model of one output."""
        if "sparse" in str(getattr(model.loss, "name", getattr(model.loss, "__name__", model.loss))).lower():
            numbers: Array = y.argmax(axis=1)
            return numbers
        single = y.shape[1] == 2 and model.built and model.output_shape[-1] == 1
        return y[:, 1:] if single else y

    def _one_output(self, outputs: Array) -> Array:
        """Return by how much the output exceeds what is between the classes: 0 for logits, 1/2 for probabilities."""
        excess: Array = outputs[:, 0] - (0.0 if getattr(self.model_.loss, "from_logits", False) else 0.5)
        return excess
