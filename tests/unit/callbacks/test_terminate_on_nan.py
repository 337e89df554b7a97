from __future__ import annotations

from typing import Any

import pytest

from chainrule.callbacks import CallbackList, TerminateOnNaN
from chainrule.errors import DivergedError


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), float("-inf")])
def test_an_invalid_loss_stops_training(puppet: Any, capsys: pytest.CaptureFixture[str], loss: float) -> None:
    callbacks = CallbackList([TerminateOnNaN()], model=puppet)
    callbacks.on_train_batch_end(0, {"loss": 1.0})
    callbacks.on_train_batch_end(1, {"accuracy": float("nan")})
    assert not puppet.stop_training
    callbacks.on_train_batch_end(2, {"loss": loss})
    assert puppet.stop_training
    assert capsys.readouterr().out == "Batch 2: Invalid loss, terminating training\n"


@pytest.mark.parametrize("kind", [RuntimeError, DivergedError])
def test_it_can_raise_instead(kind: type[Exception]) -> None:
    with pytest.raises(
        kind, match=r"NaN or Inf loss encountered at batch 4. Loss value: nan. .* Try a smaller learning rate"
    ):
        TerminateOnNaN(raise_error=True).on_train_batch_end(4, {"loss": float("nan")})
