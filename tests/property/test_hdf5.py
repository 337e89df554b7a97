"""Whatever h5py writes of groups, numbers and texts, our reader gives back as h5py does."""

from __future__ import annotations

import io
import os
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chainrule.errors import ModelFileError
from chainrule.saving.hdf5 import File, open_file

EXAMPLES = int(os.environ.get("CHAINRULE_EXAMPLES", "150"))
names = st.text(st.characters(codec="utf-8", exclude_characters="/.\0"), min_size=1, max_size=12)
dtypes = st.sampled_from(["<f2", "<f4", "<f8", ">f4", ">f8", "|i1", "<i2", ">i4", "<i8", "|u1", "<u4", "|b1"])
shapes = st.lists(st.integers(0, 7), max_size=4).map(tuple)
texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
attribute_values = st.one_of(
    texts,
    st.lists(texts, min_size=1, max_size=5),
    texts.map(lambda t: np.bytes_(t.encode())),
    st.integers(-(2**40), 2**40),
    st.booleans(),
    st.floats(allow_nan=False),
    st.lists(st.floats(allow_nan=False), min_size=1, max_size=4).map(np.array),
)


@st.composite
def arrays(draw: Any) -> tuple[Any, dict[str, Any]]:
    """Draw an array and the settings to write it with."""
    shape, dtype = draw(shapes), np.dtype(draw(dtypes))
    bits = np.random.default_rng(draw(st.integers(0, 2**32))).integers(-100, 100, shape)
    values = np.asarray(bits).astype(dtype)
    how: dict[str, Any] = {}
    if values.ndim and values.size and draw(st.booleans()):
        how["chunks"] = tuple(draw(st.integers(1, n)) for n in shape)
        how["shuffle"], how["fletcher32"] = draw(st.booleans()), draw(st.booleans())
        how["compression"] = draw(st.sampled_from([None, "gzip"]))
    return values, how


@st.composite
def groups(draw: Any, depth: int = 2) -> dict[str, Any]:
    """Draw a tree of groups and arrays with attributes."""
    members = {}
    for name in draw(st.lists(names, max_size=14 if depth == 2 else 5, unique=True)):
        deeper = depth > 0 and draw(st.booleans())
        members[name] = draw(groups(depth=depth - 1)) if deeper else draw(arrays())
    return {"members": members, "attributes": draw(st.dictionaries(names, attribute_values, max_size=12))}


def write(group: Any, tree: dict[str, Any], track: bool) -> None:
    group.attrs.update(tree["attributes"])
    for name, thing in tree["members"].items():
        if isinstance(thing, dict):
            write(group.create_group(name, track_order=track), thing, track)
        else:
            group.create_dataset(name, data=thing[0], **thing[1])


def compare(file: File, ours: str, theirs: Any) -> None:
    store = file.group(ours)
    assert store is not None
    assert file.names(ours) == sorted(theirs)
    compare_attributes(file.attributes(ours), theirs.attrs)
    for name, thing in theirs.items():
        if isinstance(thing, h5py.Group):
            compare(file, f"{ours}/{name}", thing)
            continue
        found, expected = store[name], thing[()]
        assert store.shape(name) == thing.shape
        assert found.dtype == thing.dtype.newbyteorder("=")
        np.testing.assert_array_equal(found, expected)


def compare_attributes(ours: dict[str, Any], theirs: Any) -> None:
    assert sorted(ours) == sorted(theirs)
    for name, value in ours.items():
        expected = theirs[name]
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, expected)
        elif isinstance(value, list):
            assert value == list(expected)
        else:
            assert value == (expected.decode() if isinstance(expected, bytes) else expected)


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(groups(), st.sampled_from(["earliest", "v108", "v110", "latest"]), st.booleans(), st.booleans())
def test_files_of_h5py(tree: dict[str, Any], version: str, track: bool, user_order: bool) -> None:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=version, track_order=user_order) as file:
        write(file, tree, track)
    with open_file(buffer.getvalue(), "m.h5") as ours, h5py.File(buffer, "r") as theirs:
        compare(ours, "", theirs)


@pytest.mark.parametrize("version", ["earliest", "latest"])
@pytest.mark.parametrize("track", [False, True])
def test_groups_of_thousands(version: str, track: bool) -> None:
    """Trees of several levels, and heaps with blocks within blocks."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=version) as file:
        group = file.create_group("layers", track_order=track)
        for i in range(3000):
            group.create_group(f"dense_with_a_rather_long_name_{i}")
        for i in range(300):
            group.attrs[f"a{i}"] = "x" * i
        data = group.create_dataset("numbers", data=np.arange(90000.0).reshape(300, 300), chunks=(7, 7), shuffle=True)
        assert data.shape == (300, 300)
    with open_file(buffer.getvalue(), "m.h5") as file, h5py.File(buffer, "r") as theirs:
        assert file.names("layers") == sorted(theirs["layers"])
        compare_attributes(file.attributes("layers"), theirs["layers"].attrs)
        store = file.group("layers")
        assert store is not None
        np.testing.assert_array_equal(store["numbers"], theirs["layers/numbers"][()])


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(groups(depth=1), st.sampled_from(["earliest", "latest"]), st.data())
def test_damaged_files(tree: dict[str, Any], version: str, data: Any) -> None:
    """A file with changed bytes is read or refused; nothing else can happen."""
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", libver=version) as file:
        write(file, tree, False)
    changed = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    try:
        with open_file(bytes(changed[: data.draw(st.integers(0, len(changed)))] or changed), "m.h5") as file:
            read_all(file, "", 0)
    except ModelFileError as error:
        said = str(error)
    else:
        return
    assert said.startswith("'m.h5': ")
    assert len(said) <= 500
    assert "\n" not in said


def read_all(file: File, path: str, depth: int) -> None:
    file.attributes(path)
    store = file.group(path)
    for name in store or ():
        try:
            read_all(file, f"{path}/{name}", depth + 1) if depth < 4 else None
        except ModelFileError as error:
            if "is not a group" not in str(error):
                raise
            assert store is not None
            store[name]
