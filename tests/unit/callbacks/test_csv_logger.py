"""The text of the file is compared with Keras's in tests/parity."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from chainrule.callbacks import CSVLogger


def test_rows_are_on_disk_as_soon_as_their_epoch_ends(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    logger = CSVLogger(path)
    logger.on_train_begin()
    logger.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
    assert path.read_bytes() == b"epoch,loss,val_loss\r\n0,0.5,0.75\r\n"
    logger.on_epoch_end(1, {"loss": 0.25})
    assert path.read_bytes().endswith(b"1,0.25,NA\r\n")
    logger.on_train_end()


def test_values_of_several_numbers_are_one_cell(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    logger = CSVLogger(path, separator="\t")
    logger.on_train_begin()
    logger.on_epoch_end(0, {"f1": np.array([0.5, 0.25]), "val_loss": np.array(1.0), "note": "fine"})
    logger.on_train_end()
    with path.open(newline="") as file:
        rows = list(csv.reader(file, delimiter="\t"))
    assert rows == [["epoch", "f1", "note", "val_loss"], ["0", '"[0.5, 0.25]"', "fine", "1.0"]]


def test_appending_writes_the_header_once(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    for epoch in range(2):
        logger = CSVLogger(path, append=True)
        logger.on_train_begin()
        logger.on_epoch_end(epoch, {"val_loss": 1.0})
        logger.on_train_end()
    assert path.read_text() == "epoch,val_loss\n0,1.0\n1,1.0\n"


def test_an_interrupted_training_leaves_no_open_file(tmp_path: Path) -> None:
    logger = CSVLogger(tmp_path / "log.csv")
    logger.on_train_begin()
    file = logger.csv_file
    del logger
    assert file is not None
    assert file.closed
