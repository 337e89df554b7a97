"""What a recording holds of the optimizer: its formulas, its moments, and the way back to a model."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.data.adapters import make_batches
from chainrule.errors import ModelFileError
from chainrule.recording import messages
from chainrule.recording.recording import Recording
from chainrule.recording.updates import MOST, state_of, update_of

X = np.array([[0.0, 1.0], [1.0, 0.5], [-1.0, 2.0]], "float32")
Y = np.array([0.0, 1.0, 1.0], "float32")


def trained(optimizer: Any = "adam", steps: int = 3) -> Any:
    cr.utils.set_random_seed(1)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(2, "tanh"), cr.layers.Dense(1, "sigmoid")], name="net")
    model.compile(optimizer, "binary_crossentropy")
    if steps:
        model.fit(X, Y, epochs=steps, batch_size=3, verbose=0)
    return model


def recorded(model: Any) -> Recording:
    batches = make_batches(X, Y)
    probe = messages.draw(batches)
    frame = messages.frame(model, probe, step=3, epoch=2, batch=0, seconds=0.0, optimizer=state_of(model))
    lines = [messages.encode(m) for m in (messages.start(model, batches, probe=probe), frame)]
    return Recording([messages.decode(line) for line in lines])


def test_moments_are_those_of_the_optimizer() -> None:
    model = trained()
    found = recorded(model).frames[0]["optimizer"]
    assert (found["name"], found["steps"]) == ("Adam", 3)
    for v in model.trainable_variables:
        assert list(found["moments"][v.path]) == ["momentum", "velocity"]
    kernel = model.layers[0].kernel
    for name in ("momentum", "velocity"):
        (own,) = [m for m in model.optimizer.moment_variables(name) if m.shape == kernel.shape]
        np.testing.assert_array_equal(found["moments"][kernel.path][name], own.numpy())
        assert own.numpy().any()


def test_before_the_first_step_moments_are_what_they_begin_with() -> None:
    model = trained(cr.optimizers.Adagrad(initial_accumulator_value=0.25), steps=0)
    found = state_of(model)
    assert found is not None
    assert found["steps"] == 0
    assert all(np.all(m["accumulator"] == 0.25) for m in found["moments"].values())
    assert not model.optimizer.built


def test_frozen_layers_have_no_moments_and_spared_weights_no_decay() -> None:
    model = trained(cr.optimizers.AdamW(weight_decay=0.1), steps=0)
    model.layers[0].trainable = False
    model.optimizer.exclude_from_weight_decay(var_names=["bias"])
    update, state = update_of(model), state_of(model)
    assert update is not None
    assert state is not None
    assert update["decay"] == 0.1
    assert update["decayed"] == [model.layers[1].kernel.path]
    assert list(state["moments"]) == [v.path for v in model.layers[1].weights]


def test_a_model_of_a_frame_goes_on_as_the_recorded_one() -> None:
    model = trained()
    again = recorded(model).model_at()
    assert int(again.optimizer.iterations) == 3
    np.testing.assert_array_equal(
        [a.numpy().sum() for a in again.optimizer.variables], [a.numpy().sum() for a in model.optimizer.variables]
    )
    for one in (model, again):
        one.fit(X, Y, epochs=2, batch_size=3, shuffle=False, verbose=0)
    for a, b in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_trace_of_a_frame_has_the_update_of_that_step() -> None:
    model = trained()
    step, own = recorded(model).trace_at()[0].step, cr.trace(model, X, Y)[0].step
    assert step.number == own.number == 4
    for path, after in own.after.items():
        np.testing.assert_allclose(step.after[path], after, rtol=1e-12)


@pytest.mark.parametrize("cost", [None, 0.05])
def test_every_frame_of_a_training_goes_on_to_the_next(tmp_path: Path, cost: float | None) -> None:
    """Also the first one and those that were written later, when the optimizer had gone on."""
    model = trained(steps=0)
    recorder = cr.callbacks.Recorder(tmp_path, every=1, cost=cost, health=False)
    model.fit(X, Y, epochs=6, batch_size=3, shuffle=False, verbose=0, callbacks=[recorder])
    frames = cr.recording.load(tmp_path).frames
    assert [frame["optimizer"]["steps"] for frame in frames] == [frame["step"] for frame in frames]
    assert frames[0]["step"] == 0
    assert frames[-1]["step"] == 6
    run = cr.recording.load(tmp_path)
    for before, after in itertools.pairwise(frames):
        again = run.model_at(before)
        again.fit(X, Y, epochs=after["step"] - before["step"], batch_size=3, shuffle=False, verbose=0)
        for v, expected in zip(again.weights, after["weights"].values(), strict=True):
            np.testing.assert_allclose(v.numpy(), expected, rtol=1e-6)


def test_moments_that_do_not_fit_are_refused() -> None:
    recording = recorded(trained())
    moments = recording.frames[0]["optimizer"]["moments"]
    path = next(iter(moments))
    moments[path]["momentum"] = np.zeros(7, "float32")
    with pytest.raises(ModelFileError, match=rf"no 'momentum' of '{path}' with the shape \(2, 2\)"):
        recording.model_at()
    del moments[path]
    with pytest.raises(ModelFileError, match="no 'momentum'"):
        recording.model_at()
    recording.frames[0]["optimizer"]["name"] = "SGD"  # of another optimizer they are left out
    assert int(recording.model_at().optimizer.iterations) == 0


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ({"name": "Adam", "steps": -1, "moments": {}}, "a whole number of at least 0 as 'steps'"),
        ({"name": "Adam", "steps": 1}, "a field 'moments'"),
        ({"name": "Adam", "steps": 1, "moments": {"a": {"m": 3}}}, "an array as 'moments'"),
        ([], "an object as 'optimizer'"),
    ],
)
def test_what_is_no_state_is_refused(state: Any, expected: str) -> None:
    frame = {**recorded(trained()).frames[0], "optimizer": state}
    with pytest.raises(ModelFileError, match=f"a message 'frame': expected {expected}"):
        messages.decode(messages.encode(frame))


def test_frames_of_earlier_recordings_say_nothing_of_the_optimizer() -> None:
    frame = recorded(trained()).frames[0]
    del frame["optimizer"]
    assert "optimizer" not in messages.decode(messages.encode(frame))


def test_only_small_models_have_their_moments_recorded() -> None:
    units = MOST // 3
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(units)])
    model.compile("adam", "mse")
    found = state_of(model)
    assert found is not None
    assert found["moments"].keys() == {v.path for v in model.weights}
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(units + 1)])
    model.compile("adam", "mse")
    assert state_of(model) == {"name": "Adam", "steps": 0, "moments": {}}
    update = update_of(model)
    assert update is not None
    assert "recorded for models of at most 2000 weights" in update["why"]


def test_a_model_that_is_not_compiled_has_no_update() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    assert update_of(model) is None
    assert state_of(model) is None
