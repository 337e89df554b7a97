"""Good files to begin with, and how cases change them."""

from __future__ import annotations

import copy
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from functools import cache
from typing import Any

import h5py
import numpy as np

import chainrule as cr

Make = Callable[[], bytes]
Cases = dict[str, Make]

# -- good files -------------------------------------------------------------------------------------------------------


@cache
def good_keras() -> bytes:
    """A small Sequential that has been compiled."""
    cr.utils.set_random_seed(1)
    model = cr.Sequential(
        [cr.Input((2,)), cr.layers.Dense(3, "relu", name="a"), cr.layers.Dense(1, name="b")], name="m"
    )
    model.compile("adam", "mse", metrics=["mae"])
    model.fit(np.ones((4, 2)), np.ones(4), verbose=0)
    buffer = io.BytesIO()
    model.save(buffer)
    return buffer.getvalue()


@cache
def good_functional() -> bytes:
    """A functional model with two branches."""
    x = cr.Input((2,), name="x")
    a, b = cr.layers.Dense(3, name="a")(x), cr.layers.Dense(3, name="b")(x)
    model = cr.Model(x, cr.layers.Dense(1, name="c")(cr.layers.Add(name="sum")([a, b])), name="m")
    buffer = io.BytesIO()
    model.save(buffer)
    return buffer.getvalue()


@cache
def good_weights() -> bytes:
    return members(good_keras())["model.weights.h5"]


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


# -- archives ---------------------------------------------------------------------------------------------------------


def archive(content: dict[str, bytes] | list[tuple[Any, bytes]], compression: int = zipfile.ZIP_STORED) -> bytes:
    """An ordinary archive; names may be `ZipInfo`s, and may occur twice if a list is given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as file:
        for name, data in content.items() if isinstance(content, dict) else content:
            if isinstance(name, str) and name in file.namelist():
                file.NameToInfo.pop(name)  # or zipfile warns
            file.writestr(name, data)
    return buffer.getvalue()


def changed_members(**changed: bytes | None) -> bytes:
    """The good file with other members, by the first part of their names."""
    names = {"config": "config.json", "metadata": "metadata.json", "weights": "model.weights.h5"}
    content = {**members(good_keras()), **{names[k]: v for k, v in changed.items()}}
    return archive({k: v for k, v in content.items() if v is not None})


def with_config(change: Callable[[Any], Any], base: Make = good_keras, compression: int = zipfile.ZIP_STORED) -> bytes:
    """A good file after a change of its configuration (what `change` returns, or the changed one)."""
    content = dict(members(base()))
    config = json.loads(content["config.json"])
    returned = change(config)
    content["config.json"] = json.dumps(config if returned is None else returned).encode()
    return archive(content, compression)


def with_layer(change: Callable[[Any], Any]) -> bytes:
    """A good file after a change of the description of its first Dense layer."""
    return with_config(lambda config: discard(change(config["config"]["layers"][1])))


def with_setting(key: str, value: Any) -> bytes:
    """A good file whose first Dense layer has another setting."""
    return with_layer(lambda layer: layer["config"].__setitem__(key, copy.deepcopy(value)))


def with_class(class_name: Any, config: Any, module: Any = "keras.layers", registered: Any = None) -> bytes:
    """A good file in which another thing stands in place of its first Dense layer."""
    new = {"module": module, "class_name": class_name, "config": config, "registered_name": registered}
    return with_layer(lambda layer: (layer.clear(), layer.update(new)))


def discard(_: Any) -> None:
    return None


def raw_archive(entries: list[dict[str, Any]], *, prefix: bytes = b"", tail: bytes = b"", **end: int) -> bytes:
    """An archive of which each number can be told: keys of local headers begin with `local_`."""
    body, listed = bytearray(prefix), bytearray()
    for entry in entries:
        data, name = entry.get("data", b""), entry["name"]
        method = entry.get("method", 0)
        stored = entry.get("stored_data", zlib.compress(data)[2:-4] if method == 8 else data)
        numbers = {
            "flags": 0,
            "method": method,
            "crc": zlib.crc32(data),
            "stored": len(stored),
            "size": len(data),
            "extra": b"",
            "at": len(body),
            "mode": 0,
        }
        far = {**numbers, **{k: v for k, v in entry.items() if k in numbers}}
        near = {**far, **{k[6:]: v for k, v in entry.items() if k.startswith("local_")}}
        near_name = entry.get("local_name", name)
        if not entry.get("only_listed"):
            head = ("flags", "method", "crc", "stored", "size")
            flags, way, crc, packed, size = (near[k] for k in head)
            lengths = len(near_name), len(near["extra"])
            body += struct.pack("<4s5H3L2H", b"PK\3\4", 20, flags, way, 0, 33, crc, packed, size, *lengths)
            body += near_name + near["extra"] + stored + entry.get("after", b"")
        listed += struct.pack(
            "<4s6H3L5H2L", b"PK\1\2", 20, 20, far["flags"], far["method"], 0, 33, far["crc"], far["stored"],
            far["size"], len(name), len(far["extra"]), 0, 0, 0, far["mode"], far["at"],
        )  # fmt: skip
        listed += name + far["extra"]
    numbers = {"disk": 0, "first_disk": 0, "here": len(entries), "number": len(entries), "size": len(listed)}
    numbers |= {"first": len(body), "comment": 0, **end}
    return bytes(body + listed + struct.pack("<4s4H2LH", b"PK\5\6", *numbers.values()) + tail)


def entries(**changes: dict[str, Any]) -> list[dict[str, Any]]:
    """The members of the good file, for `raw_archive`, with changes by the first part of their names."""
    found = [{"name": name.encode(), "data": data} for name, data in members(good_keras()).items()]
    for first, change in changes.items():
        next(e for e in found if first.encode() in e["name"]).update(change)
    return found


# -- HDF5 -------------------------------------------------------------------------------------------------------------


def hdf5(fill: Callable[[Any], Any], **options: Any) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", **options) as file:
        fill(file)
    return buffer.getvalue()


def changed_weights(change: Callable[[Any], Any]) -> bytes:
    """The good weights file after a change by h5py."""
    buffer = io.BytesIO(good_weights())
    with h5py.File(buffer, "r+") as file:
        change(file)
    return buffer.getvalue()


FIRST = "layers/dense/vars/0"


def replaced(put: Callable[[Any, str], Any]) -> bytes:
    """The good weights file with something else in place of the first kernel."""

    def change(file: Any) -> None:
        del file[FIRST]
        put(file, FIRST)

    return changed_weights(change)
