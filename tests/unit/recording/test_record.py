"""`record`: what a block of trainings leaves, at any epoch and step, and that it leaves the trainings alone."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import Callback
from chainrule.errors import DataError, ModelFileError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(64, 3)).astype("float32")
Y = (X[:, 0] > 0).astype("float32")


def network() -> Any:
    cr.utils.set_random_seed(0)
    layers = [cr.Input((3,)), cr.layers.Dense(4, "tanh", name="a"), cr.layers.Dense(1, "sigmoid", name="b")]
    model = cr.Sequential(layers, name="m")
    model.compile(cr.optimizers.SGD(0.1), "binary_crossentropy", metrics=["accuracy"])
    return model


class Weights(Callback):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Any] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.seen.append(self.model.get_weights()[0])


def trained(**options: Any) -> tuple[Any, Any, list[Any]]:
    """Train for 3 epochs of 4 batches, and return what was recorded, the model and its first weights by step."""
    model, weights = network(), Weights()
    first = model.get_weights()[0]
    with cr.record(model, **{"every": "batch", "cost": None, **options}) as rec:
        model.fit(X, Y, batch_size=16, epochs=3, verbose=0, callbacks=[weights])
    return rec, model, [first, *weights.seen]


def test_places() -> None:
    rec, model, weights = trained()
    for place, step in [((0, 0), 0), ((0, 3), 3), (0, 4), ((1, 0), 4), ((1, 1), 5), (2, 12), ((2, 99), 12)]:
        frame = rec[place]
        assert frame["step"] == step
        np.testing.assert_array_equal(frame["weights"]["m/a/kernel"], weights[step])
        assert frame["gradients"].keys() == frame["weights"].keys()
    assert rec[1]["logs"]["loss"] == model.history.history["loss"][1]
    assert rec.recording.history == model.history.history
    assert rec.recording.end["why"] == "all epochs"


def test_places_of_very_many_epochs_of_which_the_recording_keeps_some() -> None:
    model = network()
    with cr.record(model, budget_mb=0.1, gradients=False, health=False) as rec:
        for epochs in (6000, 3000):
            model.fit(X[:8], Y[:8], batch_size=4, epochs=epochs, verbose=0)
    run = rec.recording
    assert 10 < len(run.epochs) < 6000
    steps = np.array([frame["step"] for frame in run.frames])
    for epoch in (0, 1, 500, 5000, 5999, 6000, 8998, 8999):
        assert rec[epoch]["step"] == steps[steps <= 2 * (epoch + 1)].max()
    assert rec[8999]["step"] == 18_000
    with pytest.raises(DataError, match="has 9000 epochs, from 0 on; there is no epoch 9000"):
        rec[9000]


def test_no_recording_has_more_epochs_than_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.recording.run_file._EPOCHS", 40_000)
    model = network()
    with cr.record(model, budget_mb=50, gradients=False, health=False) as rec:
        model.fit(X[:8], Y[:8], batch_size=4, epochs=5000, verbose=0)
    assert 100 < len(rec.recording.epochs) <= 40_000 / 32
    assert rec.recording.epochs[-1]["epoch"] == 4999


def test_between_two_frames_it_is_the_earlier_one() -> None:
    rec, _, weights = trained(every="3 batches")
    assert [rec[1, step]["step"] for step in range(5)] == [3, 3, 6, 6, 6]
    np.testing.assert_array_equal(rec.model_at(1, 4).get_weights()[0], weights[6])


@pytest.mark.parametrize("place", [-1, (0, -1), 1.5, True, "a", (0, None, 1), (None, 0)])
def test_no_place(place: Any) -> None:
    rec, _, _ = trained()
    with pytest.raises(DataError, match="A place is an epoch, or an epoch and a step, counted from 0, but this one is"):
        rec[place]


def test_an_epoch_that_was_not() -> None:
    rec, _, _ = trained()
    with pytest.raises(DataError, match="The recording 'm' has 3 epochs, from 0 on; there is no epoch 3"):
        rec[3]


def test_the_model_trains_as_without() -> None:
    plain, recorded = network(), network()
    history = plain.fit(X, Y, epochs=30, verbose=0)
    with cr.record(recorded):
        found = recorded.fit(X, Y, epochs=30, verbose=0)
    assert found.history == history.history
    for a, b in zip(plain.get_weights(), recorded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_the_derivation_at_some_step() -> None:
    rec, _, weights = trained()
    found = rec.trace(1, 2, X[:2], Y[:2])
    assert found.check().ok
    model = network()
    model.set_weights([weights[6], *rec.model_at(1, 2).get_weights()[1:]])
    assert found.mean().text() == cr.trace(model, X[:2], Y[:2]).mean().text()
    assert found.mean().text() != rec.trace(1, 3, X[:2], Y[:2]).mean().text()
    of_probe = rec.trace(2)
    assert len(of_probe) == 64


def test_what_a_brief_frame_lacks_is_computed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _, _ = trained(every=1)
    monkeypatch.setattr("chainrule.recording.allowance.Allowance.allows", lambda *given: False)
    monkeypatch.setattr("chainrule.recording.allowance.Allowance.left", lambda self, total: 0.05)
    brief, _, _ = trained(every=1, cost=0.05)
    assert brief.recording.frames[1]["gradients"] is None
    for path, gradient in whole[0]["gradients"].items():
        np.testing.assert_allclose(brief[0]["gradients"][path], gradient, rtol=1e-6, atol=1e-9)
    assert brief[0]["units"] == whole[0]["units"]
    unwanted, _, _ = trained(every=1, cost=0.05, gradients=False)
    assert unwanted[0]["gradients"] is None


def test_a_class_of_your_own_needs_its_name_only_where_it_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chainrule.recording.allowance.Allowance.allows", lambda *given: False)
    monkeypatch.setattr("chainrule.recording.allowance.Allowance.left", lambda self, total: 0.05)

    class Twice(cr.layers.Layer):
        def call(self, x: Any) -> Any:
            return 2.0 * x

    def run(**options: Any) -> Any:
        model = cr.Sequential([cr.Input((3,)), Twice(), cr.layers.Dense(1)])
        model.compile("sgd", "mse")
        with cr.record(model, every=1, **options) as rec:
            model.fit(X, Y, epochs=3, verbose=0)
        return rec

    assert run()[0]["gradients"] is None
    with pytest.raises(ModelFileError, match="Unknown class 'Twice'"):
        run().model_at(0)
    rec = run(custom_objects={"Twice": Twice})
    assert rec[0]["gradients"] is not None
    assert rec.model_at(0).layers[0].name.startswith("twice")


def test_several_trainings_are_one_recording_and_others_are_none() -> None:
    model = network()
    model.fit(X, Y, epochs=1, verbose=0)
    with cr.record(model, every=1, cost=None) as rec:
        first = model.fit(X, Y, batch_size=16, epochs=2, verbose=0)
        assert len(rec.recording.epochs) == 2
        losses = list(first.history["loss"])
        second = model.fit(X, Y, batch_size=16, epochs=2, verbose=0)
    model.fit(X, Y, epochs=4, verbose=0)
    assert rec.recording.history["loss"] == losses + second.history["loss"]
    assert rec[3]["step"] == 16
    assert rec[2]["logs"]["loss"] == second.history["loss"][0]


def test_blocks_within_blocks_and_callbacks_besides(tmp_path: Path) -> None:
    model = network()
    with cr.record(model) as outer:
        with cr.record(model) as inner:
            model.fit(X, Y, epochs=2, verbose=0, callbacks=[cr.callbacks.Recorder(tmp_path)])
        model.fit(X, Y, epochs=3, verbose=0)
    found = [len(run.epochs) for run in (inner.recording, outer.recording, cr.recording.load(tmp_path))]
    assert found == [2, 3, 2]


def test_a_training_that_fails_leaves_what_there_was() -> None:
    model = network()

    class Fail(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            if epoch == 1:
                raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"), cr.record(model, every=1, cost=None) as rec:
        model.fit(X, Y, epochs=5, verbose=0, callbacks=[Fail()])
    assert (rec.recording.end or {})["why"] == "error"
    assert rec[0]["weights"].keys() == {v.path for v in model.weights}
    model.fit(X, Y, epochs=1, verbose=0)
    assert len(rec.recording.epochs) < 3


def test_files(tmp_path: Path) -> None:
    rec, _, _ = trained(name="mine")
    assert rec.save(tmp_path / "run") == tmp_path / "run" / "run.jsonl"
    again = cr.recording.load(tmp_path / "run")
    assert repr(again) == "<Recording 'mine': 3 epochs, 13 frames, 0 findings, all epochs>"
    assert repr(rec) == repr(again).replace("Recording", "Take")
    with pytest.raises(ModelFileError, match=r"exists already\. Choose another name, or say overwrite=True"):
        rec.save(tmp_path / "run")
    assert rec.save(tmp_path / "run" / "run.jsonl", overwrite=True).exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelFileError, match="Cannot write"):
        rec.save(tmp_path / "file" / "run")
    rec.save_html(tmp_path / "run.html")
    assert "mine" in (tmp_path / "run.html").read_text()


def test_curves() -> None:
    pytest.importorskip("matplotlib")
    rec, _, _ = trained()
    assert rec.plot() is not None


def test_the_temporary_file_goes_with_the_result() -> None:
    rec, _, _ = trained()
    path = rec._recorder.path
    assert path.exists()
    del rec
    gc.collect()
    assert not path.parent.exists()


def test_a_budget_holds() -> None:
    rec, _, _ = trained(budget_mb=0.02)
    assert rec._recorder.path.stat().st_size <= 20_000
    assert len(rec.recording.frames) < 13


def test_before_any_training() -> None:
    with cr.record(network()) as rec:
        pass
    assert repr(rec) == "<Take: nothing yet>"
    for ask in (lambda: rec.recording, lambda: rec[0], lambda: rec.save("x"), rec.plot):
        with pytest.raises(DataError, match=r"nothing was recorded\. Call model.fit"):
            ask()


def test_what_is_no_model() -> None:
    with pytest.raises(DataError, match="record: expected a model, received list"):
        cr.record([1])
    with pytest.raises(DataError, match="every must be 'auto'"):
        cr.record(network(), every=0)
