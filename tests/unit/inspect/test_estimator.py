import numpy as np
from sklearn.inspection import DecisionBoundaryDisplay, permutation_importance

import chainrule as cr
from chainrule.inspect import as_estimator

RNG = np.random.default_rng(1)
X = RNG.normal(size=(60, 2)).astype("float32")


def test_a_classifier_scores_and_draws_with_scikit_learn() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    model.layers[0].set_weights([[[5.0], [0.0]], [0.0]])
    y = np.where(X[:, 0] > 0, "yes", "no")
    estimator = as_estimator(model, ["no", "yes"])
    assert estimator.score(X, y) == 1
    np.testing.assert_allclose(estimator.predict_proba(X).sum(axis=1), 1)
    found = permutation_importance(estimator, X, y, n_repeats=3, random_state=0)
    assert found.importances_mean[0] > 0.2
    assert found.importances_mean[1] == 0
    DecisionBoundaryDisplay.from_estimator(estimator, X, response_method="predict_proba", grid_resolution=5)


def test_a_regressor_scores() -> None:
    assert as_estimator(lambda x: 2 * x[:, 0]).score(X, 2 * X[:, 0]) == 1
