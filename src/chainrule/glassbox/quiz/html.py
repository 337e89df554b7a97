"""A quiz as HTML: number fields that know their range, so that the page judges without any script."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from chainrule.glassbox.quiz.blanks import Blank, blanked
from chainrule.glassbox.render import html as pages

if TYPE_CHECKING:
    from chainrule.glassbox.quiz.quiz import Quiz

_BOX = "☐{name}"

STYLE = """
.cr-quiz label{display:inline-flex;gap:.45em;align-items:center}
.cr-quiz label b{background:#8883;border-radius:.25em;padding:0 .35em}
.cr-quiz .cr-mark{background:#8884}
.cr-quiz td.cr-value{text-align:left}
.cr-quiz input{font:inherit;width:7.5em;padding:.1em .35em;border:1px solid var(--cr-dim);border-radius:.3em}
.cr-quiz input{background:transparent;color:inherit}
.cr-quiz input:focus-visible{outline:2px solid var(--cr-good);outline-offset:1px}
.cr-quiz .cr-yes,.cr-quiz .cr-not{display:none}
.cr-quiz input:valid~.cr-yes{display:inline;color:var(--cr-good)}
.cr-quiz input:invalid:not(:placeholder-shown)~.cr-not{display:inline;color:var(--cr-bad)}
.cr-quiz input:valid{border-color:var(--cr-good)}
.cr-quiz input:invalid:not(:placeholder-shown){border-color:var(--cr-bad);border-style:dashed}
"""


def write(quiz: Quiz, full: bool) -> str:
    """Return the page with fields, hints and the solution, both folded."""
    hints = "".join(f"<li>{html.escape(quiz.hint(b.name))}</li>" for b in quiz.blanks)
    solution = ", ".join(f"{b.name} = {b.shown}" for b in quiz.blanks)
    parts = [
        f"<style>{STYLE}</style>",
        fragment(quiz),
        f"<details><summary>Hints</summary><ol type='A'>{hints}</ol></details>",
        f"<details><summary>Solution</summary><p>{html.escape(solution)}</p></details>",
    ]
    return pages.wrap("\n".join(parts), full, f"Quiz: {quiz.page.title}")


def fragment(quiz: Quiz) -> str:
    """Return the page with fields alone, without its style."""
    body = pages.body(blanked(quiz.observation.page, quiz.blanks, _BOX))
    for blank in quiz.blanks:
        inside = "(?:(?!</math>).)*"
        cell = rf"<td class='cr-value'><math{inside}{_BOX.format(name=blank.name)}{inside}</math></td>"
        body = re.sub(cell, f"<td>{_field(blank)}</td>".replace("\\", r"\\"), body, count=1, flags=re.DOTALL)
    body = re.sub(r'<menclose notation="box">(.*?)</menclose>', r"<mrow class='cr-mark'>\1</mrow>", body)
    task = "Work out the numbers that are missing; the same letter stands for the same number."
    return f"<div class='cr-quiz'><p>{task}</p>{body}</div>"


def _field(blank: Blank) -> str:
    """Return the field of a number: valid within the tolerance, invalid outside of it."""
    low, high = blank.value - blank.tolerance, blank.value + blank.tolerance
    words = html.escape(f"{blank.name}: {blank.symbol}, {blank.decimals} decimals", quote=True)
    kind = f"type='number' step='any' min='{low:.9g}' max='{high:.9g}' required placeholder=' ' autocomplete='off'"
    field = f"<b aria-hidden='true'>{blank.name}</b><input {kind} name='{blank.name}' aria-label='{words}'>"
    return f"<label>{field}<span class='cr-yes'>✓ right</span><span class='cr-not'>✗ not yet</span></label>"
