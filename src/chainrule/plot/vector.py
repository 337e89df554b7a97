"""Pictures as SVG for pages: small, the same bytes each time, with words for those who cannot see them."""

from __future__ import annotations

import io
import re
import warnings
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

from chainrule.errors import within
from chainrule.plot import canvas
from chainrule.plot.colours import THEMES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_NO_METADATA: dict[str, Any] = {"Date": None, "Creator": None, "Format": None, "Type": None}
_FONT = "system-ui, 'DejaVu Sans', sans-serif"
_ROLES = ("background", "panel", "text", "muted", "grid", "line", "data")


@within("plot.svg")
def svg(ax: Axes, *, variables: bool = False) -> str:
    """Return the figure of `ax` as SVG that can stand within a page: texts stay texts, no identifier occurs in others.

    Args:
        ax: what a function of `chainrule.plot` returned.
        variables: write the colours of the theme as CSS variables (`var(--chainrule-text, #1b1f24)`), so that a page
            can change them with its own theme.

    >>> import chainrule as cr
    >>> text = svg(cr.plot.training({"loss": [1.0, 0.5]}))
    >>> text.startswith("<svg"), "<desc>loss over 2 epochs" in text
    (True, True)
    """
    canvas.require_axes(ax)
    import matplotlib

    figure, out = ax.figure.figure, io.StringIO()
    settings: Any = {"svg.fonttype": "none", "svg.hashsalt": "chainrule", "svg.image_inline": True}
    with matplotlib.rc_context(settings), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing")  # the page's own fonts will have it
        figure.savefig(out, format="svg", metadata=_NO_METADATA, facecolor=figure.get_facecolor())
    text = _smaller(out.getvalue())
    text = _with_words(text, ax)
    return _with_variables(text, canvas.theme_of_colour(ax.get_facecolor())) if variables else text


def _smaller(text: str) -> str:
    """Leave out what a page does not need, and what would act on the rest of the page."""
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\s*", "", text, flags=re.DOTALL)
    text = re.sub(r'<g id="[^"]*"', "<g", text)  # each figure has the same
    text = re.sub(r"font-family: [^;\"]*", f"font-family: {_FONT}", text)
    text = re.sub(r"(font: [\d.]+px )[^;\"]*", rf"\1{_FONT}", text)
    text = re.sub(r"<[^>]*>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0]), text)  # places, not what is said
    return re.sub(r"\n\s*", "\n", text)


def _with_words(text: str, ax: Axes) -> str:
    title = (ax.get_title(loc="left") or "Picture").replace(r"\$", "$")
    words = f"<title>{_safe(title)}</title>\n<desc>{_safe(canvas.description(ax))}</desc>\n"
    style = ' role="img" style="stroke-linejoin: round; stroke-linecap: butt; max-width: 100%; height: auto">\n'
    head, _, rest = text.partition(">")
    return head + style + words + rest.lstrip("\n")


def _safe(text: str) -> str:
    return escape("".join(c for c in text if c.isprintable()))


def _with_variables(text: str, name: str) -> str:
    theme = THEMES[name]
    for role in _ROLES:
        colour = getattr(theme, role).lower()
        text = re.sub(f'(?<=: ){re.escape(colour)}(?=[;"])', f"var(--chainrule-{role}, {colour})", text)
    return text
