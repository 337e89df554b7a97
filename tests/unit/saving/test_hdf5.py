"""The one door to HDF5: plain arrays come through, everything else is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from chainrule.errors import ModelFileError
from chainrule.saving.hdf5 import open_file


def packed(fill: Callable[[Any], Any]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        fill(file)
    return buffer.getvalue()


def read(data: bytes, group: str = "vars") -> dict[str, Any] | None:
    with open_file(data, "m.h5") as file:
        store = file.group(group)
        return None if store is None else {name: store[name] for name in store}


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int32", "int64", "uint8", "bool"])
def test_numbers_of_every_type(dtype: str) -> None:
    values = np.arange(6).reshape(2, 3).astype(dtype)
    found = read(packed(lambda f: f.create_dataset("vars/0", data=values)))
    assert found is not None
    np.testing.assert_array_equal(found["0"], values)


def test_bfloat16_as_keras_stores_it() -> None:
    bits = (np.array([1.0, -2.5, 3.0], "float32").view(np.uint32) >> 16).astype(np.uint16)

    def fill(file: Any) -> None:
        dataset = file.create_dataset("vars/0", data=bits.view("V2"))
        dataset.attrs["dtype"] = "bfloat16"

    found = read(packed(fill))
    assert found is not None
    assert found["0"].tolist() == [1.0, -2.5, 3.0]


@pytest.mark.parametrize(
    "options", [{"compression": "gzip"}, {"shuffle": True}, {"fletcher32": True}, {"chunks": (2, 2)}]
)
def test_filters_of_the_library_itself(options: dict[str, Any]) -> None:
    values = np.arange(12.0).reshape(3, 4)
    found = read(packed(lambda f: f.create_dataset("vars/0", data=values, **options)))
    assert found is not None
    np.testing.assert_array_equal(found["0"], values)


def test_empty_arrays_scalars_and_missing_groups() -> None:
    data = packed(lambda f: (f.create_dataset("vars/0", data=np.zeros((0, 3))), f.create_dataset("vars/1", data=2.0)))
    found = read(data)
    assert found is not None
    assert found["0"].shape == (0, 3)
    assert found["1"] == 2.0
    assert read(data, "layers/dense/vars") is None


def test_shapes_without_reading() -> None:
    with open_file(packed(lambda f: f.create_dataset("vars/0", data=np.zeros((2, 3)))), "m.h5") as file:
        store = file.group("vars")
        assert store is not None
        assert store.shape("0") == (2, 3)
        with pytest.raises(KeyError, match="has no member"):
            store["1"]


def test_names_and_attributes() -> None:
    def fill(file: Any) -> None:
        group = file.create_group("model_weights")
        for name in ("dense_1", "dense"):
            group.create_group(name)
        group.attrs["backend"] = "tensorflow"
        group.attrs["keras_version"] = np.bytes_(b"2.15.0")
        group.attrs["layer_names"] = [b"dense_1", b"dense"]
        group.attrs["weight_names"] = ["dense/kernel:0", "dense/bias:0"]
        group.attrs["count"] = 3
        group.attrs["rates"] = np.array([0.5, 0.25])
        file.attrs["model_config"] = '{"class_name": "Sequential"}'

    with open_file(packed(fill), "m.h5") as file:
        assert file.names() == ["model_weights"]
        assert file.names("model_weights") == ["dense", "dense_1"]
        assert file.names("elsewhere") == []
        assert file.attributes("") == {"model_config": '{"class_name": "Sequential"}'}
        assert file.attributes("model_weights/dense") == {}
        found = file.attributes("model_weights")
    assert found.pop("rates").tolist() == [0.5, 0.25]
    assert found == {
        "backend": "tensorflow",
        "keras_version": "2.15.0",
        "layer_names": ["dense_1", "dense"],
        "weight_names": ["dense/kernel:0", "dense/bias:0"],
        "count": 3,
    }


# -- what is refused --------------------------------------------------------------------------------------------------


def elsewhere(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.arange(4.0)
    return tmp_path / "secret.h5"


def test_an_external_link(tmp_path: Path) -> None:
    secret = elsewhere(tmp_path)
    data = packed(lambda f: f.create_group("vars").__setitem__("0", h5py.ExternalLink(secret, "x")))
    with pytest.raises(ModelFileError, match=r"'m.h5': '/vars/0' is a link; a model file reads only itself"):
        read(data)


def test_an_external_link_to_a_group(tmp_path: Path) -> None:
    secret = elsewhere(tmp_path)
    data = packed(lambda f: f.__setitem__("vars", h5py.ExternalLink(secret, "/")))
    with pytest.raises(ModelFileError, match="'/vars' is a link"):
        read(data)


def test_a_soft_link() -> None:
    def fill(file: Any) -> None:
        file["real"] = np.arange(4.0)
        file.create_group("vars")["0"] = h5py.SoftLink("/real")

    with pytest.raises(ModelFileError, match="'/vars/0' is a link"):
        read(packed(fill))


def test_external_storage(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(32))

    def fill(file: Any) -> None:
        file.create_group("vars").create_dataset("0", (4,), "f8", external=[(str(tmp_path / "secret"), 0, 32)])

    with pytest.raises(ModelFileError, match="'/vars/0' is not a plain array"):
        read(packed(fill))


def test_a_virtual_dataset(tmp_path: Path) -> None:
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(str(elsewhere(tmp_path)), "x", (4,))
    with pytest.raises(ModelFileError, match="is not a plain array"):
        read(packed(lambda f: f.create_group("vars").create_virtual_dataset("0", layout)))


def test_a_filter_that_is_a_plugin() -> None:
    data = packed(lambda f: f.create_dataset("vars/0", data=np.zeros(100), compression="lzf"))
    with pytest.raises(ModelFileError, match="is compressed with filter 32000, which is not read"):
        read(data)


def test_a_shape_that_stores_nothing() -> None:
    data = packed(lambda f: f.create_dataset("vars/0", (1 << 20, 1 << 20), "f8"))
    with pytest.raises(
        ModelFileError, match=r"array '/vars/0' of shape \(1048576, 1048576\) claims 8796093022208 bytes"
    ):
        read(data)


def test_a_bomb() -> None:
    data = packed(lambda f: f.create_dataset("vars/0", data=np.zeros(12 << 20), compression="gzip", chunks=(1 << 20,)))
    with pytest.raises(ModelFileError, match="claims 100663296 bytes, but the file is too small"):
        read(data)


def test_many_small_ones_share_the_budget() -> None:
    def fill(file: Any) -> None:
        for i in range(4):
            file.create_dataset(f"vars/{i}", data=np.zeros(3 << 20), compression="gzip")

    with pytest.raises(ModelFileError, match="the file is too small"):
        read(packed(fill))


@pytest.mark.parametrize(
    "value", ["text", np.array([b"ab"]), np.zeros(2, "c8"), np.zeros(2, [("a", "f4"), ("b", "i4")]), h5py.Empty("f4")]
)
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(ModelFileError, match=r"'/vars/0' (holds .*, expected numbers|is not a plain array)"):
        read(packed(lambda f: f.create_group("vars").__setitem__("0", value)))


def test_references() -> None:
    def fill(file: Any) -> None:
        file["real"] = np.arange(4.0)
        file.create_dataset("vars/0", data=file["real"].ref, dtype=h5py.ref_dtype)

    with pytest.raises(ModelFileError, match="expected numbers"):
        read(packed(fill))


def test_a_group_for_an_array_and_the_other_way_round() -> None:
    with pytest.raises(ModelFileError, match="'/vars/0' is not a plain array"):
        read(packed(lambda f: f.create_group("vars/0")))
    with pytest.raises(ModelFileError, match="'vars' is not a group of arrays"):
        read(packed(lambda f: f.__setitem__("vars", 1.0)))


def test_a_group_within_itself() -> None:
    def fill(file: Any) -> None:
        group = file.create_group("layers")
        group["layers"] = group
        group.create_dataset("vars/0", data=1.0)

    assert read(packed(fill), "layers/layers/layers/vars") == {"0": 1.0}


@pytest.mark.parametrize("data", [b"", b"hello", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + b"\xff" * 200])
def test_no_hdf5(data: bytes) -> None:
    with pytest.raises(ModelFileError, match=r"'m.h5': the weights are not a readable HDF5 file"):
        read(data)
