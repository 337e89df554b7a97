"""Style sheets without what only readers need: comments, indentation, spaces around braces."""

from __future__ import annotations

import re

_STRING = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""
_COMMENT = re.compile(rf"({_STRING})|/\*.*?\*/", re.DOTALL)
_PART = re.compile(
    rf"(?P<string>{_STRING})|\s*(?:;\s*)?(?P<end>\}})\s*|\s*(?P<sign>[{{,;])\s*|(?P<before>[:(])\s+|\s+(?P<after>\))|\s+"
)


def squeeze_style(style: str) -> str:
    r"""Return a style sheet that says the same; strings stay as they are.

    >>> squeeze_style('/* wide */\n.a > b:not( .c ),\nd {\n  margin: 0  calc(1px + 2px);\n  content: "{ /* ; ";\n}\n')
    '.a > b:not(.c),d{margin:0 calc(1px + 2px);content:"{ /* ; "}'
    """
    return _PART.sub(_kept, _COMMENT.sub(lambda found: found[1] or " ", style)).strip()


def _kept(found: re.Match[str]) -> str:
    """Return a string, a sign without the space around it, or one space; no semicolon before a closing brace."""
    return found["string"] or found["end"] or found["sign"] or found["before"] or found["after"] or " "


__all__ = ["squeeze_style"]
