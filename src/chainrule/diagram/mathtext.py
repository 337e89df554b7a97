r"""The little LaTeX of symbols, taken apart: `w_{11}^{(1)}` is an italic w, a low 11 and a raised (1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from chainrule.glassbox.notation import Math
from chainrule.utils.diagram_draw import text_length

_COMMANDS = {r"\ell": "ℓ", r"\partial": "∂", r"\hat{y}": "ŷ", r"\Omega": "Ω", r"\delta": "δ"}
_TOKEN = re.compile(
    r"(?P<word>\\(?:mathrm|text|mathbf)\{(?P<inside>[^{}]*)\})|(?P<command>\\hat\{y\}|\\[a-zA-Z]+) ?"
    r"|(?P<place>[_^])(?:\{(?P<index>[^{}]*)\}|(?P<one>[^\\{}]))|(?P<letter>[A-Za-z])|(?P<plain>[0-9.,/()\[\]=+ -])"
)


@dataclass(frozen=True)
class Piece:
    """Some characters at one height: `place` is `''`, `'sub'` or `'sup'`.

    `back` says how many small characters it begins before the end of the last piece: where an index is raised above
    another.
    """

    text: str
    place: str = ""
    italic: bool = False
    back: int = 0


def pieces(symbol: Math) -> list[Piece] | None:
    r"""Return the pieces of a symbol, or None if its LaTeX is more than indices and letters.

    >>> pieces(Math("w₁₁⁽¹⁾", "w_{11}^{(1)}"))
    [Piece(text='w', place='', italic=True, back=0), Piece(text='11', place='sub', italic=False, back=0),
     Piece(text='(1)', place='sup', italic=False, back=2)]
    >>> pieces(Math("…", r"\dots")) is None
    True
    """
    found: list[Piece] = []
    at = 0
    while at < len(symbol.latex):
        match = _TOKEN.match(symbol.latex, at)
        if match is None or (match["command"] and match["command"] not in _COMMANDS):
            return None
        found.append(_piece(match, found))
        at = match.end()
    return found


def _piece(match: re.Match[str], before: list[Piece]) -> Piece:
    if match["place"]:
        text = match["index"] or match["one"] or ""
        place = "sub" if match["place"] == "_" else "sup"
        last = before[-1] if before else None
        back = len(last.text) if last is not None and last.place not in ("", place) else 0
        return Piece(text, place, back=back)
    if match["word"]:
        return Piece(re.sub(r"\\([_#%&$])", r"\1", match["inside"]))
    if match["command"]:
        return Piece(_COMMANDS[match["command"]], italic=match["command"] != r"\partial")
    return Piece(match[0], italic=bool(match["letter"]))


def label_width(parts: Sequence[str | Math], size: float) -> float:
    """Return about how wide a line of text and symbols is, with a little room at both ends."""
    width = 0.0
    for part in parts:
        found = None if isinstance(part, str) else pieces(part)
        if found is None:
            width += 0.88 * text_length(part if isinstance(part, str) else part.text, size)
            continue
        for piece in found:
            width += 0.6 * size * ((0.68 if piece.place else 1.0) * len(piece.text) - 0.68 * piece.back)
    return width + 7.0
