"""When the page draws: all in one go, seldom while a model trains, at once for whoever presses something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

WORK_MS = 200

TIMED = """async ([key, ms]) => {
  const { eachFrame, spare } = await import("/static/pace.js");
  const busy = () => { const end = performance.now() + ms; while (performance.now() < end); };
  const drawn = (work) => new Promise((done) => eachFrame(() => { work(); done(performance.now()); })());
  spare(true);
  const first = await drawn(busy);
  await new Promise((done) => setTimeout(done)); // the drawing is over, and its rest begins
  const second = drawn(() => {});
  if (key) dispatchEvent(new Event("keydown"));
  return await second - first;
}"""


@pytest.fixture
def page(play: Callable[..., Any], visit: Callable[..., Any]) -> Any:
    """A page whose training rests, so that only this test draws."""
    tab = visit(play("or").url)
    tab.page.wait_for_selector(".derived tr")
    return tab.page


def test_after_a_drawing_comes_a_rest_while_a_model_trains(page: Any) -> None:
    assert page.evaluate(TIMED, [False, WORK_MS]) > 10 * WORK_MS


def test_whoever_presses_a_key_does_not_wait(page: Any) -> None:
    assert page.evaluate(TIMED, [True, WORK_MS]) < 10 * WORK_MS


def test_one_that_fails_does_not_keep_others_from_being_drawn(page: Any) -> None:
    told = page.evaluate(
        """async () => {
  const { eachFrame } = await import("/static/pace.js");
  let told = "";
  addEventListener("error", (event) => { told = event.message; event.preventDefault(); }, { once: true });
  eachFrame(() => { throw new Error("amiss"); })();
  await new Promise((done) => eachFrame(done)());
  return told;
}"""
    )
    assert "amiss" in told


def test_asked_for_twice_it_is_drawn_once(page: Any) -> None:
    times = page.evaluate(
        """async () => {
  const { eachFrame } = await import("/static/pace.js");
  let times = 0;
  const draw = eachFrame(() => { times += 1; });
  draw();
  draw();
  await new Promise((done) => eachFrame(done)());
  return times;
}"""
    )
    assert times == 1
