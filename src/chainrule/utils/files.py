"""`get_file`: a file from where the caller says into Keras's cache, checked, whole or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from chainrule.errors import DataError

_BLOCK = 1 << 18
_SCHEMES = ("http", "https", "file")
_TIMEOUT = 60


def keras_home() -> str:
    """Return the folder of Keras's caches: `KERAS_HOME`, or `~/.keras`."""
    return os.path.expanduser(os.environ.get("KERAS_HOME") or os.path.join("~", ".keras"))


def get_file(
    fname: Any = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: Any = "auto",
    cache_dir: Any = None,
    force_download: bool = False,
) -> str:
    """Return the path of a file in the cache, got from `origin` if it is not there yet (`keras.utils.get_file`).

    Args:
        fname: its name in the cache; by default that in `origin`. With `extract`, the name of the folder.
        origin: a path, or a URL that begins with `file://`, `https://` or `http://`.
        untar: extract a tar archive.
        md5_hash: an old form of `file_hash`.
        file_hash: SHA-256 or MD5 that the file must have, in hexadecimal digits. One in the cache that has another is
            got again.
        cache_subdir: folder below the cache, or a path of its own.
        hash_algorithm: `'sha256'`, `'md5'`, or `'auto'`: by the length of `file_hash`.
        extract: extract a tar or zip archive and return the folder.
        archive_format: `'tar'`, `'zip'`, `'auto'` for both, a list of them, or None for none.
        cache_dir: by default `KERAS_HOME`, or `~/.keras`.
        force_download: get it even if it is in the cache.

    A file that arrives appears under its name when it is complete and has been checked. An archive is extracted beside
    its place and put there when all is well; members that lead outside, and links and devices that could, make it
    refused as a whole.

    Raises:
        DataError: there is no such file, its hash is another, or the archive is refused.
        ValueError: `origin` or `fname` cannot be used.
    """
    if origin is None:
        raise ValueError("get_file: give origin, the path or URL of the file.")
    origin = os.fspath(origin)
    file_hash, algorithm = (md5_hash, "md5") if md5_hash and not file_hash else (file_hash, hash_algorithm)
    folder = _folder(cache_dir, cache_subdir)
    name = _name(fname, origin)
    file, target = folder / name, None
    if extract or untar:
        file, target = _archive_paths(folder, name, given=bool(fname))
    fetched = force_download or not file.exists()
    if not fetched and file_hash and not _has_hash(file, file_hash, algorithm):
        _say(f"{file} has another {algorithm} hash than {file_hash}: it is got again.")
        fetched = True
    if fetched:
        _fetch(origin, file, file_hash, algorithm)
    if target is None:
        return str(file)
    if fetched or not target.is_dir() or not any(target.iterdir()):
        from chainrule.utils.archives import extract_archive

        extract_archive(file, target, "tar" if untar else archive_format)
    return str(target)


def _folder(cache_dir: Any, cache_subdir: str) -> Path:
    """Return the folder of the file, made where it is missing."""
    folder = Path(os.path.expanduser(keras_home() if cache_dir is None else os.fspath(cache_dir)), cache_subdir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"get_file: the folder {folder} cannot be made ({error.strerror}). Pass cache_dir, or set KERAS_HOME to a "
            "folder that can be written."
        ) from None
    return folder


def _name(fname: Any, origin: str) -> str:
    """Return the name of the file in the cache: no path."""
    from urllib.parse import unquote, urlsplit

    if not fname:
        name = unquote(urlsplit(origin).path) if _scheme(origin) else origin
        name = os.path.basename(name)
        if name in ("", ".", ".."):
            raise ValueError(f"get_file: origin {origin!r} has no file name; pass fname.")
        return name
    name = str(os.fspath(fname))
    if os.path.basename(name) != name or name in (".", "..") or "\\" in name or "\0" in name:
        raise ValueError(f"get_file: fname must be a name without folders, but is {name!r}. Use cache_dir for those.")
    return name


def _archive_paths(folder: Path, name: str, given: bool) -> tuple[Path, Path]:
    """Return where Keras puts an archive and what is extracted of it."""
    if given and "." in name:
        return folder / name, folder / f"{name[: name.find('.')]}_extracted"
    return folder / f"{name}_archive", folder / name


def _scheme(origin: str) -> str:
    """Return the part of a URL before `://`, in lower case; '' for a path."""
    scheme, found, _ = origin.partition("://")
    return scheme.lower() if found and scheme.isalpha() else ""


def _fetch(origin: str, file: Path, file_hash: str | None, algorithm: str) -> None:
    """Copy the origin to a new file, check it, and only then give it its name."""
    handle, temporary = tempfile.mkstemp(prefix=f".{file.name[:40]}.", suffix=".part", dir=file.parent)
    try:
        with os.fdopen(handle, "wb") as out, _opened(origin) as (source, size):
            _copy(source, out, size, origin)
            out.flush()
            os.fsync(out.fileno())
        if file_hash and not _has_hash(Path(temporary), file_hash, algorithm):
            raise DataError(
                f"get_file: what came from {origin} has another hash than {file_hash}: it is incomplete or has been "
                "changed. It was not kept."
            )
        os.chmod(temporary, 0o644)
        os.replace(temporary, file)
    except BaseException:
        with contextlib.suppress(OSError):
            os.remove(temporary)
        raise


@contextlib.contextmanager
def _opened(origin: str) -> Iterator[tuple[IO[bytes], int | None]]:
    """Open a path or URL for reading, with the number of bytes that it has, if that is known."""
    scheme = _scheme(origin)
    if scheme not in ("", *_SCHEMES):
        raise ValueError(f"get_file: origin must be a path, file://, https:// or http://, but is {origin!r}.")
    try:
        if scheme in ("", "file"):
            path = _local(origin) if scheme else Path(origin).expanduser()
            with path.open("rb") as source:
                yield source, os.fstat(source.fileno()).st_size
            return
        from urllib.request import urlopen

        with urlopen(origin, timeout=_TIMEOUT) as answer:
            length = answer.headers.get("Content-Length")
            _say(f"Downloading data from {origin}")
            yield answer, int(length) if length and length.isdecimal() else None
    except OSError as error:  # also what urllib raises
        reason = getattr(error, "reason", None) or error.strerror or error
        if hasattr(error, "close"):  # an answer that is an error keeps its connection
            error.close()
        raise DataError(f"get_file: {origin} cannot be read: {reason}.") from error


def _local(url: str) -> Path:
    """Return the path of a `file://` URL."""
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    parts = urlsplit(url)
    if parts.netloc not in ("", "localhost"):
        raise ValueError(f"get_file: {url!r} names the machine {parts.netloc!r}; write file:///path.")
    return Path(url2pathname(parts.path))


def _copy(source: IO[bytes], out: IO[bytes], size: int | None, origin: str) -> None:
    """Copy all bytes, with a progress bar where they come from a network."""
    bar = None
    if _scheme(origin) in ("http", "https"):
        from chainrule.callbacks.progbar import Progbar

        bar = Progbar(size, unit_name="byte")
    done = 0
    while block := source.read(_BLOCK):
        out.write(block)
        done += len(block)
        if bar is not None and (size is None or done < size):
            bar.update(done)
    if size is not None and done != size:
        raise DataError(f"get_file: {origin} has {size} bytes, but {done} arrived. Nothing was kept; try again.")
    if bar is not None:
        bar.update(done, finalize=True)


def _has_hash(file: Path, expected: str, algorithm: str) -> bool:
    """Whether the file has this hash: SHA-256 if asked for or if the digits are as many, else MD5."""
    if algorithm not in ("auto", "sha256", "md5"):
        raise ValueError(f"get_file: hash_algorithm must be 'auto', 'sha256' or 'md5', but is {algorithm!r}.")
    strong = algorithm == "sha256" or (algorithm == "auto" and len(expected) == 64)
    hasher = hashlib.sha256() if strong else hashlib.md5(usedforsecurity=False)
    with file.open("rb") as source:
        while block := source.read(_BLOCK):
            hasher.update(block)
    return hasher.hexdigest() == expected.lower()


def _say(message: str) -> None:
    from chainrule.callbacks.console import say

    say(message)


def free_bytes(folder: Path) -> int:
    """Return how much room there is on the disk of a folder."""
    return shutil.disk_usage(folder).free
