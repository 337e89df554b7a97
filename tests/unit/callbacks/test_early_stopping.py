"""When it stops is compared with Keras in tests/parity."""

from __future__ import annotations

from typing import Any

import pytest

from chainrule.callbacks import EarlyStopping


def run(callback: EarlyStopping, model: Any, values: list[float]) -> int:
    callback.set_model(model)
    model.stop_training = False
    callback.on_train_begin()
    for epoch, value in enumerate(values):
        model.weight = float(epoch)
        callback.on_epoch_end(epoch, {"val_loss": value})
        if model.stop_training:
            break
    callback.on_train_end()
    return epoch + 1


def test_stops_after_patience_and_restores_the_best(puppet: Any, capsys: pytest.CaptureFixture[str]) -> None:
    callback = EarlyStopping(patience=2, restore_best_weights=True, verbose=1)
    assert run(callback, puppet, [3.0, 1.0, 2.0, 1.5, 0.5]) == 4
    assert puppet.weight == 1.0
    assert (callback.best, callback.best_epoch, callback.stopped_epoch) == (1.0, 1, 3)
    assert capsys.readouterr().out == (
        "Epoch 4: early stopping\nRestoring model weights from the end of the best epoch: 2.\n"
    )


def test_without_restoring_the_last_weights_stay(puppet: Any) -> None:
    callback = EarlyStopping(patience=1)
    assert run(callback, puppet, [1.0, 2.0, 3.0]) == 2
    assert puppet.weight == 1.0
    assert callback.best_weights is None


def test_a_second_training_starts_afresh(puppet: Any) -> None:
    callback = EarlyStopping(patience=1)
    run(callback, puppet, [0.1, 0.2])
    assert run(callback, puppet, [5.0, 4.0, 3.0]) == 3
    assert callback.best == 3.0


def test_best_weights_are_a_copy(puppet: Any) -> None:
    callback = EarlyStopping(patience=5, restore_best_weights=True)
    run(callback, puppet, [1.0, 2.0, 3.0])
    assert puppet.weight == 0.0


def test_a_missing_metric_is_warned_of_with_the_available_ones(puppet: Any) -> None:
    callback = EarlyStopping()
    callback.set_model(puppet)
    callback.on_train_begin()
    expected = (
        "Early stopping conditioned on metric `val_loss` which is not available. Available metrics are: accuracy,loss"
    )
    with pytest.warns(UserWarning, match=expected):
        callback.on_epoch_end(0, {"accuracy": 1.0, "loss": 0.5})
    assert not puppet.stop_training
