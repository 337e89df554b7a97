"""ROC and precision-recall curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from chainrule._typing import Array
from chainrule.errors import DataError, within
from chainrule.plot import canvas
from chainrule.plot.arrays import ranking
from chainrule.plot.arrays.outcome import classified
from chainrule.plot.arrays.ranking import PrecisionRecall, Roc
from chainrule.plot.colours import Theme, class_style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_DASHES = ("-", "--", "-.", ":")


@within("plot.roc")
def roc(
    *what: Any,
    classes: Sequence[str] | None = None,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw the ROC curve: which share of the positive rows is found at which share of false alarms.

    Args:
        what: a model, its inputs and targets; or targets and scores; or `numbers.roc(...)`. Of more than two classes
            each is drawn against the others.
        classes: names of the classes in order.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> roc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).get_title(loc="right")
    'area 0.750'
    """
    curves = _curves(what, classes, Roc, ranking.roc)
    ax, look = canvas.begin(ax, theme, _size(len(curves)))
    ax.plot([0, 1], [0, 1], color=look.line, linestyle=":", linewidth=1)
    for i, (name, curve) in enumerate(curves):
        style = _line(i, len(curves), look)
        ax.plot(
            curve.false_positive_rate,
            curve.true_positive_rate,
            label=f"{canvas.plain(name, 24)}: {curve.area:.3f}",
            **style,
        )
    _square(ax)
    if len(curves) == 1:
        ax.annotate("guessing", (0.5, 0.5), (4, -4), textcoords="offset points", color=look.muted, fontsize=9, va="top")
    aside = f"area {curves[0][1].area:.3f}" if len(curves) == 1 else ""
    canvas.finish(ax, look, title="ROC", aside=aside, x="false positive rate", y="true positive rate", grid="both")
    if len(curves) > 1:
        canvas.side_legend(ax, look, "class: area", most=20)
    return canvas.describe(ax, [f"ROC curve{_of(name)}: area {curve.area:.3f}." for name, curve in curves])


@within("plot.precision_recall")
def precision_recall(
    *what: Any,
    classes: Sequence[str] | None = None,
    ax: Axes | None = None,
    theme: str | None = None,
) -> Axes:
    """Draw the precision-recall curve: of what is found, how much is right, and how much of what there is is found.

    Args:
        what: a model, its inputs and targets; or targets and scores; or `numbers.precision_recall(...)`.
        classes: names of the classes in order.
        ax: axes to draw on.
        theme: `'light'` or `'dark'`; by the background if not given.

    >>> precision_recall([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]).get_title(loc="right")
    'average precision 0.833'
    """
    curves = _curves(what, classes, PrecisionRecall, ranking.precision_recall)
    ax, look = canvas.begin(ax, theme, _size(len(curves)))
    if len(curves) == 1:
        base = curves[0][1].base
        ax.axhline(base, color=look.line, linestyle=":", linewidth=1)
        ax.annotate(f"guessing {base:.2f}", (0, base), (4, 3), textcoords="offset points", color=look.muted, fontsize=9)
    for i, (name, curve) in enumerate(curves):
        style = _line(i, len(curves), look)
        label = f"{canvas.plain(name, 24)}: {curve.average:.3f}"
        ax.plot(curve.recall, curve.precision, drawstyle="steps-post", label=label, **style)
    _square(ax)
    aside = f"average precision {curves[0][1].average:.3f}" if len(curves) == 1 else ""
    canvas.finish(ax, look, title="precision and recall", aside=aside, x="recall", y="precision", grid="both")
    if len(curves) > 1:
        canvas.side_legend(ax, look, "class: average precision", most=20)
    sentences = [f"Precision-recall curve{_of(name)}: average precision {c.average:.3f}." for name, c in curves]
    return canvas.describe(ax, sentences)


def _curves(
    what: tuple[Any, ...], classes: Sequence[str] | None, kind: type, compute: Callable[[Array, Array], Any]
) -> list[tuple[str, Any]]:
    """Return what was given, if it is a curve; else name and curve of each class with rows, but not all of them."""
    if len(what) == 1 and isinstance(what[0], kind):
        return [("", what[0])]
    rows = classified(*what, classes=classes).against_rest()
    found = [(name, compute(y, scores)) for name, y, scores in rows if y.any() and not y.all()]
    if not found:
        raise DataError("all rows are of one class; the curve needs rows of two.")
    return found


def _size(count: int) -> tuple[float, float]:
    return (4.8, 4.4) if count == 1 else (6.2, 4.4)


def _line(number: int, count: int, theme: Theme) -> dict[str, Any]:
    if count == 1:
        return {"color": theme.data, "linewidth": 1.8}
    return {"color": class_style(number, theme).colour, "linewidth": 1.5, "linestyle": _DASHES[number % len(_DASHES)]}


def _square(ax: Axes) -> None:
    ax.set_xlim(-0.02, 1.02)
    ax.set_ylim(-0.02, 1.02)
    ax.set_aspect("equal")


def _of(name: str) -> str:
    return f" of {name}" if name else ""
