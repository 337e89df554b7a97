"""For everybody: keyboard alone, narrow windows, light and dark, and what axe-core finds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

STATIC = Path(__file__).parents[2] / "src" / "chainrule" / "web" / "static"
BUDGET_BYTES = 200_000
WIDTHS = (1440, 1024, 768, 320)


@pytest.fixture
def open_preset(play: Any, visit: Any) -> Any:
    def open_(preset: str = "mlp", **options: Any) -> Any:
        tab = visit(play(preset).url, **options)
        tab.page.wait_for_selector(".derived tr")
        tab.page.wait_for_selector(".region svg path")
        return tab

    return open_


def focused(tab: Any) -> str:
    """The name that a listener hears of what has the focus."""
    return str(tab.page.evaluate("document.activeElement.getAttribute('aria-label') || document.activeElement.id"))


def test_the_live_page_fits_the_budget(open_preset: Any) -> None:
    tab = open_preset("or")
    names = {url.split("/static/")[1] for url in tab.requests if "/static/" in url}
    assert "app.js" in names
    assert not {"tour.js", "quiz.js", "tabs/runs.js"} & names  # until they are wanted
    index = (STATIC / "index.html").stat().st_size
    assert index + sum((STATIC / name).stat().st_size for name in names) <= BUDGET_BYTES


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_window(open_preset: Any, width: int) -> None:
    tab = open_preset("circle", width=width)
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width
    cut = tab.page.evaluate(
        """[...document.querySelectorAll('button, input, select, h1, h2')].filter((e) => {
             const box = e.getBoundingClientRect();
             if (!box.width || e.closest('.scroll, #rows, dialog, details:not([open])')) return false;
             return box.right > innerWidth + 1 || box.left < -1;
           }).map((e) => e.outerHTML.slice(0, 80))"""
    )
    assert cut == []


def test_twice_as_large_still_fits(open_preset: Any) -> None:
    tab = open_preset("mlp", width=1280)
    tab.page.evaluate("document.documentElement.style.fontSize = '30px'")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 1280


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 320])
def test_axe_finds_nothing(open_preset: Any, theme: str, width: int) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    tab = open_preset("mlp", theme=theme, width=width, bypass_csp=True)
    assert tab.page.evaluate("document.documentElement.dataset.theme") == theme
    found = axe.Axe().run(tab.page)
    assert found.violations_count == 0, found.generate_report()


def test_axe_finds_nothing_in_the_help(open_preset: Any) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    tab = open_preset("or", bypass_csp=True)
    tab.page.keyboard.press("?")
    tab.page.wait_for_selector("#help[open]")
    found = axe.Axe().run(tab.page)
    assert found.violations_count == 0, found.generate_report()


def test_the_theme_can_be_chosen(open_preset: Any) -> None:
    tab = open_preset("or", theme="light")
    back = "getComputedStyle(document.body).backgroundColor"
    light = tab.page.evaluate(back)
    tab.page.click("#theme")
    tab.page.click("#theme")
    assert tab.page.inner_text("#theme") == "Theme: dark"
    assert tab.page.evaluate(back) != light


def test_the_whole_page_with_the_keyboard_alone(open_preset: Any) -> None:
    tab = open_preset("mlp")
    keys = tab.page.keyboard
    for _ in range(40):
        keys.press("Tab")
        if tab.page.evaluate("document.activeElement.getAttribute('role')") == "treeitem":
            break
    assert focused(tab) == "input x1"
    keys.press("ArrowRight")
    assert focused(tab).startswith("hidden, unit 1 of 2, bias")
    keys.press("ArrowDown")
    assert focused(tab).startswith("hidden, unit 2 of 2, bias")
    keys.press("Enter")
    tab.until(lambda: tab.page.evaluate("document.activeElement.getAttribute('aria-selected')") == "true")
    assert tab.page.input_value("#weight-variable").endswith("hidden/bias")
    keys.press("Shift+ArrowDown")
    tab.until(lambda: tab.page.input_value("#weight-variable").endswith("hidden/kernel"))
    keys.press("/")
    tab.until(lambda: tab.page.evaluate("document.activeElement.id") == "weight-variable")


def test_shortcuts_work_and_can_be_turned_off(open_preset: Any) -> None:
    tab = open_preset("or")
    tab.page.keyboard.press("Shift+ArrowRight")
    tab.until(lambda: "step 1" in tab.text(".progress"))
    tab.page.keyboard.press("ArrowLeft")
    tab.until(lambda: "step 0" in tab.text(".progress"))
    tab.page.keyboard.press("Space")
    tab.until(lambda: tab.text("#play") == "Pause")
    tab.page.keyboard.press("Space")
    tab.until(lambda: tab.text("#play") == "Play")
    tab.page.keyboard.press("?")
    tab.page.wait_for_selector("#help[open]")
    tab.page.uncheck("#keys-on")
    tab.page.keyboard.press("Escape")
    before = tab.text(".progress")
    tab.page.keyboard.press("Shift+ArrowRight")
    tab.page.wait_for_timeout(400)
    assert tab.text(".progress") == before


def test_every_chart_has_a_name_and_its_numbers_as_a_table(open_preset: Any) -> None:
    tab = open_preset("or")
    for step in ("step 1 ", "step 2 "):
        tab.page.click("#step-batch")
        tab.until(lambda step=step: step in tab.text(".progress"))
    tab.page.wait_for_selector("#loss svg .line")
    for chart in tab.page.locator("svg.chart").all():
        assert chart.locator("title").first.text_content()
    tab.page.click("#loss .as-table summary")
    tab.page.wait_for_selector("#loss table.numbers td")
