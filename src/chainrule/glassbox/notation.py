"""Mathematics as text and LaTeX at once, and the names a course gives to inputs, weights, units and losses."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from chainrule.errors import unknown_name
from chainrule.formulas.notation import subscript
from chainrule.glassbox.numbers import Style


class Math(NamedTuple):
    """A piece of mathematics, as one line of Unicode and as LaTeX."""

    text: str
    latex: str

    def __add__(self, other: object) -> Math:
        piece = other if isinstance(other, Math) else same(str(other))
        return Math(self.text + piece.text, self.latex + piece.latex)


def same(text: str) -> Math:
    """Return what reads the same in text and LaTeX."""
    return Math(text, text)


def word(text: str) -> Math:
    """Return a name of several letters."""
    return Math(text, rf"\text{{{escape(text)}}}")


def escape(text: str) -> str:
    """Escape what LaTeX gives a meaning to; braces and backslashes become harmless."""
    plain = text.translate(str.maketrans("{}\\", "()/"))
    return "".join(f"\\{c}" if c in "_#%&$" else c for c in plain)


def join(pieces: Iterable[Math], text: str, latex: str | None = None) -> Math:
    """Put a sign between pieces."""
    parts = list(pieces)
    return Math(text.join(p.text for p in parts), (text if latex is None else latex).join(p.latex for p in parts))


# -- numbers ----------------------------------------------------------------------------------------------------------


def number(value: float, style: Style) -> Math:
    """Return a number: `−0.5`."""
    text = style.number(value)
    return Math(text, latex_number(text))


def latex_number(text: str) -> str:
    r"""Return a printed number in LaTeX: `2e−7` becomes `2 \cdot 10^{-7}`."""
    text = text.replace("−", "-").replace("∞", r"\infty")
    if "e" not in text or text == "nan":
        return text
    mantissa, exponent = text.split("e")
    return rf"{mantissa} \cdot 10^{{{exponent}}}"


def factor(value: float, style: Style) -> Math:
    """Return a number as a factor or a later term: negative ones in parentheses."""
    piece = number(value, style)
    needs = piece.text.startswith("−")
    latex = piece.latex
    return (
        Math(f"({piece.text})", f"({latex})") if needs else Math(piece.text, f"({latex})" if "10^" in latex else latex)
    )


def times(pieces: Iterable[Math], spaced: bool = False) -> Math:
    """Return a product with its signs: `1·0.5`."""
    return join(pieces, " · " if spaced else "·", r" \cdot ")


def plus(pieces: Sequence[Math], keep: int = 9) -> Math:
    """Return a sum; of more than `keep` terms the middle is left out."""
    if len(pieces) > keep:
        pieces = [*pieces[:3], Math("…", r"\dots"), pieces[-1]]
    return join(pieces, " + ")


def parentheses(piece: Math) -> Math:
    """Return the piece in parentheses."""
    return Math(f"({piece.text})", rf"\left({piece.latex}\right)" if r"\frac" in piece.latex else f"({piece.latex})")


# -- names ------------------------------------------------------------------------------------------------------------

_LETTERS = {
    "lecture": {"loss": "ℓ", "total": "L"},
    "textbook": {"h": "z", "p": "a", "loss": "ℓ", "total": "L"},
    "keras": {
        "h": "z", "a": "out", "p": "y_pred", "v": "out", "y": "y_true", "w": "kernel", "b": "bias",
        "total": "total_loss",
    },
}  # fmt: skip
_KINDS = ("x", "h", "a", "p", "v", "y", "w", "b", "loss", "total")
_LATEX = {"ℓ": r"\ell", "Ω": r"\Omega", "δ": r"\delta"}
_RAISED = dict(zip("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹", strict=True))


class Names:
    """The symbols of one notation.

    Args:
        notation: `'lecture'` (h, p, w_ij from input i to unit j), `'textbook'` (z, a, w_ji to unit j from input i) or
            `'keras'` (kernel[i,j], counted from 0).
        layered: whether the network has several layers, so that symbols carry the layer's number.

    >>> names = Names("lecture", layered=True)
    >>> names.weight("w", (0, 1), 1).text, names.unit("h", 0, 2, 1).text, names.loss().text
    ('w₁₂⁽¹⁾', 'h⁽²⁾', 'ℓ')
    """

    def __init__(self, notation: str = "lecture", layered: bool = False) -> None:
        if notation not in _LETTERS:
            raise unknown_name("notation", notation, _LETTERS)
        self.notation = notation
        self.layered = layered
        self.letters = {kind: _LETTERS[notation].get(kind, kind) for kind in _KINDS}

    @property
    def keras(self) -> bool:
        return self.notation == "keras"

    def letter(self, kind: str) -> Math:
        """Return the bare letter of a kind of quantity."""
        text = self.letters.get(kind, kind)
        return Math(text, latex_name(text))

    def unit(self, kind: str, index: int | None, layer: int | None, size: int = 2) -> Math:
        """Return the symbol of one unit of a vector; a vector of one needs no index."""
        indices = () if index is None or (size == 1 and not self.keras) else (index,)
        return self._indexed(kind, indices, layer)

    def weight(self, kind: str, index: tuple[int, ...], layer: int | None) -> Math:
        """Return the symbol of one element of a variable; `index` counts as the stored array does."""
        if self.notation == "textbook" and kind == "w":
            index = index[::-1]
        return self._indexed(kind, index, layer)

    def whole(self, kind: str, layer: int | None) -> Math:
        """Return the symbol of a whole matrix or vector."""
        letter = self.letters.get(kind, kind)
        letter = letter.upper() if kind == "w" and not self.keras else letter
        raised = self._raised(layer)
        return Math(letter + raised.text, _bold(letter) + raised.latex)

    def loss(self, layer: int | None = None) -> Math:
        """Return the symbol of the loss of the data."""
        return self._indexed("loss", (), layer)

    def total(self) -> Math:
        """Return the symbol of the loss with all penalties."""
        return self._indexed("total", (), None)

    def partial(self, top: Math, bottom: Math) -> Math:
        """Return a derivative: `∂ℓ/∂w`."""
        return Math(f"∂{top.text}/∂{bottom.text}", rf"\frac{{\partial {top.latex}}}{{\partial {bottom.latex}}}")

    def _indexed(self, kind: str, index: tuple[int, ...], layer: int | None) -> Math:
        letter = self.letters.get(kind, kind)
        raised = self._raised(layer)
        if not index:
            return Math(letter + raised.text, latex_name(letter) + raised.latex)
        if self.keras:
            inside = ",".join(map(str, index))
            return Math(f"{letter}{raised.text}[{inside}]", rf"{latex_name(letter)}{raised.latex}_{{{inside}}}")
        shown = [str(i + 1) for i in index]
        if all(len(s) == 1 for s in shown):
            text, latex = "".join(shown), "".join(shown)
        else:
            text, latex = ",".join(shown), ",".join(shown)
        below = ",".join(subscript(part) or part for part in text.split(","))
        return Math(
            letter + below + raised.text,
            f"{latex_name(letter)}_{latex if len(latex) == 1 else f'{{{latex}}}'}{raised.latex}",
        )

    def _raised(self, layer: int | None) -> Math:
        if layer is None or not self.layered:
            return Math("", "")
        return Math("⁽" + "".join(_RAISED[c] for c in str(layer)) + "⁾", rf"^{{({layer})}}")


def latex_name(text: str) -> str:
    """Return a name in LaTeX: one letter in italics, several upright."""
    if text in _LATEX:
        return _LATEX[text]
    return text if len(text) == 1 else rf"\mathrm{{{escape(text)}}}"


def _bold(letter: str) -> str:
    return rf"\mathbf{{{letter}}}" if len(letter) == 1 else rf"\mathrm{{{escape(letter)}}}"
