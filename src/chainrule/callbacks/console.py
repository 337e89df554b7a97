"""What is known of the place where text goes: a terminal, a notebook, a file; its width, its colours, its letters.

`sys.stdout` is looked up at every call, so that redirections and test captures are respected. With
`chainrule.config.disable_interactive_logging()` all text goes to the logger `chainrule` instead.
"""

from __future__ import annotations

import os
import re
import sys
from typing import Any

from chainrule import config

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
_PLAIN_LETTERS = {ord("━"): "=", ord("─"): ".", ord("…"): "..."}


def write(text: str) -> None:
    """Write `text` as it is to standard output, in letters that the stream can show, and flush."""
    if not config.is_interactive_logging_enabled():
        _log(text)
        return
    stream = sys.stdout
    if stream is None:  # a windowed program on Windows has no standard output
        return
    try:
        stream.write(text)
    except UnicodeEncodeError:
        encoding = getattr(stream, "encoding", None) or "utf-8"
        stream.write(text.translate(_PLAIN_LETTERS).encode(encoding, "replace").decode(encoding))
    stream.flush()


def say(message: str) -> None:
    """Write one message and end the line."""
    write(f"{message}\n")


def _log(text: str) -> None:
    import logging

    line = ESCAPES.sub("", text).strip()
    if line:
        logging.getLogger("chainrule").info(line)


def is_live(stream: Any) -> bool:
    """Whether a line already shown can be rewritten: on a terminal that is not dumb, and in a notebook."""
    if not config.is_interactive_logging_enabled() or stream is None:
        return False
    if is_notebook(stream):
        return True
    return _is_terminal(stream) and os.environ.get("TERM") != "dumb"


def is_notebook(stream: Any) -> bool:
    """Whether an IPython kernel (Jupyter, Colab, VS Code) shows `stream`, which is not a plain file or string."""
    ipython = sys.modules.get("IPython")
    if ipython is None or type(stream).__module__ in ("io", "_io"):
        return False
    shell = getattr(ipython, "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None) is not None


def has_colors(stream: Any) -> bool:
    """Whether escape codes may be used: `NO_COLOR` forbids, then `FORCE_COLOR` demands, else a live stream has them."""
    if not config.is_interactive_logging_enabled() or os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    if sys.platform == "win32" and not (os.environ.get("WT_SESSION") or os.environ.get("TERM")):
        return False
    return is_live(stream)


def can_show(stream: Any, text: str) -> bool:
    """Whether the stream's encoding has all letters of `text`."""
    try:
        text.encode(getattr(stream, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def width(stream: Any) -> int | None:
    """Return the columns of the terminal (`COLUMNS` goes first), or None where lines may have any length."""
    if is_notebook(stream) or not _is_terminal(stream):
        return None
    try:
        columns = int(os.environ.get("COLUMNS", ""))
    except ValueError:
        columns = 0
    if columns <= 0:
        try:
            columns = os.get_terminal_size(stream.fileno()).columns
        except (OSError, ValueError, AttributeError):
            columns = 0
    return columns if columns > 0 else 80


def _is_terminal(stream: Any) -> bool:
    try:
        return bool(stream.isatty())
    except (AttributeError, ValueError):  # no such method, or a closed file
        return False
