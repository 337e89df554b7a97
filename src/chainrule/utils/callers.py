"""Where in the user's program a warning belongs."""

from __future__ import annotations

import sys


def outside() -> int:
    """Return the `stacklevel` with which `warnings.warn` names the last line outside of chainrule that led here.

    >>> outside()
    2
    """
    level, frame = 2, sys._getframe(2)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "chainrule":
        level, frame = level + 1, frame.f_back
    return level
