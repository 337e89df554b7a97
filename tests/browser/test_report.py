"""The report in a real browser: nothing is fetched, nothing fails, everybody can read it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule.report import write_report
from chainrule.tabular.train import train_table

NASTY = "<script>document.title='stolen'</script>"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Addresses of a report, and of the private one of the same run."""
    folder = tmp_path_factory.mktemp("report")
    rng = np.random.default_rng(0)
    lines = [f'"{NASTY}",weight,city,ill']
    for a, b, c in rng.random((200, 3)):
        city = ("Oslo", "Rome", NASTY)[int(3 * c)]
        lines.append(f'{20 + 50 * a:.1f},{50 + 40 * b:.1f},"{city}",{"yes" if a > b else "no"}')
    (folder / "people.csv").write_text("\n".join(lines) + "\n")
    run = train_table(folder / "people.csv", "ill", folder, hidden=(3,), learning_rate=0.02, epochs=20).folder
    private = write_report(run, folder / "private.html", private=True)
    return {"public": write_report(run).as_uri(), "private": private.as_uri()}


@pytest.mark.parametrize("kind", ["public", "private"])
def test_nothing_runs_and_nothing_is_fetched(visit: Callable[..., Any], reports: dict[str, str], kind: str) -> None:
    tab = visit(reports[kind])
    assert tab.requests == [reports[kind]]
    assert tab.page.title() == "ill: report of a trained network"
    assert NASTY in tab.text("body")
    assert tab.page.locator("section").count() == 10


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("kind", ["public", "private"])
def test_axe_finds_nothing(visit: Callable[..., Any], reports: dict[str, str], kind: str, theme: str) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="pip install axe-playwright-python")
    tab = visit(reports[kind], theme=theme, bypass_csp=True)  # axe is a script, which the page's policy forbids
    for folded in tab.page.locator("details").all():
        folded.evaluate("element => { element.open = true }")
    found = axe.Axe().run(tab.page, options={"resultTypes": ["violations"]})  # of the rest one example, not thousands
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("width", [320, 768, 1440])
def test_the_page_itself_never_scrolls_sideways(visit: Callable[..., Any], reports: dict[str, str], width: int) -> None:
    tab = visit(reports["public"], width=width)
    for folded in tab.page.locator("details").all():
        folded.evaluate("element => { element.open = true }")
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= width


def test_the_keyboard_leads_from_the_contents_to_a_section_and_opens_a_derivation(
    visit: Callable[..., Any], reports: dict[str, str]
) -> None:
    tab = visit(reports["public"])
    tab.page.locator("nav a", has_text="Glass box").focus()
    tab.page.keyboard.press("Enter")
    assert tab.page.url.endswith("#glass-box")
    card = tab.page.locator("details.card").nth(1)
    card.locator("summary").first.focus()
    tab.page.keyboard.press("Enter")
    assert card.get_attribute("open") is not None
    card.locator("details.derivation summary").focus()
    tab.page.keyboard.press("Space")
    assert "Backward pass" in card.inner_text()
    assert card.locator("math").count() > 20


def test_in_the_dark_the_letters_of_pictures_are_light(visit: Callable[..., Any], reports: dict[str, str]) -> None:
    def luminance(theme: str) -> float:
        tab = visit(reports["public"], theme=theme)
        letters = "[...document.querySelectorAll('#training svg text')].find(t => t.textContent == 'epoch')"
        colour = tab.page.evaluate(f"getComputedStyle({letters}).fill")
        return float(np.mean([float(v) for v in colour.strip("rgb()").split(",")]))

    assert luminance("light") < 80
    assert luminance("dark") > 180


def test_a_term_leads_to_its_explanation(visit: Callable[..., Any], reports: dict[str, str]) -> None:
    tab = visit(reports["public"])
    tab.page.locator("a.term", has_text="log loss").first.click()
    assert tab.page.url.endswith("#term-log-loss")
    assert tab.page.locator("#term-log-loss + dd").inner_text()


def test_paper_shows_what_is_folded_and_no_contents(
    visit: Callable[..., Any], reports: dict[str, str], tmp_path: Path
) -> None:
    tab = visit(reports["public"], theme="dark")
    tab.page.emulate_media(media="print")
    assert not tab.page.locator("nav").is_visible()
    assert tab.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    tab.page.pdf(path=str(tmp_path / "report.pdf"))
    assert (tmp_path / "report.pdf").stat().st_size > 50_000
