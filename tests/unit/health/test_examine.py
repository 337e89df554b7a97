"""`health.check` on models of all kinds, and how its report reads."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError
from chainrule.health import THRESHOLDS, check, check_data
from chainrule.health.progress import overfitting, rate_too_high, stuck

rng = np.random.default_rng(0)
X = rng.normal(size=(200, 3)).astype(np.float32)
Y = (X[:, :1] * X[:, 1:2] > 0).astype(np.float32)


def network(hidden: Any = "relu", bias: float = 0.0) -> cr.Sequential:
    cr.utils.set_random_seed(0)
    start = cr.initializers.Constant(bias)
    layers = [cr.layers.Dense(8, hidden, bias_initializer=start, name="h"), cr.layers.Dense(1, "sigmoid", name="o")]
    return cr.Sequential([cr.Input((3,)), *layers], name="net")


def compiled(**options: Any) -> cr.Sequential:
    model = network(**options)
    model.compile("adam", "binary_crossentropy")
    return model


def test_nothing_of_the_model_changes() -> None:
    model = compiled()
    model.fit(X, Y, epochs=2, verbose=0)
    before = [v.numpy() for v in (*model.weights, *model.optimizer.variables)]
    check(model, X, Y)
    after = [v.numpy() for v in (*model.weights, *model.optimizer.variables)]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_what_was_not_looked_at_is_not_claimed() -> None:
    assert check(network(), X).looked_at == ("200 rows of 3 features", "1 layer of hidden units")
    model = compiled()
    assert check(model, X, Y).looked_at[-1] == "gradients of 2 kernels"
    history = model.fit(X, Y, epochs=2, verbose=0)
    assert check(model, X, Y, history).looked_at[-1] == "2 epochs"
    assert check(model, X, Y).looked_at[-1] == "2 epochs"  # the model's own history


def test_the_worst_comes_first_in_text_html_and_json() -> None:
    x = X.copy()
    x[:, 2] = 4
    report = check(compiled(bias=-50), x, Y, names=["a", "<b>", "c"])
    assert report.codes == ["dead-relu", "constant-feature"]
    assert [f.severity for f in report] == ["error", "warning"]
    assert str(report).startswith("Health of model 'net': 2 findings.\n✗ error, h: 8 of 8 relu units are dead")
    assert json.loads(json.dumps(report.to_dict()))["findings"][1]["where"] == "c"
    html = report._repr_html_()
    assert html.count("<strong>✗") == html.count("<strong>⚠") == 1
    assert "✗ error, h:" in html


def test_names_of_features_are_escaped_on_pages() -> None:
    x = X.copy()
    x[:, 1] = 0
    html = check(compiled(), x, Y, names=["a", "<script>alert(1)</script>", "c"])._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_columns_of_data_frames_are_called_by_their_names() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"age": X[:, 0], "year": 1.0, "fare": X[:, 2]})
    for found in (check(compiled(), frame, Y), check_data(frame, Y)):
        assert [f.where for f in found] == ["year"]


def test_weights_that_are_no_numbers() -> None:
    model = compiled()
    model.layers[0].set_weights([np.full((3, 8), np.nan), np.zeros(8)])
    assert check(model, X, Y).codes == ["diverged"]


def test_histories_as_they_come() -> None:
    model = compiled()
    losses = {"loss": [0.5**i + 0.01 for i in range(20)], "val_loss": [0.6 + 0.05 * i for i in range(20)]}
    assert check(model, X, Y, losses).codes == ["overfitting"]
    assert check(model, X, Y, {"loss": [0.7, float("nan")]}).codes == ["diverged"]
    with pytest.raises(DataError, match="history must be what fit returned, or a dict of lists, but is list"):
        check(model, X, Y, [0.7, 0.6])


def test_a_model_without_weights() -> None:
    with pytest.raises(DataError, match="model 'raw' has no weights yet"):
        check(cr.Sequential([cr.layers.Dense(1)], name="raw"), X, Y)


def test_classes_are_known_from_the_loss() -> None:
    y = np.array([5.0] * 195 + [1, 2, 3, 8, 9], np.float32)
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert check(model, X, y).codes == []
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(10, "softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert check(model, X, y).codes == ["class-imbalance"]


def test_histories_that_are_too_short_or_no_numbers_say_nothing() -> None:
    for losses in ([], [0.5], [0.5, float("nan")]):
        assert rate_too_high(losses, 0.5) == stuck(losses, 0.5, 0.5) == overfitting(losses, losses) == []


def test_every_threshold_is_explained() -> None:
    for name, threshold in THRESHOLDS.items():
        assert threshold.value > 0, name
        assert threshold.meaning, name
        assert threshold.reason, name
