"""Exercises: what is hidden is hidden everywhere, right answers are right, wrong ones get the hint that helps."""

import json
import re
import runpy
import warnings
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, UnknownNameError
from chainrule.glassbox.quiz import html as quiz_html

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")
OR = np.array([0, 1, 1, 1], dtype="float32")


@pytest.fixture
def trace():
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    model.layers[0].set_weights([[[1.0], [-1.0]], [-0.5]])
    model.compile(optimizer=cr.optimizers.SGD(1.0), loss="mean_squared_error")
    return cr.trace(model, X, OR)


def networks():
    """Return traces of some networks with rounded numbers on every line."""
    cr.utils.set_random_seed(5)
    found = []
    for hidden, last, loss, units in (
        ("tanh", "sigmoid", "binary_crossentropy", 1),
        ("relu", "linear", "mse", 1),
        ("sigmoid", "softmax", "categorical_crossentropy", 3),
    ):
        model = cr.Sequential(
            [cr.Input((2,)), cr.layers.Dense(3, activation=hidden), cr.layers.Dense(units, activation=last)]
        )
        model.compile(cr.optimizers.Adam(0.05), loss)
        x = np.random.default_rng(1).normal(size=(4, 2)).astype("float32")
        y = np.eye(3)[[0, 1, 2, 0]] if units == 3 else np.array([0.0, 1.0, 1.0, 0.0])
        found.append(cr.trace(model, x, y))
    return found


@pytest.mark.parametrize("seed", range(6))
def test_the_numbers_asked_for_stand_nowhere_on_the_page(seed):
    for t in networks():
        quiz = t.quiz(6, seed)
        assert len(quiz.blanks) == 6
        rounded = [b for b in quiz.blanks if not b.line.exact]
        assert len(rounded) >= 4
        for page in (quiz.text(unicode=True), quiz.latex(), json.dumps(quiz.to_dict(), ensure_ascii=False)):
            for blank in rounded:
                number = re.escape(blank.shown.lstrip("−"))
                assert not re.search(rf"(?<![\d.]){number}(?![\de])", page), (blank.symbol, blank.shown)
                assert f"{blank.value:.8f}"[:9] not in page


def test_the_whole_page_is_there_but_for_the_blanks(trace):
    observation = trace[2]
    quiz = observation.quiz(4)
    lines, original = list(quiz.page.lines()), list(observation.page.lines())
    assert [line.symbol for line in lines] == [line.symbol for line in original]
    own = {id(b.line) for b in quiz.blanks}
    for line, before in zip(lines, original, strict=True):
        if id(before) in own:
            assert re.fullmatch(r"\[[A-D]\]", line.shown.text)
        elif before.exact:
            assert line.shown == before.shown


def test_blanks_come_from_all_parts(trace):
    parts = {b.part.split(",")[0] for b in trace[2].quiz(3).blanks}
    assert parts == {"Forward pass", "Backward pass", "Update"}


def test_the_seed_decides(trace):
    def symbols(seed):
        return [b.symbol for b in trace[2].quiz(3, seed).blanks]

    assert symbols(1) == symbols(1)
    assert len({tuple(symbols(s)) for s in range(8)}) > 2
    assert {trace.quiz(seed=s).observation.index for s in range(20)} == {0, 1, 2, 3}
    assert trace.quiz(row=3).observation.index == 3


def test_right_answers_to_the_digits_shown(trace):
    quiz = trace[2].quiz(5)
    verdict = quiz.check({b.name: float(b.shown.replace("−", "-")) for b in quiz.blanks})
    assert verdict.ok
    assert verdict
    assert verdict.right == 5
    assert quiz.check({b.name: b.shown for b in quiz.blanks}).ok  # text with a printed minus
    assert quiz.check({b.name: f"{b.value:.4f}".replace(".", ",") for b in quiz.blanks}).ok
    blank = quiz.blanks[0]
    assert quiz.check(blank.name, blank.value + 0.9e-4).ok
    assert not quiz.check(blank.name, blank.value + 1.6e-4).ok


def test_symbols_name_blanks_too(trace):
    quiz = trace[2].quiz(9)
    assert [b.symbol for b in quiz.blanks][:3] == ["h", "p", "ℓ"]
    for name in ("p", "dp/dh", "∂p/∂h", "w1", "w₁"):
        assert quiz.check(name, 1e6).answers[0].given == 1e6
    with pytest.raises(UnknownNameError, match="Unknown blank 'dp/dx'"):
        quiz.check({"dp/dx": 1})


def test_unanswered_blanks_are_no_mistakes(trace):
    quiz = trace[2].quiz(3)
    verdict = quiz.check({"A": quiz.blanks[0].value})
    assert verdict
    assert not verdict.ok
    assert str(verdict).splitlines()[-1] == "1 of 3 right"
    assert "not answered yet" in str(verdict)


@pytest.mark.parametrize(
    ("symbol", "change", "words"),
    [
        ("∂p/∂h", lambda v: -v, "the size is right, the sign is not. Think of the derivative of the activation"),
        ("∂ℓ/∂p", lambda v: v / 2, "half of it: a factor 2 is missing. Think of the derivative of the loss"),
        ("∂ℓ/∂h", lambda v: v * 2, "twice as much"),
        ("p", lambda v: round(v, 2), "right as far as it goes, but 4 decimals are asked for"),
        ("p", lambda v: 0.9, "think of the activation function, applied to the weighted sum; p = σ(h)"),
        ("ℓ", lambda v: 0.9, "think of the loss"),
        ("∂ℓ/∂h", lambda v: 0.9, "the chain rule"),
        ("w₁", lambda v: 0.9, "think of the update"),
    ],
)
def test_hints_name_the_rule(trace, symbol, change, words):
    quiz = trace[2].quiz(26)
    blank = next(b for b in quiz.blanks if b.symbol == symbol)
    answer = quiz.check(blank.name, change(blank.value)).answers[0]
    assert not answer.ok
    assert words in answer.words
    assert blank.shown not in answer.words


def test_hints_give_no_number_away():
    for t in networks():
        quiz = t[1].quiz(26)
        for blank in quiz.blanks:
            for other in (b for b in quiz.blanks if not b.line.exact):
                assert other.shown.lstrip("−") not in quiz.hint(blank.name)


def test_the_solution(trace):
    quiz = trace[2].quiz(2)
    assert quiz.solution().ok
    assert all(b.shown in str(quiz.solution()) for b in quiz.blanks)


@pytest.mark.parametrize("blanks", [0, 27, 2.5])
def test_impossible_numbers_of_blanks(trace, blanks):
    with pytest.raises(DataError, match="blanks must be a whole number from 1 to 26"):
        trace[0].quiz(blanks)


@pytest.mark.parametrize("value", ["many", None, float("nan"), float("inf")])
def test_answers_are_numbers(trace, value):
    with pytest.raises(DataError, match="the answer for 'A' must be a number"):
        trace[0].quiz().check({"A": value})


def test_a_page_to_fill_in(trace):
    pytest.importorskip("latex2mathml")
    quiz = trace[2].quiz(5)
    page = quiz.html(full=True)
    assert "<script" not in page
    assert page.count("<input") == 5
    for blank in quiz.blanks:
        low, high = re.search(rf"min='([^']*)' max='([^']*)'[^>]*name='{blank.name}'", page).groups()
        assert float(low) < blank.value < float(high)
        assert float(high) - float(low) == pytest.approx(2 * blank.tolerance, rel=1e-3)
    assert quiz_html.STYLE in page


def test_forward_pass_alone(trace):
    model = trace.runner.model
    quiz = cr.trace(model, X)[2].quiz(3)
    assert [b.symbol for b in quiz.blanks] == ["h", "p"]


LAWS = runpy.run_path(str(Path(__file__).parents[1] / "layers" / "test_laws.py"))


@pytest.mark.parametrize("name", list(LAWS["CASES"]))
def test_any_layer_makes_an_exercise(name):
    """Every page either hides numbers, or says that it has none to hide."""
    case = LAWS["CASES"][name]
    model, x = LAWS["model_of"](case, LAWS["built"](case)), LAWS["inputs_of"](case, "float32")
    model.compile(cr.optimizers.SGD(0.1), "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", cr.errors.TrapWarning)
        t = cr.trace(model, x, np.random.default_rng(1).normal(size=(4, *model.output_shape[1:])))
    quiz = t[1].quiz(4)
    assert "[A]" in quiz.text()
    assert quiz.check({b.name: b.value for b in quiz.blanks}).ok


def test_names_of_the_user_are_no_markup():
    pytest.importorskip("latex2mathml")
    model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, activation="sigmoid", name="a")], name="<b>x")
    model.compile("sgd", "mse")
    t = cr.trace(model, np.array([[0.3]]), np.array([1.0]), feature_names=["<script>"])
    assert "<script" not in t[0].quiz(2).html()
