"""The reader of plain values: what Python pickles it reads alike, and everything that could act it refuses."""

import contextlib
import pickle
import pickletools
import struct
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainrule.datasets.plain_pickle import load
from chainrule.errors import DataError

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(PLAIN, st.sampled_from([3, 4, 5]))
def test_plain_values(value: Any, protocol: int) -> None:
    assert load(pickle.dumps(value, protocol), "here") == value


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_old_protocols(protocol: int) -> None:
    value = {"a": [1, -5, 2**40, 1.5, True, False, None], "b": ("ä", ()), "c": [{"d": list(range(300))}]}
    assert load(pickle.dumps(value, protocol), "here") == value


@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype="uint8").reshape(3, 4), np.arange(6, dtype=">i4"), np.array(2.5), np.zeros((0, 3)),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array([True, False]),
    ],
)  # fmt: skip
def test_arrays(array: Any, protocol: int) -> None:
    found = load(pickle.dumps({"a": array}, protocol), "here")["a"]
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype


def test_arrays_of_lists() -> None:
    array = np.empty(2, object)
    array[0], array[1] = [1, 2], [3]
    assert load(pickle.dumps(array, 4), "here").tolist() == [[1, 2], [3]]


@pytest.mark.parametrize(
    "value", [print, OrderedDict(a=1), Path("x"), np.float64(1.0), {1, 2}, pickle.Pickler, np.ma.array([1.0])]
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_other_objects_are_refused(value: Any, protocol: int) -> None:
    with pytest.raises(DataError, match=r"here (names|uses the pickle instruction|is damaged)"):
        load(pickle.dumps(value, protocol), "here")


ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btR"
UINT8 = b"cnumpy\ndtype\n(X\x02\x00\x00\x00u1tR(K\x03X\x01\x00\x00\x00|NNNtb"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "names os.system"),
        (b"\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.", "names os.system"),
        (b"(S'true'\nios\nsystem\n.", "instruction b'i'"),
        (b"P0\n.", "instruction b'P'"),
        (b"\x82\x01.", "instruction b'\\x82'"),
        (b"cnumpy\ndtype\n)R.", "damaged"),
        (b"cnumpy\ndtype\n(S'O'\ntR}S'a'\nK\x01sb.", "damaged"),
        (b"cnumpy\nndarray\n(K\x05tR.", "ndarray of (5,)"),
        (ARRAY + b".", "an array without contents"),
        (ARRAY + b"(K\x01(K\x05t" + UINT8 + b"I00\nC\x03abct" + b"b.", "3 bytes for shape (5,) of uint8"),
        (ARRAY + b"(K\x01(J\xff\xff\xff\xfft" + UINT8 + b"I00\nC\x03abct" + b"b.", "shape (-1,)"),
        (ARRAY + b"(K\x01(J\xff\xff\xff\x7fJ\xff\xff\xff\x7ft" + UINT8 + b"I00\nC\x03abct" + b"b.", "3 bytes for"),
        (b"K\x01" + b"b.", "is damaged"),
        (b"T\xff\xff\xff\x7fabc.", "ends too early"),
        (b"T\xff\xff\xff\xffabc.", "ends too early"),
        (b"\x8e" + struct.pack("<Q", 2**63) + b".", "ends too early"),
        (b"L" + b"9" * 6000 + b"L\n.", "is damaged"),
        (b"]K\x01K\x02u.", "is damaged"),
        (b"(((t.", ""),
        (b"", "ends too early"),
        (b".", "is damaged"),
        (b"h\x05.", "is damaged"),
    ],
)
def test_hostile_and_damaged(data: bytes, message: str) -> None:
    if not message:
        assert load(data, "here") == ()
        return
    with pytest.raises(DataError) as caught:
        load(data, "here")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.binary(max_size=80))
def test_any_bytes_give_a_value_or_one_error(data: bytes) -> None:
    with contextlib.suppress(DataError):
        load(data, "here")


@given(st.data())
def test_changed_files_give_a_value_or_one_error(data: Any) -> None:
    raw = bytearray(pickle.dumps({b"data": np.arange(20, dtype="uint8"), b"labels": [1, 300, 70000]}, 3))
    for _ in range(3):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(DataError):
        load(bytes(raw), "here")


def test_every_instruction_is_known_or_refused() -> None:
    """Those that call, import or fetch are not among the known ones, except the two for NumPy's names."""
    from chainrule.datasets.plain_pickle import _STEPS

    acting = {"INST", "OBJ", "NEWOBJ", "NEWOBJ_EX", "PERSID", "BINPERSID", "EXT1", "EXT2", "EXT4", "NEXT_BUFFER"}
    for op in pickletools.opcodes:
        if op.name in acting:
            assert ord(op.code) not in _STEPS, op.name
