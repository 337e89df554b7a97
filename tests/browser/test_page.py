"""The live page as somebody uses it: open, play, pause, step, back, edit a weight, watch the derivation."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest

import chainrule as cr


class Seen:
    """A playground and the tab that shows it."""

    def __init__(self, playground: Any, tab: Any) -> None:
        self.playground = playground
        self.tab = tab
        self.page = tab.page

    @property
    def step(self) -> int:
        """The step that the page shows."""
        found = re.search(r"step (\d+)", self.tab.text(".progress"))
        return int(found[1]) if found else -1

    @property
    def weights(self) -> list[Any]:
        """Copies of the model's weights."""
        return [w.copy() for w in self.playground.model.get_weights()]


def same(first: list[Any], second: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.fixture
def seen(play: Any, visit: Any) -> Seen:
    playground = play("or")
    tab = visit(playground.url)
    tab.page.wait_for_selector(".derived tr")
    return Seen(playground, tab)


def test_opens_paused_with_everything_shown(seen: Seen) -> None:
    page = seen.page
    assert page.inner_text("#play") == "Play"
    assert page.locator("#rows tbody tr").count() == 4
    assert page.locator(".net .unit").count() == 3
    assert page.locator(".point").count() == 4
    assert "check ✓" in page.inner_text("#derivation")
    assert "t=" not in page.url, "the token must leave the address"


def test_play_and_pause(seen: Seen) -> None:
    seen.page.click("#play")
    seen.tab.until(lambda: seen.step >= 3)
    assert seen.page.inner_text("#play") == "Pause"
    seen.page.click("#play")
    seen.tab.until(lambda: seen.page.inner_text("#play") == "Play")
    seen.page.wait_for_timeout(200)
    before = seen.step
    seen.page.wait_for_timeout(400)
    assert seen.step == before


def test_step_and_back(seen: Seen) -> None:
    seen.page.click("#step-batch")
    seen.tab.until(lambda: seen.step == 1)
    first = seen.weights
    seen.page.click("#step-batch")
    seen.tab.until(lambda: seen.step == 2)
    assert not same(first, seen.weights)
    seen.page.click("#back")
    seen.tab.until(lambda: seen.step == 1)
    assert same(first, seen.weights)


def test_step_by_sample_walks_through_the_batch_without_an_update(seen: Seen) -> None:
    before = seen.weights
    seen.page.click("#step-sample")
    seen.page.wait_for_selector("text=observation 1 of")
    assert same(before, seen.weights)


def test_an_edited_weight_changes_the_derivation_to_what_python_computes(seen: Seen) -> None:
    page = seen.page
    page.click("#rows tbody tr:nth-child(4)")
    page.fill("#weight-value", "0.7310")
    page.press("#weight-value", "Enter")
    seen.tab.until(lambda: "0.7310" in seen.tab.text(".update") and "Observation 4" in seen.tab.text(".derived h2"))
    assert seen.weights[0][0, 0] == pytest.approx(0.7310)
    x, y = seen.playground.driver.training.arrays()[:2]
    node = cr.trace(seen.playground.model, x, y)[3].node("w1")
    numbers = [n.text_content() for n in page.locator(".node-line mn").all()]
    assert numbers[-1] == f"{abs(node.value):.4f}"


def test_a_weight_is_chosen_in_the_picture_and_derived(seen: Seen) -> None:
    seen.page.locator(".net .hit").nth(1).click(force=True)
    seen.tab.until(lambda: seen.page.input_value("#weight-value") == f"{seen.weights[0][1, 0]:.7g}")
    seen.tab.until(lambda: seen.page.locator(".derived tr.chosen").count() > 0)
    seen.tab.until(lambda: "w2" in (seen.page.locator(".derived tr.chosen").first.text_content() or ""))


def test_notation_and_digits_change_the_derivation(seen: Seen) -> None:
    seen.page.click("text=Keras")
    seen.tab.until(lambda: "kernel" in (seen.page.text_content(".derived") or ""))
    seen.page.select_option("label:has-text('Digits') select", "8")
    seen.tab.until(lambda: any(len(n.text_content()) > 8 for n in seen.page.locator(".derived mn").all()[:40]))


def test_a_setting_changes_without_reset(seen: Seen) -> None:
    seen.page.click("#step-batch")
    seen.tab.until(lambda: seen.step == 1)
    seen.page.fill("label:has-text('Learning rate') input", "0.25")
    seen.page.press("label:has-text('Learning rate') input", "Enter")
    seen.tab.until(lambda: float(seen.playground.model.optimizer.learning_rate) == 0.25)
    seen.page.select_option("label:has-text('Optimizer') select", "Adam")
    seen.tab.until(lambda: type(seen.playground.model.optimizer).__name__ == "Adam")
    assert seen.step == 1


@pytest.mark.parametrize(
    ("label", "refused"), [("Learning rate", "-1"), ("Batch", "0"), ("Batch", "1.5"), ("L2", "-1")]
)
def test_a_refused_setting_is_told_and_put_back(seen: Seen, label: str, refused: str) -> None:
    field = f"label:has-text('{label}') input"
    before = seen.page.input_value(field)
    seen.page.fill(field, refused)
    seen.page.press(field, "Enter")
    seen.page.wait_for_selector("#notice:visible")
    assert "must be" in seen.page.inner_text("#notice")
    seen.tab.until(lambda: seen.page.input_value(field) == before)
    seen.tab.problems.clear()  # the browser itself notes the refusal


def test_after_an_edit_the_loss_is_that_of_the_rows_now(seen: Seen) -> None:
    x, y = seen.playground.driver.training.arrays()[:2]
    seen.page.click("#step-batch")
    seen.tab.until(lambda: seen.step == 1)
    seen.tab.until(lambda: "rows" not in seen.tab.text(".progress"))  # the step's own loss comes with its frame
    seen.page.fill("#weight-value", "5")
    seen.page.press("#weight-value", "Enter")
    seen.tab.until(lambda: "of 4 rows" in seen.tab.text(".progress"))
    now = seen.playground.model.evaluate(x, y, verbose=0, return_dict=True)["loss"]
    found = re.search(r"loss ([\d.]+) of 4 rows", seen.tab.text(".progress"))
    assert found
    assert float(found[1]) == pytest.approx(now, rel=1e-3)
    assert seen.page.locator("#loss .line, #loss .point, #loss circle").count() > 0  # the curve keeps its point


def test_the_surface_says_where_the_way_is(seen: Seen) -> None:
    seen.page.click("#tab-surface")
    seen.tab.until(lambda: "The path has one point so far." in seen.tab.text("#views"))
    assert "others fixed" not in seen.tab.text("#views")
    for step in (1, 2, 3):
        seen.page.click("#step-batch")
        seen.tab.until(lambda step=step: seen.step == step)
    seen.tab.until(lambda: "the path of 4 points began" in seen.tab.text("#views"))
    assert " 0 %" not in seen.tab.text("#views")


def test_stops_at_an_epoch(seen: Seen) -> None:
    seen.page.click("#stop-at summary")
    seen.page.fill("#stop-at input >> nth=0", "3")
    seen.page.press("#stop-at input >> nth=0", "Enter")
    seen.page.wait_for_selector("text=Stop at epoch 3")
    seen.page.click("#play")
    seen.tab.until(lambda: seen.page.inner_text("#play") == "Play" and seen.step > 0)
    batches = seen.playground.driver.training
    assert seen.step == 3 * -(-batches.size // batches.batch_size)


def test_a_refusal_is_told(seen: Seen) -> None:
    seen.page.evaluate("document.querySelector('#weight-value').removeAttribute('step')")
    seen.page.fill("#weight-value", "1e40")
    seen.page.press("#weight-value", "Enter")
    seen.page.wait_for_selector("#notice:visible")
    assert "value" in seen.page.inner_text("#notice")
    seen.tab.problems.clear()  # the browser itself notes the refusal


def test_an_ordinary_fit_is_shown_to_its_end(live: Any, visit: Any) -> None:
    cr.utils.set_random_seed(0)
    x = np.random.default_rng(0).normal(size=(200, 3))
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(4, activation="tanh"), cr.layers.Dense(1)])
    model.compile("adam", "mse")
    dashboard = live()
    model.fit(x, x[:, 0] * x[:, 1], epochs=5, verbose=0, validation_split=0.2, callbacks=[dashboard])
    tab = visit(dashboard.url)
    tab.page.wait_for_selector("#play:disabled")
    tab.until(lambda: "epoch 5 / 5" in tab.text(".progress"))
    assert tab.page.is_disabled("label:has-text('Learning rate') input")
    tab.until(lambda: tab.page.locator("#loss .line").count() == 2)  # training and validation


def test_numbers_in_the_network_have_the_same_decimals(seen: Seen) -> None:
    page = seen.page
    page.click("#step-batch")
    seen.tab.until(lambda: seen.step == 1)

    def shown() -> list[str]:
        return [text for text in page.locator(".net text.on").all_text_contents() if text]

    seen.tab.until(lambda: len(shown()) == 3)  # two weights and a bias
    assert all(re.fullmatch(r"−?\d+\.\d\d", text) for text in shown())
    page.click("#network >> text=Gradients")
    seen.tab.until(lambda: "0.00" not in shown() and len(shown()) == 3)
