"""The style sheet of a report: the project's colours for light and dark, and the rules of `report.css`."""

from __future__ import annotations

from pathlib import Path

from chainrule.plot.colours import DARK, LIGHT, css

_LIGHT = """
--card: var(--chainrule-background); --page: var(--chainrule-panel); --link: #005a8c; --shadow: 0 1px 2px #1b1f2414;
--good: #00617f; --mixed: #8a5a00; --bad: #b34700;
"""
_DARK = """
--card: var(--chainrule-background); --page: #0a0c0f; --link: #7cc4f0; --shadow: none;
--good: #56b4e9; --mixed: #f0b93a; --bad: #ff8c42;
"""


def style() -> str:
    """Return the style sheet: no script, no font, no file to load."""
    rules = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    light = f":root {{ color-scheme: light dark; {css(LIGHT)}{_LIGHT}}}"
    dark = f"@media screen and (prefers-color-scheme: dark) {{ :root {{ {css(DARK)}{_DARK}}} }}"
    return f"{light}\n{dark}\n{rules}"
