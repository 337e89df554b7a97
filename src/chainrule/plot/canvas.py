"""What all pictures share: where they are drawn, in which theme, and what is said about them.

A picture without `ax=` gets a figure of its own, which pyplot does not know and a notebook shows. With `ax=` it is
drawn there, in the theme that fits the background it finds.
"""

from __future__ import annotations

import re
import weakref
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from chainrule.errors import KindError, an, missing_extra, unknown_name, within
from chainrule.plot.colours import THEMES, Theme, luminance

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TITLE, LABEL, TICK = 11.0, 10.0, 9.0  # sizes of letters, in points
_LETTER = 0.07  # width of a small letter, in inches
_descriptions: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()


def require_matplotlib() -> None:
    """Raise one clear line if matplotlib is not installed.

    Raises:
        MissingExtraError: it is not.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError:
        raise missing_extra("matplotlib", "plot", "Drawing pictures") from None


def begin(ax: Axes | None, theme: str | None, size: tuple[float, float] = (5.6, 4.0)) -> tuple[Axes, Theme]:
    """Return where to draw, and in which theme.

    Args:
        ax: axes to draw on; None makes a figure.
        theme: `'light'` or `'dark'`; None goes by the background: that of `ax`, or of matplotlib's settings.
        size: of a new figure, in inches.

    Raises:
        MissingExtraError: matplotlib is not installed.
        UnknownNameError: there is no such theme.
        KindError: `ax` is something else.
    """
    require_matplotlib()
    if theme is not None and theme not in THEMES:
        raise unknown_name("theme", theme, THEMES)
    if ax is not None:
        require_axes(ax)
    if ax is None:
        chosen = THEMES[theme or _theme_of_settings()]
        return new_figure(size, chosen).axes[0], chosen
    chosen = THEMES[theme or theme_of_colour(ax.get_facecolor())]
    return ax, chosen


def require_axes(ax: Any) -> None:
    """Raise one clear line if something is no axes.

    Raises:
        KindError: it is not.
    """
    if not hasattr(ax, "get_facecolor") or not hasattr(ax, "figure"):
        raise KindError(f"ax must be matplotlib axes, such as plt.subplots() returns, but is {an(ax)}.")


def new_figure(size: tuple[float, float], theme: Theme) -> Figure:
    """Return a figure with one pair of axes, which pyplot knows nothing of."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    from chainrule.plot.picture import Picture

    figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1), facecolor=theme.background)
    figure.add_subplot(axes_class=Picture)
    return figure


def panels(ax: Axes, theme: Theme, count: int, columns: int) -> list[Axes]:
    """Divide the place of `ax` into `count` panels, row by row; one panel is `ax` itself.

    The axes given stay, empty and unseen, so that they can be returned.
    """
    if count == 1:
        return [ax]
    from matplotlib.gridspec import GridSpec, GridSpecFromSubplotSpec

    columns = min(columns, count)
    rows = -(-count // columns)
    figure = ax.figure
    spec = ax.get_subplotspec()
    if spec is None:
        box = ax.get_position()
        spec = GridSpec(1, 1, figure, left=box.x0, right=box.x1, bottom=box.y0, top=box.y1)[0]  # type: ignore[arg-type]
    apart = (0.02, 0.04) if figure.get_layout_engine() else (0.35, 0.5)
    grid = GridSpecFromSubplotSpec(rows, columns, spec, wspace=apart[0], hspace=apart[1])
    ax.set_axis_off()
    made = [figure.add_subplot(grid[i // columns, i % columns]) for i in range(count)]
    for panel in made:
        panel.set_facecolor(theme.background)
    return made


def finish(
    ax: Axes,
    theme: Theme,
    *,
    title: str = "",
    aside: str = "",
    x: str = "",
    y: str = "",
    grid: str = "",
    legend: bool | str = False,
    frame: bool = False,
) -> Axes:
    """Give axes their words and the colours of the theme.

    Args:
        aside: a small remark beside the title.
        grid: `'x'`, `'y'` or `'both'`.
        legend: whether there is one, or where.
        frame: whether all four sides are drawn.
    """
    ax.set_facecolor(theme.background)
    if title:
        ax.set_title(plain(title), fontsize=TITLE, color=theme.text, loc="left", pad=8)
    if aside:
        _say_aside(ax, theme, plain(title), aside)
    ax.set_xlabel(plain(x), fontsize=LABEL, color=theme.text)
    ax.set_ylabel(plain(y), fontsize=LABEL, color=theme.text)
    ax.tick_params(which="both", colors=theme.line, labelcolor=theme.muted, labelsize=TICK)
    for side, spine in ax.spines.items():
        spine.set_color(theme.line)
        spine.set_visible(frame or side in ("left", "bottom"))
    if grid:
        ax.grid(True, axis=grid, color=theme.grid, linewidth=0.8)  # type: ignore[arg-type]
        ax.set_axisbelow(True)
    if legend and ax.get_legend_handles_labels()[0]:
        place: Any = legend if isinstance(legend, str) else "best"
        keys = ax.legend(loc=place, fontsize=TICK, frameon=True, framealpha=0.85, edgecolor="none")
        _dress(keys, theme)
    return ax


def side_legend(ax: Axes, theme: Theme, title: str = "", handles: Sequence[Any] | None = None, most: int = 16) -> None:
    """Put the legend, at most so many entries of it, to the right of the axes."""
    found = list(handles if handles is not None else ax.get_legend_handles_labels()[0])
    given: dict[str, Any] = {"handles": found[:most]}
    if len(found) > most:
        title += f" (first {most} of {len(found)})"
    keys = ax.legend(
        loc="upper left", bbox_to_anchor=(1.01, 1.0), fontsize=TICK, frameon=False, borderaxespad=0,
        title=plain(title) or None, title_fontsize=TICK, alignment="left", **given,
    )  # fmt: skip
    _dress(keys, theme)


def _dress(legend: Any, theme: Theme) -> None:
    legend.get_frame().set_facecolor(theme.background)
    for text in (*legend.get_texts(), legend.get_title()):
        text.set_color(theme.text)


def logarithmic(ax: Axes, which: str) -> None:
    """Make an axis, `'x'` or `'y'`, logarithmic, with plain numbers at its ticks."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    getattr(ax, f"set_{which}scale")("log")
    axis = getattr(ax, f"{which}axis")
    low, high = getattr(ax, f"get_{which}lim")()
    plain_number = FuncFormatter(lambda v, _: short_number(v))
    axis.set_major_formatter(plain_number)
    if not 0 < low < high < 1000 * low:
        axis.set_minor_formatter(NullFormatter())
        return
    if high > 5 * low:  # one or two powers of ten are too few to read
        axis.set_minor_locator(LogLocator(subs=(2.0, 5.0)))
    axis.set_minor_formatter(plain_number)


def short_number(value: float) -> str:
    """Return a number as it stands at a tick.

    >>> short_number(0.002), short_number(1e-7), short_number(2e6)
    ('0.002', '1e−7', '2e6')
    """
    return re.sub(r"e(-?)\+?0*", r"e\1", f"{value:g}").replace("-", "−")


def whole_numbers(ax: Axes) -> None:
    """Label the horizontal axis with whole numbers only."""
    from matplotlib.ticker import MaxNLocator

    ax.xaxis.set_major_locator(MaxNLocator(integer=True))


def colour_bar(ax: Axes | list[Axes], theme: Theme, mappable: Any, label: str) -> Any:
    """Draw the scale of colours to the right of axes."""
    figure = (ax[0] if isinstance(ax, list) else ax).figure
    bar = figure.colorbar(mappable, ax=ax, pad=0.02, fraction=0.06)
    bar.set_label(plain(label), fontsize=LABEL, color=theme.text)
    bar.ax.tick_params(which="both", colors=theme.line, labelcolor=theme.muted, labelsize=TICK)
    bar.outline.set_visible(False)
    return bar


def _say_aside(ax: Axes, theme: Theme, title: str, text: str) -> None:
    """Write a small remark at the right end of the title's line, or under the title where that is too short."""
    figure = ax.figure.figure
    width = ax.get_position(original=True).width * figure.get_figwidth()
    text = plain(text, int(width / _LETTER))
    if len(title) * _LETTER * TITLE / TICK + len(text) * _LETTER + 0.2 <= width:
        ax.set_title(text, fontsize=TICK, color=theme.muted, loc="right", pad=8)
        return
    ax.set_title(title, fontsize=TITLE, color=theme.text, loc="left", pad=21)
    ax.annotate(
        text, (0, 1), (0, 6), xycoords="axes fraction", textcoords="offset points", fontsize=TICK, color=theme.muted,
        va="bottom", annotation_clip=False,
    )  # fmt: skip


def plain(text: str, most: int = 60) -> str:
    """Return a name as it is to be read: no mathematics of matplotlib's in it, one line, not too long.

    >>> plain("cost in $"), plain("a" * 70)[-3:], plain("two\\nlines")
    ('cost in \\\\$', 'aa…', 'two lines')
    """
    line = "".join(c if c.isprintable() else " " for c in text)
    line = line if len(line) <= most else line[: most - 1] + "…"
    hidden = line.startswith("_")  # legends leave such names out
    return ("\u200b" if hidden else "") + line.replace("$", r"\$")


def describe(ax: Axes, sentences: str | Iterable[str]) -> Axes:
    """Note what a picture shows, in words, for those who cannot see it; return the axes."""
    _descriptions[ax] = sentences if isinstance(sentences, str) else " ".join(sentences)
    return ax


@within("plot.description")
def description(ax: Axes) -> str:
    """Return what a picture shows, in words.

    >>> import chainrule as cr
    >>> cr.plot.description(cr.plot.training({"loss": [1.0, 0.5]}))
    'loss over 2 epochs: training from 1 to 0.5.'
    """
    require_axes(ax)
    return _descriptions.get(ax, "")


def _theme_of_settings() -> str:
    import matplotlib

    return theme_of_colour(matplotlib.rcParams["figure.facecolor"])


def theme_of_colour(colour: Any) -> str:
    """Return `'light'` or `'dark'` for a background."""
    from matplotlib.colors import to_hex, to_rgba

    return "dark" if to_rgba(colour)[3] > 0 and luminance(to_hex(colour)) < 0.2 else "light"
