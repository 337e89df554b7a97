"""What everything that has a page offers: text, LaTeX, HTML, data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from chainrule.glassbox.ascii import unicode_wanted
from chainrule.glassbox.derive.view import Options
from chainrule.glassbox.page import Page


class Printable:
    """Anything that can be printed from a page of lines."""

    options: Options

    if TYPE_CHECKING:

        @property
        def page(self) -> Page: ...

    def text(self, unicode: Any = None) -> str:
        """Return it as text; `unicode` overrides the trace's own choice."""
        from chainrule.glassbox.render.text import write

        return write(self.page, self._unicode(unicode))

    def _unicode(self, choice: Any) -> bool:
        return unicode_wanted(self.options.unicode if choice is None else choice)

    def latex(self) -> str:
        """Return it as LaTeX: `aligned` equations for MathJax, KaTeX or a document with amsmath."""
        from chainrule.glassbox.render.latex import write

        return write(self.page)

    def html(self, full: bool = False) -> str:
        """Return it as HTML with MathML, which browsers show without any script.

        Args:
            full: a whole page rather than a fragment.

        Raises:
            MissingExtraError: latex2mathml is not installed.
        """
        from chainrule.glassbox.render.html import write

        return write(self.page, full)

    def to_dict(self) -> dict[str, Any]:
        """Return titles, symbols, formulas and unrounded values as plain data."""
        from chainrule.glassbox.render.data import page_to_dict

        return page_to_dict(self.page)

    def to_frame(self, library: Any = None) -> Any:
        """Return one row per line (section, symbol, formula, numbers, value) as a data frame.

        Args:
            library: the frame's class or library (`pandas`, `polars`, ...); by default whichever is installed.
        """
        from chainrule.glassbox.render.data import lines_to_columns, to_frame

        return to_frame(lines_to_columns(self.page), library)

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        return self.text()

    def _repr_latex_(self) -> str:
        return f"$$\n{self.latex()}\n$$"

    def _repr_html_(self) -> str:
        from chainrule.errors import MissingExtraError

        try:
            return self.html()
        except MissingExtraError:
            import html

            return f"<pre>{html.escape(self.text(unicode=True))}</pre>"
