"""The derivation of one row and one weight, as the page shows it: computed by `chainrule.trace` on the twin."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from chainrule.data.batches import ArrayBatches
from chainrule.errors import ChainruleError
from chainrule.glassbox.derive.view import Options
from chainrule.glassbox.numbers import Style
from chainrule.glassbox.observation import Observation
from chainrule.glassbox.record import Batch, Runner
from chainrule.glassbox.render.data import page_to_dict
from chainrule.glassbox.render.html import STYLE
from chainrule.web.protocol import Json, Question, RequestError
from chainrule.web.session import PLAYING
from chainrule.web.stage import Stage

WIDEST = 2000
"""Units of a layer; beyond that the paths to one weight are too many to be listed."""
MOST_NUMBERS = 10_000
CHECKED = 10
"""While the model trains, so many weights of a derivation are compared with central differences; when paused, 200."""


def derive(stage: Stage, question: Question) -> Json:
    """Return the derivation of a row with the weights that the page shows.

    Raises:
        RequestError: there is no such row or weight, or the model cannot be traced.
    """
    twin, moment = stage.newest()
    batch, index = row_of(stage, question.row)
    with twin.at(moment) as model:
        try:
            checked = CHECKED if stage.session.state == PLAYING else None
            observation = observe(model, batch, index, question, stage.names, checked)
            return {"step": moment.position.step, "row": question.row, **_answer(observation, question)}
        except RequestError:
            raise
        except ChainruleError as error:
            raise RequestError(str(error)[:500]) from None


def observe(
    model: Any, batch: Batch, index: int, question: Question, names: Any, checked: int | None = None
) -> Observation:
    """Return the observation as `chainrule.trace` makes it, without a look at the other rows."""
    single = any(v.dtype == np.float32 for v in model.variables)
    style, classes = Style(question.digits, single), tuple(names[1] or ())
    options = Options(style, question.notation, unicode=True, class_names=classes, checked=checked)
    return Observation(Runner(model), batch, index, options)


def row_of(stage: Stage, row: int) -> tuple[Batch, int]:
    """Return data that hold a row of the training, and its place there."""
    if isinstance(stage.training, ArrayBatches):
        batch, place = Batch(*stage.training.arrays()), row
    else:
        batch, place = Batch(stage.probe.x, stage.probe.y, stage.probe.weight), _place(stage.probe.rows, row)
    if not 0 <= place < batch.rows:
        raise RequestError(f"There is no row {row}: the data have {batch.rows} rows, counted from 0.", 404)
    return batch, place


def _place(rows: Any, row: int) -> int:
    """Return where a row of the training data is among those at hand; of a stream these are counted themselves.

    Raises:
        RequestError: it is not there.
    """
    if not len(rows):
        return row
    found = np.flatnonzero(np.asarray(rows) == row)
    if not len(found):
        raise RequestError(f"Row {row} was not recorded, so that nothing can be derived for it.", 404)
    return int(found[0])


def _answer(observation: Observation, question: Question) -> Json:
    page, check = observation.page, observation.check()
    made: Json = {
        "html": fragment(observation),
        "latex": observation.latex(),
        "check": {"largest": check.max_abs, "ok": check.ok, "checked": check.checked, "total": check.total},
        "node": None,
        "update": None,
    }
    if question.lines:
        made["lines"] = _bounded(page_to_dict(page))
    if question.weight and _widest(observation) <= WIDEST:
        node = observation.node(question.weight)
        made["node"] = {"text": node.text(True), "html": fragment(node), "latex": node.latex(), "value": node.value}
    if question.weight:
        made["update"] = _update(observation, question.weight)
    return made


def _widest(observation: Observation) -> int:
    """Return how many units the widest layer has."""
    return max((max(v.shape, default=1) for v in observation.runner.variables), default=1)


def _bounded(page: Json) -> Json:
    """Return a page without arrays that nobody would read: their shape stands in their place."""
    for section in page["sections"]:
        for line in section["lines"]:
            size = np.shape(line["value"]) if isinstance(line["value"], list) else ()
            if math.prod(size) > MOST_NUMBERS:
                line["value"] = {"shape": list(size)}
    return page


def fragment(thing: Any) -> str:
    """Return the HTML of something printable without its style, which the page has as `static/trace.css`."""
    html: str = thing.html()
    return html.replace(f"<style>{STYLE}</style>", "", 1)


def _update(observation: Observation, weight: str) -> Json | None:
    """Return the weight before and after the optimizer's step by this observation alone."""
    path, _, inside = weight.partition("[")
    before, after = observation.step.before.get(path), observation.step.after.get(path)
    if before is None or after is None:
        return None
    place = tuple(int(i) for i in inside.rstrip("]").split(",") if i.strip())
    return {"before": float(before[place]), "after": float(after[place])}


__all__ = ["derive", "observe", "row_of"]
