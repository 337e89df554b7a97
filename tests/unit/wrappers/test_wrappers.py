"""The wrappers among scikit-learn's tools: pipelines, searches, copies and pickles; their numbers are the model's."""

from __future__ import annotations

import copy
import inspect
import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import chainrule as cr
from chainrule.wrappers import SKLearnClassifier, SKLearnRegressor, SKLearnTransformer

X = np.random.default_rng(0).normal(size=(60, 3))
NUMBERS = X @ np.array([1.0, -2.0, 0.5])
CLASSES = np.array(["low", "middle", "high"])[np.digitize(NUMBERS, [-1, 1])]
SHORT = {"epochs": 3, "verbose": 0}


def make_classifier(X: Any, y: Any, units: int = 8, rate: float = 0.01) -> Any:
    cr.utils.set_random_seed(0)
    layers = [cr.Input(X.shape[1:]), cr.layers.Dense(units, "relu"), cr.layers.Dense(y.shape[1], "softmax")]
    model = cr.Sequential(layers)
    model.compile(cr.optimizers.Adam(rate), "categorical_crossentropy")
    return model


def make_regressor(X: Any, y: Any, units: int = 8) -> Any:
    cr.utils.set_random_seed(0)
    model = cr.Sequential([cr.Input(X.shape[1:]), cr.layers.Dense(units, "relu"), cr.layers.Dense(y.shape[1])])
    model.compile(cr.optimizers.Adam(0.01), "mse")
    return model


def compiled(*layers: Any, loss: Any = "mse") -> Any:
    cr.utils.set_random_seed(0)
    model = cr.Sequential([cr.Input((3,)), *layers])
    model.compile(cr.optimizers.Adam(0.02), loss)
    return model


def weights_of(model: Any) -> list[Any]:
    return [w.tolist() for w in model.get_weights()]


@pytest.mark.parametrize("wrapper", [SKLearnClassifier, SKLearnRegressor, SKLearnTransformer])
def test_arguments_are_those_of_keras(wrapper: Any) -> None:
    signature = inspect.signature(wrapper.__init__)
    assert [(p.name, p.default) for p in signature.parameters.values()][2:] == [
        ("warm_start", False),
        ("model_kwargs", None),
        ("fit_kwargs", None),
    ]


def test_a_classifier_says_what_its_model_says() -> None:
    classifier = SKLearnClassifier(make_classifier, fit_kwargs=SHORT).fit(X, CLASSES)
    outputs = classifier.model_.predict(X, verbose=0)
    assert classifier.classes_.tolist() == ["high", "low", "middle"]
    assert (classifier.predict(X) == classifier.classes_[outputs.argmax(axis=1)]).all()
    np.testing.assert_array_equal(classifier.decision_function(X), outputs)
    by_hand = make_classifier(X, np.eye(3)[[0]])
    by_hand.fit(X, np.eye(3)[np.unique(CLASSES, return_inverse=True)[1]], **SHORT)
    assert weights_of(by_hand) == weights_of(classifier.model_)


@pytest.mark.parametrize(
    ("layer", "loss"),
    [
        (cr.layers.Dense(1, "sigmoid"), "binary_crossentropy"),
        (cr.layers.Dense(1), cr.losses.BinaryCrossentropy(from_logits=True)),
        (cr.layers.Dense(2, "softmax"), "sparse_categorical_crossentropy"),
        (cr.layers.Dense(2, "softmax"), cr.losses.SparseCategoricalCrossentropy()),
        (cr.layers.Dense(2, "softmax"), "categorical_crossentropy"),
    ],
)
def test_two_classes_may_be_one_output_or_two(layer: Any, loss: Any) -> None:
    labels = np.where(NUMBERS > 0, "yes", "no")
    classifier = SKLearnClassifier(compiled(layer, loss=loss), fit_kwargs={"epochs": 60, "verbose": 0}).fit(X, labels)
    assert classifier.score(X, labels) > 0.85
    decision = classifier.decision_function(X)
    assert decision.shape == (60,)
    assert ((decision > 0) == (classifier.predict(X) == "yes")).all()


def test_a_regressor_keeps_the_shape_of_its_targets() -> None:
    regressor = SKLearnRegressor(make_regressor, fit_kwargs=SHORT).fit(X, NUMBERS)
    np.testing.assert_array_equal(regressor.predict(X), regressor.model_.predict(X, verbose=0)[:, 0])
    both = np.column_stack([NUMBERS, -NUMBERS])
    regressor = SKLearnRegressor(make_regressor, fit_kwargs=SHORT).fit(X, both)
    np.testing.assert_array_equal(regressor.predict(X), regressor.model_.predict(X, verbose=0))
    assert regressor.predict(X).shape == (60, 2)


def test_a_transformer_feeds_the_next_step() -> None:
    encoder = SKLearnTransformer(make_regressor, fit_kwargs=SHORT)
    pipe = make_pipeline(StandardScaler(), encoder, SKLearnClassifier(make_classifier, fit_kwargs=SHORT))
    pipe.fit(X, np.digitize(NUMBERS, [0]))
    trained = pipe[1]
    np.testing.assert_array_equal(trained.transform(X), trained.model_.predict(X, verbose=0))
    assert set(pipe.predict(X)) <= {0, 1}
    alone = SKLearnTransformer(make_regressor, fit_kwargs=SHORT).fit_transform(X)  # learns its own inputs
    assert alone.shape == X.shape


def test_a_grid_search_tries_the_arguments_of_the_function() -> None:
    grid = {"model_kwargs": [{"units": 1, "rate": 1e-6}, {"units": 16, "rate": 0.05}], "fit_kwargs__epochs": [1, 20]}
    search = GridSearchCV(SKLearnClassifier(make_classifier, fit_kwargs=SHORT), grid, cv=2).fit(X, CLASSES)
    assert search.best_params_ == {"model_kwargs": {"units": 16, "rate": 0.05}, "fit_kwargs__epochs": 20}
    assert search.best_estimator_.fit_kwargs == {"epochs": 20, "verbose": 0}
    search = GridSearchCV(
        SKLearnRegressor(make_regressor, fit_kwargs={"epochs": 20, "verbose": 0}),
        {"model_kwargs__units": [1, 16]},
        cv=2,
    ).fit(X, NUMBERS)
    assert search.best_params_ == {"model_kwargs__units": 16}
    assert search.best_estimator_.model_.layers[0].units == 16


def test_folds_are_trained_from_the_start() -> None:
    model = compiled(cr.layers.Dense(1))
    before = weights_of(model)
    cross_val_score(SKLearnRegressor(model, fit_kwargs=SHORT), X, NUMBERS, cv=3)
    assert weights_of(model) == before


def test_a_copy_has_the_arguments_and_nothing_learnt() -> None:
    trained = SKLearnClassifier(make_classifier, warm_start=True, model_kwargs={"units": 3}, fit_kwargs=SHORT).fit(
        X, CLASSES
    )
    fresh = clone(trained)
    assert fresh.get_params() == trained.get_params()
    assert not hasattr(fresh, "model_")
    with pytest.raises(sklearn.exceptions.NotFittedError):
        fresh.predict(X)
    fresh.set_params(model_kwargs__units=5, fit_kwargs={"epochs": 1, "verbose": 0})
    assert (trained.model_kwargs, fresh.model_kwargs) == ({"units": 3}, {"units": 5})


@pytest.mark.parametrize("again", [copy.deepcopy, lambda thing: pickle.loads(pickle.dumps(thing))])
def test_copies_and_pickles_predict_the_same(again: Any) -> None:
    model = compiled(cr.layers.Dense(4, "tanh"), cr.layers.Dense(1))
    for estimator in (
        SKLearnRegressor(model, fit_kwargs=SHORT).fit(X, NUMBERS),
        SKLearnRegressor(make_regressor, fit_kwargs=SHORT).fit(X, NUMBERS),
    ):
        np.testing.assert_array_equal(again(estimator).predict(X), estimator.predict(X))
        assert again(estimator).history_.history == estimator.history_.history
    assert again(SKLearnRegressor(model)).model.compiled


def test_warm_start_goes_on_with_the_weights() -> None:
    model = compiled(cr.layers.Dense(1))
    regressor = SKLearnRegressor(model, warm_start=True, fit_kwargs=SHORT).fit(X, NUMBERS)
    assert regressor.model_ is model
    first = regressor.history_.history["loss"]
    second = regressor.fit(X, NUMBERS).history_.history["loss"]
    assert second[0] < first[-1] < first[0]
    from_function = SKLearnRegressor(make_regressor, warm_start=True, fit_kwargs=SHORT).fit(X, NUMBERS)
    model = from_function.model_
    assert from_function.fit(X, NUMBERS).model_ is model
    cold = SKLearnRegressor(make_regressor, fit_kwargs=SHORT).fit(X, NUMBERS)
    model = cold.model_
    assert cold.fit(X, NUMBERS).model_ is not model


def test_arguments_of_fit_go_before_those_of_the_constructor() -> None:
    settings = {"epochs": 3, "verbose": 0}
    regressor = SKLearnRegressor(make_regressor, fit_kwargs=settings).fit(X, NUMBERS, epochs=5)
    assert regressor.epoch_ == 5
    assert settings == {"epochs": 3, "verbose": 0}
    assert SKLearnRegressor(make_regressor).epoch_ == 0


def test_sample_weights_are_routed_where_asked_for() -> None:
    regressor = SKLearnRegressor(make_regressor, fit_kwargs=SHORT)
    with pytest.raises(RuntimeError, match="only available when metadata routing is enabled"):
        regressor.set_fit_request(sample_weight=True)
    with sklearn.config_context(enable_metadata_routing=True):
        search = GridSearchCV(regressor.set_fit_request(sample_weight=True), {"model_kwargs__units": [2]}, cv=2)
        search.fit(X, NUMBERS, sample_weight=np.zeros(60))
    assert search.best_estimator_.history_.history["loss"] == [0.0, 0.0, 0.0]


def test_what_cannot_be_learnt_is_said() -> None:
    with pytest.raises(RuntimeError, match="Given model needs to be compiled"):
        SKLearnRegressor(cr.Sequential([cr.Input((3,)), cr.layers.Dense(1)])).fit(X, NUMBERS)
    classifier = SKLearnClassifier(make_classifier)
    with pytest.raises(ValueError, match="Unknown label type"):
        classifier.fit(X, NUMBERS)
    with pytest.raises(ValueError, match="only one class is present"):
        classifier.fit(X, np.ones(60))


def test_without_scikit_learn_one_line_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None; import chainrule\n"
        "try: chainrule.wrappers.SKLearnRegressor\n"
        "except ImportError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == (
        "chainrule.wrappers needs the package 'scikit-learn'. Install it with: pip install \"chainrule[sklearn]\"\n"
    )
