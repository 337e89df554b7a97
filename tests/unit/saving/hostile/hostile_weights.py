"""Weights files that reach elsewhere, claim much, or do not fit."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import h5py
import numpy as np
from hostile_parts import FIRST, Cases, Make, changed_weights, good_weights, hdf5, replaced

SUFFIX = ".weights.h5"
GOOD = [good_weights]
KERNEL = (2, 3)


def array(*args: Any, **options: Any) -> Make:
    """The first kernel written in another way."""
    return lambda: replaced(lambda file, name: file.create_dataset(name, *args, **options))


def thing(value: Any) -> Make:
    return lambda: replaced(lambda file, name: file.__setitem__(name, value))


def change(apply: Callable[[Any], Any]) -> Make:
    return lambda: changed_weights(apply)


def virtual() -> bytes:
    layout = h5py.VirtualLayout(KERNEL, "f4")
    layout[...] = h5py.VirtualSource("/etc/hostname", "x", KERNEL)
    return replaced(lambda file, name: file.create_virtual_dataset(name, layout))


def virtual_of_itself() -> bytes:
    layout = h5py.VirtualLayout(KERNEL, "f4")
    layout[...] = h5py.VirtualSource(".", "layers/dense_1/vars/0", KERNEL)
    return replaced(lambda file, name: file.create_virtual_dataset(name, layout))


def committed() -> bytes:
    def put(file: Any, name: str) -> None:
        file["type"] = np.dtype("f4")
        file.create_dataset(name, data=np.ones(KERNEL, "f4"), dtype=file["type"])

    return replaced(put)


def elsewhere(name: str, link: Any) -> Make:
    def put(file: Any) -> None:
        del file[name]
        file[name] = link

    return change(put)


def moved(old: str, new: str) -> Make:
    return change(lambda file: file.move(old, new))


def reference(file: Any, name: str) -> None:
    file.create_dataset(name, data=file["layers"].ref, dtype=h5py.ref_dtype)


def user_block() -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w", userblock_size=512) as file, h5py.File(io.BytesIO(good_weights())) as good:
        for name in good:
            good.copy(name, file)
    return b"#!/bin/sh\n" + buffer.getvalue()[10:]


ONES = np.ones(KERNEL, "f4")

CASES: Cases = {
    # to elsewhere
    "an external link": elsewhere(FIRST, h5py.ExternalLink("/etc/hostname", "/x")),
    "an external link to a group": elsewhere("layers/dense", h5py.ExternalLink("other.h5", "/")),
    "an external link at the top": elsewhere("layers", h5py.ExternalLink("other.h5", "/layers")),
    "a soft link": elsewhere(FIRST, h5py.SoftLink("/layers/dense_1/vars/0")),
    "a soft link to a group": elsewhere("layers/dense", h5py.SoftLink("/layers/dense_1")),
    "a soft link to itself": elsewhere(FIRST, h5py.SoftLink("/" + FIRST)),
    "a soft link beside the weights": change(lambda f: f["layers"].__setitem__("x", h5py.SoftLink("/"))),
    "an external link beside the weights": change(
        lambda f: f["layers/dense/vars"].__setitem__("9", h5py.ExternalLink("/etc/hostname", "x"))
    ),
    "external storage": array(KERNEL, "f4", external=[("/etc/passwd", 0, 24)]),
    "external storage of unlimited size": array(KERNEL, "f4", external=[("/etc/passwd", 0, h5py.h5f.UNLIMITED)]),
    "external storage in two files": array(KERNEL, "f4", external=[("/etc/passwd", 0, 12), ("/etc/group", 0, 12)]),
    "a virtual array": virtual,
    "a virtual array of the file itself": virtual_of_itself,
    "a type that others share": committed,
    "a reference": lambda: replaced(reference),
    "a block before it": user_block,
    # sizes
    "2^40 numbers, none stored": array((1 << 20, 1 << 20), "f4"),
    "2^62 numbers, none stored": array((1 << 31, 1 << 31), "f4", chunks=(1 << 10, 1 << 10)),
    "a gigabyte of zeros, deflated": array((1 << 13, 1 << 12), "f4", chunks=(1 << 9, 1 << 12), compression="gzip"),
    "the right shape, none stored": array(KERNEL, "f4"),
    "the right shape, no chunk stored": array(KERNEL, "f4", chunks=KERNEL),
    "chunks much larger than the array": array(
        data=ONES, maxshape=(1 << 20, 1 << 20), chunks=(1 << 12, 4300), compression="gzip"
    ),
    "no room at all": array(data=np.zeros((0, 3), "f4")),
    "nothing at all": thing(h5py.Empty("f4")),
    # filters and types
    "a plug-in filter": array(data=ONES, compression="lzf"),
    "scale and offset": array(data=np.ones(KERNEL, "i4"), scaleoffset=3),
    "texts": array(data=np.array([["a"] * 3] * 2, object), dtype=h5py.string_dtype()),
    "fixed texts": array(data=np.array([[b"a"] * 3] * 2)),
    "complex numbers": array(data=ONES.astype("c8")),
    "records": array(data=np.zeros(KERNEL, [("a", "f4"), ("b", "f4")])),
    "opaque bytes": array(data=np.zeros(KERNEL, "V4")),
    "opaque bytes that say they are bfloat16": lambda: replaced(
        lambda f, n: f.create_dataset(n, data=np.zeros(KERNEL, "V3")).attrs.__setitem__("dtype", "bfloat16")
    ),
    "enumerated numbers": array(data=np.ones(KERNEL, "i4"), dtype=h5py.enum_dtype({"a": 1}, "i4")),
    "arrays of arrays": array((2,), np.dtype("f4", (3,)) if False else np.dtype(("f4", (3,)))),
    "lists of any length": array((2, 3), h5py.vlen_dtype(np.dtype("f4"))),
    # what does not fit
    "another shape": array(data=np.ones((3, 2), "f4")),
    "another number of axes": array(data=np.ones(6, "f4")),
    "a scalar": array(data=np.float32(1)),
    "a group in place of an array": lambda: replaced(lambda f, n: f.create_group(n)),
    "an array in place of a group": elsewhere("layers/dense/vars", 1.0),
    "an array in place of a layer": elsewhere("layers/dense", 1.0),
    "an array in place of all layers": elsewhere("layers", np.ones(4)),
    "no bias": change(lambda f: f.__delitem__("layers/dense/vars/1")),
    "no layer": change(lambda f: f.__delitem__("layers/dense_1")),
    "no layers at all": change(lambda f: f.__delitem__("layers")),
    "nothing in it": lambda: hdf5(lambda f: None),
    "one array too many": change(lambda f: f["layers/dense/vars"].create_dataset("2", data=1.0)),
    "another name of a variable": moved(FIRST, "layers/dense/vars/kernel"),
    "a name with a path": moved(FIRST, "layers/dense/vars/..%2f0"),
    "a circle of groups": elsewhere("layers/dense/vars", h5py.SoftLink("/layers")),
    "the newest form with a link": lambda: hdf5(
        lambda f: f.create_group("layers/dense/vars").__setitem__("0", h5py.SoftLink("/x")), libver="latest"
    ),
    "the newest form with chunks in a tree": lambda: hdf5(
        lambda f: f.create_dataset(FIRST, data=ONES, maxshape=(None, None), chunks=(1, 1)), libver="latest"
    ),
    "the newest form with chunks in a growing list": lambda: hdf5(
        lambda f: f.create_dataset(FIRST, data=ONES, maxshape=(None, 3), chunks=(1, 1)), libver="latest"
    ),
}
