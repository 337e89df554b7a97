"""Containers that are damaged, that lie, or that are something else."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile

import numpy as np
from hostile_parts import Cases, archive, changed_members, entries, good_keras, good_weights, members, raw_archive

SUFFIX = ".keras"
GOOD = [good_keras]


class Payload:
    """What pickle would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return exec, ("raise SystemExit('executed')",)


def tar() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        info = tarfile.TarInfo("../config.json")
        file.addfile(info, io.BytesIO())
    return buffer.getvalue()


def npz(pickled: bool) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, a=np.array([Payload()], object) if pickled else np.ones(3))
    return buffer.getvalue()


def with_member(name: object, data: bytes = b"x") -> bytes:
    return archive([*members(good_keras()).items(), (name, data)])


def link() -> bytes:
    info = zipfile.ZipInfo("assets/link")
    info.external_attr = 0xA1FF << 16
    return with_member(info, b"/etc/passwd")


def with_bytes(at: int, new: bytes) -> bytes:
    data = bytearray(good_keras())
    start = at if at >= 0 else len(data) + at
    data[start : start + len(new)] = new
    return bytes(data)


def wrong_sum(name: str) -> bytes:
    data = bytearray(good_keras())
    content = members(bytes(data))[name]
    at = data.index(content)
    data[at + len(content) // 2] ^= 1
    return bytes(data)


def end64(**numbers: int) -> bytes:
    """An archive whose end is in the form for large ones."""
    plain = raw_archive(entries())
    end = struct.unpack("<4s4H2LH", plain[-22:])
    values = {"length": 44, "made": 45, "needed": 45, "disk": 0, "first_disk": 0, "here": end[3], "number": end[4]}
    values |= {"size": end[5], "first": end[6], "locator": len(plain) - 22, "disks": 1, **numbers}
    record = [values[k] for k in ("length", "made", "needed", "disk", "first_disk", "here", "number", "size", "first")]
    return (
        plain[:-22]
        + struct.pack("<4sQ2H2L4Q", b"PK\6\6", *record)
        + struct.pack("<4sLQL", b"PK\6\7", 0, values["locator"], values["disks"])
        + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    )


def bomb(name: str, size: int) -> bytes:
    content = {**members(good_keras()), name: bytes(size)}
    return archive(content, zipfile.ZIP_DEFLATED)


def overlapping() -> bytes:
    """All members are the same bytes."""
    found = entries()
    big = {"name": b"assets/0", "data": b"x" * 1000}
    return raw_archive(
        [*found, big, *({**big, "name": b"assets/%d" % i, "only_listed": True, "at": 5} for i in (1, 2))]
    )


def zip64_size(size: int) -> bytes:
    extra = struct.pack("<2H2Q", 1, 16, size, size)
    return raw_archive(entries(config={"size": 0xFFFFFFFF, "stored": 0xFFFFFFFF, "extra": extra}))


CASES: Cases = {
    # something else
    "empty": lambda: b"",
    "two letters": lambda: b"PK",
    "only an end": lambda: b"PK\5\6" + bytes(18),
    "zeros": lambda: bytes(10_000),
    "random bytes": lambda: np.random.default_rng(1).bytes(10_000),
    "text": lambda: b"this is not a model\n" * 20,
    "yaml with a constructor": lambda: b"!!python/object/apply:os.system ['echo executed']\n",
    "a script": lambda: b"#!/bin/sh\necho executed\n",
    "hdf5": good_weights,
    "pickle": lambda: pickle.dumps(Payload()),
    "npz": lambda: npz(False),
    "npz with a pickled object": lambda: npz(True),
    "tar": tar,
    "png": lambda: b"\x89PNG\r\n\x1a\n" + bytes(100),
    "elf": lambda: b"\x7fELF" + bytes(100),
    "gzip": lambda: b"\x1f\x8b\x08" + bytes(100),
    # cut off and changed
    **{f"cut at {part} of 8": lambda part=part: good_keras()[: len(good_keras()) * part // 8] for part in range(1, 8)},
    "without its last byte": lambda: good_keras()[:-1],
    "without its first byte": lambda: good_keras()[1:],
    "wrong sum of config": lambda: wrong_sum("config.json"),
    "wrong sum of metadata": lambda: wrong_sum("metadata.json"),
    "wrong sum of weights": lambda: wrong_sum("model.weights.h5"),
    "sum told wrong twice": lambda: raw_archive(entries(config={"crc": 1, "local_crc": 1})),
    "no signature of the first member": lambda: with_bytes(0, b"XX"),
    "no signature of the end": lambda: with_bytes(-22, b"XX"),
    # polyglots
    "a script before it": lambda: b"#!/bin/sh\necho executed\nexit\n" + good_keras(),
    "an image before it, places adjusted": lambda: raw_archive(entries(), prefix=b"\x89PNG\r\n\x1a\n" + bytes(64)),
    "a program behind it": lambda: good_keras() + b"\x7fELF" + bytes(200),
    "another archive behind it": lambda: good_keras() + archive({"config.json": b"{}"}),
    "another archive before it": lambda: archive({"config.json": b"{}"}) + good_keras(),
    "a comment shorter than it says": lambda: raw_archive(entries(), comment=9, tail=b"x"),
    "a comment longer than it says": lambda: raw_archive(entries(), comment=1, tail=b"xyz"),
    "bytes between the members": lambda: raw_archive(entries(metadata={"after": b"hidden" * 20})),
    "bytes before the list": lambda: raw_archive(entries(weights={"after": b"hidden" * 20})),
    # two descriptions that differ
    "another name before the bytes": lambda: raw_archive(entries(config={"local_name": b"conf1g.json"})),
    "another size before the bytes": lambda: raw_archive(entries(config={"local_size": 3})),
    "another stored size before the bytes": lambda: raw_archive(entries(config={"local_stored": 3})),
    "another sum before the bytes": lambda: raw_archive(entries(config={"local_crc": 3})),
    "another method before the bytes": lambda: raw_archive(entries(config={"local_method": 8})),
    "other flags before the bytes": lambda: raw_archive(entries(config={"local_flags": 8})),
    "members that overlap": overlapping,
    "a member listed twice under two names": lambda: raw_archive(
        [*entries(), {"name": b"copy", "data": b"", "only_listed": True, "at": 0}]
    ),
    "a member beyond the end": lambda: raw_archive(entries(config={"at": 1 << 30})),
    # the end of the archive
    "fewer members than listed": lambda: raw_archive(entries(), here=2, number=2),
    "more members than listed": lambda: raw_archive(entries(), here=4, number=4),
    "a list that begins elsewhere": lambda: raw_archive(entries(), first=10),
    "a list that is longer": lambda: raw_archive(entries(), size=5000),
    "one disk of two": lambda: raw_archive(entries(), disk=1, first_disk=1),
    "other numbers of members": lambda: raw_archive(entries(), here=1),
    "end64 with huge numbers": lambda: end64(here=1 << 60, number=1 << 60),
    "end64 that begins elsewhere": lambda: end64(first=1 << 62),
    "end64 of several disks": lambda: end64(disks=3),
    "end64 that is not there": lambda: end64(locator=1 << 40),
    "end64 that is longer": lambda: end64(length=1 << 50),
    "a size of 2^62 bytes": lambda: zip64_size(1 << 62),
    "a size that needs 64 bits and has none": lambda: raw_archive(
        entries(config={"size": 0xFFFFFFFF, "stored": 0xFFFFFFFF})
    ),
    # names
    "two configs": lambda: with_member("config.json", b"{}"),
    "two weights": lambda: with_member("model.weights.h5", b""),
    "the same asset twice": lambda: archive([*members(good_keras()).items(), ("a", b""), ("a", b"")]),
    "a path upwards": lambda: with_member("../../outside"),
    "a path upwards in the middle": lambda: with_member("assets/../../outside"),
    "an absolute path": lambda: with_member("/tmp/outside"),
    "a path of Windows": lambda: with_member("..\\outside"),
    "a drive of Windows": lambda: with_member("C:outside"),
    "a zero byte": lambda: raw_archive([*entries(), {"name": b"a\0b"}]),
    "no name": lambda: raw_archive([*entries(), {"name": b""}]),
    "a line break": lambda: raw_archive([*entries(), {"name": b"a\nERROR: b"}]),
    "letters that turn the line": lambda: raw_archive([*entries(), {"name": "a\u202eb".encode(), "flags": 0x800}]),
    "a name of 60,000 letters": lambda: raw_archive([*entries(), {"name": b"a" * 60_000}]),
    "a symbolic link": link,
    # what is no plain member
    "encrypted": lambda: raw_archive(entries(config={"flags": 1})),
    "strongly encrypted": lambda: raw_archive(entries(config={"flags": 0x41})),
    "a hidden list": lambda: raw_archive(entries(config={"flags": 0x2000})),
    **{
        f"method {method}": lambda method=method: raw_archive(entries(config={"method": method, "stored_data": b"x"}))
        for method in (1, 6, 9, 12, 14, 93, 95, 98, 99, 65535)
    },
    "stored with another size": lambda: raw_archive(entries(config={"size": 5, "local_size": 5})),
    "deflated bytes that are none": lambda: raw_archive(entries(config={"method": 8, "stored_data": b"\xff" * 500})),
    "deflated to more than announced": lambda: raw_archive(entries(config={"method": 8, "size": 50, "local_size": 50})),
    "deflated to less than announced": lambda: raw_archive(
        entries(config={"method": 8, "size": 9999, "local_size": 9999})
    ),
    "deflated with bytes behind": lambda: raw_archive(
        entries(config={"method": 8, "stored_data": b"\3\0" + b"hidden", "data": b""})
    ),
    "deflated without an end": lambda: raw_archive(entries(config={"method": 8, "stored_data": b"\2"})),
    # bombs
    "a bomb as config": lambda: bomb("config.json", 70 << 20),
    "a bomb as weights": lambda: bomb("model.weights.h5", 70 << 20),
    "a bomb as metadata": lambda: bomb("metadata.json", 66 << 20),
    "30 MB of spaces as config": lambda: archive(
        {**members(good_keras()), "config.json": b" " * (30 << 20) + b"{}"}, zipfile.ZIP_DEFLATED
    ),
    "1,001 members": lambda: archive({**members(good_keras()), **{f"assets/{i}": b"" for i in range(998)}}),
    "20,000 members": lambda: archive({**members(good_keras()), **{f"a{i}": b"" for i in range(20_000)}}),
    "65,536 members by the end": lambda: raw_archive(entries(), here=65_534, number=65_534),
    # members that are missing or empty
    "no config": lambda: changed_members(config=None),
    "no weights": lambda: changed_members(weights=None),
    "empty config": lambda: changed_members(config=b""),
    "empty weights": lambda: changed_members(weights=b""),
    "nothing but metadata": lambda: changed_members(config=None, weights=None),
    "an empty archive": lambda: archive({}),
    "an archive within an archive": lambda: archive({"model.keras": good_keras()}),
    "config as a folder": lambda: archive({**members(good_keras()), "config.json/": b"", "config.json": b""}),
    "weights that are an archive": lambda: changed_members(weights=good_keras()),
    "weights that are an npz with a pickle": lambda: changed_members(config=None, weights=npz(True)),
    "weights that are not those that were saved": lambda: changed_members(
        weights=good_weights()[:-8] + b"\1" + good_weights()[-7:]
    ),
}
