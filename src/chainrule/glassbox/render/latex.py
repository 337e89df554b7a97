r"""Pages as LaTeX: one `aligned` environment, which MathJax, KaTeX and amsmath understand."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainrule.glassbox.notation import Math, escape, factor, latex_number, times
from chainrule.glassbox.page import Line, Page, Section

if TYPE_CHECKING:
    from chainrule.glassbox.derive.paths import Path
    from chainrule.glassbox.node import Node


def write(page: Page) -> str:
    """Return a page as one `aligned` environment, its titles as text."""
    rows: list[str] = []
    if page.title:
        rows.append(rf"&\text{{{words(page.title)}}}")
    for section in page.sections:
        rows += _section(section)
    rows += [rf"&\text{{{words(line)}}}" for line in page.foot]
    return "\\begin{aligned}\n" + " \\\\\n".join(rows) + "\n\\end{aligned}"


def _section(section: Section) -> list[str]:
    rows = []
    if section.title or section.rule is not None:
        title = rf"&\textbf{{{words(section.title)}}}" if section.level == 1 else rf"&\text{{{words(section.title)}}}"
        rows.append(title + (rf" \quad {section.rule.latex}" if section.rule is not None else ""))
    rows += [equation(line) for line in section.lines]
    return rows + [rf"&\text{{{words(note)}}}" for note in section.notes]


def equation(line: Line, aligned: bool = True) -> str:
    """Return one line: `p &= \\sigma(h) = ... \\approx 0.6225`."""
    mark = "&" if aligned else ""
    if line.shown is None:
        sign = r"\leftarrow" if line.note == "←" else "="
        return f"{line.symbol.latex} {mark}{sign} {line.formula.latex if line.formula else ''}"
    parts = [p.latex for p in (line.formula, line.numbers) if p is not None and p.latex]
    relation = "=" if line.exact else r"\approx"
    body = (
        f"{mark}= {' = '.join(parts)} {relation} {line.shown.latex}"
        if parts
        else f"{mark}{relation} {line.shown.latex}"
    )
    note = rf" \quad \text{{({words(line.note)})}}" if line.note else ""
    return f"{line.symbol.latex} {body}{note}"


_WORDS = {
    "→": r"$\to$",
    "≈": r"$\approx$",
    "ŷ": r"$\hat{y}$",
    "η": r"$\eta$",
    "✓": r"$\checkmark$",
    "✗": r"$\times$",
    "−": "-",
    "…": "...",
    "×": r"$\times$",
}


_PLAIN = str.maketrans("₀₁₂₃₄₅₆₇₈₉⁰¹²³⁴⁵⁶⁷⁸⁹⁽⁾", "01234567890123456789()")
_SCRIPTS = re.compile("(?=[₀-₉⁰¹²³⁴-⁹⁽⁾])([₀-₉]*)([⁰¹²³⁴-⁹⁽⁾]*)")


def words(text: str) -> str:
    """Return a title fit for `\\text{...}`: mathematics as plain as possible."""
    from chainrule.glassbox.ascii import to_ascii

    if found := _SCRIPTS.search(text):
        low, high = (part.translate(_PLAIN) for part in found.groups(default=""))
        scripts = (f"_{{{low}}}" if low else "") + (f"^{{{high}}}" if high else "")
        return f"{words(text[: found.start()])}${scripts}${words(text[found.end() :])}"
    return "".join(_WORDS[c] if c in _WORDS else escape(c if c.isascii() else to_ascii(c)) for c in text)


# -- one derivative ---------------------------------------------------------------------------------------------------


def write_node(node: Node) -> str:
    """Return the forward pass and, for each path, the chain with a brace under every factor."""
    from chainrule.glassbox.derive import forward, loss

    view = node.view
    lines = [line for s in forward.sections(view) for line in s.lines] + loss.forward(view)
    rows = " \\\\\n".join(equation(line) for line in lines)
    if node.paths is None:
        return write(node.page)
    head = view.partial(view.symbol(node.number)).latex
    body = "\n".join([f"{head}", *_chains(node, node.paths)])
    return f"\\begin{{aligned}}\n{rows} \\\\[6pt]\n{body}\n\\end{{aligned}}"


def _chains(node: Node, paths: list[Path]) -> list[str]:
    style, rows = node.options.style, []
    for i, path in enumerate(paths):
        braces = " \\cdot\n     ".join(_brace(link.symbol, link.formula) for link in path.links)
        rows.append(f"  &= {braces}" if i == 0 else f"  &\\quad + {braces}")
        if i < len(paths) - 1:
            rows[-1] += r" \\"
    numbers = [times([factor(link.value, style) for link in p.links]).latex for p in paths]
    exact = all(style.exact(link.value) for p in paths for link in p.links)
    value = latex_number(style.number(node.value))
    rows.append(f"   {_relation(exact)} {' + '.join(numbers)} {_relation(style.exact(node.value))} {value}")
    return rows


def _relation(exact: bool) -> str:
    return "=" if exact else r"\approx"


def _brace(symbol: Math, formula: Math | None) -> str:
    if formula is None:
        return symbol.latex
    return rf"\underbrace{{{symbol.latex}}}_{{{formula.latex.replace(' - ', '-').replace(' + ', '+')}}}"
