"""One thread for small matrix products: handing them out to several threads costs more than it saves.

On a busy machine it costs far more, because OpenBLAS's threads wait for each other by spinning.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

import numpy as np

_NAMES = ("scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads", "openblas_{}_num_threads64_")
_LARGE = 50_000_000
"""Multiplications in one product from which several threads pay (seen on two cores)."""


class _Limit:
    """How many blocks ask for one thread right now, and how many threads there were before the first of them."""

    lock = Lock()
    blocks = 0
    before = 1


@contextmanager
def threads_for(parameters: int, rows: int) -> Iterator[None]:
    """Within the block, let NumPy's OpenBLAS use one thread if the products are small.

    The setting is the process's: with several blocks in several threads, the last to end restores it.

    Args:
        parameters: of the network.
        rows: per batch.
    """
    found = openblas() if parameters * rows < _LARGE else None
    if found is None:
        yield
        return
    get, change = found
    with _Limit.lock:
        if _Limit.blocks == 0:
            _Limit.before = get()
            change(1)
        _Limit.blocks += 1
    try:
        yield
    finally:
        with _Limit.lock:
            _Limit.blocks -= 1
            if _Limit.blocks == 0:
                change(_Limit.before)


@functools.cache
def openblas() -> tuple[Callable[[], int], Callable[[int], Any]] | None:
    """Return the functions that tell and set the number of threads; None where NumPy uses another BLAS."""
    import ctypes
    from pathlib import Path

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
