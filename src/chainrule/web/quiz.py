"""A derivation with blanks for the page: its fields, which answers are right, and the hints."""

from __future__ import annotations

from collections.abc import Mapping

from chainrule.errors import ChainruleError
from chainrule.glassbox.quiz.blanks import MOST, Blank
from chainrule.glassbox.quiz.html import fragment
from chainrule.glassbox.quiz.quiz import Quiz
from chainrule.web.derivation import observe, row_of
from chainrule.web.protocol import Json, RequestError, parse_question, whole_text
from chainrule.web.stage import Stage


def ask(stage: Stage, query: Mapping[str, str]) -> Json:
    """Return the derivation of a row with blanks, with the weights that the page shows.

    Args:
        stage: what is shown.
        query: row, blanks, seed, notation and digits, as written in an address.

    Raises:
        RequestError: the question is none, or there is nothing to ask.
    """
    question = parse_question(query)
    count = whole_text(query.get("blanks", "5"), "blanks", 1, MOST)
    seed = whole_text(query.get("seed", "0"), "seed", 0, 2**32)
    twin, moment = stage.newest()
    batch, index = row_of(stage, question.row)
    with twin.at(moment) as model:
        try:
            quiz = Quiz(observe(model, batch, index, question, stage.names), count, seed)
            blanks = [{**_range(b), "hint": quiz.hint(b.name)} for b in quiz.blanks]
            return {"step": moment.position.step, "row": question.row, "html": fragment(quiz), "blanks": blanks}
        except ChainruleError as error:
            raise RequestError(str(error)[:500]) from None


def _range(blank: Blank) -> Json:
    """Return a blank, and between which numbers an answer is right."""
    low, high = blank.value - blank.tolerance, blank.value + blank.tolerance
    return {
        "name": blank.name, "symbol": blank.symbol, "decimals": blank.decimals, "shown": blank.shown, "low": low,
        "high": high,
    }  # fmt: skip
