"""The `.keras` container: a plain zip with a few known members, read and written without touching anything else."""

from __future__ import annotations

import json
import math
import os
import re
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from chainrule.errors import ModelFileError

MEMBERS = ("metadata.json", "config.json", "model.weights.h5")
_MOST_MEMBERS = 1000
_MOST_CONFIG = 64 << 20
_MOST_GROWTH = 1100  # deflate cannot do more
_SPARE = 64 << 20
_DEEPEST = 200
_LARGEST = 1 << 53
_LINK = 0xA  # the kind of a symbolic link in the mode of a member


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file so that at every moment either the old or the new one is there, whole.

    The new file is written beside the old under a temporary name, brought to disk, and renamed.

    Raises:
        ModelFileError: the folder does not exist, or the disk refuses.
    """
    path = path.resolve() if path.is_symlink() else path  # a link stays one
    try:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        raise ModelFileError(
            f"Cannot write '{path}': {error.strerror}. Make the folder first, or choose another."
        ) from error
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException as error:
        Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ModelFileError(
                f"Cannot write '{path}': {error.strerror or error}. The old file, if any, is unchanged."
            ) from error
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def write_archive(file: BinaryIO, members: dict[str, bytes]) -> None:
    """Write the members, stored and not deflated, as Keras does."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data)


def read_archive(file: Path | BinaryIO, wanted: tuple[str, ...] = MEMBERS) -> dict[str, bytes]:
    """Return the wanted members of a `.keras` file.

    Raises:
        ModelFileError: it is no such file, is damaged, or claims sizes that it does not have.
    """
    name = str(file) if isinstance(file, Path) else f"<{type(file).__name__}>"
    try:
        with zipfile.ZipFile(file) as archive:
            infos = _checked(name, archive.infolist())
            limit = 2 * sum(info.compress_size for info in infos.values()) + _SPARE
            return {member: _read(name, archive, infos[member], limit) for member in wanted if member in infos}
    except ModelFileError:
        raise
    except FileNotFoundError:
        raise ModelFileError(f"File not found: '{name}'. Expected a '.keras' file written by save().") from None
    except IsADirectoryError:
        raise ModelFileError(f"'{name}' is a folder; expected a '.keras' file.") from None
    except _UNREADABLE as error:
        hint = _hint(file)
        raise ModelFileError(
            f"'{name}' is not a readable '.keras' file (a zip archive): {hint or _short(error)}"
        ) from None


def _hint(file: Path | BinaryIO) -> str | None:
    """Say what else a file may be."""
    if not isinstance(file, Path):
        return None
    with file.open("rb") as opened:
        if opened.read(8) != b"\x89HDF\r\n\x1a\n":
            return None
    return (
        "it is HDF5. Weights alone are read by model.load_weights; a whole model in the form of Keras 2 has to be "
        "opened in Keras and saved as '.keras'."
    )


_UNREADABLE = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
)


def _checked(name: str, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """Return the members by name, unless one of them is such as no model file has, wanted or not."""
    if len(infos) > _MOST_MEMBERS:
        raise ModelFileError(f"'{name}' holds {len(infos)} members; a model file has at most {_MOST_MEMBERS}.")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        member = info.orig_filename
        bad = member.startswith("/") or "\\" in member or "\0" in member or ".." in member.split("/")
        if bad or member in found or (info.external_attr >> 28) == _LINK:
            reason = "twice" if member in found else "which no model file has"
            raise ModelFileError(f"'{name}' holds a member {member!r:.80} {reason}.")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise ModelFileError(f"'{name}': member {member!r:.80} is neither stored nor deflated.")
        if info.file_size > _MOST_GROWTH * max(info.compress_size, 1):
            raise ModelFileError(
                f"'{name}': member {member!r:.80} would grow {info.file_size // max(info.compress_size, 1)} times."
            )
        found[member] = info
    return found


def _read(name: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo, limit: int) -> bytes:
    most = min(limit, _MOST_CONFIG) if info.filename.endswith(".json") else limit
    if info.file_size > most:
        raise ModelFileError(
            f"'{name}': member {info.filename!r} has {info.file_size} bytes; at most {most} are read from this file."
        )
    try:
        return archive.read(info)
    except _UNREADABLE as error:
        raise ModelFileError(f"'{name}': member {info.filename!r} is damaged: {_short(error)}") from None


# -- JSON -------------------------------------------------------------------------------------------------------------


def parse_json(source: Path | str, name: str, data: bytes) -> Any:
    """Return what a JSON member holds.

    Raises:
        ModelFileError: it is no JSON, too deep, holds a name twice, or a number that is not finite or too large.
    """
    if _depth(data) > _DEEPEST:
        raise ModelFileError(f"'{source}': {name} is nested deeper than {_DEEPEST} levels.")
    try:
        return json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_constant=_finite,
            parse_float=_finite,
            parse_int=_exact,
        )
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"'{source}': {name} is not valid JSON: {_short(error)}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a name occurs twice in one object")
    return result


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text:.40} is no finite number")
    return number


def _exact(text: str) -> int:
    number = int(text)
    if abs(number) > _LARGEST:
        raise ValueError(f"the number {text:.40} is larger than 2^53")
    return number


def _depth(data: bytes) -> int:
    """Return how deep brackets nest, counting those in strings too: an upper bound without recursion."""
    depth = deepest = 0
    for bracket in re.finditer(rb"[\[\]{}]", data):
        if bracket[0] in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        else:
            depth -= 1
    return deepest


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200].replace("\n", " ")
