"""Several files that change together: after a failure all of them are as they were."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from chainrule.errors import ModelFileError


def write_together(files: Mapping[Path, bytes], obsolete: tuple[Path, ...] = ()) -> None:
    """Write files of one folder: all of them are brought to disk first, then they take the places of the old ones.

    Args:
        files: what to write, by path.
        obsolete: files that are removed when the new ones are in place.

    Raises:
        ModelFileError: the disk refuses; nothing has changed then.
    """
    staged: dict[Path, Path] = {}
    kept: dict[Path, Path | None] = {}
    try:
        for path, data in files.items():
            staged[path] = write_beside(path, data)
        for path, fresh in staged.items():
            kept[path] = _set_aside(path)
            os.replace(fresh, path)
    except BaseException as error:
        _put_back(kept)
        for fresh in staged.values():
            fresh.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise ModelFileError(
                f"Cannot write '{next(iter(files))}': {error.strerror or error}. The old files, if any, are unchanged."
            ) from error
        raise
    for old in (*kept.values(), *obsolete):
        if old is not None:
            with suppress(OSError):
                old.unlink()


def write_beside(path: Path, data: bytes) -> Path:
    """Write a file under a temporary name in the folder of `path`, bring it to disk, and return its name."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~mask)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name)


def _set_aside(path: Path) -> Path | None:
    """Give a file a second name, under which it can be found again; None if there is none."""
    if not path.exists():
        return None
    aside = path.with_name(f".{path.name}.{os.getpid()}.old")
    aside.unlink(missing_ok=True)
    try:
        os.link(path, aside)
    except OSError:  # a file system without hard links
        os.replace(path, aside)
    return aside


def _put_back(kept: Mapping[Path, Path | None]) -> None:
    for path, aside in kept.items():
        with suppress(OSError):
            if aside is None:
                path.unlink(missing_ok=True)
            elif path.exists() and aside.samefile(path):  # a rename onto itself would leave both names
                aside.unlink()
            elif aside.exists():
                aside.replace(path)
