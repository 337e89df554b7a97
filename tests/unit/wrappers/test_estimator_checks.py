"""scikit-learn's own checks of estimators: all of them, none expected to fail."""

from __future__ import annotations

from typing import Any

import pytest

pytest.importorskip("sklearn")

from sklearn.utils.estimator_checks import estimator_checks_generator

import chainrule as cr
from chainrule.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

SHORT = {"epochs": 5, "verbose": 0}


def make_classifier(X: Any, y: Any) -> Any:
    cr.utils.set_random_seed(0)
    layers = [cr.Input(X.shape[1:]), cr.layers.Dense(20, "relu"), cr.layers.Dense(y.shape[1], "softmax")]
    model = cr.Sequential(layers)
    model.compile(cr.optimizers.Adam(0.01), "categorical_crossentropy")
    return model


def make_regressor(X: Any, y: Any) -> Any:
    cr.utils.set_random_seed(0)
    model = cr.Sequential([cr.Input(X.shape[1:]), cr.layers.Dense(20, "relu"), cr.layers.Dense(y.shape[1])])
    model.compile(cr.optimizers.Adam(0.01), "mse")
    return model


class Repeatable:
    """Says that equal fits give equal models, since the functions here set the seed; all checks then apply."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()  # type: ignore[misc]
        assert tags.non_deterministic
        tags.non_deterministic = False
        return tags


class Classifier(Repeatable, SKLearnClassifier):
    pass


class Regressor(Repeatable, SKLearnRegressor):
    pass


class Transformer(Repeatable, SKLearnTransformer):
    pass


CHECKS = [
    pytest.param(estimator, check, id=f"{type(estimator).__name__}-{getattr(check, 'func', check).__name__}")
    for made in (
        Classifier(make_classifier, fit_kwargs=SHORT),
        Regressor(make_regressor, fit_kwargs=SHORT),
        Transformer(make_regressor, fit_kwargs=SHORT),
    )
    for estimator, check in estimator_checks_generator(made)
]


@pytest.mark.filterwarnings("ignore::chainrule.errors.TrapWarning")  # of data that are not scaled
@pytest.mark.parametrize(("estimator", "check"), CHECKS)
def test_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)
