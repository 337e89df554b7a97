"""File names and messages are compared with Keras's in tests/parity."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.callbacks import CallbackList, ModelCheckpoint


def run(callback: ModelCheckpoint, model: Any, values: list[Any], batches: int = 0) -> None:
    callbacks = CallbackList([callback], model=model)
    callbacks.on_train_begin()
    for epoch, value in enumerate(values):
        model.weight = float(epoch)
        callbacks.on_epoch_begin(epoch)
        for batch in range(batches):
            callbacks.on_train_batch_end(batch, {"loss": value})
        callbacks.on_epoch_end(epoch, {"val_loss": value, "loss": value})
    callbacks.on_train_end()


def test_only_the_best_is_kept(puppet: Any, tmp_path: Path) -> None:
    path = tmp_path / "best.keras"
    run(ModelCheckpoint(path, save_best_only=True), puppet, [3.0, 1.0, 2.0])
    assert path.read_text() == "model 1.0"


def test_names_are_filled_in_and_folders_made(puppet: Any, tmp_path: Path) -> None:
    path = os.fspath(tmp_path / "runs" / "{epoch:03d}" / "{val_loss:.2f}.weights.h5")
    run(ModelCheckpoint(path, save_weights_only=True), puppet, [0.5, 0.125])
    files = {p.relative_to(tmp_path).as_posix(): p.read_text() for p in tmp_path.rglob("*.h5")}
    assert files == {"runs/001/0.50.weights.h5": "weights 0.0", "runs/002/0.12.weights.h5": "weights 1.0"}


def test_batches_are_counted_across_epochs(puppet: Any, tmp_path: Path) -> None:
    path = os.fspath(tmp_path / "{epoch}-{batch}.keras")
    run(ModelCheckpoint(path, save_freq=4), puppet, [1.0] * 3, batches=3)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2-1.keras", "3-2.keras"]


def test_epochs_of_one_batch_are_counted(puppet: Any, tmp_path: Path) -> None:
    run(ModelCheckpoint(os.fspath(tmp_path / "{epoch}.keras"), save_freq=2), puppet, [1.0] * 5, batches=1)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2.keras", "4.keras"]


def test_the_best_batch_is_kept_too(puppet: Any, tmp_path: Path) -> None:
    path = tmp_path / "best.keras"
    run(ModelCheckpoint(path, "loss", save_best_only=True, save_freq=1), puppet, [3.0, 1.0, 2.0], batches=2)
    assert path.read_text() == "model 1.0"


def test_the_initial_threshold_must_be_beaten(puppet: Any, tmp_path: Path) -> None:
    path = tmp_path / "best.keras"
    run(ModelCheckpoint(path, save_best_only=True, initial_value_threshold=0.5), puppet, [3.0, 1.0])
    assert not path.exists()


def test_a_missing_metric_is_warned_of_and_saved(puppet: Any, tmp_path: Path) -> None:
    path = tmp_path / "best.keras"
    with pytest.warns(UserWarning, match=r"only with val_auc available. .* Available metrics are: loss,val_loss"):
        run(ModelCheckpoint(path, "val_auc", save_best_only=True), puppet, [1.0])
    assert path.exists()


def test_a_metric_of_several_numbers_is_warned_of_and_saved(puppet: Any, tmp_path: Path) -> None:
    path = tmp_path / "best.keras"
    with pytest.warns(UserWarning, match=r"when `monitor` is a scalar value. Received: \[1. 2.\]. Saving it anyway"):
        run(ModelCheckpoint(path, save_best_only=True), puppet, [np.array([1.0, 2.0])])
    assert path.exists()


def test_an_unavailable_field_of_the_name_is_an_error(puppet: Any, tmp_path: Path) -> None:
    with pytest.raises(KeyError, match=r"Reason: `auc` is not available. Available: epoch, loss, val_loss"):
        run(ModelCheckpoint(tmp_path / "{auc}.keras"), puppet, [1.0])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_in_the_way_is_an_error(puppet: Any, tmp_path: Path) -> None:
    (tmp_path / "m.keras").mkdir()
    with pytest.raises(IsADirectoryError, match=r"expected filepath to name a file, but .*m.keras is a folder"):
        run(ModelCheckpoint(tmp_path / "m.keras"), puppet, [1.0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            {"filepath": "m.h5", "save_weights_only": True},
            "the filepath must end in `.weights.h5`. Received: filepath=m.h5",
        ),
        ({"filepath": "m.pt"}, "the filepath must end in `.keras`. Received: filepath=m.pt"),
        (
            {"filepath": "m.keras", "save_freq": "batch"},
            "unrecognized save_freq: 'batch'. Expected 'epoch' or a number",
        ),
        ({"filepath": "m.keras", "save_freq": 0}, "unrecognized save_freq: 0. Expected 'epoch' or a number"),
    ],
)
def test_wrong_arguments_are_errors_at_once(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        ModelCheckpoint(**arguments)


def test_batches_are_heard_only_if_they_are_counted() -> None:
    class Mine(ModelCheckpoint):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            pass

    assert not CallbackList([ModelCheckpoint("m.keras")]).wants_batches
    assert CallbackList([ModelCheckpoint("m.keras", save_freq=1)]).wants_train_batches
    assert CallbackList([Mine("m.keras")]).wants_train_batches
