"""The `.keras` container: a plain zip with a few known members, read and written without touching anything else."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from chainrule.errors import ModelFileError

MEMBERS = ("metadata.json", "config.json", "model.weights.h5")
_MAX_MEMBERS = 1000
_MAX_CONFIG = 64 << 20
_MAX_RATIO = 1100
_MAX_DEPTH = 200


def write_atomically(path: Path, write: Callable[[BinaryIO], None]) -> None:
    """Write a file so that at every moment either the old or the new one is there, whole.

    The new file is written beside the old under a temporary name, brought to disk, and renamed.

    Raises:
        ModelFileError: the folder does not exist, or the disk refuses.
    """
    try:
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
        os.chmod(name, 0o666 & ~_umask())
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


def read_archive(path: Path, wanted: tuple[str, ...] = MEMBERS) -> dict[str, bytes]:
    """Return the wanted members of a `.keras` file.

    Raises:
        ModelFileError: it is no such file, is damaged, or claims sizes that it does not have.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            infos = _checked(path, archive.infolist())
            return {name: _read(path, archive, infos[name]) for name in wanted if name in infos}
    except FileNotFoundError:
        raise ModelFileError(f"File not found: '{path}'. Expected a '.keras' file written by save().") from None
    except IsADirectoryError:
        raise ModelFileError(f"'{path}' is a folder; expected a '.keras' file.") from None
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise ModelFileError(f"'{path}' is not a readable '.keras' file (a zip archive): {_short(error)}") from None


def _checked(path: Path, infos: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    if len(infos) > _MAX_MEMBERS:
        raise ModelFileError(f"'{path}' holds {len(infos)} members; a model file has at most {_MAX_MEMBERS}.")
    found: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename
        bad = name.startswith(("/", "\\")) or "\\" in name or "\0" in name or ".." in name.split("/")
        if bad or name in found or (info.external_attr >> 28) == 0xA:
            raise ModelFileError(f"'{path}' holds a member {name!r:.80} that no model file has.")
        if info.file_size > _MAX_RATIO * max(info.compress_size, 1):
            raise ModelFileError(
                f"'{path}': member {name!r:.80} would grow {info.file_size // max(info.compress_size, 1)} times."
            )
        found[name] = info
    return found


def _read(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    if info.filename.endswith(".json") and info.file_size > _MAX_CONFIG:
        raise ModelFileError(f"'{path}': {info.filename} has {info.file_size} bytes; at most {_MAX_CONFIG} are read.")
    try:
        return archive.read(info)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError, RuntimeError) as error:
        raise ModelFileError(f"'{path}': member {info.filename} is damaged: {_short(error)}") from None
    except Exception as error:  # zlib.error has no base of its own to name
        raise ModelFileError(f"'{path}': member {info.filename} is damaged: {_short(error)}") from None


def parse_json(path: Path, name: str, data: bytes) -> Any:
    """Return what a JSON member holds.

    Raises:
        ModelFileError: it is no JSON, too deep, holds a name twice, or NaN.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise ValueError("a name occurs twice")
        return result

    def refuse(text: str) -> float:
        raise ValueError(f"{text} is no number")

    if _depth(data) > _MAX_DEPTH:
        raise ModelFileError(f"'{path}': {name} is nested deeper than {_MAX_DEPTH} levels.")
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"'{path}': {name} is not valid JSON: {_short(error)}") from None


def _depth(data: bytes) -> int:
    """Return how deep brackets nest, counting those in strings too: an upper bound without recursion."""
    depth = deepest = 0
    for byte in data:
        if byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200].replace("\n", " ")
