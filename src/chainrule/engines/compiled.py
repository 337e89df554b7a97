"""The compiled half of the native engine, `chainrule._native`: whether it is here, and what to say where it is not."""

from __future__ import annotations

import functools
import importlib
import os
from types import ModuleType

MODULE = "chainrule._native"


@functools.cache
def compiled() -> ModuleType | str:
    """Return the compiled module, or why there is none, as a sentence without a full stop."""
    try:
        native = importlib.import_module(MODULE)
    except ModuleNotFoundError as error:
        if error.name == MODULE:
            return "the native engine is not installed"
        return _unusable(error)
    except ImportError as error:  # made for another processor or system
        return _unusable(error)
    _note_unknown_instructions(native)
    return native


def _note_unknown_instructions(native: ModuleType) -> None:
    wanted = os.environ.get("CHAINRULE_ISA")
    if wanted and wanted not in native.isas():
        import logging

        logging.getLogger("chainrule").warning(
            f"chainrule: CHAINRULE_ISA={wanted!r} is no instruction set of this machine, so {native.isa()!r} runs; "
            f"there are {', '.join(native.isas())}"
        )


def _unusable(error: ImportError) -> str:
    return f"the native engine cannot be loaded ({' '.join(str(error).split())})"


@functools.cache
def note_slow(reason: str) -> None:
    """Say once in a process, in one line on stderr, that the slow engine runs, and why.

    It is a record of the logger `chainrule`, so that whoever configures logging decides about it.

    Args:
        reason: a sentence without a full stop.
    """
    import logging

    hint = ". See: chainrule doctor" if reason == compiled() else ""
    logging.getLogger("chainrule").warning(f"chainrule: {reason}; the slower reference engine runs{hint}")
