"""What holds for all tests."""

from __future__ import annotations

import gc
import signal


def pytest_configure() -> None:
    """Listen to Ctrl-C, as the tests of interrupts expect: jobs in the background of a shell ignore it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """Spare garbage collections the many objects of the tests themselves: each took half a second."""
    gc.collect()
    gc.freeze()
