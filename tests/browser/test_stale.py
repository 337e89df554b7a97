"""What the page shows beside the newest frame: fetched again once training rests, and marked as old until then."""

from __future__ import annotations

import re
import threading
from typing import Any

import numpy as np
import pytest

import chainrule as cr

RNG = np.random.default_rng(0)
X = RNG.normal(size=(1500, 2)).astype("float32")
Y = (X[:, 0] * X[:, 1] > 0).astype("float32")
ROW = re.compile(r"^(\d+)\t\S+\t(\S+)\t", re.MULTILINE)


def network() -> Any:
    cr.utils.set_random_seed(0)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(8, "relu", name="h"), cr.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    return model


def predictions(tab: Any) -> dict[int, str]:
    """What the table of observations shows as p, by the number of the row from 0."""
    return {int(n) - 1: p for n, p in ROW.findall(tab.text("#rows").replace("−", "-"))}


def agrees(tab: Any, model: Any) -> bool:
    shown = predictions(tab)
    if len(shown) != 50:
        return False
    true = model.predict(X[:50], verbose=0).ravel()
    return all(p == f"{true[row]:.3f}" for row, p in shown.items())


def test_rows_outside_the_probe_are_marked_while_old_and_true_once_training_rests(play: Any, visit: Any) -> None:
    playground = play(network(), X, Y)
    tab = visit(playground.url)
    tab.until(lambda: agrees(tab, playground.model))
    tab.page.click("#play")
    tab.until(lambda: "*" in tab.text("#rows"))
    tab.until(lambda: re.search(r"\* of step \d+", tab.text("#data")))
    marked = {row for row, p in predictions(tab).items() if p.endswith("*")}
    assert marked.isdisjoint(playground.driver.stage.probe.rows.tolist())  # those come with every frame
    tab.page.click("#play")
    tab.until(lambda: agrees(tab, playground.model))  # nobody does anything more
    assert "* of step" not in tab.text("#data")


def test_rows_follow_an_edit_and_a_step_back_though_the_step_is_the_same(play: Any, visit: Any) -> None:
    playground = play(network(), X, Y)
    tab = visit(playground.url)
    tab.until(lambda: agrees(tab, playground.model))
    before = predictions(tab)
    path = playground.model.weights[1].path  # a bias
    tab.page.request.post(
        f"{tab.origin}/api/command",
        data={"do": "edit", "path": path, "index": [0], "value": 4.0},
        headers={"X-Chainrule": "1", "Origin": tab.origin},
    )
    tab.until(lambda: predictions(tab) != before and agrees(tab, playground.model))
    tab.page.click("#back")
    tab.until(lambda: predictions(tab) == before)


def test_at_the_end_of_a_fit_the_rows_are_those_of_its_last_weights(live: Any, visit: Any) -> None:
    model = network()
    dashboard = live(paused=True)
    tab = visit(dashboard.url)

    training = threading.Thread(target=lambda: model.fit(X, Y, epochs=150, verbose=0, callbacks=[dashboard]))
    training.start()
    tab.page.wait_for_selector("#play:enabled")
    tab.page.click("#play")
    tab.until(lambda: not training.is_alive())
    tab.until(lambda: agrees(tab, model))
    assert tab.text("#health .findings + p") == "✓ Nothing unusual."


def test_health_says_nothing_of_what_was_taken_back(play: Any, visit: Any) -> None:
    playground = play(network(), X, Y)
    tab = visit(playground.url)
    tab.page.wait_for_selector("#step-batch:enabled")

    def step() -> None:
        before = playground.driver.step
        tab.page.click("#step-batch")
        tab.until(lambda: f"step {before + 1} " in tab.text(".progress") + " ")

    step()
    playground.model.layers[0].bias.assign(np.full(8, -100.0))
    for _ in range(3):
        step()
    tab.until(lambda: "dead relu" in tab.text("#health").lower())
    assert re.search(r"seen at step \d", tab.text("#health"))
    for _ in range(3):
        tab.page.click("#back")
    tab.until(lambda: "dead relu" not in tab.text("#health").lower())
    assert "Nothing unusual so far" in tab.text("#health")


def test_a_fit_that_failed_is_not_called_healthy(live: Any, visit: Any) -> None:
    model = network()
    dashboard = live()

    class Fails(cr.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            raise RuntimeError("no more")

    with pytest.raises(RuntimeError):
        model.fit(X, Y, epochs=3, verbose=0, callbacks=[dashboard, Fails()])
    tab = visit(dashboard.url)
    tab.until(lambda: "ended: error" in tab.text(".progress"))
    tab.until(lambda: "ended with an error" in tab.text("#health"))
    assert "Nothing unusual" not in tab.text("#health")
