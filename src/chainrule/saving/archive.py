"""The `.keras` container: a plain zip with a few known members, read and written without touching anything else."""

from __future__ import annotations

import json
import math
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from chainrule.errors import ModelFileError
from chainrule.saving.limits import ADVICE, allowed
from chainrule.saving.zips import Archive

MEMBERS = ("metadata.json", "config.json", "model.weights.h5")
_MOST_CONFIG = 64 << 20
_MORE_TEXT, _SOME_TEXT = 50, 2 << 20  # how much text may inflate to: parsed, it takes 20 times as much again
_SPARE = 64 << 20
_DEEPEST = 200
_LARGEST = 1 << 53


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

    Args:
        wanted: names of members; one that ends in `/` stands for all members in that folder.

    Raises:
        ModelFileError: it is no such file, is damaged, or claims sizes that it does not have.
    """
    if not isinstance(file, Path):
        return _read_members(file, f"<{type(file).__name__}>", wanted)
    try:
        with file.open("rb") as opened:
            return _read_members(opened, str(file), wanted)
    except FileNotFoundError:
        raise ModelFileError(f"File not found: '{file}'. Expected a '.keras' file written by save().") from None
    except IsADirectoryError:
        raise ModelFileError(f"'{file}' is a folder; expected a '.keras' file.") from None
    except (OSError, ValueError) as error:
        if isinstance(error, ModelFileError):
            raise
        raise ModelFileError(f"Cannot read '{file}': {_short(error)}") from None


def _read_members(file: BinaryIO, name: str, wanted: tuple[str, ...]) -> dict[str, bytes]:
    if (hint := _hint(file)) is not None:
        raise ModelFileError(f"'{name}' is not a readable '.keras' file (a zip archive): {hint}")
    archive = Archive(file, name)
    left = allowed(sum(member.stored for member in archive.members.values()), _SPARE)
    folders = tuple(w for w in wanted if w.endswith("/"))
    found = {}
    for member in archive.members.values():
        if not member.name.endswith("/") and (member.name in wanted or member.name.startswith(folders)):
            limit = left if member.name.endswith(".h5") else min(left, _MORE_TEXT * member.stored + _SOME_TEXT)
            limit = min(limit, _MOST_CONFIG) if member.name.endswith(".json") else limit
            found[member.name] = archive.read(member.name, limit, f" {ADVICE}" if limit == left else "")
            left -= member.size
    return found


def _hint(file: BinaryIO) -> str | None:
    """Say what else a file may be."""
    file.seek(0)
    if file.read(8) != b"\x89HDF\r\n\x1a\n":
        return None
    return (
        "it is HDF5. Weights alone are read by model.load_weights; a whole model in the form of Keras 2 has to be "
        "named '.h5'."
    )


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
    brackets = data.translate(None, bytes(set(range(256)) - set(b"[]{}")))
    depth = deepest = 0
    for start in range(0, len(brackets), 1 << 20):
        block = np.frombuffer(brackets, np.uint8, min(1 << 20, len(brackets) - start), start)
        steps = np.where((block == ord("[")) | (block == ord("{")), 1, -1).cumsum()
        deepest = max(deepest, depth + int(steps.max()))
        depth += int(steps[-1])
    return deepest


def _short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:200].replace("\n", " ")
