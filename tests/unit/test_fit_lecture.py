"""The lecture's perceptron, trained through the public API."""

from __future__ import annotations

import numpy as np

import chainrule as cr

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")
Y = np.array([0, 1, 1, 1], dtype="float32")


def perceptron() -> cr.Sequential:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    model.layers[0].set_weights([[[1.0], [-1.0]], [-0.5]])
    model.compile(optimizer=cr.optimizers.SGD(1.0), loss="mean_squared_error", metrics=["accuracy"])
    return model


def test_prediction_table() -> None:
    p = perceptron().predict(X, verbose=0)
    np.testing.assert_allclose(p[:, 0], [0.3775, 0.1824, 0.6225, 0.3775], atol=5e-5)


def test_one_full_batch_step() -> None:
    model = perceptron()
    history = model.fit(X, Y, batch_size=4, epochs=1, verbose=0)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(kernel[:, 0], [1.1175, -0.8659], atol=5e-5)
    np.testing.assert_allclose(bias, [-0.3659], atol=5e-5)
    assert abs(history.history["loss"][0] - 0.3352) < 5e-5
    assert abs(model.evaluate(X, Y, verbose=0)[0] - 0.2873) < 5e-5


def test_200_steps_get_all_four_rows_right() -> None:
    model = perceptron()
    model.fit(X, Y, batch_size=4, epochs=200, verbose=0)
    loss, accuracy = model.evaluate(X, Y, verbose=0)
    assert accuracy == 1.0
    assert abs(loss - 0.0175) < 5e-5
    kernel, bias = model.get_weights()
    np.testing.assert_allclose([*kernel[:, 0], bias[0]], [3.3865, 3.3341, -1.3730], atol=5e-4)
