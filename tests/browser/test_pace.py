"""When the page draws: in one go; seldom and in slices while a model trains; at once for whoever presses something."""

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


SLICED = """async ([sparing, works, ms]) => {
  const { eachFrame, spare } = await import("/static/pace.js");
  spare(sparing);
  const busy = () => { const end = performance.now() + ms; while (performance.now() < end); };
  let frames = 0, counted = false;
  const slices = new Set(), all = [];
  (function count() { frames += 1; if (!counted) requestAnimationFrame(count); })();
  const draw = (done) => eachFrame(() => { busy(); slices.add(frames); done(); })();
  for (let i = 0; i < works; i += 1) all.push(new Promise(draw));
  await Promise.all(all);
  counted = true;
  return slices.size;
}"""
"""In how many pictures of the screen so many works are done."""


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


def test_a_long_drawing_is_made_in_slices_while_a_model_trains(page: Any) -> None:
    slices = page.evaluate(SLICED, [True, 4, 20])
    assert slices == 4


def test_it_is_made_in_one_go_while_training_rests(page: Any) -> None:
    assert page.evaluate(SLICED, [False, 4, 20]) == 1


def test_a_rest_ends_with_the_training_or_at_a_key(page: Any) -> None:
    ended = page.evaluate(
        """async () => {
  const { rest, spare } = await import("/static/pace.js");
  const ended = [];
  await rest(1e6);
  spare(true);
  rest(1e6).then(() => ended.push("key"));
  await new Promise((done) => setTimeout(done, 50));
  ended.push("waited");
  dispatchEvent(new Event("keydown"));
  await new Promise((done) => setTimeout(done, 1000)); // nobody has pressed anything for long
  rest(1e6).then(() => ended.push("end"));
  await new Promise((done) => setTimeout(done, 50));
  ended.push("waited again");
  spare(false);
  await new Promise((done) => setTimeout(done, 50));
  return ended;
}"""
    )
    assert ended == ["waited", "key", "waited again", "end"]
