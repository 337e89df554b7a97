"""Pages as HTML with native MathML: no script, no font, no request to anywhere; readable in light and dark.

Resting on a row shows its full LaTeX as a tooltip; every equation is a table row, so that results stand in one column.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from chainrule.errors import missing_extra
from chainrule.glassbox.notation import Math
from chainrule.glassbox.page import Line, Page, Section
from chainrule.glassbox.render import latex as tex

if TYPE_CHECKING:
    from chainrule.glassbox.trace import Trace

_TEXT = re.compile(
    r"\\text\{([^{}]*)\}"
)  # what the converter would pass on as it is, names from the user's data among it
_ESCAPED = re.compile(r"\\([_#%&$])")
_SIGN_AFTER_WORD = re.compile(r"(\\approx|\\cdot|\\text\{[^{}]*\}) -(\d+(?:\.\d+)?)")
_SIGN = re.compile(r"(?<![\w.})] )(?<![\w.})^{])-(\d+(?:\.\d+)?)")

STYLE = """
.cr-box{--cr-line:#8884;--cr-soft:#8881;--cr-dim:#666;--cr-good:#0072b2;--cr-bad:#b34700;
 font:15px/1.5 system-ui,sans-serif;color:inherit;max-width:80rem;text-align:left}
.cr-box .cr-scroll{overflow-x:auto}
@media (prefers-color-scheme:dark){.cr-box{--cr-dim:#aaa;--cr-good:#56b4e9;--cr-bad:#ff8c42}}
.cr-box h2{font-size:1.15em;margin:1.2em 0 .3em}
.cr-box p{margin:.3em 0;color:var(--cr-dim)}
.cr-box .cr-head{white-space:pre-wrap}
.cr-box table{border-collapse:collapse;margin:.2em 0}
.cr-box td,.cr-box th{border:0;padding:.14em .5em;background:none;text-align:left;vertical-align:middle}
.cr-box td,.cr-box th{white-space:nowrap}
.cr-box tr:hover{background:var(--cr-soft)}
.cr-box .cr-part th{font-size:1.05em;padding-top:1em;border-bottom:1px solid var(--cr-line)}
.cr-box .cr-layer th{font-size:.95em;padding-top:.7em;color:var(--cr-dim)}
.cr-box th span{margin-left:1.5em;font-weight:400;color:CanvasText}
.cr-box .cr-num td,.cr-box .cr-num th{text-align:right;padding:.15em .5em;font-variant-numeric:tabular-nums}
.cr-box .cr-num thead th{white-space:normal;overflow-wrap:anywhere;min-width:2.2em;max-width:6.5em}
.cr-box .cr-num thead th{vertical-align:bottom}
.cr-box .cr-num td.cr-ok,.cr-box .cr-num td.cr-no,.cr-box .cr-num td.cr-note{text-align:left}
.cr-box .cr-num td.cr-note span{position:sticky;left:.5em}
.cr-box .cr-num thead th{border-bottom:1px solid var(--cr-line);font-weight:600}
.cr-box .cr-num tr.cr-sum td{border-top:1px solid var(--cr-line);font-weight:600}
.cr-box td.cr-value{text-align:right;font-variant-numeric:tabular-nums}
.cr-box .cr-ok{color:var(--cr-good)}
.cr-box .cr-no{color:var(--cr-bad);font-weight:600}
.cr-box .cr-note{color:var(--cr-dim);font-size:.9em}
.cr-box details{margin:.4em 0}
.cr-box summary{cursor:pointer;padding:.2em 0}
"""


def write(page: Page, full: bool = False) -> str:
    """Return a page as HTML."""
    return wrap(body(page), full, page.title)


def write_trace(trace: Trace, full: bool = False) -> str:
    """Return a trace: the table, the gradients, and the derivation of each row shown, folded."""
    made = trace.table
    parts = [f"<p class='cr-head'>{html.escape(line)}</p>" for line in made.head]
    parts.append(_observations(trace))
    parts.append(f"<p class='cr-head'>{html.escape(made.foot)}</p>")
    for row in trace.choice.rows:
        page = trace[row].page
        title = html.escape(page.title)
        parts.append(f"<details><summary>{title}</summary>{body(Page('', page.sections, page.foot))}</details>")
    return wrap("\n".join(parts), full, made.head[0])


def _observations(trace: Trace) -> str:
    made = trace.table
    heads = "".join(f"<th scope='col'>{html.escape(c.header)}</th>" for c in made.columns) + "<th></th>"
    rows = []
    for sentence, row in made.choice.walk():
        if row is None:
            words = f"<span>… {html.escape(sentence)}</span>"
            rows.append(f"<tr><td colspan='{len(made.columns) + 1}' class='cr-note'>{words}</td></tr>")
            continue
        verdict = made.verdicts[row]
        kind = "cr-no" if "✗" in verdict else "cr-ok"
        cells = "".join(f"<td>{html.escape(c.cells[row])}</td>" for c in made.columns)
        rows.append(f"<tr>{cells}<td class='{kind}'>{html.escape(verdict)}</td></tr>")
    whole = f"<table class='cr-num'><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    return scrolling(whole, "Observations")


def scrolling(table: str, name: str) -> str:
    """Return a table in a box of its own that scrolls sideways, so that a wide one does not move the page.

    The keyboard reaches the box; `name` is what a screen reader says of it.

    >>> scrolling("<table></table>", "Numbers")
    "<div class='cr-scroll' tabindex='0' role='group' aria-label='Numbers'><table></table></div>"
    """
    return f"<div class='cr-scroll' tabindex='0' role='group' aria-label='{html.escape(name)}'>{table}</div>"


def wrap(body: str, full: bool, title: str = "") -> str:
    """Return a fragment with its style, or a whole page."""
    fragment = f"<div class='cr-box'><style>{STYLE}</style>\n{body}\n</div>"
    if not full:
        return fragment
    name = html.escape(title or "chainrule")
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<meta name='color-scheme' content='light dark'><title>{name}</title></head>\n"
        f"<body style='margin:2em'>\n{fragment}\n</body></html>\n"
    )


def table(heads: Sequence[Math], rows: Sequence[Sequence[str]], last_is_sum: bool = False) -> str:
    """Return a table of numbers with mathematics in its head."""
    top = "".join(f"<th scope='col'>{mathml(h.latex)}</th>" for h in heads)
    body = []
    for i, row in enumerate(rows):
        mark = " class='cr-sum'" if last_is_sum and i == len(rows) - 1 else ""
        body.append(f"<tr{mark}>" + "".join(f"<td>{html.escape(c)}</td>" for c in row) + "</tr>")
    whole = f"<table class='cr-num'><thead><tr>{top}</tr></thead><tbody>{''.join(body)}</tbody></table>"
    return scrolling(whole, "Numbers")


def body(page: Page) -> str:
    """Return a page: one table, so that all results stand in one column."""
    parts = [f"<h2>{html.escape(page.title)}</h2>"] if page.title else []
    whole = f"<table class='cr-page'>{''.join(map(_section, page.sections))}</table>"
    parts.append(scrolling(whole, page.title or "Derivation"))
    parts += [f"<p>{html.escape(line)}</p>" for line in page.foot]
    return "\n".join(parts)


def _section(section: Section) -> str:
    rows = []
    if section.title or section.rule is not None:
        kind = "cr-part" if section.level == 1 else "cr-layer"
        rule = f"<span>{mathml(section.rule.latex)}</span>" if section.rule is not None else ""
        rows.append(f"<tr class='{kind}'><th colspan='5' scope='rowgroup'>{html.escape(section.title)}{rule}</th></tr>")
    rows += [_row(line) for line in section.lines]
    rows += [f"<tr><td colspan='5' class='cr-note'>{html.escape(note)}</td></tr>" for note in section.notes]
    return f"<tbody>{''.join(rows)}</tbody>"


def _row(line: Line) -> str:
    tip = html.escape(tex.equation(line, aligned=False), quote=True)
    chain = " = ".join(p.latex for p in (line.formula, line.numbers) if p is not None and p.latex)
    symbol = f"<td>{mathml(line.symbol.latex)}</td>"
    note = f"<td class='cr-note'>{html.escape(line.note) if line.note != '←' else ''}</td>"
    if line.shown is None:
        sign = r"\leftarrow" if line.note == "←" else "="
        cells = f"<td colspan='3'>{mathml(f'{sign} {chain}')}</td>"
    elif isinstance(line.value, float) or line.value is None:
        relation = mathml("=" if line.exact else r"\approx") if line.value is not None else ""
        shown = mathml(line.shown.latex)
        cells = f"<td>{mathml('= ' + chain) if chain else ''}</td><td>{relation}</td><td class='cr-value'>{shown}</td>"
    else:
        relation = "=" if line.exact else r"\approx"
        first = f"= {chain} " if chain else ""
        cells = f"<td colspan='3'>{mathml(f'{first}{relation} {line.shown.latex}')}</td>"
    return f'<tr title="{tip}">{symbol}{cells}{note}</tr>'


@functools.lru_cache(maxsize=4096)
def mathml(latex: str) -> str:
    """Return LaTeX as MathML.

    Raises:
        MissingExtraError: latex2mathml is not installed.
    """
    try:
        from latex2mathml.converter import convert
    except ImportError:
        raise missing_extra("latex2mathml", "math", "HTML with formulas") from None
    latex = _TEXT.sub(lambda m: rf"\text{{{html.escape(_ESCAPED.sub(lambda c: c[1], m[1]))}}}", latex)
    # A number's sign is bound to it, so that no room is left between them.
    made = str(convert(_SIGN.sub(r"{-\1}", _SIGN_AFTER_WORD.sub(r"\1 {-\2}", latex))))
    return made.replace("<math ", '<math displaystyle="true" ', 1)
