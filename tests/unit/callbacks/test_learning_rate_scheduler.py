from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from chainrule.callbacks import LearningRateScheduler


def rates(callback: LearningRateScheduler, model: Any, epochs: int = 3) -> list[float]:
    callback.set_model(model)
    found = []
    for epoch in range(epochs):
        callback.on_epoch_begin(epoch)
        logs: dict[str, float] = {}
        callback.on_epoch_end(epoch, logs)
        found.append(logs["learning_rate"])
    return found


def test_the_schedule_sees_epoch_and_rate(puppet: Any, capsys: pytest.CaptureFixture[str]) -> None:
    callback = LearningRateScheduler(lambda epoch, rate: rate / 2 if epoch else rate, verbose=1)
    assert rates(callback, puppet) == [0.1, 0.05, 0.025]
    assert "\nEpoch 2: LearningRateScheduler setting learning rate to 0.05.\n" in capsys.readouterr().out


def test_the_schedule_may_see_only_the_epoch(puppet: Any) -> None:
    assert rates(LearningRateScheduler(lambda epoch: 1.0 / (epoch + 1)), puppet) == [1.0, 0.5, 1 / 3]


@pytest.mark.parametrize("rate", [np.float32(0.5), np.float64(0.5), np.array(0.5), 0.5])
def test_any_single_float_will_do(puppet: Any, rate: Any) -> None:
    assert rates(LearningRateScheduler(lambda epoch: rate), puppet) == [0.5, 0.5, 0.5]


@pytest.mark.parametrize("rate", [1, "0.1", None, np.array([0.5]), np.int64(1)])
def test_anything_else_is_an_error(puppet: Any, rate: Any) -> None:
    with pytest.raises(ValueError, match=r"output of the `schedule` function should be a float. Got: .* for epoch 0"):
        rates(LearningRateScheduler(lambda epoch: rate), puppet)


def test_an_error_within_the_schedule_is_not_hidden(puppet: Any) -> None:
    def schedule(epoch: int, rate: float = 0.0) -> float:
        raise TypeError("mine")

    with pytest.raises(TypeError, match="mine"):
        rates(LearningRateScheduler(schedule), puppet)


def test_an_optimizer_without_a_rate_is_an_error(puppet: Any) -> None:
    puppet.optimizer = SimpleNamespace()
    with pytest.raises(ValueError, match='the optimizer must have a "learning_rate" attribute'):
        rates(LearningRateScheduler(lambda epoch: 0.1), puppet)
