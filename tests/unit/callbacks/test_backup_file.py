"""The file of a backup: what goes in comes out, and nothing but what went in."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.callbacks.backup_file import read_backup, write_backup
from chainrule.errors import ModelFileError

STATE: dict[str, Any] = {
    "nothing": None,
    "flag": True,
    "number": 7,
    "large": (1 << 70) + 1,
    "float": 0.1,
    "infinite": [math.inf, -math.inf],
    "text": "Ω ≈ 1",
    "history": {"loss": [0.5, 0.25, 1e-300, 0.1 + 0.2, math.inf], "short": [0.5]},
    "pair": (1, (2.5, "x")),
    "floats": (0.5, 0.25, 0.125, 0.0625),
    "array": np.arange(6, dtype=np.float32).reshape(2, 3),
    "scalar": np.float32(0.1),
    "empty": np.zeros((0, 4), np.int64),
    "names": np.array(["a", "bc"]),
    "swapped": np.arange(3, dtype=">i4"),
}


def same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, np.ndarray | np.generic):
        a = np.asarray(a)
        return a.shape == b.shape and a.dtype == b.dtype.newbyteorder(a.dtype.byteorder) and (a == b).all()
    return type(a) is type(b) and a == b


def test_every_kind_of_value_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_backup(path, STATE)
    found = read_backup(path)
    assert [name for name in STATE if not same(STATE[name], found[name])] == []
    assert math.isnan(_round_trip(tmp_path, {"x": math.nan})["x"])


def _round_trip(folder: Path, state: Any) -> Any:
    write_backup(folder / "again", state)
    return read_backup(folder / "again")


@pytest.mark.parametrize("value", [object(), {1: 2}, np.array([object()]), {"deep": [{"x": print}]}])
def test_other_values_are_refused_and_the_old_file_stays(tmp_path: Path, value: Any) -> None:
    path = tmp_path / "state"
    write_backup(path, {"a": 1})
    with pytest.raises(TypeError, match="cannot be backed up"):
        write_backup(path, {"a": value})
    assert read_backup(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["state"]


def test_a_change_of_any_byte_and_any_truncation_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "state"
    write_backup(path, {"weights": [np.arange(4.0)], "epoch": 3})
    good = path.read_bytes()
    for i in range(len(good)):
        path.write_bytes(good[:i] + bytes([good[i] ^ 1]) + good[i + 1 :])
        with pytest.raises(ModelFileError, match=r"damaged|not a backup"):
            read_backup(path)
        path.write_bytes(good[:i])
        with pytest.raises(ModelFileError, match=r"damaged|not a backup"):
            read_backup(path)
    path.write_bytes(good + b"\0")
    with pytest.raises(ModelFileError, match="damaged"):
        read_backup(path)


@pytest.mark.parametrize(
    "head",
    [
        '{"state": {"array": 0}, "arrays": [["<f8", [1000000000000]]]}',
        '{"state": {"array": 5}, "arrays": []}',
        '{"state": {"array": 0}, "arrays": [["O", [1]]]}',
        '{"state": {"array": 0}, "arrays": [["<f8", [-1]]]}',
        '{"state": {"call": "os.system"}, "arrays": []}',
        '{"state": {"a": 1, "b": 2}, "arrays": []}',
        "[" * 5000,
        "{}",
    ],
)
def test_a_file_made_by_hand_with_a_right_checksum_is_not_believed(tmp_path: Path, head: str) -> None:
    import hashlib

    from chainrule.callbacks.backup_file import MAGIC

    body = len(head).to_bytes(8, "little") + head.encode()
    (tmp_path / "state").write_bytes(MAGIC + hashlib.sha256(body).digest() + body)
    with pytest.raises(ModelFileError, match="state'"):
        read_backup(tmp_path / "state")


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="No such file"):
        read_backup(tmp_path / "none")
