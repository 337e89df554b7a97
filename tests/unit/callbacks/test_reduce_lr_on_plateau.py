"""The rates are compared with Keras's in tests/parity."""

from __future__ import annotations

from typing import Any

import pytest

from chainrule.callbacks import ReduceLROnPlateau


def test_halves_after_two_flat_epochs_and_waits_during_cooldown(
    puppet: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    callback = ReduceLROnPlateau("loss", factor=0.5, patience=2, cooldown=2, verbose=1)
    callback.set_model(puppet)
    callback.on_train_begin()
    rates = []
    for epoch in range(8):
        logs = {"loss": 1.0}
        callback.on_epoch_end(epoch, logs)
        rates.append(logs["learning_rate"])
    # Epoch 2 is the second flat one; 3 cools down, 4 ends the cooldown and counts, 5 is the second.
    assert rates == [0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025]
    assert "\nEpoch 3: ReduceLROnPlateau reducing learning rate to 0.05.\n" in capsys.readouterr().out


def test_never_falls_below_the_least_rate(puppet: Any) -> None:
    callback = ReduceLROnPlateau("loss", factor=0.1, patience=1, min_lr=0.02)
    callback.set_model(puppet)
    callback.on_train_begin()
    for epoch in range(5):
        callback.on_epoch_end(epoch, {"loss": 1.0})
    assert puppet.optimizer.learning_rate == 0.02


def test_a_factor_of_one_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"does not support a factor >= 1.0. Received factor=1.5. Pass one below 1"):
        ReduceLROnPlateau(factor=1.5)


def test_unknown_arguments_are_ignored_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="ReduceLROnPlateau ignores unknown arguments: epsilon"):
        ReduceLROnPlateau(epsilon=1e-4)


def test_a_missing_metric_is_warned_of_with_the_available_ones(puppet: Any) -> None:
    callback = ReduceLROnPlateau("val_loss")
    callback.set_model(puppet)
    with pytest.warns(
        UserWarning, match="`val_loss` which is not available. Available metrics are: loss,learning_rate"
    ):
        callback.on_epoch_end(0, {"loss": 1.0})
