"""Data and models that nobody drew a page for: hostile names, many columns and units, NaN, branches, a dead server."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr

HOSTILE = ["<script>document.title='x'</script>", "=cmd|' /C calc'!A0", '"><img src=x onerror="document.title=1">']


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def dense(inputs: int, *units: int, outputs: int = 1, activation: str | None = "sigmoid", loss: str = "") -> Any:
    layers = [cr.Input((inputs,)), *(cr.layers.Dense(u, activation="relu") for u in units)]
    model = cr.Sequential([*layers, cr.layers.Dense(outputs, activation=activation)])
    model.compile("adam", loss or "binary_crossentropy")
    return model


def open_(visit: Any, playground: Any, **options: Any) -> Any:
    tab = visit(playground.url, **options)
    tab.page.wait_for_selector(".derived tr")
    return tab


def test_hostile_names_are_only_text(play: Any, visit: Any, rng: np.random.Generator) -> None:
    x = rng.normal(size=(40, 3))
    playground = play(
        dense(3, 4), x, (x[:, 0] > 0) * 1.0, feature_names=HOSTILE, target="<b>y</b>",
        class_names=["<i>no</i>", "yes & so"], name="<script>document.title='x'</script>",
    )  # fmt: skip
    tab = open_(visit, playground)
    assert tab.page.title().startswith("<script>")
    assert tab.page.locator("main img[src='x'], main i, main b, body script:not([src])").count() == 0
    assert "<b>y</b>" in tab.page.inner_text("#data")
    assert "<i>no</i>" in tab.page.inner_text("#output")
    assert HOSTILE[1] in (tab.page.text_content("#data") or "")


def test_five_hundred_columns_can_be_searched(play: Any, visit: Any, rng: np.random.Generator) -> None:
    x = rng.normal(size=(60, 500))
    playground = play(dense(500, 64, 64), x, (x[:, 0] > 0) * 1.0, feature_names=[f"column {i}" for i in range(500)])
    tab = open_(visit, playground)
    assert tab.page.locator(".slider").count() == 6
    tab.page.fill("#data input[type=search]", "column 321")
    tab.until(lambda: tab.page.locator(".slider").count() == 1)
    tab.page.fill("#data input[list] >> nth=0", "column 42")
    tab.page.press("#data input[list] >> nth=0", "Enter")
    tab.until(lambda: "column 42" in (tab.page.text_content(".region svg") or ""))
    assert tab.page.locator(".net .block").count() == 3


def test_ten_thousand_units_are_one_block(play: Any, visit: Any, rng: np.random.Generator) -> None:
    x = rng.normal(size=(50, 5))
    tab = open_(visit, play(dense(5, 10_000), x, (x[:, 0] > 0) * 1.0))
    assert tab.page.locator(".net .block").count() == 1
    assert "10000" in tab.text("#network").replace(" ", "") or "10000" in (tab.page.text_content(".net") or "").replace(
        "\u202f", ""
    )
    tab.page.fill(".picker label:has-text('to') input", "9999")
    tab.page.press(".picker label:has-text('to') input", "Enter")
    tab.page.wait_for_selector(".node-line >> text=too wide")
    tab.until(lambda: "mean gradient" in tab.text(".picker"))


def test_nan_weights_are_named(play: Any, visit: Any, rng: np.random.Generator) -> None:
    x, model = rng.normal(size=(50, 2)), dense(2, 4)
    weights = model.get_weights()
    weights[0][0, 0] = np.nan
    model.set_weights(weights)
    tab = open_(visit, play(model, x, (x[:, 0] > 0) * 1.0))
    assert tab.page.get_attribute("#weight-value", "placeholder") == "NaN"
    assert "NaN" in tab.page.inner_text("#rows")
    tab.page.wait_for_selector(".finding")
    tab.page.wait_for_timeout(500)
    tab.problems.clear()  # views that need numbers are refused, which the browser notes


def test_a_million_rows(play: Any, visit: Any, rng: np.random.Generator) -> None:
    x = rng.normal(size=(1_000_000, 3)).astype("float32")
    tab = open_(visit, play(dense(3, 4), x, (x[:, 0] > 0) * 1.0))
    tab.until(lambda: "of 1000000" in tab.text("#data"))
    tab.page.fill("#row", "1000000")
    tab.page.press("#row", "Enter")
    tab.until(lambda: "Observation 1000000" in tab.text(".derived h2"))


def test_a_branching_network(play: Any, visit: Any, rng: np.random.Generator) -> None:
    inputs = cr.Input((3,))
    branches = [cr.layers.Dense(4, activation=a)(inputs) for a in ("relu", "tanh")]
    outputs = cr.layers.Dense(1, activation="sigmoid")(cr.layers.Concatenate()(branches))
    model = cr.Model(inputs, outputs)
    model.compile("adam", "binary_crossentropy")
    x = rng.normal(size=(50, 3))
    tab = open_(visit, play(model, x, (x[:, 0] > 0) * 1.0))
    assert "Not a plain chain" in tab.page.inner_text("#network")
    assert tab.page.locator(".net .unit").count() == 3 + 4 + 4 + 1


def test_three_classes_have_their_names(play: Any, visit: Any, rng: np.random.Generator) -> None:
    x = rng.normal(size=(60, 2))
    model = dense(2, 4, outputs=3, activation="softmax", loss="sparse_categorical_crossentropy")
    tab = open_(visit, play(model, x, rng.integers(0, 3, 60), class_names=["red", "green", "blue"]))
    tab.until(lambda: tab.page.inner_text("#output .classes").split() == ["red", "green", "blue"])
    assert {"red", "green", "blue"} >= {r.inner_text() for r in tab.page.locator("#rows td:nth-child(2)").all()}


def test_one_feature_is_drawn_as_a_curve(play: Any, visit: Any, rng: np.random.Generator) -> None:
    x = rng.uniform(-3, 3, (60, 1))
    tab = open_(visit, play(dense(1, 4, activation=None, loss="mse"), x, np.sin(x[:, 0])))
    tab.page.wait_for_selector("#output svg.chart .line")


def test_two_tabs_see_the_same(play: Any, visit: Any) -> None:
    playground = play("or")
    first, second = open_(visit, playground), None
    second = visit(playground.url)
    second.page.wait_for_selector(".derived tr")
    first.page.click("#step-batch")
    for tab in (first, second):
        tab.until(lambda tab=tab: "step 1" in tab.text(".progress"))


def test_a_server_that_has_gone_is_told(play: Any, visit: Any) -> None:
    playground = play("or")
    tab = open_(visit, playground)
    playground.close()
    tab.page.wait_for_selector("#notice:visible")
    assert "lost" in tab.page.inner_text("#notice") or "ended" in tab.page.inner_text("#notice")
    tab.problems.clear()


def test_a_wrong_token_is_told(play: Any, visit: Any) -> None:
    playground = play("or")
    tab = visit(playground.url.split("#")[0] + "#t=wrong")
    tab.page.wait_for_selector("#notice:visible")
    assert tab.page.inner_text("#notice")
    tab.problems.clear()
