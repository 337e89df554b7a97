"""A model as a scikit-learn transformer."""

from __future__ import annotations

from typing import Any

from chainrule._typing import Array
from chainrule.wrappers.base import (
    ModelEstimator,
    TransformerMixin,
    validate_data,
)


class SKLearnTransformer(TransformerMixin, ModelEstimator):  # type: ignore[misc]
    """A model whose outputs are the next step's inputs (`keras.wrappers.SKLearnTransformer`).

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
    >>> model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(3)])
    >>> model.compile("adam", "mse")
    >>> X = np.random.default_rng(0).normal(size=(40, 3))
    >>> SKLearnTransformer(model, fit_kwargs={"verbose": 0}).fit(X).transform(X).shape
    (40, 3)
    """

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags

    def fit(self, X: Any, y: Any = None, **kwargs: Any) -> SKLearnTransformer:
        """Train the model.

        Args:
            X: (rows, features).
            y: the targets, (rows,) or (rows, outputs); the inputs themselves if None, as for an autoencoder.
            **kwargs: arguments of the model's `fit`; they go before `fit_kwargs`.

        Raises:
            RuntimeError: the model is not compiled.
        """
        if y is None:
            X = validate_data(self, X)
            y = X
        else:
            X, y = validate_data(self, X, y, multi_output=True)
        self._train(X, y.reshape(len(y), -1), kwargs)
        return self

    def transform(self, X: Any) -> Array:
        """Return the model's outputs."""
        return self._outputs(X)
