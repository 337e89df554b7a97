"""The container: whole files or none, and hostile zips and JSON."""

from __future__ import annotations

import errno
import io
import json
import os
import stat
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from chainrule.errors import ModelFileError
from chainrule.saving.archive import parse_json, read_archive, write_archive, write_atomically

# -- writing ----------------------------------------------------------------------------------------------------------


class FullDisk(io.RawIOBase):
    """A file that takes so many bytes and no more."""

    def __init__(self, file: Any, room: int) -> None:
        self.file, self.room = file, room

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.room -= len(data)
        if self.room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return int(self.file.write(data))


@pytest.mark.parametrize("room", [0, 10, 100, 1000])
def test_a_full_disk_leaves_the_old_file_whole(tmp_path: Path, room: int) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(b"old")
    with pytest.raises(ModelFileError, match=r"Cannot write '.*m.keras': No space left on device. The old file"):
        write_atomically(path, lambda file: write_archive(FullDisk(file, room), {"a": b"x" * 2000}))  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["m.keras"]


def test_any_other_failure_does_too(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    path.write_bytes(b"old")

    def fail(file: Any) -> None:
        file.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_atomically(path, fail)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["m.keras"]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"Cannot write '.*m.keras': No such file or directory. Make the folder"):
        write_atomically(tmp_path / "no" / "m.keras", lambda file: None)


def test_permissions_and_links_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "m.keras", tmp_path / "link.keras"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    write_atomically(link, lambda file: file.write(b"new") and None)
    assert link.is_symlink()
    assert path.read_bytes() == b"new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_new_files_follow_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "m.keras", lambda file: file.write(b"new") and None)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "m.keras").stat().st_mode) == 0o640


# -- reading ----------------------------------------------------------------------------------------------------------


def zipped(path: Path, members: list[tuple[Any, bytes]], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_members_come_back(tmp_path: Path) -> None:
    path = zipped(tmp_path / "m.keras", [("config.json", b"{}"), ("assets/more", b"1")])
    assert read_archive(path) == {"config.json": b"{}"}
    assert read_archive(io.BytesIO(path.read_bytes()), ("assets/more",)) == {"assets/more": b"1"}


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"File not found: '.*m.keras'. Expected a '.keras' file written by save"):
        read_archive(tmp_path / "m.keras")


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"is a folder; expected a '.keras' file"):
        read_archive(tmp_path)


@pytest.mark.parametrize("data", [b"", b"PK", b"hello", b"\x89HDF\r\n\x1a\n" + b"\0" * 100, b"PK\5\6" + b"\0" * 17])
def test_no_zip(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "m.keras").write_bytes(data)
    with pytest.raises(ModelFileError, match=r"m.keras' is not a readable '.keras' file \(a zip archive\)"):
        read_archive(tmp_path / "m.keras")


def test_every_truncation_is_one_clear_error(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "w", [("config.json", b'{"a": 1}'), ("model.weights.h5", b"x" * 50)]).read_bytes()
    for length in range(len(whole)):
        (tmp_path / "m").write_bytes(whole[:length])
        with pytest.raises(ModelFileError):
            read_archive(tmp_path / "m")


def test_every_changed_byte_is_found_or_harmless(tmp_path: Path) -> None:
    content = [("config.json", b'{"a": 1}'), ("model.weights.h5", bytes(range(50)))]
    whole = zipped(tmp_path / "w", content).read_bytes()
    for at in range(len(whole)):
        changed = bytearray(whole)
        changed[at] ^= 0xFF
        (tmp_path / "m").write_bytes(changed)
        try:
            found = read_archive(tmp_path / "m")
        except ModelFileError:
            continue
        assert all(dict(content)[name] == data for name, data in found.items())


@pytest.mark.parametrize("name", ["/etc/passwd", "../config.json", "a/../../b", "a\\b", "C:\\x"])
def test_names_that_lead_elsewhere(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "m.keras", [("config.json", b"{}"), (name, b"")])
    with pytest.raises(ModelFileError, match=r"^'.*m.keras' holds a member .* which no model file has"):
        read_archive(path)


def test_names_with_a_zero_byte(tmp_path: Path) -> None:
    path = zipped(tmp_path / "m.keras", [("config.jsonX", b"{}")])
    path.write_bytes(path.read_bytes().replace(b"config.jsonX", b"config.json\0"))
    with pytest.raises(ModelFileError, match="which no model file has"):
        read_archive(path)


def test_a_member_twice(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        path = zipped(tmp_path / "m.keras", [("config.json", b"{}"), ("config.json", b"{}")])
    with pytest.raises(ModelFileError, match=r"holds a member 'config.json' twice"):
        read_archive(path)


def test_a_symbolic_link(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("config.json")
    link.external_attr = 0xA1ED << 16
    with pytest.raises(ModelFileError, match="which no model file has"):
        read_archive(zipped(tmp_path / "m.keras", [(link, b"/etc/passwd")]))


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions(tmp_path: Path, compression: int) -> None:
    path = zipped(tmp_path / "m.keras", [("config.json", b"{}" * 100)], compression)
    with pytest.raises(ModelFileError, match=r"member 'config.json' is neither stored nor deflated"):
        read_archive(path)


def test_deflated_members_are_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "m.keras", [("config.json", b"{}" * 100)], zipfile.ZIP_DEFLATED)
    assert read_archive(path) == {"config.json": b"{}" * 100}


def test_a_bomb_is_not_inflated(tmp_path: Path) -> None:
    path = zipped(tmp_path / "m.keras", [("config.json", b" " * (80 << 20))], zipfile.ZIP_DEFLATED)
    with pytest.raises(
        ModelFileError, match=r"^'.*m.keras': member 'config.json' has 83886080 bytes; at most \d+ are read"
    ):
        read_archive(path)


def test_a_claimed_size(tmp_path: Path) -> None:
    path = zipped(tmp_path / "m.keras", [("config.json", b"{}")])
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2") + 24
    data[at : at + 4] = struct.pack("<I", 1 << 31)
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=r"member 'config.json' would grow 1073741824 times"):
        read_archive(path)


def test_too_many_members(tmp_path: Path) -> None:
    path = zipped(tmp_path / "m.keras", [(f"m{i}", b"") for i in range(1001)])
    with pytest.raises(ModelFileError, match="holds 1001 members; a model file has at most 1000"):
        read_archive(path)


def test_an_encrypted_member(tmp_path: Path) -> None:
    path = zipped(tmp_path / "m.keras", [("config.json", b"{}")])
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    with pytest.raises(ModelFileError, match=r"member 'config.json' is encrypted\."):
        read_archive(path)


def test_all_members_of_a_folder(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "m.keras", [("assets/", b""), ("assets/a.txt", b"1"), ("assets/b/c.txt", b"2"), ("x", b"")]
    )
    assert read_archive(path, ("assets/",)) == {"assets/a.txt": b"1", "assets/b/c.txt": b"2"}


# -- JSON -------------------------------------------------------------------------------------------------------------


def test_json() -> None:
    value = {"a": [1, 2.5, -3, "x", None, True], "b": {"c": 1e-7}}
    assert parse_json("f", "config.json", json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "a": 2}', "a name occurs twice"),
        ("[NaN]", "nan is no finite number|NaN is no finite number"),
        ("[Infinity]", "Infinity is no finite number"),
        ("[1e999]", "1e999 is no finite number"),
        ("[9007199254740993]", r"the number 9007199254740993 is larger than 2\^53"),
        ("[" + "9" * 5000 + "]", "ValueError"),
        ("{", "JSONDecodeError"),
        ("", "JSONDecodeError"),
        ("\xff", "UnicodeDecodeError"),
    ],
)
def test_json_that_is_none(text: str, reason: str) -> None:
    with pytest.raises(ModelFileError, match=f"'f': config.json is not valid JSON: .*({reason})") as error:
        parse_json("f", "config.json", text.encode("latin-1"))
    assert len(str(error.value)) < 500
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("text", ["[" * 100_000, "[" * 201 + "]" * 201, '{"a":' * 300 + "1" + "}" * 300])
def test_deep_json(text: str) -> None:
    with pytest.raises(ModelFileError, match=r"config.json is nested deeper than 200 levels"):
        parse_json("f", "config.json", text.encode())
