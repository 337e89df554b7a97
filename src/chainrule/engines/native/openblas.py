"""OpenBLAS for large matrix products: found in the wheel `scipy-openblas32`, and handed on as addresses of functions.

The native engine calls it from threads of its own, so the library itself gets one thread. NumPy has its own copy.
"""

from __future__ import annotations

import ctypes
import functools
import importlib.util
import os
from pathlib import Path
from typing import NamedTuple

PACKAGE = "scipy_openblas32"
_THREADS = "OPENBLAS_NUM_THREADS"


class OpenBlas(NamedTuple):
    """A loaded library.

    Attributes:
        path: the file.
        version: as the library says, for example `'0.3.34'`.
        core: the processor that its kernels were made for.
        sgemm, dgemm: addresses of `cblas_sgemm` and `cblas_dgemm`, with 32-bit integers.
    """

    path: Path
    version: str
    core: str
    sgemm: int
    dgemm: int


@functools.cache
def openblas() -> OpenBlas | None:
    """Load OpenBLAS once and return it; None where it is not installed or does not load.

    >>> found = openblas()
    >>> found is None or (found.sgemm > 0 and found.dgemm > 0)
    True
    """
    for path in _files():
        try:
            return _described(path, _loaded(path))
        except (OSError, AttributeError):  # for another system, or without these functions
            continue
    return None


def _files() -> list[Path]:
    """Return the library's file in the wheel, without importing the wheel's package."""
    spec = importlib.util.find_spec(PACKAGE)
    folders = (spec.submodule_search_locations or []) if spec is not None else []
    kinds = ("*.so*", "*.dylib", "*.dll")
    return sorted(f for folder in folders for kind in kinds for f in Path(folder, "lib").glob(f"*openblas{kind}"))


def _loaded(path: Path) -> ctypes.CDLL:
    """Load the library so that it starts no threads."""
    before = os.environ.get(_THREADS)
    os.environ[_THREADS] = "1"
    try:
        library = ctypes.CDLL(str(path))
    finally:
        if before is None:
            del os.environ[_THREADS]
        else:
            os.environ[_THREADS] = before
    library.scipy_openblas_set_num_threads(1)
    return library


def _described(path: Path, library: ctypes.CDLL) -> OpenBlas:
    text = {}
    for fact in ("config", "corename"):
        function = getattr(library, f"scipy_openblas_get_{fact}")
        function.restype = ctypes.c_char_p
        text[fact] = (function() or b"").decode("ascii", "replace")
    version = next((word for word in text["config"].split() if word[0].isdigit()), "unknown")
    sgemm, dgemm = (ctypes.cast(getattr(library, f"scipy_cblas_{t}gemm"), ctypes.c_void_p).value or 0 for t in "sd")
    return OpenBlas(path, version, text["corename"], sgemm, dgemm)
