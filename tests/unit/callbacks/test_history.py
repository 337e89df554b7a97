from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.callbacks import CallbackList, History


def test_keys_are_sorted_whatever_order_the_model_has(puppet: Any) -> None:
    callbacks = CallbackList([], add_history=True, model=puppet, verbose=0, epochs=2, steps=4)
    callbacks.on_train_begin()
    for epoch in range(2):
        callbacks.on_epoch_end(epoch, {"loss": np.float32(0.5), "acc": 1, "val_loss": 2.0, "val_acc": epoch})
    history = puppet.history
    assert history.history == {"acc": [1.0, 1.0], "loss": [0.5, 0.5], "val_acc": [0.0, 1.0], "val_loss": [2.0, 2.0]}
    assert list(history.history) == ["acc", "loss", "val_acc", "val_loss"]
    assert {type(v) for values in history.history.values() for v in values} == {float}
    assert history.epoch == [0, 1]
    assert history.params == {"verbose": 0, "epochs": 2, "steps": 4}
    assert history.model is puppet


def test_a_reused_object_keeps_its_metrics_and_begins_its_epochs_anew(puppet: Any) -> None:
    history = History()
    history.set_model(puppet)
    for epochs in ([0, 1], [5]):
        history.on_train_begin()
        for epoch in epochs:
            history.on_epoch_end(epoch, {"loss": float(epoch)})
    assert history.history == {"loss": [0.0, 1.0, 5.0]}
    assert history.epoch == [5]


def test_what_was_taken_back_is_forgotten(puppet: Any) -> None:
    history = History()
    history.set_model(puppet)
    history.history = {"loss": [9.0]}  # of an earlier fit
    for epoch in range(4):
        logs = {"loss": float(epoch)} | ({"val_loss": float(epoch)} if epoch % 2 else {})
        history.on_epoch_end(epoch, logs)
    history.forget_from(2, lambda epoch: epoch % 2 == 1)
    assert history.epoch == [0, 1]
    assert history.history == {"loss": [9.0, 0.0, 1.0], "val_loss": [1.0]}
    history.forget_from(2, lambda epoch: True)
    assert history.history == {"loss": [9.0, 0.0, 1.0], "val_loss": [1.0]}
