"""LossScaleOptimizer and MultiOptimizer around others: in `fit`, in files, in errors; and who runs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import chainrule as cr
from chainrule import optimizers
from chainrule.errors import DivergedError, UnknownNameError
from chainrule.optimizers import Adam, LossScaleOptimizer, MultiOptimizer, OptimizerMap
from chainrule.variables import Variable

X = np.random.default_rng(0).normal(size=(32, 3)).astype("float32")
Y = X[:, :1] * 2 - X[:, 1:2]


def model(optimizer: Any) -> Any:
    cr.utils.set_random_seed(3)
    net = cr.Sequential([cr.Input((3,)), cr.layers.Dense(4, "tanh", name="first"), cr.layers.Dense(1, name="last")])
    net.compile(optimizer, "mse")
    return net


def several(**arguments: Any) -> MultiOptimizer:
    chosen = {".*/bias": optimizers.SGD(0.1, momentum=0.5), ".*last/kernel": optimizers.Muon(0.02)}
    return MultiOptimizer(OptimizerMap(Adam(0.01), chosen), **arguments)


def weights(optimizer: Any) -> list[Any]:
    net = model(optimizer)
    net.fit(X, Y, batch_size=8, epochs=2, verbose=0)
    return list(net.get_weights())


# -- LossScaleOptimizer -----------------------------------------------------------------------------------------------


def test_scaling_by_powers_of_two_changes_no_bit() -> None:
    reference = weights(Adam(0.01))
    scaled = weights(LossScaleOptimizer(Adam(0.01), dynamic_growth_steps=3))
    for a, b in zip(reference, scaled, strict=True):
        np.testing.assert_array_equal(a, b)


def test_learning_rate_and_iterations_are_those_within() -> None:
    inner = Adam(0.01)
    optimizer = LossScaleOptimizer(inner, initial_scale=2.0)
    net = model(optimizer)
    schedule = cr.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    history = net.fit(X, Y, batch_size=8, epochs=2, verbose=0, callbacks=[schedule])
    assert history.history["learning_rate"] == pytest.approx([0.005, 0.0025])
    assert int(optimizer.iterations) == int(inner.iterations) == 8
    optimizer.learning_rate = 0.5
    assert float(inner.learning_rate) == float(optimizer.learning_rate) == 0.5


def test_steps_that_are_not_finite_are_left_out() -> None:
    w = Variable([1.0])
    optimizer = LossScaleOptimizer(Adam(0.1), initial_scale=8.0, dynamic_growth_steps=2)
    scales = []
    for g in (1.0, np.nan, 1.0, 1.0, -np.inf):
        before = w.numpy()
        optimizer.apply([np.array([g])], [w])
        assert (w.numpy() != before).any() == np.isfinite(g)
        scales.append((float(optimizer.dynamic_scale), int(optimizer.step_counter)))
    assert scales == [(8.0, 1), (4.0, 0), (4.0, 1), (8.0, 0), (4.0, 0)]
    assert int(optimizer.iterations) == 3
    assert optimizer.scale_loss(2.0) == 8.0
    assert LossScaleOptimizer(Adam(), initial_scale=16.0).scale_loss(2.0) == 32.0


def test_averages_of_the_inner_optimizer_end_up_in_the_model() -> None:
    inside = weights(LossScaleOptimizer(Adam(0.01, use_ema=True)))
    reference = weights(Adam(0.01, use_ema=True))
    for a, b in zip(inside, reference, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


def test_gradients_need_variables_at_first() -> None:
    for optimizer in (LossScaleOptimizer(Adam()), several()):
        with pytest.raises(ValueError, match="gradients without variables need a built optimizer"):
            optimizer.apply([np.ones(1)])


# -- MultiOptimizer ---------------------------------------------------------------------------------------------------


def test_each_variable_has_its_own_optimizer() -> None:
    net = model(several())
    net.fit(X, Y, batch_size=8, epochs=1, verbose=0)
    found = {
        type(o).__name__: [v.path.split("/", 1)[1] for v in o._trainable_variables] for o in net.optimizer.optimizers
    }
    assert found == {"SGD": ["first/bias", "last/bias"], "Muon": ["last/kernel"], "Adam": ["first/kernel"]}
    assert {int(o.iterations) for o in (net.optimizer, *net.optimizer.optimizers)} == {4}


def test_a_function_may_choose() -> None:
    adam, sgd = Adam(0.01), optimizers.SGD(0.1, momentum=0.5)
    chosen = OptimizerMap(Adam(0.01), {".*/bias": optimizers.SGD(0.1, momentum=0.5)})
    by_function = weights(MultiOptimizer(lambda v: sgd if v.name == "bias" else adam))
    for a, b in zip(by_function, weights(MultiOptimizer(chosen)), strict=True):
        np.testing.assert_array_equal(a, b)


def test_one_optimizer_for_all_is_that_optimizer() -> None:
    reference = weights(Adam(0.01))
    for scale in (None, 8.0):
        alone = weights(MultiOptimizer(OptimizerMap(Adam(0.01)), loss_scale_factor=scale))
        for a, b in zip(reference, alone, strict=True):
            np.testing.assert_array_equal(a, b)


def test_there_is_no_single_learning_rate() -> None:
    optimizer = several()
    with pytest.raises(
        AttributeError, match=r"cannot be accessed on a MultiOptimizer\. .*: optimizer\.optimizers\[0\]"
    ):
        _ = optimizer.learning_rate
    with pytest.raises(AttributeError, match="cannot be set on a MultiOptimizer"):
        optimizer.learning_rate = 0.1
    assert not hasattr(optimizer, "learning_rate")
    optimizer.loss_scale_factor = 4.0
    assert {o.loss_scale_factor for o in optimizer.optimizers} == {4.0}


def test_divergence_is_reported_without_a_learning_rate() -> None:
    net = model(MultiOptimizer(OptimizerMap(optimizers.SGD(1e30))))
    with np.errstate(all="ignore"), pytest.raises(DivergedError, match="Try a smaller learning rate, scale"):
        net.fit(X, Y, verbose=0, epochs=20)


def test_a_map_finds_by_path_then_pattern_then_default() -> None:
    one, two, three = Adam(), Adam(), Adam()
    chosen = OptimizerMap(one, {"a/b": two, "a/.*": three})
    assert [chosen[key] for key in ("a/b", "a/c", "x", "xa/b")] == [two, three, one, one]
    assert chosen.default_optimizer is one
    chosen["x"] = two
    assert (len(chosen), list(chosen)) == (3, ["a/b", "a/.*", "x"])
    del chosen["x"]
    assert chosen["x"] is one
    chosen["a/c?"] = one
    with pytest.raises(ValueError, match="Multiple optimizers assigned to variable a/c"):
        chosen["a/c"]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: OptimizerMap("adam"), TypeError, "default_optimizer must be a chainrule Optimizer"),
        (lambda: OptimizerMap(Adam(), [1]), TypeError, "optimizer_map must be a dictionary"),
        (lambda: OptimizerMap(Adam()).__setitem__("a", "sgd"), ValueError, "must be a chainrule Optimizer instance"),
        (lambda: OptimizerMap(Adam(), {"a": Adam()}).__setitem__("a", Adam()), ValueError, "already exists"),
        (lambda: OptimizerMap(Adam()).__setitem__(3, Adam()), ValueError, "key must be a string"),
        (lambda: OptimizerMap(Adam()).__setitem__("a", several()), ValueError, "cannot be a MultiOptimizer"),
        (
            lambda: MultiOptimizer(lambda v: "adam").build([Variable([1.0])]),
            ValueError,
            "must be a chainrule Optimizer",
        ),
        (
            lambda: MultiOptimizer(lambda v: LossScaleOptimizer(Adam())).build([Variable([1.0])]),
            ValueError,
            "cannot be a LossScaleOptimizer",
        ),
        (lambda: optimizers.get("multioptimizer"), UnknownNameError, r"its name alone is not enough: MultiOptimizer\("),
        (lambda: optimizers.get("LossScaleOptimizer"), UnknownNameError, r"LossScaleOptimizer\(Adam\(\)\)"),
    ],
)
def test_what_is_refused(make: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        make()


def test_the_wrong_number_of_gradients() -> None:
    v = Variable([1.0])
    optimizer = MultiOptimizer(OptimizerMap(Adam()))
    optimizer.apply([], [v])
    optimizer.apply([np.ones(1)], [v])
    with pytest.raises(ValueError, match="expected 1 gradients, one per variable, received 2"):
        optimizer.apply([np.ones(1), np.ones(1)], [v, v])


# -- files and engines ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "groups"),
    [
        (lambda: LossScaleOptimizer(Adam(0.01)), ["inner_optimizer/vars", "vars"]),
        (several, ["optimizers/adam/vars", "optimizers/muon/vars", "optimizers/sgd/vars", "vars"]),
        (lambda: optimizers.Adafactor(0.01), ["vars"]),
        (lambda: optimizers.Muon(0.01), ["vars"]),
        (lambda: optimizers.Lamb(0.01), ["vars"]),
        (lambda: optimizers.ScheduleFreeAdamW(0.01), ["vars"]),
    ],
)
def test_training_goes_on_after_saving(make: Any, groups: list[str], tmp_path: Path) -> None:
    net = model(make())
    net.fit(X, Y, batch_size=8, epochs=1, verbose=0, shuffle=False)
    net.save(tmp_path / "m.keras")
    net.save_weights(tmp_path / "m.weights.h5")
    found: list[str] = []
    with h5py.File(tmp_path / "m.weights.h5") as file:
        file["optimizer"].visit(lambda name: found.append(name) if name.endswith("vars") else None)
        assert sorted(found) == groups  # as Keras names them
    again = cr.models.load_model(tmp_path / "m.keras")
    assert type(again.optimizer) is type(net.optimizer)
    for one in (net, again):
        one.fit(X, Y, batch_size=8, epochs=1, verbose=0, shuffle=False)
    for a, b in zip(
        [*net.weights, *net.optimizer.variables], [*again.weights, *again.optimizer.variables], strict=True
    ):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
