"""Extracting tar and zip archives: all of it within one folder, or none."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

from chainrule.errors import DataError
from chainrule.utils.files import free_bytes

_FORMATS = ("tar", "zip")
_RATIO = 300
_HARMLESS = 1 << 28


def extract_archive(file: Path, target: Path, archive_format: Any) -> bool:
    """Extract an archive into a folder, which appears when all is extracted.

    Args:
        archive_format: `'tar'`, `'zip'`, a list of them, `'auto'` for both, None for none.

    Returns:
        Whether the file was such an archive; if not, there is a warning, as in Keras.

    Raises:
        DataError: a member leads outside of the folder, or the archive is damaged, or far larger than its file.
    """
    formats = _FORMATS if archive_format == "auto" else archive_format or ()
    formats = (formats,) if isinstance(formats, str) else tuple(formats)
    if unknown := [f for f in formats if f not in _FORMATS]:
        raise DataError(f"get_file: archive_format must be 'tar', 'zip', 'auto' or None, but is {unknown[0]!r}.")
    kind = next((f for f in formats if (tarfile.is_tarfile if f == "tar" else zipfile.is_zipfile)(file)), None)
    if kind is None:
        warnings.warn(
            f"get_file: {file} is no archive of the formats {list(formats)}; nothing extracted.", stacklevel=3
        )
        return False
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}.", dir=target.parent))
    try:
        _extract(kind, file, folder)
        folder.chmod(0o755)
        if target.is_dir():
            shutil.copytree(folder, target, symlinks=True, dirs_exist_ok=True)
        else:
            folder.rename(target)
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError) as error:
        raise DataError(f"get_file: {file} is refused or damaged: {error}. Nothing was extracted.") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return True


def _extract(kind: str, file: Path, folder: Path) -> None:
    if kind == "zip":
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            for entry in entries:
                _check_name(file, entry.filename)
            _check_size(file, sum(entry.file_size for entry in entries), folder)
            archive.extractall(folder)
        return
    if not hasattr(tarfile, "data_filter"):
        raise DataError("get_file: extracting tar archives safely needs Python 3.11.4 or later.")
    with tarfile.open(file) as tar:
        members = tar.getmembers()
        for member in members:
            _check_name(file, member.name)
        _check_size(file, sum(member.size for member in members), folder)
        tar.extractall(folder, members=members, filter="data")


def _check_name(file: Path, name: str) -> None:
    """Refuse a member that would not lie in the folder."""
    parts = name.replace("\\", "/").split("/")
    if ".." in parts or name.startswith(("/", "\\")) or os.path.splitdrive(name)[0] or "\0" in name or ":" in parts[0]:
        raise DataError(f"get_file: {file} holds {name!r}, which leads outside of its folder. Nothing was extracted.")


def _check_size(file: Path, size: int, folder: Path) -> None:
    """Refuse what fills the disk, or was made to."""
    if size > free_bytes(folder):
        raise DataError(f"get_file: {file} needs {size:,} bytes, more than the disk has left. Nothing was extracted.")
    if size > _HARMLESS and size > _RATIO * file.stat().st_size:
        raise DataError(
            f"get_file: {file} would grow from {file.stat().st_size:,} to {size:,} bytes, which no honest data do. "
            "Nothing was extracted."
        )
