"""The pictures of a report: `chainrule.plot` and `chainrule.diagram` as SVG that follows the page's colours."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from chainrule.inspect.predictor import some_rows
from chainrule.report.html import Html, join, tag
from chainrule.report.table_model import TableModel

if TYPE_CHECKING:
    from chainrule.report.facts import Facts

_MOST_POINTS = 400
_FEWEST_FRAMES = 3
_SMALL = 5000  # weights of a network whose loss is computed in no time


def svg(draw: Callable[..., Any], *arguments: Any, **options: Any) -> Html:
    """Return what a function of `chainrule.plot` draws, for light and dark pages.

    Lines and letters take the page's colours; a picture with pixels in it is drawn twice, and the page shows one.
    """
    from chainrule import plot

    light = _apart(plot.svg(draw(*arguments, theme="light", **options), variables=True))
    if "<image" not in light:
        return light
    dark = _apart(plot.svg(draw(*arguments, theme="dark", **options)))
    return join([tag("div", light, class_="if-light"), tag("div", dark, class_="if-dark")])


def _apart(picture: str) -> Html:
    """Return a picture whose identifiers occur in no other."""
    own = hashlib.blake2b(picture.encode(), digest_size=4).hexdigest()
    picture = re.sub(r' id="', f' id="p{own}-', picture)
    return Html(re.sub(r'(href="#|url\(#)', rf"\1p{own}-", picture))


def network(facts: Facts) -> Html:
    """Return the diagram of the network with its weights."""
    names = facts.names
    diagram = facts.run.model.plot(feature_names=names.features, class_names=names.classes or None)
    return Html(diagram.svg())


def inside(facts: Facts) -> list[tuple[Html, str]]:
    """Return pictures of gradients, weights and units, each with what is said below it."""
    from chainrule import plot

    recording, prepared = facts.folder.recording, facts.prepared
    found = []
    if recording is not None and len(recording.frames) > 1:
        words = "How long the gradient of each layer was, and how far a step moved its weights."
        found.append((svg(plot.gradient_flow, recording), words))
        found.append((svg(plot.weights, recording), "How the weights of each layer spread out as training went on."))
    else:
        found.append((svg(plot.weights, facts.run.model), "How the weights of each layer are spread."))
    if prepared is not None:
        test = prepared.split.test[some_rows(len(prepared.split.test), _MOST_POINTS, 0)]
        words = "What the units give on the test rows. A ReLU that gives 0 on all of them is dead."
        found.append((svg(plot.activations, facts.run.model, prepared.matrix[test]), words))
    return found


def decision_slice(facts: Facts) -> Html | None:
    """Return what the network says over the two most important columns; None without the table or a second column."""
    from chainrule import plot

    if facts.prepared is None or len(facts.ranking) < 2:
        return None
    model = TableModel(facts)
    test = facts.prepared.split.test[some_rows(len(facts.prepared.split.test), _MOST_POINTS, 0)]
    y = None if facts.private else facts.prepared.y[test]
    return svg(
        plot.regions, model, model.columns(facts.prepared, test), y, features=facts.ranking[:2],
        classes=facts.names.classes or None, grid=80,
    )  # fmt: skip


def loss_surface(facts: Facts) -> Html | None:
    """Return the loss over the directions in which the weights moved most; None if nobody has recorded them."""
    from chainrule import plot

    recording = facts.folder.recording
    if recording is None or len(recording.path_of_weights()) < _FEWEST_FRAMES:
        return None
    grid = 40 if facts.run.model.count_params() <= _SMALL else 24
    return svg(plot.surface, plot.numbers.surface(recording, grid=grid))
