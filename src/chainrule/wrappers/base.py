"""What the three wrappers share: a model, or a function that makes one, as a scikit-learn estimator."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import missing_extra

try:
    import sklearn
    from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin
    from sklearn.utils.multiclass import check_classification_targets, type_of_target
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError:
    raise missing_extra("scikit-learn", "sklearn", "chainrule.wrappers") from None

__all__ = [
    "ClassifierMixin",
    "ModelEstimator",
    "RegressorMixin",
    "TransformerMixin",
    "check_classification_targets",
    "type_of_target",
    "validate_data",
]

_SETTINGS = ("model_kwargs", "fit_kwargs")


class ModelEstimator(BaseEstimator):  # type: ignore[misc]
    """Base of the wrappers.

    Args:
        model: a compiled model, or a function `f(X, y, **model_kwargs)` that returns one.
        warm_start: go on with the weights of the last `fit`, and with the given model itself instead of a copy.
        model_kwargs: further arguments of the function.
        fit_kwargs: arguments of the model's `fit`, such as `{"epochs": 20, "verbose": 0}`.

    Single entries are parameters, too: `set_params(model_kwargs__units=32)`, and so in the grid of a `GridSearchCV`.
    """

    def __init__(
        self,
        model: Any,
        warm_start: bool = False,
        model_kwargs: dict[str, Any] | None = None,
        fit_kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.model = model
        self.warm_start = warm_start
        self.model_kwargs = model_kwargs
        self.fit_kwargs = fit_kwargs

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.non_deterministic = True
        return tags

    # -- parameters ----------------------------------------------------------------------------------------------------

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the constructor's arguments; `deep` adds the entries of `model_kwargs` and `fit_kwargs`."""
        found: dict[str, Any] = super().get_params(deep=False)
        for name in _SETTINGS if deep else ():
            if isinstance(found[name], dict):
                found.update({f"{name}__{key}": value for key, value in found[name].items()})
        return found

    def set_params(self, **params: Any) -> Any:
        """Set arguments of the constructor, or entries of two of them as `model_kwargs__NAME`, `fit_kwargs__NAME`."""
        entries = {key: value for key, value in params.items() if key.partition("__")[0] in _SETTINGS and "__" in key}
        super().set_params(**{key: value for key, value in params.items() if key not in entries})
        for key, value in entries.items():
            name, _, entry = key.partition("__")
            setattr(self, name, {**(getattr(self, name) or {}), entry: value})
        return self

    def set_fit_request(self, **kwargs: Any) -> Any:
        """Say which arguments of `fit` a metadata-routing meta-estimator hands on, as `sample_weight=True`.

        Raises:
            RuntimeError: metadata routing is not enabled.
        """
        if not sklearn.get_config().get("enable_metadata_routing", False):
            raise RuntimeError(
                "This method is only available when metadata routing is enabled. You can enable it using "
                "sklearn.set_config(enable_metadata_routing=True)."
            )
        from sklearn.utils.metadata_routing import MetadataRequest

        requests = MetadataRequest(owner=type(self).__name__)
        for name, alias in kwargs.items():
            requests.fit.add_request(param=name, alias=alias)
        self._metadata_request = requests
        return self

    # -- training ------------------------------------------------------------------------------------------------------

    def _train(self, X: Array, y: Array, options: dict[str, Any]) -> None:
        """Train a model on what scikit-learn has checked."""
        model = self._model_for(X, y)
        if not model.compiled or not model.loss or not model.optimizer:
            raise RuntimeError(
                "Given model needs to be compiled, and have a loss and an optimizer: model.compile('adam', 'mse')."
            )
        self.history_ = model.fit(X, self._targets(model, y), **{**(self.fit_kwargs or {}), **options})
        self.model_ = model

    def _model_for(self, X: Array, y: Array) -> Any:
        from chainrule.models import Model, clone_model

        if self.warm_start and hasattr(self, "model_"):
            return self.model_
        if not isinstance(self.model, Model):
            return self.model(X=X, y=y, **(self.model_kwargs or {}))
        if self.warm_start:
            return self.model
        copy = clone_model(self.model)
        if self.model.compiled and not copy.compiled:
            copy.compile_from_config(self.model.get_compile_config())
        return copy

    def _targets(self, model: Any, y: Array) -> Array:
        """Return the targets as the model wants them."""
        return y

    def _outputs(self, X: Any) -> Array:
        """Return what the trained model gives for checked rows."""
        check_is_fitted(self, "model_")
        X = validate_data(self, X, reset=False)
        return np.asarray(self.model_.predict(X, verbose=(self.fit_kwargs or {}).get("verbose", "auto")))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "model_")

    @property
    def epoch_(self) -> int:
        """The number of epochs of the last `fit`."""
        history = getattr(self, "history_", None)
        return 0 if history is None else len(history.epoch)
