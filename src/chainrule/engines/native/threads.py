"""How many threads native code may use: what `chainrule.config` says, told when it changes."""

from __future__ import annotations

from typing import Any

from chainrule import config


def use_threads(native: Any) -> None:
    """Tell native code how many threads it may use."""
    wanted = config.num_threads()
    if native.threads() != wanted:
        native.set_threads(wanted)
