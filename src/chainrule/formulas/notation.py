"""What the parts of a formula look like in text and in LaTeX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

GREEK = {
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "eta": "η", "theta": "θ", "lam": "λ",
    "pi": "π", "sigma": "σ", "tau": "τ", "ell": "ℓ",
}  # fmt: skip
_SUPERSCRIPT = dict(zip("0123456789+−abcdefghijklmnoprstuvwxyz", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", strict=True))
_SUBSCRIPT = dict(zip("0123456789+−aehijklmnoprstuvx", "₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", strict=True))
_COMPARISON = {"Gt": ">", "Lt": "<", "GtE": "≥", "LtE": "≤", "Eq": "=", "NotEq": "≠"}
_LATEX_COMPARISON = {"Gt": ">", "Lt": "<", "GtE": r"\ge", "LtE": r"\le", "Eq": "=", "NotEq": r"\ne"}
_LATEX_FUNCTIONS = ("log", "tanh", "cosh", "max", "min", "exp")


def superscript(text: str) -> str | None:
    """Return `text` in raised letters, or None where Unicode has none for it.

    >>> superscript("−h"), superscript("α")
    ('⁻ʰ', None)
    """
    return "".join(_SUPERSCRIPT[c] for c in text) if all(c in _SUPERSCRIPT for c in text) else None


def subscript(text: str) -> str | None:
    """Return `text` in lowered letters, or None where Unicode has none for it.

    >>> subscript("12"), subscript("w")
    ('₁₂', None)
    """
    return "".join(_SUBSCRIPT[c] for c in text) if all(c in _SUBSCRIPT for c in text) else None


class Notation(Protocol):
    """What a printer asks for."""

    minus: str
    times: str
    dots: str
    stacks_fractions: bool

    def number(self, text: str) -> str: ...
    def symbol(self, name: str) -> str: ...
    def subscript(self, name: str, index: str) -> str: ...
    def parentheses(self, text: str) -> str: ...
    def bracket(self, text: str) -> str: ...
    def fraction(self, top: str, bottom: str) -> str: ...
    def power(self, base: str, exponent: str) -> str: ...
    def abs(self, text: str) -> str: ...
    def sqrt(self, text: str, atom: bool) -> str: ...
    def function(self, name: str, arguments: str) -> str: ...
    def kronecker(self, i: str, j: str) -> str: ...
    def sum(self, index: str, body: str) -> str: ...
    def comparison(self, name: str) -> str: ...
    def word(self, word: str) -> str: ...
    def cases(self, cases: Sequence[tuple[str, str]], otherwise: str) -> str: ...


class TextNotation:
    """One line of Unicode: `1/(1 + e⁻ʰ)`."""

    minus, times, dots, stacks_fractions = "−", "·", "…", False

    def number(self, text: str) -> str:
        return text.replace("-", "−")

    def symbol(self, name: str) -> str:
        return GREEK.get(name, name)

    def subscript(self, name: str, index: str) -> str:
        index = index.replace(" ", "").replace("-", "−")
        return name + (subscript(index) or f"[{index}]")

    def parentheses(self, text: str) -> str:
        return f"({text})"

    def bracket(self, text: str) -> str:
        return f"[{text}]"

    def fraction(self, top: str, bottom: str) -> str:
        return f"{top}/{bottom}"

    def power(self, base: str, exponent: str) -> str:
        raised = superscript(exponent)
        if raised and (exponent.isdigit() if base != "e" else any(map(str.isalpha, exponent))):
            return base + raised
        plain = len(exponent) == 1 or exponent.replace(".", "", 1).isdigit()
        return f"{base}^{exponent}" if plain else f"{base}^({exponent})"

    def abs(self, text: str) -> str:
        return f"|{text}|"

    def sqrt(self, text: str, atom: bool) -> str:
        return f"√{text}" if atom else f"√({text})"

    def function(self, name: str, arguments: str) -> str:
        return f"{GREEK.get(name, name)}({arguments})"

    def kronecker(self, i: str, j: str) -> str:
        return "δ" + (subscript(i + j) or f"[{i},{j}]")

    def sum(self, index: str, body: str) -> str:
        return f"Σ{subscript(index) or index} {body}"

    def comparison(self, name: str) -> str:
        return _COMPARISON[name]

    def word(self, word: str) -> str:
        return word

    def cases(self, cases: Sequence[tuple[str, str]], otherwise: str) -> str:
        return "".join(f"{value} if {condition} else " for value, condition in cases) + otherwise


class LatexNotation:
    r"""LaTeX that MathJax, KaTeX and MathML converters know: `\frac{1}{1 + e^{-h}}`."""

    minus, times, dots, stacks_fractions = "-", r" \cdot ", r"\dots", True

    def number(self, text: str) -> str:
        return text.replace("−", "-")

    def symbol(self, name: str) -> str:
        if name == "lam":
            return r"\lambda"
        if name in GREEK:
            return f"\\{name}"
        return name if len(name) == 1 else rf"\mathrm{{{name}}}"

    def subscript(self, name: str, index: str) -> str:
        return f"{name}_{{{index}}}"

    def parentheses(self, text: str) -> str:
        return rf"\left({text}\right)" if r"\frac" in text or r"\sum" in text else f"({text})"

    def bracket(self, text: str) -> str:
        return rf"\left[{text}\right]"  # a bare bracket after a line break would be its argument

    def fraction(self, top: str, bottom: str) -> str:
        return rf"\frac{{{top}}}{{{bottom}}}"

    def power(self, base: str, exponent: str) -> str:
        return f"{base}^{exponent}" if len(exponent) == 1 else f"{base}^{{{exponent}}}"

    def abs(self, text: str) -> str:
        return rf"\left|{text}\right|"

    def sqrt(self, text: str, atom: bool) -> str:
        return rf"\sqrt{{{text}}}"

    def function(self, name: str, arguments: str) -> str:
        if name == "sigma":
            head = r"\sigma"
        else:
            head = f"\\{name}" if name in _LATEX_FUNCTIONS else rf"\operatorname{{{name}}}"
        return head + self.parentheses(arguments)

    def kronecker(self, i: str, j: str) -> str:
        return rf"\delta_{{{i}{j}}}"

    def sum(self, index: str, body: str) -> str:
        return rf"\sum_{{{index}}} {body}"

    def comparison(self, name: str) -> str:
        return _LATEX_COMPARISON[name]

    def word(self, word: str) -> str:
        return rf"\text{{ {word} }}"

    def cases(self, cases: Sequence[tuple[str, str]], otherwise: str) -> str:
        rows = [rf"{value} & \text{{if }} {condition}" for value, condition in cases]
        return r"\begin{cases}" + r" \\ ".join([*rows, rf"{otherwise} & \text{{otherwise}}"]) + r"\end{cases}"


TEXT: Notation = TextNotation()
LATEX: Notation = LatexNotation()
