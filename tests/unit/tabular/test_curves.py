import struct

import pytest

from chainrule.errors import MissingExtraError
from chainrule.tabular.curves import save_curves

HISTORY = {"loss": [1.0, 0.5], "val_loss": [1.1, 0.7], "accuracy": [0.5, 0.8], "val_accuracy": [0.4, 0.7],
           "learning_rate": [0.1, 0.1]}  # fmt: skip


def test_one_picture_per_pair_of_curves(tmp_path):
    save_curves(tmp_path / "c.png", HISTORY, 2)
    data = (tmp_path / "c.png").read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert (width, height) == (1320, 480)  # two pictures of 5.5 by 4 inches at 120 dots per inch


def test_matplotlib_missing_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match="Drawing the curves needs the package 'matplotlib'"):
        save_curves(tmp_path / "c.png", HISTORY, 2)
