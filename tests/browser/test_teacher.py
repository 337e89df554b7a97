"""The tour and the quiz, as somebody uses them."""

from __future__ import annotations

from typing import Any

import pytest

from chainrule.glassbox.quiz import Quiz
from chainrule.terms import TERMS


@pytest.fixture
def open_preset(play: Any, visit: Any) -> Any:
    def open_(name: str, **options: Any) -> Any:
        tab = visit(play(name).url, **options)
        tab.page.wait_for_selector(".derived tr")
        return tab

    return open_


def test_the_tour_follows_the_lecture(open_preset: Any) -> None:
    tab = open_preset("or")
    page = tab.page
    page.click("#tour-button")
    titles = []
    while True:
        titles.append(page.inner_text("#tour h2"))
        assert page.locator(".toured").count() == 1
        links = page.locator("#tour a").evaluate_all("(all) => all.map((a) => a.href.split('#')[1])")
        assert links
        assert set(links) <= {term.slug for term in TERMS.values()}
        if page.is_visible("#tour .act") and titles[-1] != "Your turn":
            page.click("#tour .act")
        if page.inner_text("#tour .primary") == "Done":
            break
        page.click("#tour .primary")
    assert titles == [
        "A neuron", "The prediction table", "The error", "The loss surface", "Descent", "Backpropagation",
        "Hidden layers", "Matrices", "Overfitting", "Your turn",
    ]  # fmt: skip
    assert page.inner_text("#play") == "Pause"  # the stop before offered to play
    page.click("#tour .act")
    page.wait_for_selector("#quiz[open] input")
    assert page.inner_text("#play") == "Play"  # numbers stand still while somebody computes


def test_the_tour_can_be_left_by_keyboard(open_preset: Any) -> None:
    page = open_preset("mlp").page
    page.focus("#tour-button")
    page.keyboard.press("Enter")
    page.wait_for_selector("#tour-title:focus")
    page.keyboard.press("Escape")
    assert page.locator("#tour, .toured").count() == 0
    assert page.evaluate("document.activeElement.id") == "tour-button"


def test_the_tour_speaks_of_the_network_that_is_there(open_preset: Any) -> None:
    for name, words in (("or", "chainrule play mlp"), ("mlp", "no single neuron can do")):
        page = open_preset(name).page
        page.click("#tour-button")
        page.wait_for_selector("#tour")
        for _ in range(6):
            page.click("#tour .primary")
        assert words in page.inner_text("#tour")


def test_answers_are_judged_by_the_numbers_of_the_engine(play: Any, visit: Any) -> None:
    playground = play("mlp")
    tab = visit(playground.url)
    page = tab.page
    page.wait_for_selector(".derived tr")
    page.click("#quiz-button")
    page.wait_for_selector("#quiz input")
    import chainrule as cr

    quiz: Quiz = cr.trace(playground.model, *playground.driver.stage.training.arrays()[:2])[0].quiz(5, 0)
    fields = page.locator("#quiz input")
    assert fields.count() == 5
    fields.first.fill("123")
    assert "not yet" in page.inner_text("#quiz")
    for blank in quiz.blanks:
        page.fill(f"#quiz input[name={blank.name}]", f"{blank.value:.4f}")
    assert page.inner_text("#quiz [role=status]") == "5 of 5 right: well done."
    assert "not yet" not in page.inner_text("#quiz")
    page.click("#quiz summary")
    assert page.locator("#quiz .hints li").count() == 5
    page.click("#quiz button:text('Other blanks')")
    tab.until(lambda: page.inner_text("#quiz [role=status]") == "0 of 5 right.")
    page.click("#quiz button:text('Solution')")
    assert page.inner_text("#quiz [role=status]") == "The answers are shown."  # and nobody is praised for them
    value = page.input_value("#quiz input >> nth=0")
    page.fill("#quiz input >> nth=0", "123")
    page.fill("#quiz input >> nth=0", value)
    assert page.inner_text("#quiz [role=status]") == "5 of 5 right."


def test_the_glossary_opens_beside_the_page(open_preset: Any) -> None:
    page = open_preset("or").page
    page.click("#tour-button")
    with page.context.expect_page() as opened:
        page.click("#tour a >> nth=0")
    assert opened.value.locator("dt#perceptron").inner_text() == "perceptron"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 320])
def test_axe_finds_nothing_in_tour_and_quiz(open_preset: Any, theme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page = open_preset("mlp", theme=theme, width=width, bypass_csp=True).page
    page.click("#tour-button")
    page.wait_for_selector("#tour")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.keyboard.press("Escape")
    page.click("#quiz-button")
    page.wait_for_selector("#quiz input")
    found = axe.Axe().run(page)
    assert found.violations_count == 0, found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
