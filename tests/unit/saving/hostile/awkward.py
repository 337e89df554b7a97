"""Files that are unusual and good: all of them must load."""

from __future__ import annotations

import io
import json
import zipfile

import h5py
from hostile_parts import Cases, archive, entries, good_keras, good_weights, members, raw_archive


class Stream(io.BytesIO):
    """A file that can only be written in order, so that sizes follow the data."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


def streamed(compression: int) -> bytes:
    stream = Stream()
    with zipfile.ZipFile(stream, "w", compression) as file:
        for name, data in members(good_keras()).items():
            file.writestr(name, data)
    return stream.getvalue()


def zip64() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        for name, data in members(good_keras()).items():
            with file.open(name, "w", force_zip64=True) as member:
                member.write(data)
    return buffer.getvalue()


def commented() -> bytes:
    buffer = io.BytesIO(good_keras())
    with zipfile.ZipFile(buffer, "a") as file:
        file.comment = b"trained on Monday"
    return buffer.getvalue()


def rewritten(**options: str) -> bytes:
    """The same arrays in another form of HDF5."""
    buffer = io.BytesIO()
    with h5py.File(io.BytesIO(good_weights())) as good, h5py.File(buffer, "w", **options) as file:

        def copy(name: str, thing: h5py.Dataset | h5py.Group) -> None:
            if isinstance(thing, h5py.Dataset):
                file.create_dataset(name, data=thing[()], track_times=True)
            else:
                file.require_group(name)

        good.visititems(copy)
    return with_weights(buffer.getvalue())


def packed() -> bytes:
    """The same arrays, deflated in chunks, big-endian."""
    buffer = io.BytesIO()
    with h5py.File(io.BytesIO(good_weights())) as good, h5py.File(buffer, "w") as file:

        def copy(name: str, thing: h5py.Dataset | h5py.Group) -> None:
            if not isinstance(thing, h5py.Dataset):
                return
            how = {"compression": "gzip", "shuffle": True, "fletcher32": True, "chunks": True} if thing.shape else {}
            file.create_dataset(name, data=thing[()].astype(thing.dtype.newbyteorder(">")), **how)

        good.visititems(copy)
        for group in ("layers", "optimizer"):
            if group in good:
                file.require_group(group)
    return with_weights(buffer.getvalue())


def with_weights(weights: bytes) -> bytes:
    content = {**members(good_keras()), "model.weights.h5": weights}
    content.pop("metadata.json")
    return archive(content)


def spaced() -> bytes:
    content = dict(members(good_keras()))
    content["config.json"] = json.dumps(json.loads(content["config.json"]), indent=8).encode() + b"\n\n  \n"
    return archive(content)


CASES: Cases = {
    "as it was saved": good_keras,
    "deflated": lambda: archive(members(good_keras()), zipfile.ZIP_DEFLATED),
    "members in another order": lambda: archive(dict(reversed(members(good_keras()).items()))),
    "much white space": spaced,
    "sizes that follow the data": lambda: streamed(zipfile.ZIP_STORED),
    "deflated, and sizes that follow": lambda: streamed(zipfile.ZIP_DEFLATED),
    "sizes in 64 bits": zip64,
    "a comment": commented,
    "folders of assets": lambda: archive([*members(good_keras()).items(), ("assets/", b""), ("assets/a.txt", b"x")]),
    "no metadata": lambda: archive({k: v for k, v in members(good_keras()).items() if k != "metadata.json"}),
    "flags of a good deflater": lambda: raw_archive(entries(config={"method": 8, "flags": 6})),
    "a field of times": lambda: raw_archive(entries(config={"extra": b"UT\5\0\3" + bytes(4)})),
    "the newest form of HDF5": lambda: rewritten(libver="latest"),
    "the form of HDF5 1.8": lambda: rewritten(libver="v108"),
    "deflated chunks, big-endian": packed,
}
