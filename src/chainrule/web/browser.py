"""Opens a page in a browser with windows, where there is one; a browser in the terminal would be in the way."""

from __future__ import annotations

import os
import sys
import webbrowser


def open_page(url: str) -> bool:
    """Open an address; returns whether a browser took it.

    Args:
        url: of a page on this machine.
    """
    if sys.platform.startswith("linux") and not any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))):
        return False
    try:
        return webbrowser.open(url)
    except (webbrowser.Error, OSError):
        return False


__all__ = ["open_page"]
