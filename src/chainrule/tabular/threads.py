"""One thread for small matrix products: handing them out to several threads costs more than it saves.

On a busy machine it costs far more, because OpenBLAS's threads wait for each other by spinning.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

_NAMES = ("scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads", "openblas_{}_num_threads64_")
_LARGE = 50_000_000


@contextmanager
def threads_for(parameters: int, rows: int) -> Iterator[None]:
    """Within the block, let NumPy's OpenBLAS use one thread if the products are small.

    Args:
        parameters: of the network.
        rows: per batch.
    """
    found = _openblas() if parameters * rows < _LARGE else None
    if found is None:
        yield
        return
    get, change = found
    before = get()
    change(1)
    try:
        yield
    finally:
        change(before)


def _openblas() -> tuple[Any, Any] | None:
    """Return the functions that tell and set the number of threads; None where NumPy uses another BLAS."""
    folder = Path(np.__file__).parent
    for path in [*folder.parent.glob("numpy.libs/*openblas*"), *folder.glob(".dylibs/*openblas*")]:
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        for name in _NAMES:
            get, change = (getattr(library, name.format(verb), None) for verb in ("get", "set"))
            if get is not None and change is not None:
                return get, change
    return None
