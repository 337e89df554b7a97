"""`.keras` files: bytes as they come, and the same with the sums of the archive put right, so that members are read."""

from __future__ import annotations

import struct
import zlib

from fuzz.common import Seeds, branches, dense, in_file, refused_properly, saved


def seeds() -> Seeds:
    return {"dense": saved(dense(optimizer="adam", loss="mse")), "branches": saved(branches())}


def check(data: bytes) -> None:
    import chainrule as cr

    for version in (data, _with_sums(data)):
        path = in_file("m.keras", version)
        refused_properly(lambda path=path: cr.models.load_model(path))


def _with_sums(data: bytes) -> bytes:
    """Write the sums of stored members into both lists, as far as these can be found."""
    changed = bytearray(data)
    at = 0
    while (at := data.find(b"PK\1\2", at)) >= 0 and at + 46 <= len(data):
        (size,) = struct.unpack_from("<L", data, at + 20)
        (start,) = struct.unpack_from("<L", data, at + 42)
        if start + 30 <= len(data):
            lengths = struct.unpack_from("<2H", data, start + 26)
            begin = start + 30 + sum(lengths)
            total = struct.pack("<L", zlib.crc32(data[begin : begin + size]))
            changed[at + 16 : at + 20] = total
            changed[start + 14 : start + 18] = total
        at += 4
    return bytes(changed)
