"""The way of a training through its weights: thinned evenly, kept within a limit, true after going back."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.adapters import make_batches
from chainrule.recording import messages
from chainrule.web.loop import Loop
from chainrule.web.protocol import parse_command
from chainrule.web.session import PAUSED
from chainrule.web.trail import Trail


def weights(value: float = 0.0, count: int = 1) -> dict[str, Any]:
    return {"w": np.full(count, value, "float32")}


def steps(trail: Trail) -> list[int]:
    return [p.step for p in trail.points()]


def test_points_added_late_stand_where_they_belong() -> None:
    trail = Trail()
    for step in (0, 10, 30, 20):
        trail.add(step, weights(step))
    assert steps(trail) == [0, 10, 20, 30]
    assert [float(p.weights["w"][0]) for p in trail.points()] == [0, 10, 20, 30]


def test_the_newest_point_is_always_there() -> None:
    trail = Trail(most_points=4)
    for step in range(100):
        trail.add(step, weights(step))
        assert steps(trail)[-1] == step
        assert steps(trail)[0] == 0
        assert len(steps(trail)) <= 5


def test_points_far_apart_are_thinned_evenly() -> None:
    trail = Trail(most_points=64)
    for step in range(0, 1_000_000, 1000):
        trail.add(step, weights())
    gaps = np.diff(steps(trail))
    assert 32 <= len(gaps) <= 64
    assert gaps[:-1].max() <= 2 * gaps[:-1].min()


def test_large_weights_stay_within_the_limit() -> None:
    trail = Trail(most_bytes=10_000)
    for step in range(50):
        trail.add(step, weights(count=250))
    assert len(steps(trail)) <= 11
    assert steps(trail)[-1] == 49


def test_a_step_that_comes_again_has_its_newest_weights() -> None:
    trail = Trail()
    trail.add(0, weights(1))
    trail.add(0, weights(2))
    assert [float(p.weights["w"][0]) for p in trail.points()] == [2]


def test_going_back_takes_away_what_came_after() -> None:
    trail = Trail()
    for step in range(10):
        trail.add(step, weights())
    trail.forget_after(4)
    assert steps(trail) == [0, 1, 2, 3, 4]
    trail.add(5, weights())
    assert steps(trail) == [0, 1, 2, 3, 4, 5]
    trail.clear()
    assert trail.points() == []
    trail.forget_after(0)


def test_forgetting_the_newest_leaves_the_kept_ones() -> None:
    trail = Trail(most_points=4)
    for step in range(8):
        trail.add(step, weights())
    trail.forget_after(6)
    assert steps(trail)[-1] <= 6


@pytest.fixture
def loop() -> Any:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(64, 3)).astype("float32")
    y = (x.sum(1) > 0).astype("float32")
    cr.utils.set_random_seed(3)
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(5, "relu"), cr.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])
    made = Loop(model, make_batches(x, y, batch_size=8, shuffle=True, where="dashboard"))  # type: ignore[arg-type]
    made.start()
    yield made
    made.close()


def do(loop: Loop, **command: Any) -> None:
    loop.stage.session.command(parse_command(command)).result(10)


def wait(true: Any) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline, "it did not happen within 60 seconds"
        time.sleep(0.005)


def test_a_training_at_full_speed_leaves_a_way_though_few_frames_were_made(loop: Loop) -> None:
    do(loop, do="play")
    wait(lambda: len(loop.stage.trail.points()) > 60)
    do(loop, do="pause")
    wait(lambda: loop.stage.session.state == PAUSED and steps(loop.stage.trail)[-1] == loop.step)
    found = loop.stage.trail.points()
    assert found[0].step == 0
    assert set(found[1].weights) == set(messages.weights_of(loop.model))
    for name, value in messages.weights_of(loop.model).items():
        assert np.array_equal(found[-1].weights[name], value)


def test_the_way_ends_where_the_training_stands_after_going_back(loop: Loop) -> None:
    for _ in range(6):
        do(loop, do="step", by="batch")
        wait(lambda: loop.stage.session.state == PAUSED)
    do(loop, do="back")
    do(loop, do="back")
    wait(lambda: steps(loop.stage.trail) == [0, 1, 2, 3, 4])
