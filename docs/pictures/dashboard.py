"""Draw the pictures of the live page in `docs/img/`: a real browser looks at real trainings.

Needs the extra `dashboard`, Playwright and a Chromium on the PATH.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sklearn.datasets import load_iris

import chainrule as cr
from chainrule.web.presets import preset

PLACE = Path(__file__).parents[1] / "img"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
COLOURS = 192
"""Of a picture's palette: as many as keep it small and look the same."""


def main() -> None:
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        raise SystemExit("The pictures of the page need a Chromium on the PATH.")
    PLACE.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path)
        light(browser)
        dark(browser)
        table(browser)
        narrow(browser)
        parts(browser)
        browser.close()


def light(browser: Browser) -> None:
    with training(browser, "circle", epochs=60) as page:
        page.click("#rows tbody tr:nth-child(4)")
        save(page, "dashboard_light")


def dark(browser: Browser) -> None:
    with training(browser, "moons", epochs=40, theme="dark") as page:
        save(page, "dashboard_dark")


def table(browser: Browser) -> None:
    with training(browser, "iris", epochs=80) as page:
        page.select_option("#data label:has-text('x-axis') select", label="petal length (cm)")
        page.select_option("#data label:has-text('y-axis') select", label="petal width (cm)")
        save(page, "dashboard_table")


def narrow(browser: Browser) -> None:
    with training(browser, "mlp", epochs=600, width=360, height=1500) as page:
        save(page, "dashboard_narrow")


def parts(browser: Browser) -> None:
    with training(browser, "mlp", epochs=600, height=2200, speed=120) as page:
        page.locator(".net .hit").nth(1).click(force=True)
        page.wait_for_selector(".derived tr.chosen")
        save(page, "dashboard_derivation", "#derivation")
        page.wait_for_selector("#views .surface path")
        save(page, "dashboard_surface", "#views")
        page.click("#quiz-button")
        page.wait_for_selector("#quiz .derived tr")
        save(page, "dashboard_quiz", "#quiz")


@contextmanager
def training(
    browser: Browser,
    name: str,
    *,
    epochs: int,
    theme: Literal["light", "dark"] = "light",
    width: int = 1440,
    height: int = 1060,
    speed: float | None = None,
) -> Iterator[Page]:
    """Show a training that has paused at the end of an epoch."""
    model, x, y, options = problem(name)
    with cr.dashboard(model, x, y, open=False, wait=False, **{**options, "speed": speed}) as served:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=theme)
        page = context.new_page()
        page.goto(served.url)
        page.wait_for_selector(".derived tr")
        page.click("#stop-at summary")
        page.fill("#stop-at input >> nth=0", str(epochs))
        page.press("#stop-at input >> nth=0", "Enter")
        page.click("#play")
        page.wait_for_selector(f".progress >> text=epoch {epochs}", timeout=60_000)
        page.wait_for_selector("#play >> text=Play")
        page.evaluate("document.activeElement.blur()")
        page.wait_for_timeout(1500)  # until the last derivation is there
        yield page
        context.close()


def problem(name: str) -> tuple[Any, Any, Any, dict[str, Any]]:
    """A preset, or the iris flowers."""
    if name == "iris":
        data = load_iris()
        cr.utils.set_random_seed(3)
        layers = [cr.layers.Dense(6, activation="tanh"), cr.layers.Dense(3, activation="softmax")]
        model = cr.Sequential([cr.Input((4,)), *layers])
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.optimizer.learning_rate = 0.01
        names = {"feature_names": data.feature_names, "class_names": list(data.target_names), "target": "species"}
        kept = (data.data[::5], data.target[::5])
        return model, data.data, data.target, {**names, "name": "Iris", "validation_data": kept}
    cr.utils.set_random_seed(1)
    p = preset(name)
    names = {"feature_names": p.features, "class_names": p.classes or None, "target": p.target, "name": p.title}
    return p.model, p.x, p.y, {**names, "batch_size": p.batch_size}


def save(page: Page, name: str, part: str | None = None) -> None:
    """Write what the window, or a part of the page, shows, with few colours."""
    page.wait_for_timeout(600)
    png = page.locator(part).screenshot() if part else page.screenshot()
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    path = PLACE / f"{name}.png"
    picture.save(path, optimize=True)
    print(f"{path.relative_to(PLACE.parents[1])}  {path.stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
