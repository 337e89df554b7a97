"""The quiz as the server answers it."""

import re

import pytest

from chainrule.web.presets import preset
from chainrule.web.protocol import RequestError
from chainrule.web.quiz import ask


@pytest.fixture
def stage():
    pytest.importorskip("starlette")
    pytest.importorskip("latex2mathml")
    from chainrule.web.open import dashboard

    chosen = preset("or")
    playground = dashboard(chosen.model, chosen.x, chosen.y, open=False, wait=False, batch_size=4)
    yield playground.driver.stage
    playground.close()


def test_the_answer_holds_fields_ranges_and_hints(stage):
    answer = ask(stage, {"row": "2", "blanks": "4", "seed": "1"})
    assert (answer["row"], answer["step"], len(answer["blanks"])) == (2, 0, 4)
    assert re.findall(r"<input[^>]* name='(\w)'", answer["html"]) == ["A", "B", "C", "D"]
    assert "<style" not in answer["html"]
    assert "Observation 3 of 4" in answer["html"]
    for blank in answer["blanks"]:
        assert blank["low"] < float(blank["shown"].replace("−", "-")) < blank["high"]
        assert blank["hint"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"row": "9"}, "no row 9"),
        ({"blanks": "0"}, "blanks"),
        ({"seed": "x"}, "seed"),
        ({"notation": "greek"}, "notation"),
    ],
)
def test_impossible_questions_are_refused(stage, query, words):
    with pytest.raises(RequestError, match=words):
        ask(stage, query)
