"""What drives the native engine: streams, data sets, single batches, callbacks and metrics of the user's own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr

pytest.importorskip("chainrule._native")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 4)).astype("float32")
Y = RNG.normal(size=(40, 1)).astype("float32")
W = RNG.uniform(0.5, 2.0, 40).astype("float32")
ENGINES = ("reference", "native")


def network(engine: str, **settings: Any) -> Any:
    cr.utils.clear_session()
    cr.utils.set_random_seed(3)
    net = cr.Sequential(
        [cr.Input((4,)), cr.layers.Dense(8, activation="tanh"), cr.layers.Dropout(0.2), cr.layers.Dense(1)]
    )
    given = {"optimizer": cr.optimizers.Adam(0.01), "loss": "mse", "metrics": ["mae"], "weighted_metrics": ["mse"]}
    net.compile(**{**given, "engine": engine, **settings})
    return net


def alike(a: Any, b: Any) -> None:
    """Compare structures of numbers."""
    if isinstance(a, dict):
        assert a.keys() == b.keys()
        a, b = list(a.values()), [b[k] for k in a]
    if isinstance(a, list | tuple):
        assert len(a) == len(b)
        for one, other in zip(a, b, strict=True):
            alike(one, other)
    elif a is None or isinstance(a, str | int):
        assert a == b
    else:
        np.testing.assert_allclose(b, a, rtol=3e-5, atol=1e-6)


def both(run: Any, **settings: Any) -> Any:
    """Return what `run(model)` gives natively, which is what it gives by the reference, and so are the weights."""
    nets = [network(engine, **settings) for engine in ENGINES]
    results = [run(net) for net in nets]
    alike(*results)
    alike(*(net.get_weights() for net in nets))
    alike(*([v.numpy() for v in net.optimizer.variables] for net in nets))
    assert [net.engine for net in nets] == list(ENGINES)
    return results[1]


def stream(sizes: tuple[int, ...] = (7, 7, 1, 12, 13)) -> Iterator[Any]:
    first = 0
    for size in sizes:
        rows = slice(first, first + size)
        first += size
        yield X[rows], Y[rows], W[rows]


class Batches(cr.utils.PyDataset):
    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        rows = slice(8 * index, 8 * index + 8)
        return X[rows], Y[rows]


def test_generators() -> None:
    assert len(both(lambda net: net.fit(stream(), verbose=0).history)["loss"]) == 1
    both(lambda net: net.evaluate(stream(), verbose=0))
    both(lambda net: net.predict((x for x, _, _ in stream()), verbose=0))
    forever = lambda: (batch for _ in range(100) for batch in stream())  # noqa: E731
    both(lambda net: net.fit(forever(), steps_per_epoch=4, epochs=3, verbose=0).history)


def test_data_sets() -> None:
    both(lambda net: net.fit(Batches(), epochs=2, verbose=0, validation_data=Batches()).history)


def test_batches_of_which_one_is_wider_than_all_before() -> None:
    both(lambda net: [net.fit(stream(sizes), verbose=0).history for sizes in ((1, 2), (39, 1), (3, 37), (5, 5), (40,))])


def test_single_batches() -> None:
    def run(net: Any) -> Any:
        logs = [net.train_on_batch(X[i : i + 9], Y[i : i + 9], return_dict=True) for i in range(0, 40, 9)]
        logs.append(net.train_on_batch(X, Y, sample_weight=W))
        logs.append(net.test_on_batch(X, Y, return_dict=True))
        return [*logs, net.predict_on_batch(X[:3]), int(net.optimizer.iterations)]

    both(run)


class Watch(cr.callbacks.Callback):
    """Keeps all it sees of batches."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen.append([batch, dict(logs), self.model.get_weights()[0], int(self.model.optimizer.iterations)])

    def on_test_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen.append([batch, dict(logs)])


@pytest.mark.parametrize("per_execution", [1, 3])
def test_callbacks_of_batches_see_each_batch(per_execution: int) -> None:
    def run(net: Any) -> Any:
        net.steps_per_execution = per_execution
        watch = Watch()
        net.fit(X, Y, batch_size=6, epochs=2, verbose=0, callbacks=[watch], validation_data=(X[:9], Y[:9]))
        return watch.seen

    seen = both(run)
    assert len(seen) == 2 * (7 + 2 if per_execution == 1 else 3 + 1)
    assert [s[0] for s in seen[:3]] == ([0, 1, 2] if per_execution == 1 else [2, 5, 6])


def test_stopping_between_batches() -> None:
    class Stop(cr.callbacks.Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            self.model.stop_training = batch == 3

    assert both(lambda net: [net.fit(X, Y, batch_size=4, verbose=0, callbacks=[Stop()]).history,
                             int(net.optimizer.iterations)])[1] == 4  # fmt: skip


def test_a_rate_that_a_callback_changes() -> None:
    class Change(cr.callbacks.Callback):
        def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
            self.model.optimizer.learning_rate = 0.01 / (batch + 1)

    both(lambda net: net.fit(X, Y, batch_size=4, epochs=2, verbose=0, callbacks=[Change()]).history)
    both(lambda net: net.fit(X, Y, epochs=3, verbose=0, callbacks=[
        cr.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.5)]).history)  # fmt: skip


def test_weights_that_a_callback_changes() -> None:
    class Change(cr.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.model.set_weights([w * 0.5 for w in self.model.get_weights()])

    both(lambda net: net.fit(X, Y, batch_size=4, epochs=3, verbose=0, callbacks=[Change()]).history)


class Slower(cr.optimizers.schedules.LearningRateSchedule):
    def __call__(self, step: Any) -> Any:
        return 0.05 / (1.0 + float(np.asarray(step)))


@pytest.mark.parametrize("rate", [Slower(), lambda: 0.02])
def test_a_rate_of_the_users_own(rate: Any) -> None:
    def run(net: Any) -> Any:
        cr.utils.set_random_seed(5)
        net.compile(cr.optimizers.SGD(rate), "mse", engine=net._engine_wanted)
        return net.fit(X, Y, batch_size=4, epochs=2, verbose=0).history

    both(run)


class Batchwise(cr.metrics.Metric):
    """The shapes and weights it is given."""

    def __init__(self) -> None:
        super().__init__(name="batchwise")
        self.rows, self.sum = self.add_weight(name="rows"), self.add_weight(name="sum")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        self.rows.assign(self.rows.numpy() * 0.5 + len(y_true))
        weight = 1.0 if sample_weight is None else np.asarray(sample_weight).reshape(-1, 1)
        self.sum.assign(self.sum.numpy() + np.sum(np.asarray(y_pred) * weight))

    def result(self) -> Any:
        return self.sum.numpy() + self.rows.numpy()


@pytest.mark.parametrize("weights", [None, W])
def test_metrics_of_the_users_own_see_each_batch(weights: Any) -> None:
    for where in ("metrics", "weighted_metrics"):
        nets = [network(engine, **{where: [Batchwise(), "mae"]}) for engine in ENGINES]
        histories = [
            net.fit(X, Y, batch_size=7, epochs=2, sample_weight=weights, verbose=0, validation_split=0.25).history
            for net in nets
        ]
        alike(*histories)
        assert nets[1].engine == "native"


def test_terminate_on_nan_sees_the_loss() -> None:
    def run(net: Any) -> Any:
        y = Y.copy()
        y[25] = 1e30
        net.fit(X, Y, batch_size=8, verbose=0)
        history = net.fit(
            X, y, batch_size=8, epochs=3, verbose=0, shuffle=False, callbacks=[cr.callbacks.TerminateOnNaN()]
        )
        return [history.epoch, bool(net.stop_training), int(net.optimizer.iterations)]

    assert both(run) == [[0], True, 8]


def test_nothing_to_learn_and_nothing_to_compare_with() -> None:
    def frozen(net: Any) -> Any:
        net.trainable = False
        cr.utils.set_random_seed(5)
        net.compile("sgd", "mse", engine=net._engine_wanted)
        with pytest.warns(UserWarning, match="does not have any trainable weights"):
            return net.fit(X, Y, epochs=2, verbose=0).history

    nets = [network(engine) for engine in ENGINES]
    alike(*(frozen(net) for net in nets))
    for engine in ENGINES:
        net = network(engine, loss=None, metrics=None, weighted_metrics=None)
        with pytest.raises(ValueError, match="has no loss"):
            net.fit(X, Y, verbose=0)


def test_outputs_without_a_loss_leave_their_weights_alone() -> None:
    def run(engine: str) -> Any:
        cr.utils.set_random_seed(1)
        a = cr.Input((4,))
        middle = cr.layers.Dense(3, activation="relu")(a)
        net = cr.Model(a, [cr.layers.Dense(1, name="p")(middle), cr.layers.Dense(2, name="q")(middle)])
        net.compile("adam", {"p": "mse", "q": None}, metrics={"p": ["mae"]}, engine=engine)
        with pytest.warns(UserWarning, match="Gradients do not exist for variables"):
            history = net.fit(X, {"p": Y, "q": None}, epochs=3, verbose=0).history
        return [history, net.get_weights(), net.predict(X, verbose=0)]

    alike(*(run(engine) for engine in ENGINES))
