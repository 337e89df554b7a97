"""The page during an ordinary `fit`."""

from __future__ import annotations

import _thread
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, ClassVar

import httpx
import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import Dashboard
from chainrule.random.orders import row_order
from chainrule.random.threefry import fold_in
from chainrule.web import fitting
from chainrule.web.protocol import RequestError, parse_command
from chainrule.web.session import FINISHED, PAUSED, STOPPED

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 3)).astype("float32")
Y = (X.sum(1) > 0).astype("float32")


def network(dropout: float = 0.2) -> Any:
    cr.utils.set_random_seed(3)
    layers = [cr.layers.Dense(5, "relu", name="hidden"), cr.layers.Dropout(dropout), cr.layers.Dense(1, "sigmoid")]
    model = cr.Sequential([cr.Input((3,)), *layers])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


def until(true: Callable[[], Any], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"it did not happen within {seconds} seconds"
        time.sleep(0.001)


@pytest.fixture
def page() -> Iterator[Dashboard]:
    with Dashboard(open=None) as page:
        yield page


class Visitor(threading.Thread):
    """Runs a function beside a training, and raises in the test what it raised."""

    def __init__(self, function: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self.function = function
        self.error: BaseException | None = None
        self.start()

    def run(self) -> None:
        try:
            self.function()
        except BaseException as error:
            self.error = error

    def done(self) -> None:
        self.join(20)
        assert not self.is_alive()
        if self.error is not None:
            raise self.error


def do(page: Dashboard, **command: Any) -> dict[str, Any]:
    return page._fitting.stage.session.command(parse_command(command)).result(5)


def listener(page: Dashboard) -> Any:
    """Open a page; returns what closes it."""
    page._fitting.stage.hub.join()
    return page._fitting.stage.hub.leave


def fit(model: Any, page: Any = None, epochs: int = 30, **more: Any) -> Any:
    return model.fit(X, Y, batch_size=8, epochs=epochs, verbose=0, callbacks=[page] if page else None, **more)


def test_nobody_looking_changes_nothing(page: Dashboard) -> None:
    watched, alone = network(), network()
    ours, theirs = fit(watched, page), fit(alone)
    assert ours.history == theirs.history
    for a, b in zip(watched.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    stage = page._fitting.stage
    assert stage.session.state == FINISHED
    assert stage.shown is None  # the page's work has not even begun
    assert len(stage.hub.all("epoch")) == 30


def test_somebody_looking_changes_no_number(page: Dashboard) -> None:
    watched, alone = network(), network()
    leave = listener(page)
    ours, theirs = fit(watched, page, validation_split=0.25), fit(alone, validation_split=0.25)
    leave()
    assert ours.history == theirs.history
    for a, b in zip(watched.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    until(lambda: (page._fitting.stage.hub.newest("frame") or {}).get("step") == 6 * 30)


def test_a_page_that_comes_after_the_end_sees_how_it_ended(page: Dashboard) -> None:
    model = network()
    fit(model, page)
    stage = page._fitting.stage
    stage.hub.join()
    stage.joined()
    until(lambda: stage.hub.newest("frame") is not None)
    start, frame = stage.hub.newest("start"), stage.hub.newest("frame")
    assert start["training"]["epochs"] == 30
    np.testing.assert_array_equal(frame["weights"][model.weights[0].path], model.get_weights()[0])
    assert stage.hub.newest("end")["why"] == "all epochs"
    with pytest.raises(RequestError, match="The training has ended"):
        do(page, do="play")


def test_pause_step_and_play_during_fit(page: Dashboard) -> None:
    leave = listener(page)
    steps: list[int] = []

    def visit() -> None:
        until(lambda: page._fitting.step > 8)
        assert do(page, do="pause")["state"] == PAUSED
        for by in ("batch", "batch", "epoch", "batch"):
            do(page, do="step", by=by)
            until(lambda: page._fitting.stage.session.state == PAUSED)
            steps.append(page._fitting.step)
        do(page, do="play")

    visitor = Visitor(visit)
    fit(network(), page, epochs=400, validation_split=0.25)
    visitor.done()
    leave()
    assert steps[1] == steps[0] + 1
    assert steps[2] % 6 == 0
    assert 0 < steps[2] - steps[1] <= 6
    assert steps[3] == steps[2] + 1


def paused(
    page: Dashboard, epochs: int, visit: Callable[[], None], train: Callable[[Any], Any] | None = None, **more: Any
) -> Any:
    """Fit a model that begins paused while `visit` runs; returns it."""
    model = more.pop("model", None) or network()
    page.paused = True
    leave = listener(page)

    def whole() -> None:
        until(lambda: page._fitting.stage.session.state == PAUSED and page._fitting.model is model)
        try:
            visit()
        finally:
            if not page._fitting.stage.session.over:
                do(page, do="play")

    visitor = Visitor(whole)
    if train is None:
        fit(model, page, epochs, **more)
    else:
        train(model)
    visitor.done()
    leave()
    return model


def test_the_walk_through_a_batch_shows_the_rows_that_fit_takes_next(page: Dashboard) -> None:
    rows: list[int] = []

    def visit() -> None:
        do(page, do="step", by="batch")
        until(lambda: page._fitting.step == 1 and page._fitting.stage.session.state == PAUSED)
        rows.extend(do(page, do="step", by="sample")["sample"]["row"] for _ in range(8))

    model = paused(page, 2, visit)
    assert rows == row_order(fold_in(model._random_key, 0), 64)[8:16].tolist()


def test_settings_change_in_the_middle_of_fit(page: Dashboard) -> None:
    def visit() -> None:
        do(page, do="step", by="batch")
        until(lambda: page._fitting.step == 1 and page._fitting.stage.session.state == PAUSED)
        do(page, do="set", name="optimizer", value="SGD")
        do(page, do="set", name="learning_rate", value=0.0)
        do(page, do="set", name="l2", value=0.1)
        do(page, do="set", name="dropout", value=0.4)
        weights.extend(page._fitting.model.get_weights())

    weights: list[Any] = []
    model = paused(page, 4, visit)
    assert type(model.optimizer).__name__ == "SGD"
    assert float(model.optimizer.learning_rate) == 0.0
    assert model.layers[1].rate == 0.4
    assert model.layers[0].kernel_regularizer.l2 == pytest.approx(0.1)
    for a, b in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert model.engine == "native"


def test_a_new_batch_size_counts_from_the_next_epoch(page: Dashboard) -> None:
    params: list[Any] = []

    class Noting(cr.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            params.append((self.params or {})["steps"])

    def whole() -> None:
        until(lambda: page._fitting.stage.session.state == PAUSED)
        do(page, do="step", by="batch")
        until(lambda: page._fitting.step == 1 and page._fitting.stage.session.state == PAUSED)
        assert do(page, do="set", name="batch_size", value=32)["settings"]["batch_size"] == 32
        do(page, do="play")

    page.paused = True
    leave, model = listener(page), network()
    visitor = Visitor(whole)
    model.fit(X, Y, batch_size=8, epochs=3, verbose=0, callbacks=[page, Noting()])
    visitor.done()
    leave()
    assert page._fitting.step == 8 + 2 + 2
    assert params == [8, 2, 2]
    assert int(model.optimizer.iterations) == 12


def standing(page: Dashboard, step: int) -> None:
    until(lambda: page._fitting.step == step and page._fitting.stage.session.state == PAUSED)


def state_of(model: Any) -> list[Any]:
    metrics = [v for metric in model.metrics for v in metric.variables]
    return [v.numpy() for v in (*model.weights, *model.optimizer.variables, *metrics)]


def same(mine: list[Any], its: list[Any]) -> None:
    for a, b in zip(mine, its, strict=True):
        np.testing.assert_array_equal(a, b)


def learnt(model: Any, state: list[Any]) -> list[Any]:
    """The part of a state that lasts from epoch to epoch: all but the metrics."""
    return state[: len(model.weights) + len(model.optimizer.variables)]


def walk(page: Dashboard, steps: int) -> list[Any]:
    """Make single steps; return the state of weights, optimizer and metrics at each."""
    states, at = [state_of(page._fitting.model)], page._fitting.step
    for step in range(at + 1, at + steps + 1):
        do(page, do="step", by="batch")
        standing(page, step)
        states.append(state_of(page._fitting.model))
    return states


@pytest.mark.parametrize("engine", ["auto", "reference"])
@pytest.mark.parametrize("more", [{}, {"validation_split": 0.25, "validation_freq": 2}], ids=["plain", "validated"])
def test_back_and_forth_in_a_fit_is_the_same_way_bit_for_bit(page: Dashboard, engine: str, more: Any) -> None:
    steps = 6 if more else 8

    def visit() -> None:
        model, far = page._fitting.model, 2 * steps + 3

        def compare(mine: list[Any], its: list[Any], at: int) -> None:
            """Between epochs the metrics are those of the validation, or begin anew."""
            same(*((mine, its) if at % steps else (learnt(model, mine), learnt(model, its))))

        way = walk(page, far)  # with dropout and Adam, over two ends of an epoch
        for at in range(far - 1, -1, -1):
            assert do(page, do="back")["step"] == at
            compare(state_of(model), way[at], at)
        for at, state in enumerate(walk(page, far)):
            compare(state, way[at], at)
        for _ in range(steps + 1):  # and from the middle of the epoch before
            do(page, do="back")
        do(page, do="step", by="epoch")
        standing(page, 2 * steps)
        compare(state_of(model), way[2 * steps], 0)

    def compiled() -> Any:
        model = network()
        model.compile("adam", "binary_crossentropy", metrics=["accuracy"], engine=engine)
        return model

    model, alone = paused(page, 5, visit, model=compiled(), **more), compiled()
    history = fit(alone, epochs=5, **more)
    same(model.get_weights(), alone.get_weights())
    assert model.history.history == history.history
    assert model.history.epoch == history.epoch
    assert int(model.optimizer.iterations) == 5 * steps
    assert [m["step"] for m in page._fitting.stage.hub.all("epoch")] == [steps * (i + 1) for i in range(5)]


def test_back_at_full_speed_ends_where_a_fit_without_a_page_does(page: Dashboard) -> None:
    """Epochs run some at a time in native calls there, and only some of them can be gone back to."""

    gone_back = []

    def visit() -> None:
        with suppress(RequestError):  # on a busy machine the training may be over before a pause
            for _ in range(3):
                do(page, do="play")
                at = page._fitting.step
                until(lambda at=at: page._fitting.step > at + 50)
                do(page, do="pause")
                until(lambda: page._fitting.stage.session.state == PAUSED)
                for _ in range(min(3, page._fitting.kept)):
                    do(page, do="back")
                    gone_back.append(page._fitting.step)

    model, alone = paused(page, 150_000, visit), network()
    fit(alone, epochs=150_000)
    same(model.get_weights(), alone.get_weights())
    assert model.history.epoch == list(range(150_000))
    assert gone_back


def test_an_edit_that_is_taken_back_leaves_no_trace(page: Dashboard) -> None:
    def visit() -> None:
        path = page._fitting.model.weights[0].path
        for steps in (0, 3, 5):  # before the training, within an epoch, at the end of one
            walk(page, steps)
            do(page, do="edit", path=path, index=[0, 0], value=9.0)
            do(page, do="back")

    model, alone = paused(page, 3, visit), network()
    fit(alone, epochs=3)
    same(model.get_weights(), alone.get_weights())
    assert model.history.epoch == [0, 1, 2]


def test_back_over_a_change_of_the_batch_size_has_the_old_batches_again(page: Dashboard) -> None:
    def visit() -> None:
        way = walk(page, 7)
        do(page, do="set", name="batch_size", value=32)
        walk(page, 2)  # the first batch of 32 rows is made
        assert page._fitting.training.batch_size == 32
        for _ in range(3):
            do(page, do="back")
        assert page._fitting.training.batch_size == 8
        assert page._fitting.step == 6
        same(walk(page, 1)[-1], way[7])

    paused(page, 3, visit)


def test_what_other_callbacks_had_decided_is_taken_back(page: Dashboard) -> None:
    """Early stopping said stop at the end of an epoch; whoever goes back from there trains on."""

    class Stops(cr.callbacks.Callback):
        heard: ClassVar[list[int]] = []

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.heard.append(epoch)
            self.model.stop_training = len(self.heard) == 1

    def visit() -> None:
        do(page, do="step", by="epoch")
        standing(page, 8)
        do(page, do="back")

    model = paused(
        page, 3, visit, lambda model: model.fit(X, Y, batch_size=8, epochs=3, verbose=0, callbacks=[Stops(), page])
    )
    assert Stops.heard == [0, 0, 1, 2]
    assert model.history.epoch == [0, 1, 2]


def test_of_a_stream_back_gives_the_weights_and_goes_on_with_the_batches_that_follow(page: Dashboard) -> None:
    def stream() -> Iterator[Any]:
        while True:
            for i in range(0, 64, 8):
                yield X[i : i + 8], Y[i : i + 8]

    def visit() -> None:
        way = walk(page, 3)
        status = do(page, do="back")
        assert (status["step"], status["can"]["back_in_data"]) == (2, False)
        same(state_of(page._fitting.model), way[2])

    model = paused(
        page, 2, visit, lambda model: model.fit(stream(), steps_per_epoch=8, epochs=2, verbose=0, callbacks=[page])
    )
    assert int(model.optimizer.iterations) == 15  # one of sixteen was taken back


def test_fit_cannot_begin_anew_from_the_page(page: Dashboard) -> None:
    def visit() -> None:
        with pytest.raises(RequestError, match="cannot begin anew"):
            do(page, do="reset")

    paused(page, 2, visit)


def test_a_page_draws_none_of_the_random_numbers_of_a_program(page: Dashboard) -> None:
    leave = listener(page)
    model = network()
    model.compile("sgd", "mse")
    fit(model, page, epochs=2)
    watched = cr.random.uniform((3,))
    leave()
    model = network()
    model.compile("sgd", "mse")
    fit(model, epochs=2)
    np.testing.assert_array_equal(np.asarray(watched), np.asarray(cr.random.uniform((3,))))


def test_an_edit_during_fit_counts(page: Dashboard) -> None:
    def visit() -> None:
        do(page, do="set", name="learning_rate", value=0.0)
        do(page, do="edit", path=page._fitting.model.weights[0].path, index=[0, 0], value=0.125)

    model = paused(page, 2, visit)
    assert model.get_weights()[0][0, 0] == 0.125


def test_closing_the_page_while_paused_goes_on(page: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "GRACE_S", 0.2)
    leave = listener(page)

    def visit() -> None:
        until(lambda: page._fitting.step > 0)
        do(page, do="pause")
        until(lambda: page._fitting.stage.session.state == PAUSED)
        leave()

    visitor = Visitor(visit)
    began = time.monotonic()
    history = fit(network(), page, epochs=300, validation_split=0.25)
    visitor.done()
    assert len(history.epoch) == 300
    assert time.monotonic() - began > 0.2


def test_a_training_that_begins_paused_does_not_wait_for_ever(page: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "FIRST_S", 0.2)
    page.paused = True
    assert len(fit(network(), page).epoch) == 30


def test_ctrl_c_wins_over_a_pause(page: Dashboard) -> None:
    page.paused = True
    leave = listener(page)

    def interrupt() -> None:
        until(lambda: page._fitting.stage.session.state == PAUSED and page._fitting.stage.hub.newest("status"))
        _thread.interrupt_main()

    visitor = Visitor(interrupt)
    with pytest.raises(KeyboardInterrupt):
        fit(network(), page)
    visitor.done()
    leave()
    assert page._fitting.stage.session.state == STOPPED
    assert page._fitting.stage.hub.newest("end")["why"] == "interrupted"


def test_a_training_that_fails_says_so(page: Dashboard) -> None:
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(1)])
    model.compile(cr.optimizers.SGD(1e30), "mse")
    with pytest.raises(cr.errors.DivergedError):
        fit(model, page)
    assert page._fitting.stage.session.state == STOPPED
    assert page._fitting.stage.hub.newest("end")["why"] == "error"


def test_one_page_for_several_fits(page: Dashboard) -> None:
    first, second = network(), network()
    fit(first, page, epochs=2)
    url = page.url
    fit(second, page, epochs=3)
    assert page.url == url
    assert len(page._fitting.stage.hub.all("epoch")) == 3
    assert page._fitting.model is second


def test_generators_models_of_several_outputs_and_python_layers(page: Dashboard) -> None:
    leave = listener(page)
    entry = cr.Input((3,))
    hidden = cr.layers.Dense(4, "tanh")(entry)
    model = cr.Model(entry, [cr.layers.Dense(1, name="a")(hidden), cr.layers.Dense(2, name="b")(hidden)])
    model.compile("sgd", ["mse", "mse"])
    model.fit(X, [Y, np.stack([Y, Y], 1)], epochs=2, verbose=0, callbacks=[page])
    until(lambda: page._fitting.stage.hub.newest("frame") is not None)

    class Own(cr.Model):
        def __init__(self) -> None:
            super().__init__()
            self.dense = cr.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    own = Own()
    own.compile("sgd", "mse")
    own.fit(((X[i : i + 8], Y[i : i + 8]) for i in range(0, 64, 8)), epochs=1, verbose=0, callbacks=[page])
    until(lambda: page._fitting.stage.hub.newest("start") is not None)
    assert page._fitting.step == 8
    leave()


def test_without_starlette_one_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    with pytest.raises(cr.errors.MissingExtraError, match=r'pip install "chainrule\[dashboard\]"'):
        Dashboard(open=None)


def test_the_address_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with Dashboard(open=False) as page:
        assert capsys.readouterr().err == f"Dashboard: {page.url}\n"
        assert httpx.get(page.url.partition("#")[0], trust_env=False).status_code == 200


def test_a_model_that_cannot_be_copied_trains_on_and_the_page_says_why(
    page: Dashboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any) -> Any:
        raise TypeError("cannot pickle '_thread.lock' object")

    monkeypatch.setattr("chainrule.web.stage.Twin", refuse)
    model = network()
    leave = listener(page)
    assert len(fit(model, page).epoch) == 30
    leave()
    hub = page._fitting.stage.hub
    until(lambda: hub.all("finding") and hub.newest("start"))
    assert [f["code"] for f in hub.all("finding")] == ["page"]
    assert hub.all("finding")[0]["message"].startswith("The page cannot show this model: TypeError: cannot pickle")
    assert len(hub.all("epoch")) == 30


def test_a_slow_speed_does_not_outlive_the_page(page: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "GRACE_S", 0.1)

    def visit() -> None:
        do(page, do="set", name="speed", value=0.1)
        do(page, do="play")
        leave()

    page.paused = True
    leave = listener(page)
    visitor = Visitor(lambda: (until(lambda: page._fitting.stage.session.state == PAUSED), visit())[1])
    assert len(fit(network(), page, epochs=3).epoch) == 3
    visitor.done()
    assert page._fitting.stage.session.speed is None


def test_pythons_switch_interval_is_put_back_even_if_training_fails() -> None:
    class Failing(cr.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            assert sys.getswitchinterval() < 1e-3
            raise RuntimeError("stop")

    before = sys.getswitchinterval()
    model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    with Dashboard(open=False) as page, pytest.raises(RuntimeError, match="stop"):
        model.fit(np.ones((4, 1)), np.ones(4), callbacks=[page, Failing()], verbose=0)
    assert sys.getswitchinterval() == before


def test_of_very_many_epochs_some_are_told_evenly(page: Dashboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "MOST_TOLD", 10)
    history = fit(network(), page, epochs=400)
    told = page._fitting.stage.hub.all("epoch")
    assert told[-1]["epoch"] == 399
    assert told[-1]["step"] == 400 * page._fitting.training.steps
    assert len(history.epoch) == 400
    assert len(told) < 200
    assert all(e["logs"]["loss"] == history.history["loss"][e["epoch"]] for e in told)
    assert all(e["step"] == (e["epoch"] + 1) * page._fitting.training.steps for e in told)
