"""The same text for terminals without Unicode: `∂ℓ/∂w₁⁽²⁾` becomes `dl/dw1^(2)`."""

from __future__ import annotations

import re
import sys

_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ", "0123456789+-()abcdefghijklmnoprstuvwxyz", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ", "0123456789+-aehijklmnoprstuvx", strict=True))
_PLAIN = {
    "−": "-", "·": "*", "≈": "~", "∂": "d", "ℓ": "l", "ŷ": "y^", "←": "<-", "→": "->", "√": "sqrt", "Σ": "sum",
    "⊙": ".*",
    "ᵀ": "^T", "…": "...", "×": "x", "≥": ">=", "≤": "<=", "≠": "!=", "✓": "ok", "✗": "x", "─": "-", "′": "'",
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "eps", "η": "eta", "θ": "theta", "λ": "lambda",
    "π": "pi", "σ": "sigma", "∞": "inf",
    "τ": "tau", "ρ": "rho", "μ": "mu", "Ω": "Omega", "‖": "||", "½": "1/2", "–": "-", "φ": "phi", "Δ": "Delta",
    "\u0302": "^",
}  # fmt: skip
_RUN_UP = re.compile(f"[{''.join(map(re.escape, _RAISED))}]+")
_RUN_DOWN = re.compile(f"[{''.join(_LOWERED)}]+")


def to_ascii(text: str) -> str:
    """Return the text in ASCII.

    >>> to_ascii("∂ℓ/∂w₁⁽²⁾ = −2·(1 − p₁²)"), to_ascii("1/(1 + e⁻ʰ)")
    ('dl/dw1^(2) = -2*(1 - p1^2)', '1/(1 + e^(-h))')
    """
    text = text.replace("✗ wrong", "wrong")
    text = _RUN_UP.sub(lambda m: _up("".join(_RAISED[c] for c in m[0])), text)
    text = _RUN_DOWN.sub(lambda m: _down("".join(_LOWERED[c] for c in m[0])), text)
    text = "".join(_PLAIN.get(c, c) for c in text)
    return text.encode("ascii", "replace").decode()


def _up(inside: str) -> str:
    if (inside.startswith("(") and inside.endswith(")")) or inside.isdigit():
        return f"^{inside}"
    layer = re.match(r"(\(\d+\))(.+)", inside)
    return f"^{layer[1]}^{layer[2]}" if layer else f"^({inside})"


def _down(inside: str) -> str:
    return inside if inside[0].isdigit() else f"_{inside}"


def unicode_wanted(choice: object) -> bool:
    """Decide whether to print Unicode: as told, or as the terminal can."""
    if choice != "auto":
        return bool(choice)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    try:
        "∂ℓ₁⁽²⁾≈−✓".encode(encoding)
    except (UnicodeError, LookupError):
        return False
    return True
