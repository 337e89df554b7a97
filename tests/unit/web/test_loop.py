"""The playground's training: the numbers of `fit`, forwards and backwards, changed on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.adapters import make_batches
from chainrule.glassbox.record import undisturbed
from chainrule.web.loop import Loop
from chainrule.web.protocol import RequestError, parse_command
from chainrule.web.session import PAUSED

RNG = np.random.default_rng(0)
X = RNG.normal(size=(50, 3)).astype("float32")
Y = (X.sum(1) > 0).astype("float32")


def network(dropout: float = 0.2) -> Any:
    cr.utils.set_random_seed(3)
    layers = [cr.layers.Dense(5, "relu", name="hidden"), cr.layers.Dropout(dropout), cr.layers.Dense(1, "sigmoid")]
    model = cr.Sequential([cr.Input((3,)), *layers])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    return model


class Page:
    """Commands a loop, and waits for it."""

    def __init__(self, model: Any, x: Any = X, y: Any = Y, batch_size: int = 8, validation: Any = None) -> None:
        batches = make_batches(x, y, batch_size=batch_size, shuffle=True, where="dashboard")
        self.loop = Loop(model, batches, validation)  # type: ignore[arg-type]
        self.loop.start()

    def do(self, **command: Any) -> dict[str, Any]:
        status = self.loop.stage.session.command(parse_command(command)).result(5)
        until(lambda: self.loop.stage.session.state == PAUSED)
        return status

    def step(self, count: int = 1, by: str = "batch") -> None:
        for _ in range(count):
            self.do(do="step", by=by)

    @property
    def weights(self) -> Any:
        return [v.numpy() for v in (*self.loop.model.weights, *self.loop.model.optimizer.variables)]


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it did not happen within 60 seconds"
        time.sleep(0.001)


@pytest.fixture
def page() -> Iterator[Page]:
    page = Page(network())
    yield page
    page.loop.close()


def same(mine: list[Any], its: list[Any]) -> None:
    for a, b in zip(mine, its, strict=True):
        np.testing.assert_array_equal(a, b)


def test_batch_for_batch_what_fit_does(page: Page) -> None:
    model = network()
    history = model.fit(X, Y, batch_size=8, epochs=3, verbose=0)
    page.step(2, "epoch")
    page.step(7)
    same(page.weights, [v.numpy() for v in (*model.weights, *model.optimizer.variables)])
    told = [message["logs"] for message in page.loop.stage.hub.all("epoch")]
    assert [logs["loss"] for logs in told] == pytest.approx(history.history["loss"], rel=1e-6)
    assert [logs["accuracy"] for logs in told] == history.history["accuracy"]


def test_playing_gives_the_same_numbers_as_stepping(page: Page) -> None:
    page.do(do="stop_at", epoch=20)
    page.loop.stage.session.command(parse_command({"do": "play"})).result(5)
    until(lambda: page.loop.stage.session.state == PAUSED)
    model = network()
    model.fit(X, Y, batch_size=8, epochs=20, verbose=0)
    same(page.weights, [v.numpy() for v in (*model.weights, *model.optimizer.variables)])


def test_fit_goes_on_where_the_page_stopped(page: Page) -> None:
    page.step(2, "epoch")
    page.loop.close()
    page.loop.model.fit(X, Y, batch_size=8, epochs=1, verbose=0)
    model = network()
    model.fit(X, Y, batch_size=8, epochs=3, verbose=0)
    same(page.weights, [v.numpy() for v in (*model.weights, *model.optimizer.variables)])


def test_back_and_forth_is_the_same_way(page: Page) -> None:
    states = [page.weights]
    for _ in range(10):  # over the end of an epoch
        page.step()
        states.append(page.weights)
    for state in states[-2::-1]:
        page.do(do="back")
        same(page.weights, state)
    assert page.loop.position.step == 0
    for state in states[1:]:
        page.step()
        same(page.weights, state)


def test_back_takes_epochs_back_too(page: Page) -> None:
    page.step(8)
    assert len(page.loop.stage.hub.all("epoch")) == 1
    page.do(do="back")
    page.do(do="back")
    assert page.loop.stage.hub.all("epoch") == []
    page.step(1)
    assert page.loop.stage.hub.all("epoch")[0]["step"] == 7


def test_the_observations_walked_through_are_those_of_the_next_batch(page: Page) -> None:
    rows = [page.do(do="step", by="sample")["sample"]["row"] for _ in range(8)]
    expected = page.loop.order()[:8].tolist()
    assert rows == expected
    assert page.do(do="step", by="sample")["sample"] is None
    until(lambda: page.loop.position.step == 1)


def test_an_edited_weight_is_learnt_from_and_can_be_taken_back(page: Page) -> None:
    before = page.weights
    path = page.loop.model.layers[0].kernel.path
    page.do(do="edit", path=path, index=[2, 1], value=0.75)
    assert page.loop.model.layers[0].kernel.numpy()[2, 1] == 0.75
    page.step()
    page.do(do="back")
    assert page.loop.model.layers[0].kernel.numpy()[2, 1] == 0.75
    page.do(do="back")
    same(page.weights, before)


@pytest.mark.parametrize(
    ("path", "index", "sentence"),
    [("nobody", [0, 0], "There is no weight 'nobody'"), (None, [0], "is no place in it"), (None, [3, 0], "no place")],
)
def test_an_edit_that_makes_no_sense_changes_nothing(page: Page, path: Any, index: list[int], sentence: str) -> None:
    before = page.weights
    with pytest.raises(RequestError, match=sentence):
        page.do(do="edit", path=path or page.loop.model.layers[0].kernel.path, index=index, value=1)
    same(page.weights, before)


def test_another_learning_rate_counts_from_the_next_step(page: Page) -> None:
    page.step(3)
    assert page.do(do="set", name="learning_rate", value=0.0)["settings"]["learning_rate"] == 0.0
    before = page.loop.model.get_weights()
    page.step(3)
    same(page.loop.model.get_weights(), before)


def test_another_optimizer_begins_with_the_weights_there_are(page: Page) -> None:
    page.step(3)
    weights = page.loop.model.get_weights()
    status = page.do(do="set", name="optimizer", value="SGD")
    assert status["settings"]["optimizer"] == "SGD"
    assert status["settings"]["learning_rate"] == 0.001
    assert status["can"]["back"] == 0
    same(page.loop.model.get_weights(), weights)
    page.step()
    twin = network()
    twin.set_weights(weights)
    twin.compile(cr.optimizers.SGD(0.001), "binary_crossentropy")
    rows = page.loop.order()[24:32]
    twin._random_key, twin._epochs_seen = page.loop.model._random_key, 0
    assert page.loop.model.engine == "native"
    gradient = cr.trace(twin, X[rows], Y[rows]).gradients
    if page.loop.model.layers[1].rate == 0:
        expected = weights[0] - 0.001 * gradient[twin.weights[0].path]
        np.testing.assert_allclose(page.loop.model.get_weights()[0], expected, atol=1e-6)


def test_l2_counts_from_the_next_step() -> None:
    page = Page(network(dropout=0.0))
    try:
        page.do(do="set", name="optimizer", value="SGD")
        assert page.do(do="set", name="l2", value=0.5)["settings"]["l2"] == 0.5
        kernel, rows = page.loop.model.layers[0].kernel, page.loop.order()[:8]
        before = kernel.numpy()
        slope = cr.trace(page.loop.model, X[rows], Y[rows]).gradients[kernel.path]
        page.step()
        np.testing.assert_allclose(kernel.numpy(), before - 0.001 * slope, atol=1e-7)
        plain = network(dropout=0.0)
        unpenalized = cr.trace(plain, X[rows], Y[rows]).gradients[plain.layers[0].kernel.path]
        np.testing.assert_allclose(slope, unpenalized + before, atol=1e-6)  # 2 * 0.5 * w
        assert page.do(do="set", name="l2", value=0)["settings"]["l2"] == 0.0
        assert kernel.regularizer is None
    finally:
        page.loop.close()


def test_dropout_is_changed_where_there_is_a_layer_of_it(page: Page) -> None:
    assert page.do(do="set", name="dropout", value=0.5)["settings"]["dropout"] == 0.5
    assert page.loop.model.layers[1].rate == 0.5
    page.step(2)


def test_a_new_batch_size_counts_from_the_next_epoch(page: Page) -> None:
    page.step(3)
    assert page.do(do="set", name="batch_size", value=25)["settings"]["batch_size"] == 25
    page.step(1, "epoch")
    assert page.loop.position.step == 7
    page.step(1, "epoch")
    assert page.loop.position.step == 9
    page.do(do="step", by="batch")
    while page.loop.position.step > 7:
        page.do(do="back")
    assert page.loop.position.step == 7
    page.do(do="back")
    assert page.loop.position.step < 7
    assert page.loop.training.batch_size == 8


def test_back_after_an_epoch_is_where_one_stood(page: Page) -> None:
    page.step(1, "epoch")
    before = page.weights
    page.step(1, "epoch")
    while page.loop.position.step > 7:
        page.do(do="back")
    same(page.weights, before)


def test_a_batch_cannot_be_larger_than_the_data(page: Page) -> None:
    assert page.do(do="set", name="batch_size", value=10**6)["settings"]["batch_size"] == 50


def test_reset_begins_anew(page: Page) -> None:
    first = page.loop.model.get_weights()
    page.step(5)
    after = page.weights
    page.do(do="reset")
    same(page.loop.model.get_weights(), first)
    assert page.loop.position.step == 0
    assert page.loop.stage.hub.all("epoch") == []
    page.step(5)
    same(page.weights, after)


def test_the_beginning_of_the_way_is_kept_after_a_reset(page: Page) -> None:
    page.loop.stage.session.command(parse_command({"do": "play"})).result(5)
    until(lambda: page.loop._at_once > 1)
    page.do(do="reset")
    assert page.loop._at_once == 1
    page.step()
    page.step()
    assert [p.step for p in page.loop.stage.trail.points()][:2] == [0, 1]


def test_a_weight_changed_by_hand_has_no_loss_of_the_training(page: Page) -> None:
    page.step()
    logs = page.loop.logs
    assert "loss" in logs
    page.do(do="edit", path=page.loop.model.layers[0].kernel.path, index=[0, 0], value=3.0)
    assert page.loop.logs == {}
    page.do(do="back")
    assert page.loop.logs == logs


def test_a_loss_that_is_no_number_pauses_and_says_so(page: Page) -> None:
    page.step()
    before = page.weights
    path = page.loop.model.layers[0].kernel.path
    page.loop.model.layers[2].bias.assign([np.nan])
    page.loop.stage.session.command(parse_command({"do": "play"})).result(5)
    until(lambda: page.loop.stage.session.state == PAUSED and bool(page.loop.stage.hub.all("finding")))
    codes = [f["code"] for f in page.loop.stage.hub.all("finding")]
    assert "diverged" in codes
    assert path
    assert page.loop.position.step == 1
    page.do(do="back")
    page.do(do="back") if page.loop.kept else None
    assert np.isfinite(page.weights[0]).all()
    assert before


def test_validation_is_part_of_an_epoch() -> None:
    page = Page(network(), validation=make_batches(X[:10], Y[:10], where="dashboard"))
    try:
        page.step(1, "epoch")
        model = network()
        history = model.fit(X, Y, batch_size=8, epochs=1, verbose=0, validation_data=(X[:10], Y[:10]))
        told = page.loop.stage.hub.all("epoch")[0]["logs"]
        assert told == pytest.approx({name: values[0] for name, values in history.history.items()})
    finally:
        page.loop.close()


def test_a_model_on_the_reference_engine_does_as_well() -> None:
    class Twice(cr.layers.Layer):
        def call(self, inputs: Any) -> Any:
            return inputs * 2.0

    model = cr.Sequential([cr.Input((3,)), Twice(), cr.layers.Dense(1, kernel_initializer="zeros")])
    model.compile("sgd", "mse")
    page = Page(model)
    try:
        page.step(1, "epoch")
        page.step(2)
        page.do(do="back")
        page.step()
        assert page.loop.position.step == 9
        assert np.isfinite(page.weights[0]).all()
    finally:
        page.loop.close()


def test_going_back_leaves_the_learning_rate_as_it_was_set(page: Page) -> None:
    page.step(3)
    page.do(do="set", name="learning_rate", value=0.25)
    for _ in range(3):
        page.do(do="back")
    assert page.loop.settings()["learning_rate"] == 0.25


def test_what_is_computed_for_the_page_draws_no_random_numbers_of_the_training(page: Page) -> None:
    """A trace puts the process's random numbers back; beside a training that would take back what it has drawn."""
    stage = page.loop.stage
    until(lambda: stage.shown is not None)
    twin, moment = stage.newest()
    with twin.at(moment) as model, undisturbed(model):
        drawn = np.random.uniform()  # noqa: NPY002 - as a user's data pipeline may, on the training's thread
    assert np.random.uniform() != drawn  # noqa: NPY002


def test_what_was_found_after_a_step_is_taken_back_with_it(page: Page) -> None:
    page.step(3)
    hub = page.loop.stage.hub
    for code, step in (("early", 1), ("late", 3), ("data", None)):
        hub.put({"kind": "finding", "code": code, "where": "d", "step": step})
    page.do(do="back")
    assert [m["code"] for m in hub.all("finding") if m["code"] in ("early", "late", "data")] == ["early", "data"]


def test_an_illness_that_was_taken_back_is_found_again_when_it_comes_again(page: Page) -> None:
    hub, bias = page.loop.stage.hub, page.loop.model.layers[0].bias

    def step() -> None:
        page.step()
        until(lambda: (hub.newest("frame") or {}).get("step") == page.loop.step)

    def dead() -> list[int]:
        return [m["step"] for m in hub.all("finding") if m["code"] == "dead-relu"]

    step()
    bias.assign(np.full(5, -100.0))
    for _ in range(3):
        step()
    until(dead)
    for _ in range(3):
        page.do(do="back")
    until(lambda: not dead())
    bias.assign(np.zeros(5))
    for _ in range(3):
        step()
    assert not dead()  # it is healthy on this way
    bias.assign(np.full(5, -100.0))
    for _ in range(3):
        step()
    until(dead)
