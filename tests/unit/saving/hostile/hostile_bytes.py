"""HDF5 that was forged byte by byte: circles, overlaps, places beyond the end."""

from __future__ import annotations

import struct
from typing import Any

import h5py
import numpy as np
from hostile_parts import FIRST, Cases, Make, good_weights, hdf5

SUFFIX = ".weights.h5"
GOOD = [good_weights]
UNDEFINED = b"\xff" * 8


def at(place: int, new: bytes) -> Make:
    def make() -> bytes:
        data = bytearray(good_weights())
        data[place : place + len(new)] = new
        return bytes(data)

    return make


def after(signature: bytes, offset: int, new: bytes, which: int = 0) -> Make:
    """Other bytes at an offset from the signature of a part."""

    def make() -> bytes:
        data = bytearray(good_weights())
        place = -1
        for _ in range(which + 1):
            place = data.index(signature, place + 1)
        data[place + offset : place + offset + len(new)] = new
        return bytes(data)

    return make


def number(value: int, size: int = 8) -> bytes:
    return struct.pack("<Q", value)[:size]


def address(signature: bytes) -> bytes:
    return number(good_weights().index(signature))


def circle() -> bytes:
    """A tree whose node is its own child."""
    data = bytearray(good_weights())
    tree = data.index(b"TREE")
    data[tree + 5] = 1  # level
    data[tree + 32 : tree + 40] = number(tree)
    return bytes(data)


def layout(new: bytes) -> Make:
    """Another layout of the first kernel: its old one is found by class and size."""

    def make() -> bytes:
        data = bytearray(good_weights())
        with_size = number(24)
        place = data.index(b"\3\1", data.index(with_size) - 16) if with_size in data else -1
        data[place : place + len(new)] = new
        return bytes(data)

    return make


def newest(**options: Any) -> bytes:
    return hdf5(lambda f: f.create_dataset(FIRST, data=np.ones((2, 3), "f4"), **options), libver="latest")


def newest_changed(signature: bytes, offset: int) -> Make:
    def make() -> bytes:
        data = bytearray(newest(chunks=(1, 1), compression="gzip"))
        data[data.index(signature) + offset] ^= 0xFF
        return bytes(data)

    return make


def many_links() -> bytes:
    """A heap of links of which a byte is wrong."""

    def fill(file: Any) -> None:
        for i in range(40):
            file.create_group(f"layers/group_{i}")

    data = bytearray(hdf5(fill, libver="latest"))
    data[data.index(b"FHDB") + 60] ^= 0xFF
    return bytes(data)


def repeated_text() -> bytes:
    """An attribute of 8,000 texts that are one and the same megabyte."""

    def fill(file: Any) -> None:
        vars_ = file.create_dataset(FIRST, data=np.ones((2, 3), "f4"))
        vars_.attrs.create("dtype", ["x" * (1 << 20), *["y"] * 3000], dtype=h5py.string_dtype())

    data = bytearray(hdf5(fill))
    first = struct.pack("<L", 1 << 20)
    place = data.index(first)
    for i in range(3001):
        data[place + 16 * i : place + 16 * i + 16] = data[place : place + 16]
    return bytes(data)


CASES: Cases = {
    **{f"cut at {p} of 16": lambda p=p: good_weights()[: len(good_weights()) * p // 16] for p in range(16)},
    "without its last byte": lambda: good_weights()[:-1],
    "bytes before it": lambda: bytes(512) + good_weights(),
    "no signature": at(0, b"\x89PNG"),
    "an unknown version": at(8, b"\7"),
    "addresses of 4 bytes": at(13, b"\4\4"),
    "addresses of 255 bytes": at(13, b"\xff\xff"),
    "a base elsewhere": at(24, number(512)),
    "an end beyond the end": at(40, number(1 << 60)),
    "a family of files": at(48, number(96)),
    "no root": at(64, UNDEFINED),
    "the root beyond the end": at(64, number(1 << 62)),
    "the root just before the end": at(64, number(len(good_weights()) - 3)),
    "the root in the first block": at(64, number(0)),
    "the root is a tree": lambda: at(64, address(b"TREE"))(),
    "the root is a heap": lambda: at(64, address(b"HEAP"))(),
    "a root of another version": at(96, b"\x07"),
    "a root of 65,535 messages in 2^32 bytes": at(98, b"\xff\xff" + bytes(4) + b"\xff" * 4),
    "a root without messages": at(104, bytes(4)),
    "a circle in a tree": circle,
    "a tree of another kind": after(b"TREE", 4, b"\1"),
    "a tree of 255 levels": after(b"TREE", 5, b"\xff"),
    "a tree of 65,535 members": after(b"TREE", 6, b"\xff\xff"),
    "a tree whose child is beyond the end": after(b"TREE", 32, number(1 << 50)),
    "a tree whose child is nothing": after(b"TREE", 32, UNDEFINED),
    "a tree whose child is a tree": lambda: after(b"TREE", 32, address(b"TREE"))(),
    "a list of 65,535 names": after(b"SNOD", 6, b"\xff\xff"),
    "a name beyond the heap": after(b"SNOD", 8, number(1 << 40)),
    "a name at the end of the heap": after(b"SNOD", 8, number(87)),
    "an object beyond the end": after(b"SNOD", 16, number(1 << 40)),
    "an object that is nothing": after(b"SNOD", 16, UNDEFINED),
    "an object in the middle of another": after(b"SNOD", 16, number(100)),
    "a soft link by its mark": after(b"SNOD", 24, b"\2"),
    "a heap of 2^60 bytes": after(b"HEAP", 8, number(1 << 60)),
    "a heap beyond the end": after(b"HEAP", 24, number(1 << 60)),
    "a heap without an end of names": lambda: after(b"HEAP", 32, b"x" * 88)(),
    "a layout of class 77": layout(b"\3\x4d"),
    "a virtual layout": layout(b"\4\3"),
    "a layout of version 1": layout(b"\1\1"),
    "numbers beyond the end": layout(b"\3\1" + number(1 << 40)),
    "numbers below zero": layout(b"\3\1" + number((1 << 64) - 100)),
    "fewer numbers than needed": layout(b"\3\1" + number(0) + number(23)),
    "2^63 bytes of numbers": layout(b"\3\1" + number(0) + number(1 << 63)),
    "texts that are one text": repeated_text,
    "a wrong sum of the newest header": newest_changed(b"OHDR", 20),
    "a wrong sum of the newest list of chunks": newest_changed(b"FAHD", 8),
    "a wrong entry in the newest list of chunks": newest_changed(b"FADB", 20),
    "a wrong byte in the newest heap": many_links,
    "a wrong sum of the newest first block": lambda: newest()[:40] + b"\1" + newest()[41:],
}
