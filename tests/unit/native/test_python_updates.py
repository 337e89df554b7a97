"""Optimizers without a kernel on the native engine: native gradients, the update in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import layers, optimizers

X = np.random.default_rng(0).normal(size=(60, 5))
Y = (X[:, :1] > 0) * 1.0


class Descent(optimizers.Optimizer):
    """The user's own, in NumPy and operators."""

    def __init__(self) -> None:
        super().__init__(learning_rate=0.05, name="descent")
        self.kinds: set[str] = set()

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        self.kinds.add(type(gradient).__name__)
        variable.assign_sub(learning_rate * gradient)


def trained(engine: str, optimizer: Any, **fit: Any) -> tuple[Any, dict[str, list[float]]]:
    cr.utils.set_random_seed(1)
    dense = {"kernel_regularizer": "l2", "kernel_constraint": "max_norm"}
    model = cr.Sequential(
        [
            cr.Input((5,), dtype="float64"),
            layers.Dense(8, activation="relu", dtype="float64", **dense),
            layers.BatchNormalization(dtype="float64"),
            layers.Dense(1, activation="sigmoid", dtype="float64"),
        ]
    )
    model.compile(optimizer, "binary_crossentropy", metrics=["accuracy"], engine=engine)
    history = model.fit(X, Y, batch_size=16, epochs=3, verbose=0, validation_split=0.2, **fit).history
    return model, history


@pytest.mark.parametrize(
    "make",
    [
        optimizers.Lamb,
        optimizers.Adafactor,
        optimizers.Muon,
        optimizers.ScheduleFreeAdamW,
        Descent,
        lambda: optimizers.LossScaleOptimizer(optimizers.Adam(), dynamic_growth_steps=3),
        lambda: optimizers.Lamb(loss_scale_factor=1000.0, clipnorm=1.0),
        lambda: optimizers.Lamb(use_ema=True, ema_overwrite_frequency=3, gradient_accumulation_steps=2),
        lambda: optimizers.Lamb(optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)),
    ],
)
def test_it_trains_as_the_reference_does(make: Callable[[], Any]) -> None:
    (native, fast), (reference, slow) = (trained(engine, make()) for engine in ("native", "reference"))
    assert native.engine == "native"
    assert int(native.optimizer.iterations) == int(reference.optimizer.iterations)
    for a, b in zip(
        [*native.weights, *native.optimizer.variables],
        [*reference.weights, *reference.optimizer.variables],
        strict=True,
    ):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-11, atol=1e-13, err_msg=a.path)
    for name, values in slow.items():
        np.testing.assert_allclose(fast[name], values, rtol=1e-11)


def test_the_users_own_optimizer_sees_what_the_reference_shows_it() -> None:
    own = Descent()
    own.apply = lambda grads, variables: own.kinds.update(type(g).__name__ for g in grads)  # type: ignore
    model, _ = trained("auto", own)
    assert model.engine == "native"
    assert own.kinds == {"Tensor"}


def test_a_loss_that_is_no_number_changes_nothing() -> None:
    model, _ = trained("native", optimizers.Lamb())
    model.layers[0].kernel.assign(np.full((5, 8), 1e200))  # the penalty is infinite
    before = model.get_weights()
    with pytest.raises(cr.errors.DivergedError):
        model.train_on_batch(X, Y)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_variables_without_a_gradient_are_not_given_one() -> None:
    x = cr.Input((5,))
    used, unused = layers.Dense(1, name="used")(x), layers.Dense(1, name="unused")(x)
    model = cr.Model(x, {"used": used, "unused": unused})
    model.compile(Descent(), {"used": "mse"}, engine="native")
    before = model.get_layer("unused").kernel.numpy()
    with pytest.warns(UserWarning, match="Gradients do not exist for variables"):
        model.fit(X, {"used": Y}, verbose=0)
    np.testing.assert_array_equal(model.get_layer("unused").kernel.numpy(), before)


def test_a_setting_changed_between_fits_counts() -> None:
    model, _ = trained("native", optimizers.Lamb(0.0))
    before = model.get_weights()[0]
    model.optimizer.learning_rate = 0.1
    model.fit(X, Y, verbose=0)
    assert np.abs(model.get_weights()[0] - before).max() > 0
