"""The writers: text that lines up, LaTeX that others can read, HTML that is sound, ASCII for old terminals."""

from __future__ import annotations

import html.parser
import io
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import MissingExtraError
from chainrule.glassbox import Trace
from chainrule.glassbox.ascii import to_ascii
from chainrule.glassbox.numbers import Style
from chainrule.glassbox.render.html import mathml

X = np.array([[0.0, 0.5, -1.0], [0.25, 1.0, 0.125], [1.0, 0.0, 2.0]])
CLASSES = np.array([0, 1, 2])


def small(**options: Any) -> Trace:
    cr.utils.set_random_seed(5)
    model = cr.Sequential(
        [cr.Input((3,)), cr.layers.Dense(2, activation="elu"), cr.layers.Dense(3, activation="softmax")]
    )
    model.compile(optimizer=cr.optimizers.Adam(1e-5), loss="sparse_categorical_crossentropy")
    return cr.trace(model, X, CLASSES, **options)


def wide(**options: Any) -> Trace:
    cr.utils.set_random_seed(5)
    model = cr.Sequential(
        [
            cr.Input((3,)),
            cr.layers.Dense(12, activation="gelu", kernel_regularizer="l2"),
            cr.layers.BatchNormalization(),
            cr.layers.Dense(2),
        ]
    )
    model.compile(optimizer=cr.optimizers.Nadam(), loss="huber")
    return cr.trace(model, X, X[:, :2], training=True, **options)


def two(**options: Any) -> Trace:
    cr.utils.set_random_seed(5)
    a, b = cr.Input((3,), name="left"), cr.Input((1,), name="right")
    joined = cr.layers.concatenate([cr.layers.Dense(2, activation="silu", bias_regularizer="l1")(a), b])
    outputs = [cr.layers.Dense(1, activation="sigmoid", name="yes")(joined), cr.layers.Dense(2, name="size")(joined)]
    model = cr.Model([a, b], outputs)
    model.compile(optimizer=cr.optimizers.Ftrl(0.1), loss=["binary_crossentropy", "mse"], loss_weights=[1.0, 0.25])
    return cr.trace(model, [X, X[:, :1]], [CLASSES[:, None] > 0, X[:, :2]], **options)


TRACES: list[Callable[..., Trace]] = [small, wide, two]
NOTATIONS = ("lecture", "textbook", "keras")


def everything(trace: Trace) -> list[Any]:
    return [trace, trace[1], trace.mean(), trace.update(), trace[0].update(), trace[0].node(first_weight(trace))]


def first_weight(trace: Trace) -> str:
    quantity = next(iter(trace.view.network.variables.values()))
    return f"{quantity.variable.path}[0,0]"


# -- text -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", TRACES)
def test_results_stand_in_one_column(make: Callable[..., Trace]) -> None:
    text = make(unicode=True)[1].text()
    rows = [line for line in text.splitlines() if re.search(r"[=≈] {2,}−?[\d.]+(e−\d+)?$", line)]
    assert len(rows) > 5
    assert len({len(row) for row in rows}) == 1


@pytest.mark.parametrize("make", TRACES)
@pytest.mark.parametrize("notation", NOTATIONS)
def test_ascii_is_ascii(make: Callable[..., Trace], notation: str) -> None:
    for thing in everything(make(unicode=False, notation=notation)):
        text = str(thing)
        assert text.isascii()
        assert "?" not in text
        assert thing.text(unicode=True) != text


def test_the_terminal_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    for encoding, unicode in (("ascii", False), ("latin-1", False), ("utf-8", True)):
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding=encoding))
        assert ("∂ℓ" in str(small()[0])) is unicode


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("w₁₁⁽²⁾", "w11^(2)"),
        ("(a₁⁽¹⁾)² ≈ 1e−5", "(a1^(1))^2 ~ 1e-5"),
        ("e⁻ʰ·hᵢ", "e^(-h)*h_i"),
        ("∂ŷ/∂x₁₂", "dy^/dx12"),
        ("m ← β₁m", "m <- beta1m"),
    ],
)
def test_transliteration(text: str, plain: str) -> None:
    assert to_ascii(text) == plain


def test_equal_signs_are_exact() -> None:
    for make in TRACES:
        for line in make(digits=3)[1].page.lines():
            if (
                isinstance(line.value, float)
                and line.shown is not None
                and line.exact
                and line.shown.text[-1].isdigit()
            ):
                shown = float(line.shown.text.replace("−", "-"))
                assert abs(shown - line.value) <= 1e-7 * max(1.0, abs(line.value))


@pytest.mark.parametrize(
    ("value", "text", "exact"),
    [
        (np.float32(0.1), "0.1", True),
        (0.12344, "0.1234", False),
        (-0.00004, "−4e−5", True),
        (1 / 30000, "3.333e−5", False),
        (12345678.9, "1.235e7", False),
        (float("nan"), "nan", False),
        (float("-inf"), "−∞", True),
    ],
)
def test_numbers(value: float, text: str, exact: bool) -> None:
    style = Style(4, single=True)
    assert style.number(float(value)) == text
    if np.isfinite(value):
        assert style.exact(float(value)) is exact


# -- LaTeX and HTML ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("make", TRACES)
@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("form", ["auto", "matrix"])
def test_latex_is_understood(make: Callable[..., Trace], notation: str, form: str) -> None:
    pytest.importorskip("latex2mathml")
    for thing in everything(make(notation=notation, form=form)):
        source = thing.latex()
        assert source.count("{") == source.count("}")
        assert not re.search(r"[⁰-₟¹²³−·≈∂ℓσηβ]", source)
        if hasattr(thing, "page") and not isinstance(thing, Trace):
            for line in thing.page.lines():
                pieces = [line.symbol, line.formula, line.numbers, line.shown]
                made = "".join(mathml(p.latex) for p in pieces if p is not None and p.latex)
                assert "\\" not in made, [p and p.latex for p in pieces]


class Checker(html.parser.HTMLParser):
    """Counts what is open and what a page would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.loads += [f"{k}={v}" for k, v in attrs if k in ("src", "href")]
        self.loads += ["script"] if tag == "script" else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open = [t for t in self.open if t != tag]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("make", TRACES)
def test_html_is_closed_and_loads_nothing(make: Callable[..., Trace]) -> None:
    pytest.importorskip("latex2mathml")
    for thing in everything(make()):
        for full in (False, True):
            checker = Checker()
            checker.feed(thing.html(full=full))
            assert checker.open == []
            assert checker.loads == []
        assert thing._repr_html_() == thing.html()
        assert thing._repr_latex_().startswith("$$")


def test_names_from_data_are_escaped() -> None:
    pytest.importorskip("latex2mathml")
    names = {"feature_names": ["<b>", "a&b", "c"], "class_names": ["<script>", r"\\{<img>}", "$_%"]}
    for thing in everything(small(**names)):
        page = thing.html()
        assert "<b>" not in page
        assert "<script>" not in page
        assert "<img>" not in page
    page = small(**names).html()
    assert "&lt;script&gt;" in page
    assert "a&amp;b" in page


def test_html_names_the_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "latex2mathml.converter", None)
    mathml.cache_clear()
    observation = small(unicode=True)[0]
    with pytest.raises(MissingExtraError, match=r'needs the package .latex2mathml.*pip install "chainrule\[math\]"'):
        observation.html()
    assert observation._repr_html_().startswith("<pre>Observation 1 of 3")
    mathml.cache_clear()


def test_wide_tables_scroll_inside_their_box() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    t = cr.trace(model, np.zeros((30, 2)), np.zeros(30))
    for shown in (t, t[0], t.mean()):
        made = shown.html()
        boxes = re.findall(r"<div class='cr-scroll' tabindex='0' role='group' aria-label='[^']+'><table", made)
        assert made.count("<table") == len(boxes)
    assert "class='cr-note'><span>… the worst of the others</span>" in t.html()
    assert "class='cr-note'><span>… the last</span>" in t.html()


def test_letters_of_a_crossentropy_are_explained() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    t = cr.trace(model, np.zeros((2, 2)), np.array([2, 0]), class_names=["low", "mid", "top"], unicode=True)
    assert "q: p as shares of their sum, kept inside [1e−7, 1 − 1e−7]; c: the observation's class" in str(t)
    assert "class top is output 3" in str(t[0])
    assert "1e-07" not in str(t) + str(t[0])


def test_an_embedding_shows_its_argument() -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Embedding(5, 3), cr.layers.Flatten(), cr.layers.Dense(1)])
    model.compile("sgd", "mse")
    assert "= Embedding(x)" in str(cr.trace(model, np.array([[1, 2], [3, 4]]), np.zeros((2, 1)), unicode=True))


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("to w₁₁⁽¹⁾, so", "to w$_{11}^{(1)}$, so"),
        ("h⁽²⁾", "h$^{(2)}$"),
        ("w₁ and w₂", "w$_{1}$ and w$_{2}$"),
        ("5 % of x_1", r"5 \% of x\_1"),
    ],
)
def test_scripts_within_words_are_mathematics(text, latex):
    from chainrule.glassbox.render.latex import words

    assert words(text) == latex
