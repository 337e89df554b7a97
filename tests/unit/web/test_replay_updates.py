"""What a viewed recording says of the optimizer's step: that of the frame shown, moments and learning rate included."""

import numpy as np
import pytest

import chainrule as cr
from chainrule.recording import load
from chainrule.web.derivation import derive
from chainrule.web.protocol import Question, RequestError
from chainrule.web.replay import Replay

X = np.array([[0.0, 1.0], [1.0, 0.5], [-1.0, 2.0]], "float32")
Y = np.array([0.0, 1.0, 1.0], "float32")
PATH = "net/out/kernel"


@pytest.fixture
def recording(tmp_path):
    """A training by Adam whose learning rate falls, with a frame after each step."""
    cr.utils.set_random_seed(2)
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, "sigmoid", name="out")], name="net")
    model.compile(cr.optimizers.Adam(0.1), "binary_crossentropy")
    calls = [
        cr.callbacks.Recorder(tmp_path, every=1, cost=None, health=False),
        cr.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate),
    ]
    model.fit(X, Y, epochs=4, batch_size=3, shuffle=False, verbose=0, callbacks=calls)
    return load(tmp_path)


def asked(replay):
    question = Question(row=0, weight=f"{PATH}[0,0]", notation="lecture", digits=4, lines=True)
    return derive(replay.stage, question)


def test_each_frame_has_the_update_of_its_own_moments(recording):
    replay = Replay(recording)
    for at, frame in enumerate(recording.frames):
        replay.at = at
        replay.stage.show(True)
        expected = recording.trace_at(frame)[0].step
        found = asked(replay)
        assert found["update"]["after"] == pytest.approx(float(expected.after[PATH][0, 0]), rel=1e-12)
        title = found["lines"]["sections"][-1]["title"]
        assert f"step t = {frame['step'] + 1}, learning rate η = {frame['learning_rate']:.4f}".rstrip("0") in title
    assert len({f["learning_rate"] for f in recording.frames}) == 4


def test_moments_that_do_not_fit_are_told(recording):
    recording.frames[1]["optimizer"]["moments"][PATH]["momentum"] = np.zeros(7)
    replay = Replay(recording)
    replay.at = 1
    replay.stage.show(True)
    with pytest.raises(RequestError, match="does not hold all"):
        replay.stage.newest()
