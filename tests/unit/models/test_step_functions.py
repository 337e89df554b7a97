"""`make_train_function` and its like, against a loop over `train_on_batch` and against Keras's numbers."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr

X = np.cos(np.arange(24.0)).reshape(8, 3).astype("float32")
Y = X[:, :1] ** 2
KERAS: dict[str, Any] = {  # keras 3.15.1 with TensorFlow, `model.train_function(iterator)` and the others
    "train": [3.2915663719177246, 2.0820541381835938],
    "test": 1.919499397277832,
    "predict": [[-1.0416827201843262], [1.3779679536819458]],
}


def network(steps_per_execution: int = 1, cls: Any = cr.Sequential, **given: Any) -> Any:
    net = cls([cr.Input((3,)), cr.layers.Dense(2, activation="tanh"), cr.layers.Dense(1)])
    net.set_weights([np.arange(6.0).reshape(3, 2) / 3 - 1, np.zeros(2), np.ones((2, 1)), np.zeros(1)])
    net.compile(cr.optimizers.SGD(0.05), "mse", steps_per_execution=steps_per_execution, **given)
    return net


def batches() -> Iterator[Any]:
    return iter([(X[:4], Y[:4]), (X[4:], Y[4:])])


def test_none_before_they_are_made() -> None:
    net = network()
    assert net.train_function is net.test_function is net.predict_function is None
    assert net.make_train_function() is None
    made = net.train_function
    assert net.make_train_function() is made is net.train_function
    assert net.make_train_function(force=True) is None
    assert net.train_function is not made
    net.compile("sgd", "mse")
    assert net.train_function is None


def test_numbers_are_kerass() -> None:
    net = network()
    for make in (net.make_train_function, net.make_test_function, net.make_predict_function):
        make()
    data = batches()
    found = [float(net.train_function(data)["loss"]) for _ in range(2)]
    assert found == pytest.approx(KERAS["train"], rel=1e-6)
    with pytest.raises(StopIteration):
        net.train_function(data)
    net.reset_metrics()
    assert float(net.test_function(batches())["loss"]) == pytest.approx(KERAS["test"], rel=1e-6)
    np.testing.assert_allclose(net.predict_function([(X[:2],)]), KERAS["predict"], rtol=1e-6)
    assert int(net.optimizer.iterations) == 2


def test_several_steps_at_once() -> None:
    net, one = network(steps_per_execution=2), network()
    net.make_train_function()
    net.make_predict_function()
    data = iter([*batches(), (X, Y)])
    logs = net.train_function(data)
    assert len(list(data)) == 1
    for x, y in batches():
        one.train_on_batch(x, y)
    for w, v in zip(net.get_weights(), one.get_weights(), strict=True):
        np.testing.assert_allclose(w, v, rtol=1e-6)
    assert float(logs["loss"]) == pytest.approx(KERAS["train"][1], rel=1e-6)
    assert net.predict_function([(X[:4],), (X[4:],)]).shape == (8, 1)


def test_own_steps_are_run() -> None:
    class Own(cr.Sequential):
        def train_step(self, data: Any) -> dict[str, Any]:
            return {"seen": len(data[0])}

    net = network(cls=Own)
    net.make_train_function()
    assert net.train_function(batches()) == {"seen": 4}


@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_fit_evaluate_and_predict_use_functions_of_ones_own(engine: str) -> None:
    net, seen = network(engine=engine), []

    def function(iterator: Iterator[Any]) -> dict[str, Any]:
        seen.append(len(next(iterator)[0]))
        return {"loss": 0.5, "own": len(seen)}

    net.train_function = function
    history = net.fit(X, Y, batch_size=4, epochs=2, verbose=0).history
    assert history == {"loss": [0.5, 0.5], "own": [2, 4]}
    assert seen == [4, 4, 4, 4]
    if engine == "auto":
        assert "has its own train_function" in net.engine
    net.test_function = function
    assert net.evaluate(X, Y, batch_size=8, verbose=0, return_dict=True) == {"loss": 0.5, "own": 5}
    net.predict_function = lambda data: data[0][0] * 2
    np.testing.assert_array_equal(net.predict(X, batch_size=3, verbose=0), X * 2)
    np.testing.assert_array_equal(net.predict_on_batch(X), X * 2)
    net.compile("sgd", "mse")
    assert "own" not in net.fit(X, Y, verbose=0).history
    assert net.predict(X, verbose=0).shape == (8, 1)


def test_a_class_may_make_its_own() -> None:
    class Own(cr.Sequential):
        def make_train_function(self, force: bool = False) -> Any:
            if self.train_function is None or force:
                self.train_function = lambda iterator: {"loss": 7.0, "rows": len(next(iterator)[0])}
            return self.train_function

    net = network(cls=Own)
    assert net.fit(X, Y, batch_size=4, verbose=0).history == {"loss": [7.0], "rows": [4]}


def test_made_functions_leave_the_fast_engine_and_copies_alone() -> None:
    net = network()
    net.make_train_function()
    net.make_predict_function()
    net.fit(X, Y, verbose=0)
    assert "own" not in net.engine
    for other in (copy.deepcopy(net), pickle.loads(pickle.dumps(net)), cr.models.clone_model(net)):
        assert other.train_function is None or other.train_function.model is other
