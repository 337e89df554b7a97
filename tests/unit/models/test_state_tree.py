"""The state of a model as a tree, and losses for other values of its variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UnknownNameError

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)


def trained() -> Any:
    model = cr.Sequential(
        [cr.Input((3,)), cr.layers.Dense(2, name="d", kernel_regularizer="l2"), cr.layers.BatchNormalization(name="b"),
         cr.layers.Dense(1, name="e")],
        name="m",
    )  # fmt: skip
    model.compile(cr.optimizers.Adam(name="adam"), "mse", metrics=["mae"])
    model.fit(X, Y, verbose=0)
    return model


def test_the_tree_has_a_branch_for_each_path() -> None:
    model = trained()
    tree = model.get_state_tree()
    assert set(tree) == {"trainable_variables", "non_trainable_variables", "optimizer_variables", "metrics_variables"}
    assert set(tree["trainable_variables"]["m"]) == {"d", "b", "e"}
    assert set(tree["non_trainable_variables"]["m"]["b"]) == {"moving_mean", "moving_variance"}
    assert int(tree["optimizer_variables"]["adam"]["iteration"]) == 1
    assert "m_d_kernel_momentum" in tree["optimizer_variables"]["adam"]
    assert set(tree["metrics_variables"]["loss"]) == {"total", "count"}
    np.testing.assert_array_equal(tree["trainable_variables"]["m"]["d"]["kernel"].numpy(), model.layers[0].kernel)
    kernel = model.get_state_tree("numpy_array")["trainable_variables"]["m"]["d"]["kernel"]
    kernel += 1  # a copy
    assert not np.array_equal(kernel, model.layers[0].kernel.numpy())


def test_a_model_continues_from_a_tree() -> None:
    first, second = trained(), trained()
    second.set_state_tree(first.get_state_tree())
    for model in (first, second):
        model.fit(X, Y, verbose=0, shuffle=False, epochs=2)
    for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_tree_that_does_not_fit_changes_nothing() -> None:
    model = trained()
    before = model.get_weights()
    bias = {"bias": np.array([7.0])}
    with pytest.raises(UnknownNameError, match=r"Unknown variable in trainable_variables: 'm/e/kernal'\. Did you mean"):
        model.set_state_tree({"trainable_variables": {"m": {"e": {**bias, "kernal": np.ones((2, 1))}}}})
    with pytest.raises(ValueError, match=r"Variable 'm/e/kernel' has shape \(2, 1\), but received shape \(3,\)"):
        model.set_state_tree({"trainable_variables": {"m": {"e": {**bias, "kernel": np.ones(3)}}}})
    with pytest.raises(UnknownNameError, match="Unknown part of a state tree: 'weights'"):
        model.set_state_tree({"trainable_variables": {"m": {"e": bias}}, "weights": {}})
    with pytest.raises(UnknownNameError, match="Unknown value_format 'list'"):
        model.get_state_tree("list")
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_loss_for_other_values() -> None:
    model = trained()
    zeros = [np.zeros(v.shape) for v in model.trainable_variables]
    state = zeros, model.non_trainable_variables, model.metrics_variables
    loss, (same, fixed, metrics) = model.stateless_compute_loss(*state, x=X, y=Y, y_pred=cr.ops.zeros((8, 1)))
    assert float(loss) == pytest.approx(float(np.mean(np.square(Y))), rel=1e-5)  # the penalty of zeros is 0
    assert same is zeros
    assert len(fixed) == 2
    assert len(metrics) == len(model.metrics_variables)
    with pytest.raises(ValueError, match="stateless_compute_loss needs 6 values, but received 0"):
        model.stateless_compute_loss([], [], [])
