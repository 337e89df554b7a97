"""`get_file`: caching, hashes, archives; the network is a server of this test on this machine."""

import hashlib
import http.server
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import chainrule.utils.archives as archives
from chainrule.errors import DataError
from chainrule.utils import get_file

CONTENT = b"a,b\n1,2\n"
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "keras"


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "table 1.csv"
    path.write_bytes(CONTENT)
    return path


# -- files ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("as_url", [False, True])
def test_local_files(source: Path, home: Path, as_url: bool) -> None:
    origin = source.as_uri() if as_url else str(source)
    got = get_file(origin=origin)
    assert got == str(home / "datasets" / "table 1.csv")
    assert Path(got).read_bytes() == CONTENT
    assert oct(os.stat(got).st_mode & 0o777) == "0o644"
    source.unlink()
    assert get_file(origin=origin) == got, "the second time it is in the cache"
    with pytest.raises(DataError, match="cannot be read: No such file or directory"):
        get_file(origin=origin, force_download=True)
    assert Path(got).read_bytes() == CONTENT, "what cannot be got anew stays"


def test_where_it_is_put(source: Path, tmp_path: Path) -> None:
    got = get_file("x.csv", origin=str(source), cache_dir=tmp_path / "here", cache_subdir="a/b")
    assert got == str(tmp_path / "here" / "a" / "b" / "x.csv")
    got = get_file("y.csv", origin=str(source), cache_subdir=str(tmp_path / "absolute"))
    assert got == str(tmp_path / "absolute" / "y.csv")


@pytest.mark.parametrize(
    "hashes",
    [
        {"file_hash": SHA256}, {"file_hash": SHA256.upper()}, {"file_hash": MD5}, {"md5_hash": MD5},
        {"file_hash": SHA256, "hash_algorithm": "sha256"}, {"file_hash": MD5, "hash_algorithm": "md5"},
    ],
)  # fmt: skip
def test_hashes(source: Path, home: Path, hashes: Any, capsys: Any) -> None:
    got = Path(get_file("t.csv", origin=str(source), **hashes))
    got.write_bytes(b"something else")
    assert Path(get_file("t.csv", origin=str(source), **hashes)).read_bytes() == CONTENT
    assert "has another" in capsys.readouterr().out
    source.write_bytes(b"changed")
    got.unlink()
    with pytest.raises(DataError, match=r"has another hash than .* It was not kept"):
        get_file("t.csv", origin=str(source), **hashes)
    assert not list((home / "datasets").iterdir()), "nothing is left behind"


def test_wrong_arguments(source: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give origin, the path or URL"):
        get_file("a")
    for name in ("../a", "a/b", "..", "a\\b"):
        with pytest.raises(ValueError, match="fname must be a name without folders"):
            get_file(name, origin=str(source))
    with pytest.raises(ValueError, match=r"has no file name; pass fname"):
        get_file(origin="https://example.com/")
    for origin in ("ftp://example.com/a.csv", "data://a"):
        with pytest.raises(ValueError, match="origin must be a path, file://, https:// or http://"):
            get_file("a", origin=origin)
    with pytest.raises(ValueError, match="names the machine 'elsewhere'; write file:///path"):
        get_file(origin="file://elsewhere/a.csv")
    with pytest.raises(ValueError, match="hash_algorithm must be 'auto', 'sha256' or 'md5', but is 'crc'"):
        get_file("a", origin=str(source), file_hash="00", hash_algorithm="crc")
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(DataError, match=r"cannot be made .* Pass cache_dir, or set KERAS_HOME"):
        get_file("a", origin=str(source), cache_dir=blocked)


# -- the network ------------------------------------------------------------------------------------------------------


class Answers(http.server.BaseHTTPRequestHandler):
    """Gives the content; `/short` less than it announces; `/away` a redirection to a file of this machine."""

    requests: list[str]

    def do_GET(self) -> None:
        type(self).requests.append(self.path)
        if self.path == "/missing":
            self.send_error(404)
            return
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) + (self.path == "/short")))
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Answers.requests = []
    with http.server.HTTPServer(("127.0.0.1", 0), Answers) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}"
        finally:
            running.shutdown()
            thread.join()


def test_downloads(server: str, capsys: Any) -> None:
    got = get_file(origin=f"{server}/a.csv?x=1", file_hash=SHA256)
    assert Path(got).name == "a.csv"
    assert Path(got).read_bytes() == CONTENT
    assert get_file(origin=f"{server}/a.csv?x=1", file_hash=SHA256) == got
    assert Answers.requests == ["/a.csv?x=1"]
    out = capsys.readouterr().out
    assert f"Downloading data from {server}/a.csv?x=1" in out
    assert "8/8" in out


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("missing", "cannot be read: Not Found"),
        ("short", "has 9 bytes, but 8 arrived"),
        ("away", "cannot be read: Found - Redirection to url 'file:///etc/hostname' is not allowed"),
    ],
)
def test_downloads_that_fail(server: str, home: Path, path: str, message: str) -> None:
    with pytest.raises(DataError) as caught:
        get_file("a", origin=f"{server}/{path}")
    assert message in str(caught.value)
    assert not list((home / "datasets").iterdir())


# -- archives ---------------------------------------------------------------------------------------------------------


def tarred(path: Path, *members: tarfile.TarInfo, compress: str = "gz") -> Path:
    with tarfile.open(path, f"w:{compress}") as tar:
        for member in members:
            data = CONTENT if member.isreg() else b""
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member


def zipped(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, CONTENT)
    return path


def test_archives(tmp_path: Path, home: Path) -> None:
    tar, packed = tarred(tmp_path / "t.tar.gz", entry("d/a.csv")), zipped(tmp_path / "z.zip", "d/b.csv")
    data = home / "datasets"
    assert get_file(origin=str(tar), extract=True) == str(data / "t.tar.gz")
    assert (data / "t.tar.gz" / "d" / "a.csv").read_bytes() == CONTENT
    assert (data / "t.tar.gz_archive").exists()
    assert get_file("name.zip", origin=str(packed), extract=True) == str(data / "name_extracted")
    assert (data / "name_extracted" / "d" / "b.csv").read_bytes() == CONTENT
    assert get_file("folder", origin=str(tar), untar=True) == str(data / "folder")
    assert (data / "folder" / "d" / "a.csv").exists()
    (data / "folder" / "d" / "a.csv").write_text("changed by hand")
    get_file("folder", origin=str(tar), untar=True)
    assert (data / "folder" / "d" / "a.csv").read_text() == "changed by hand", "what is there is not extracted again"
    get_file("folder", origin=str(tar), untar=True, force_download=True)
    assert (data / "folder" / "d" / "a.csv").read_bytes() == CONTENT


def test_a_file_that_is_no_archive(source: Path) -> None:
    with pytest.warns(UserWarning, match="is no archive of the formats"):
        get_file("x", origin=str(source), extract=True)
    with pytest.raises(DataError, match="archive_format must be 'tar', 'zip', 'auto' or None, but is 'rar'"):
        get_file("x", origin=str(source), extract=True, archive_format="rar")


HOSTILE_TARS = {
    "up": [entry("../escaped")],
    "up within": [entry("a/../../escaped")],
    "absolute": [entry("/tmp/escaped-from-chainrule")],
    "windows": [entry("c:\\escaped")],
    "link out": [entry("l", tarfile.SYMTYPE, "../.."), entry("l/escaped")],
    "absolute link": [entry("l", tarfile.SYMTYPE, "/etc/passwd")],
    "hard link": [entry("l", tarfile.LNKTYPE, "../../secret")],
    "device": [entry("d", tarfile.CHRTYPE)],
    "pipe": [entry("p", tarfile.FIFOTYPE)],
}


@pytest.mark.parametrize("name", HOSTILE_TARS)
def test_tars_that_lead_outside(name: str, tmp_path: Path, home: Path) -> None:
    (home / "datasets").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    archive = tarred(tmp_path / "h.tar", entry("fine.csv"), *HOSTILE_TARS[name], compress="")
    with pytest.raises(DataError, match="Nothing was extracted"):
        get_file("h", origin=str(archive), extract=True)
    assert sorted(p.name for p in (home / "datasets").iterdir()) == ["h_archive"]
    assert not [p for p in tmp_path.rglob("*") if "escaped" in p.name]


@pytest.mark.parametrize("name", ["../escaped", "/escaped", "a/../../escaped", "..\\escaped", "c:\\escaped"])
def test_zips_that_lead_outside(name: str, tmp_path: Path, home: Path) -> None:
    archive = zipped(tmp_path / "h.zip", "fine.csv", name)
    with pytest.raises(DataError, match=r"leads outside of its folder\. Nothing was extracted"):
        get_file("h", origin=str(archive), extract=True)
    assert sorted(p.name for p in (home / "datasets").iterdir()) == ["h_archive"]


def test_links_in_zips_are_plain_files(tmp_path: Path) -> None:
    path = tmp_path / "h.zip"
    link = zipfile.ZipInfo("link")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    got = Path(get_file("h", origin=str(path), extract=True))
    assert not (got / "link").is_symlink()


def test_bombs_are_refused(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_HARMLESS", 1 << 20)
    path = tmp_path / "bomb.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("zeros", "w") as out:
        for _ in range(3):
            out.write(bytes(1 << 20))
    with pytest.raises(DataError, match=r"would grow from .* to 3,145,728 bytes, which no honest data do"):
        get_file("bomb", origin=str(path), extract=True)
    assert not (home / "datasets" / "bomb").exists()


def test_damaged_archives(tmp_path: Path, home: Path) -> None:
    packed = zipped(tmp_path / "z.zip", *(f"{i}.csv" for i in range(20)))
    data = bytearray(packed.read_bytes())
    data[40:60] = bytes(20)
    packed.write_bytes(bytes(data))
    with pytest.raises(DataError, match="is refused or damaged"):
        get_file("z", origin=str(packed), extract=True)
    assert sorted(p.name for p in (home / "datasets").iterdir()) == ["z_archive"]
