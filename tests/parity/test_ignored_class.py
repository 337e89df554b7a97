"""What is logged where the loss ignores a class, against Keras. `make_ignored_class_fixtures.py` wrote what it logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr

KERAS = json.loads((Path(__file__).parent / "fixtures" / "ignored_class.json").read_text())
X = np.array(KERAS["x"], np.float32)


def compiled(ignored: int, name: str, weighted: bool, engine: str, **given: Any) -> cr.Sequential:
    metric: Any = {
        "ignoring": lambda: cr.metrics.SparseCategoricalCrossentropy(ignore_class=ignored),
        "sparse_top_k_categorical_accuracy": lambda: cr.metrics.SparseTopKCategoricalAccuracy(k=2),
    }.get(name, lambda: name)()
    model = cr.Sequential([cr.Input((4,)), cr.layers.Dense(3, activation="softmax")])
    model.layers[0].set_weights([np.arange(12).reshape(4, 3) / 10 - 0.5, np.zeros(3)])
    loss = cr.losses.SparseCategoricalCrossentropy(ignore_class=ignored)
    given[("metrics", "weighted_metrics")[weighted]] = [metric]
    model.compile("sgd", loss=loss, engine=engine, **given)
    return model


def labels(ignored: int) -> np.ndarray:
    y = np.array(KERAS["labels"])
    y[[1, 5]] = ignored
    return y


@pytest.mark.parametrize("engine", ["reference", "native"])
@pytest.mark.parametrize(
    ("ignored", "name", "weighted", "before", "history"),
    KERAS["cases"],
    ids=[f"{c[1]}-{c[0]}{'-weighted' * c[2]}" for c in KERAS["cases"]],
)
def test_logs_are_keras(ignored: int, name: str, weighted: bool, before: Any, history: Any, engine: str) -> None:
    if engine == "native":
        pytest.importorskip("chainrule._native")
    y, weights = labels(ignored), np.linspace(0.5, 1.5, 12) if weighted else None
    model = compiled(ignored, name, weighted, engine)
    assert model.evaluate(X, y, 4, 0, weights, return_dict=True) == pytest.approx(before, rel=1e-5)
    found = model.fit(X, y, 4, 2, verbose=0, sample_weight=weights, shuffle=False).history
    assert {k: pytest.approx(v, rel=1e-5) for k, v in history.items()} == found


@pytest.mark.parametrize("name", ["accuracy", "sparse_categorical_crossentropy"])
def test_other_labels_are_refused_as_ever(name: str) -> None:
    y = labels(-1)
    y[7] = -2
    with pytest.raises(cr.errors.DataError, match="label -2"):
        compiled(-1, name, False, "reference").evaluate(X, y, verbose=0)
    metric = cr.metrics.get("sparse_categorical_accuracy")
    with pytest.raises(cr.errors.DataError, match="label -1 at position 1"):
        metric.update_state(labels(-1), np.ones((12, 3)))


@pytest.mark.parametrize("name", ["sparse_categorical_accuracy", "sparse_categorical_crossentropy"])
def test_functions_as_metrics_count_as_their_names_do(name: str) -> None:
    function = getattr(cr.metrics, name, None) or getattr(cr.losses, name)
    by_name, model = compiled(-1, name, False, "reference"), compiled(-1, name, False, "reference")
    model.compile("sgd", cr.losses.SparseCategoricalCrossentropy(ignore_class=-1), metrics=[function])
    expected = by_name.evaluate(X, labels(-1), verbose=0, return_dict=True)
    assert model.evaluate(X, labels(-1), verbose=0, return_dict=True) == pytest.approx(expected, rel=1e-6)


def test_minus_one_is_not_the_last_of_the_best() -> None:
    logs = compiled(-1, "sparse_top_k_categorical_accuracy", False, "reference").evaluate(X, labels(-1), verbose=0)
    other = compiled(255, "sparse_top_k_categorical_accuracy", False, "reference").evaluate(X, labels(255), verbose=0)
    assert logs == other


def test_a_step_of_the_users_own_counts_alike() -> None:
    class Own(cr.Sequential):
        def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
            return super().compute_metrics(x, y, y_pred, sample_weight)

    own = Own([cr.Input((4,)), cr.layers.Dense(3, activation="softmax")])
    own.layers[0].set_weights([np.arange(12).reshape(4, 3) / 10 - 0.5, np.zeros(3)])
    own.compile("sgd", cr.losses.SparseCategoricalCrossentropy(ignore_class=-1), metrics=["accuracy"])
    ours = compiled(-1, "accuracy", False, "reference").evaluate(X, labels(-1), verbose=0)
    assert own.evaluate(X, labels(-1), verbose=0) == ours


def test_metrics_kept_by_a_second_compile_heed_the_new_loss() -> None:
    model = compiled(-1, "accuracy", False, "reference")
    expected = model.evaluate(X, labels(-1), verbose=0)[1]
    model.compile("sgd", loss=cr.losses.SparseCategoricalCrossentropy(ignore_class=255), engine="reference")
    assert model.evaluate(X, labels(255), verbose=0)[1] == expected
    with pytest.raises(cr.errors.DataError, match="label -1"):
        model.evaluate(X, labels(-1), verbose=0)
