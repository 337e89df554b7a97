"""Models as folders: the members of a `.keras` file as plain files (`save(..., zipped=False)`)."""

from __future__ import annotations

import ctypes
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from chainrule.errors import ModelFileError
from chainrule.saving.archive import MEMBERS
from chainrule.saving.limits import check_stored

_ASSETS = "assets"
_MOST_CONFIG = 64 << 20
_MOST_MEMBERS = 1000
_DEEPEST = 20
_AT_FDCWD, _EXCHANGE = -100, 2

# -- writing ----------------------------------------------------------------------------------------------------------


def check_target(path: Path, overwrite: bool) -> None:
    """Refuse names of zips, and to replace what is no model folder.

    Raises:
        ModelFileError: the name ends in `.keras`, is that of a file, or of a folder with other things in it.
    """
    if path.name.endswith(".keras"):
        raise ModelFileError(f"Cannot save to '{path}': zipped=False writes a folder, whose name must not end so.")
    if not path.exists():
        return
    if not path.is_dir():
        raise ModelFileError(f"Cannot save to '{path}': zipped=False writes a folder, but this is a file.")
    if not overwrite:
        raise ModelFileError(f"'{path}' exists already, and overwrite=False was given.")
    foreign = sorted(p.name for p in path.iterdir() if p.name not in (*MEMBERS, _ASSETS))
    if foreign:
        raise ModelFileError(
            f"Cannot save to '{path}': the folder holds '{foreign[0]:.80}', which is no part of a model. Choose a "
            "folder of its own."
        )


def write_folder(path: Path, members: Mapping[str, bytes]) -> None:
    """Write members as the files of a folder, beside the old folder, whose place it then takes.

    Raises:
        ModelFileError: the disk refuses; the old folder is unchanged then.
    """
    path = path.resolve() if path.is_symlink() else path
    fresh: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp"))
        for name, data in members.items():
            _write(fresh / name, data)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(fresh, 0o777 & ~mask)
        _sync_folder(fresh)
        _take_place(fresh, path)
    except OSError as error:
        raise ModelFileError(
            f"Cannot write '{path}': {error.strerror or error}. The old folder, if any, is unchanged."
        ) from error
    finally:
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    """Bring the names of a folder to disk, where the system allows that."""
    if sys.platform == "win32":
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _take_place(fresh: Path, path: Path) -> None:
    """Put a folder in the place of another, at once where the system can exchange two names."""
    if not path.exists():
        os.replace(fresh, path)
        return
    if _exchange(fresh, path):
        return
    aside = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}.", suffix=".old"))
    os.replace(path, aside / "old")
    try:
        os.replace(fresh, path)
    except BaseException:
        os.replace(aside / "old", path)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _exchange(a: Path, b: Path) -> bool:
    """Exchange two names in one step (Linux); False where that cannot be done."""
    rename = getattr(ctypes.CDLL(None), "renameat2", None) if sys.platform == "linux" else None
    if rename is None:
        return False
    return bool(rename(_AT_FDCWD, os.fsencode(a), _AT_FDCWD, os.fsencode(b), _EXCHANGE) == 0)


# -- reading ----------------------------------------------------------------------------------------------------------


def read_folder(path: Path) -> dict[str, bytes]:
    """Return the members of a model folder; links and anything else than plain files are refused.

    Raises:
        ModelFileError: it is no model folder, or holds what a model folder does not.
    """
    if not (path / "config.json").exists():
        raise ModelFileError(f"'{path}' is a folder without 'config.json'; expected a '.keras' file or a model folder.")
    members: dict[str, bytes] = {}
    for name in (*MEMBERS, *_assets(path, path / _ASSETS)):
        data = read_plain(path, name)
        if data is not None:
            members[name] = data
    return members


def _assets(root: Path, folder: Path, depth: int = 0) -> Iterator[str]:
    """Yield the names of the files below the folder of assets."""
    if not folder.is_dir() or folder.is_symlink():
        return
    if depth > _DEEPEST:
        raise ModelFileError(f"'{root}': the folder of assets is nested deeper than {_DEEPEST} levels.")
    for number, entry in enumerate(sorted(folder.iterdir())):
        if number > _MOST_MEMBERS:
            raise ModelFileError(f"'{root}' holds more than {_MOST_MEMBERS} files; a model has at most that many.")
        if entry.is_dir() and not entry.is_symlink():
            yield from _assets(root, entry, depth + 1)
        else:
            yield entry.relative_to(root).as_posix()


def read_plain(root: Path, name: str) -> bytes | None:
    """Return the bytes of a member, None if there is none."""
    try:
        handle = os.open(root / name, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelFileError(f"'{root}': '{name:.80}' is no plain file ({error.strerror}).") from None
    state = os.fstat(handle)
    if not stat.S_ISREG(state.st_mode) or state.st_nlink > 1:
        os.close(handle)
        raise ModelFileError(f"'{root}': '{name:.80}' is no plain file of its own.")
    with os.fdopen(handle, "rb") as file:
        if name.endswith(".json") and state.st_size > _MOST_CONFIG:
            raise ModelFileError(f"'{root}': '{name}' has {state.st_size} bytes; at most {_MOST_CONFIG} are read.")
        check_stored(state.st_size, root / name)
        return file.read()
