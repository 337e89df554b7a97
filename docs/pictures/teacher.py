"""Takes the pictures of the tour, the quiz and a notebook's output, with the system's Chromium.

python docs/pictures/teacher.py
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import chainrule as cr
from chainrule.web.presets import preset

FOLDER = Path(__file__).parent.parent / "img"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome", "chrome")


def keep(shot: bytes, name: str) -> None:
    """Write a picture as small as it gets without changing it."""
    path = FOLDER / f"{name}.png"
    Image.open(io.BytesIO(shot)).convert("RGB").save(path, optimize=True)
    print(f"docs/img/{path.name}  {path.stat().st_size / 1024:.0f} KB")


def tour(browser: Any) -> None:
    """Show the lecture's network at the stop about hidden layers."""
    p = preset("mlp")
    names = {"feature_names": p.features, "target": p.target, "name": p.title, "batch_size": p.batch_size}
    with cr.dashboard(p.model, p.x, p.y, open=False, wait=False, **names) as served:
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        page.goto(served.url)
        page.wait_for_selector(".derived tr")
        page.wait_for_selector(".region svg path")
        page.click("#tour-button")
        for _ in range(6):
            page.click("#tour .primary")
        page.wait_for_timeout(1200)
        keep(page.screenshot(), "tour")
        page.close()


def quiz(browser: Any) -> None:
    """Show an exercise as a page, one answer right and one wrong."""
    p = preset("or")
    page = shown(browser, cr.trace(p.model, p.x, p.y)[2].quiz(4).html(full=True), 760)
    page.fill("input[name=A]", "0.6225")
    page.fill("input[name=B]", "0.2")
    page.click("summary >> nth=0")
    keep(page.screenshot(full_page=True), "quiz")
    page.close()


def notebook(browser: Any) -> None:
    """Show what a notebook shows of a model and its history."""
    cr.utils.set_random_seed(4)
    x = np.random.default_rng(0).normal(size=(200, 3)).astype("float32")
    y = (x[:, 0] * x[:, 1] > 0).astype("float32")
    hidden = cr.layers.Dense(4, activation="tanh", name="hidden")
    out = cr.layers.Dense(1, activation="sigmoid", name="out")
    model = cr.Sequential([cr.Input((3,)), hidden, out], name="small")
    model.compile(cr.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy"])
    history = model.fit(x, y, epochs=40, validation_split=0.25, verbose=0)
    body = "<!doctype html><meta charset=utf-8><body style='margin:16px'>"
    page = shown(browser, body + model._repr_html_() + history._repr_html_(), 760)
    keep(page.screenshot(full_page=True), "notebook")
    page.close()


def shown(browser: Any, text: str, width: int) -> Any:
    """Open a page that is a file."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(text, encoding="utf-8")
        page = browser.new_page(viewport={"width": width, "height": 300})
        page.goto(file.as_uri())
    return page


def main() -> None:
    found = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if found is None:
        print("No Chromium on the PATH: docs/img/tour.png, quiz.png and notebook.png stay as they are.")
        return
    from playwright.sync_api import sync_playwright

    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        tour(browser)
        quiz(browser)
        notebook(browser)
        browser.close()


if __name__ == "__main__":
    main()
