"""The monitor says each thing once, in time, and only what the messages bear out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.health import Monitor, progress
from chainrule.recording import messages

X = np.random.default_rng(0).normal(size=(64, 3)).astype(np.float32)
Y = (X[:, :1] > 0).astype(np.float32)


def network(**compile: Any) -> cr.Sequential:
    cr.utils.set_random_seed(0)
    layers = [cr.layers.Dense(4, "relu", name="hidden"), cr.layers.Dense(1, "sigmoid", name="output")]
    model = cr.Sequential([cr.Input((3,)), *layers])
    model.compile(**{"optimizer": "sgd", "loss": "binary_crossentropy", **compile})
    return model


def probe(x: Any = X, y: Any = Y) -> messages.Probe:
    return messages.Probe(rows=np.arange(64), x=x, y=y)


def frame(model: Any, step: int, **options: Any) -> messages.Message:
    return messages.frame(model, probe(), step=step, epoch=0, batch=0, seconds=0.0, **options)


def epochs(monitor: Monitor, losses: list[float], validation: list[float] | None = None) -> list[str]:
    """Tell of epochs of 100 steps and return the codes found."""
    found = []
    for i, loss in enumerate(losses):
        logs = {"loss": loss} if validation is None else {"loss": loss, "val_loss": validation[i]}
        found += monitor.hear(messages.epoch(i, 100 * (i + 1), 0.0, logs))
    return [f.code for f in found]


def kill(model: Any) -> None:
    model.layers[0].set_weights([np.zeros((3, 4)), np.full(4, -1.0)])


def test_what_two_frames_in_a_row_show_is_said_once() -> None:
    model = network()
    monitor = Monitor(model, probe())
    kill(model)
    found = [[f.code for f in monitor.hear(frame(model, step))] for step in range(4)]
    assert found == [[], ["dead-relu"], [], []]
    assert [(f.where, f.step) for f in monitor.findings] == [("hidden", 1)]


def test_one_frame_may_be_an_accident() -> None:
    model = network()
    weights = model.get_weights()
    monitor = Monitor(model, probe())
    for step in range(6):
        kill(model) if step % 2 else model.set_weights(weights)
        assert monitor.hear(frame(model, step)) == []


def test_gradients_may_be_missing_from_every_other_frame() -> None:
    layers = [cr.layers.Dense(8, "sigmoid") for _ in range(9)]
    model = cr.Sequential([cr.Input((3,)), *layers, cr.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    monitor = Monitor(model, probe())
    codes = [[f.code for f in monitor.hear(frame(model, step, gradients=step % 2 == 0))] for step in range(4)]
    assert codes == [[], [], ["vanishing-gradients"], []]


def test_outputs_that_shrink_to_nothing() -> None:
    """All gradients are equally small: only the outputs of the layers tell."""
    small = cr.initializers.RandomNormal(stddev=0.02, seed=0)
    layers = [cr.layers.Dense(16, "tanh", kernel_initializer=small, name=f"h{i}") for i in range(6)]
    model = cr.Sequential([cr.Input((3,)), *layers, cr.layers.Dense(1, "sigmoid")])
    model.compile("sgd", "binary_crossentropy")
    monitor = Monitor(model, probe())
    found = [(f.code, f.where) for step in range(2) for f in monitor.hear(frame(model, step))]
    assert found == [("vanishing-gradients", "h5")]
    assert "shrink from" in monitor.findings[0].message


def test_weights_that_are_no_numbers_are_said_at_once() -> None:
    model = network()
    monitor = Monitor(model, probe())
    kernel, bias = model.layers[0].get_weights()
    kernel[1, 2] = np.nan
    model.layers[0].set_weights([kernel, bias])
    (found,) = monitor.hear(frame(model, 5))
    assert (found.code, found.severity, found.where) == ("diverged", "error", "hidden")
    assert found.message.startswith("1 of 12 numbers of 'sequential")


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number(loss: float) -> None:
    assert epochs(Monitor(network(), probe()), [0.7, loss, loss]) == ["diverged"]


def test_outputs_may_be_at_the_ends_of_their_range() -> None:
    """A classifier that is sure of everything, wrongly: only hidden units saturate."""
    model = network()
    model.layers[1].set_weights([np.full((4, 1), 1e3), np.full(1, -1e3)])
    monitor = Monitor(model, probe())
    assert [f.code for s in range(3) for f in monitor.hear(frame(model, s))] == []


def test_losses_that_stand_still_while_the_weights_move() -> None:
    model = network()
    monitor = Monitor(model, probe())
    monitor.hear(frame(model, 0))
    model.layers[0].set_weights([model.layers[0].get_weights()[0] + 0.5, np.zeros(4)])
    monitor.hear(frame(model, 550))
    kernel, bias = model.layers[1].get_weights()
    model.layers[1].set_weights([0.01 * kernel, bias])  # the output is 0.5 whatever comes
    monitor.hear(frame(model, 600))
    monitor._lowest = 0.694
    assert epochs(monitor, [0.694] * 6) == ["loss-not-falling"]


def test_losses_that_stand_still_while_the_weights_do_too() -> None:
    model = network()
    monitor = Monitor(model, probe())
    for step in (0, 600):
        monitor.hear(frame(model, step))
    monitor._lowest = 0.71
    assert epochs(monitor, [0.71] * 6) == ["learning-rate-low"]
    assert monitor.findings[0].numbers["learning_rate"] == pytest.approx(0.01)


def test_an_old_frame_is_not_judged_by() -> None:
    """The weights of the first frame have not moved from themselves; that says nothing of later epochs."""
    model = network()
    monitor = Monitor(model, probe())
    monitor.hear(frame(model, 0))
    assert epochs(monitor, [0.71] * 20) == []


def test_a_rate_that_was_lowered_on_purpose_is_not_called_low() -> None:
    model = network()
    monitor = Monitor(model, probe())
    monitor.hear(frame(model, 0))
    model.optimizer.learning_rate = 0.001
    monitor.hear(frame(model, 600))
    monitor._lowest = 0.71
    assert epochs(monitor, [0.71, 0.7101] * 3) == ["loss-not-falling"]


def test_overfitting_needs_a_rise_that_lasts() -> None:
    falling = [0.9**i for i in range(20)]
    brief = [0.5] * 5 + [0.9, 0.5, 0.5] * 5
    assert epochs(Monitor(network(), probe()), falling, brief) == []
    lasting = [0.5] * 5 + [0.5 + 0.05 * i for i in range(15)]
    assert epochs(Monitor(network(), probe()), falling, lasting) == ["overfitting"]


def test_a_validation_loss_that_rises_with_the_training_loss_is_no_overfitting() -> None:
    rising = [0.5 + 0.05 * i for i in range(20)]
    assert "overfitting" not in epochs(Monitor(network(), probe()), rising, rising)


def test_a_validation_loss_that_rises_alone_is_no_overfitting() -> None:
    """It may be of other data: overfitting is learning by heart, and the training loss shows that."""
    rising = [0.5] * 5 + [0.5 + 0.05 * i for i in range(15)]
    for training in ([0.4] * 20, [0.9 * v for v in rising]):
        assert "overfitting" not in epochs(Monitor(network(), probe()), training, rising)
    near = [1.2 - 0.02 * i for i in range(20)]  # it falls, but is nowhere near what is learnt by heart
    assert "overfitting" not in epochs(Monitor(network(), probe()), near, rising)


def test_few_steps_say_nothing_of_the_rate() -> None:
    model = network()
    monitor = Monitor(model, probe())
    for step in (0, 20):
        monitor.hear(frame(model, step))
    monitor._lowest = 0.71
    for epoch in range(6):
        assert monitor.hear(messages.epoch(epoch, 4 * (epoch + 1), 0.0, {"loss": 0.71})) == []


def test_many_epochs_are_not_looked_at_anew_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    looks = []
    monkeypatch.setattr(progress, "overfitting", lambda *_: looks.append(1) or [])
    epochs(Monitor(network(), probe()), [0.5] * 20_000)
    assert 50 < len(looks) < 500


def test_overfitting_is_seen_late_but_seen_in_a_long_training() -> None:
    falling = [0.999**i for i in range(3000)]
    rising = [0.5] * 1500 + [0.5 + 0.001 * i for i in range(1500)]
    monitor = Monitor(network(), probe())
    assert epochs(monitor, falling, rising) == ["overfitting"]
    first = monitor.findings[0].step
    assert first is not None
    assert 150_000 < first < 200_000


def test_the_probe_may_be_arrays_a_probe_or_a_message() -> None:
    for given in ((X, Y), probe(), {"x": X, "y": Y, "rows": []}):
        model = network()
        kill(model)
        monitor = Monitor(model, given)
        assert [f.code for s in range(2) for f in monitor.hear(frame(model, s))] == ["dead-relu"]
        assert monitor.findings[0].numbers["rows"] == 64
    assert Monitor(network()).hear(frame(network(), 0)) == []


def test_messages_of_other_kinds_say_nothing() -> None:
    monitor = Monitor(network(), probe())
    assert monitor.hear({"kind": "start"}) == monitor.hear({"kind": "status"}) == []
    assert monitor.hear(messages.epoch(0, 1, 0.0, {})) == []


def test_data_are_looked_at_once() -> None:
    monitor = Monitor(network(), probe())
    x = X.copy()
    x[:, 1] = 7
    assert [f.code for f in monitor.data(x, Y, ["a", "b", "c"])] == ["constant-feature"]
    assert monitor.data(x, Y, ["a", "b", "c"]) == []


class Own(cr.Model):
    """A model that is Python code, with a hidden layer whose units are dead."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = cr.layers.Dense(4, "relu", bias_initializer=cr.initializers.Constant(-50), name="hidden")
        self.last = cr.layers.Dense(1, "sigmoid", name="last")

    def call(self, inputs: Any) -> Any:
        return self.last(self.hidden(inputs))


def test_models_that_are_python_code() -> None:
    model = Own()
    model.compile("sgd", "binary_crossentropy")
    model(X)
    monitor = Monitor(model, probe())
    found = [(f.code, f.where) for s in range(2) for f in monitor.hear(frame(model, s))]
    assert found == [("dead-relu", "hidden")]


def test_several_inputs_and_outputs() -> None:
    a, b = cr.Input((2,), name="a"), cr.Input((1,), name="b")
    dead = cr.layers.Dense(4, "relu", bias_initializer=cr.initializers.Constant(-50), name="dead")
    h = cr.layers.Concatenate()([dead(a), b])
    model = cr.Model([a, b], {"p": cr.layers.Dense(1, name="p")(h), "q": cr.layers.Dense(1, "relu", name="q")(h)})
    model.compile("sgd", {"p": "mse", "q": "mae"})
    shown = probe({"a": X[:, :2], "b": X[:, 2:]}, {"p": Y, "q": Y})
    monitor = Monitor(model, shown)
    for step in range(2):
        monitor.hear(messages.frame(model, shown, step=step, epoch=0, batch=0, seconds=0.0))
    assert [(f.code, f.where) for f in monitor.findings] == [("dead-relu", "dead")]
    assert monitor._baseline is not None


def test_a_loss_of_the_users_own_is_no_hindrance() -> None:
    model = network(loss=lambda y, p: cr.ops.mean(cr.ops.abs(y - p)) ** 2)
    kill(model)
    monitor = Monitor(model, probe())
    assert [f.code for s in range(2) for f in monitor.hear(frame(model, s))] == ["dead-relu"]
