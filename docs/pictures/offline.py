"""Draw the pictures of saved pages in `docs/img/`: a recording, opened by a browser as a file.

Needs Playwright and a Chromium on the PATH.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright
from sklearn.datasets import load_wine

import chainrule as cr
from chainrule.web.presets import preset

PLACE = Path(__file__).parents[1] / "img"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
COLOURS = 160
HIDE_POINTER = (2, 2)


def main() -> None:
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        raise SystemExit("The pictures of saved pages need a Chromium on the PATH.")
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        moons, wine = Path(folder, "moons.html"), Path(folder, "wine.html")
        record_moons(folder).save_html(moons)
        record_wine(folder).save_html(wine)
        browser = playwright.chromium.launch(executable_path=path)
        page = opened(browser, moons, "light", 1180)
        page.locator("#replay input").fill("18")
        page.click(".inputs summary")
        page.mouse.move(*HIDE_POINTER)
        page.wait_for_timeout(800)
        save(page.screenshot(), "offline_light")
        page = opened(browser, wine, "dark", 1180)
        page.locator("#views").scroll_into_view_if_needed()
        page.wait_for_selector("#views .surface path")
        save(page.locator("#views").screenshot(), "offline_surface")
        for name in ("confusion", "gradients", "importance", "weights"):
            page.click(f"#tab-{name}")
            page.mouse.move(*HIDE_POINTER)
            page.wait_for_timeout(800)
            save(page.locator("#views").screenshot(), f"tab_{name}")
        browser.close()


def record_moons(folder: str) -> cr.recording.Recording:
    cr.utils.set_random_seed(3)
    chosen = preset("moons")
    recorder = cr.callbacks.Recorder(Path(folder, "moons"), every=2, cost=None)
    chosen.model.fit(chosen.x, chosen.y, batch_size=chosen.batch_size, epochs=80, verbose=0, callbacks=[recorder])
    return cr.recording.load(Path(folder, "moons"))


def record_wine(folder: str) -> cr.recording.Recording:
    cr.utils.set_random_seed(3)
    data = load_wine()
    x = ((data.data - data.data.mean(axis=0)) / data.data.std(axis=0)).astype("float32")
    layers = [cr.Input((13,)), cr.layers.Dense(16, "relu", name="hidden"), cr.layers.Dense(3, "softmax", name="out")]
    model = cr.Sequential(layers, name="wine")
    model.compile(cr.optimizers.Adam(0.003), "sparse_categorical_crossentropy", metrics=["accuracy"])
    recorder = cr.callbacks.Recorder(
        Path(folder, "wine"), every=1, cost=None, features=data.feature_names, classes=list(data.target_names)
    )
    model.fit(x, data.target, batch_size=16, epochs=25, verbose=0, callbacks=[recorder])
    return cr.recording.load(Path(folder, "wine"))


def opened(browser: Browser, path: Path, theme: str, height: int) -> Page:
    context = browser.new_context(viewport={"width": 1280, "height": height}, color_scheme=theme)
    page = context.new_page()
    page.goto(path.as_uri())
    page.wait_for_selector(".derived tr")
    return page


def save(png: bytes, name: str) -> None:
    """Write a screenshot with a palette, which is a third of the size."""
    picture = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    picture.save(PLACE / f"{name}.png", optimize=True)


if __name__ == "__main__":
    main()
