"""Draw the pictures of the report in `docs/img/`: a real browser looks at the reports of two real tables.

Needs the extras `tables`, `sklearn` and `math`, Playwright and a Chromium on the PATH.
"""

from __future__ import annotations

import io
import shutil
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
from PIL import Image
from playwright.sync_api import Browser, sync_playwright
from sklearn.datasets import load_breast_cancer, load_diabetes

from chainrule.report import write_report
from chainrule.tabular.train import train_table

PLACE = Path(__file__).parents[1] / "img"
CHROMIUMS = ("chromium", "chromium-browser", "google-chrome")
COLOURS = 256
"""Of a picture's palette: as many as keep it small and look the same."""


def main() -> None:
    path = next(filter(None, map(shutil.which, CHROMIUMS)), None)
    if path is None:
        raise SystemExit("The pictures of the report need a Chromium on the PATH.")
    PLACE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        cancer, diabetes = reports(Path(folder))
        browser = playwright.chromium.launch(executable_path=path)
        save(browser, cancer, "report_light", height=1500)
        save(browser, diabetes, "report_dark", section="performance", theme="dark")
        save(browser, diabetes, "report_narrow", width=360, height=1300, theme="dark")
        save(browser, cancer, "report_glass_box", section="glass-box")
        save(browser, cancer, "report_training", section="training")
        save(browser, cancer, "report_matters", section="matters")
        save(browser, cancer, "report_surface", section="surface")
        browser.close()


def reports(folder: Path) -> tuple[str, str]:
    """Train on two of scikit-learn's tables and return the addresses of the reports."""
    cancer, diabetes = load_breast_cancer(), load_diabetes(scaled=False)
    names = [str(cancer.target_names[t]) for t in cancer.target]
    _write(folder / "breast_cancer.csv", cancer, pl.Series("diagnosis", names))
    _write(folder / "diabetes.csv", diabetes, pl.Series("progression", diabetes.target))
    runs = [
        train_table(folder / f"{name}.csv", target, folder, seed=1).folder
        for name, target in (("breast_cancer", "diagnosis"), ("diabetes", "progression"))
    ]
    first, second = (write_report(run).as_uri() for run in runs)
    return first, second


def _write(file: Path, bundled: Any, target: pl.Series) -> None:
    columns = [str(c) for c in bundled.feature_names]
    pl.DataFrame(bundled.data, schema=columns).with_columns(target).write_csv(file)


def save(
    browser: Browser,
    address: str,
    name: str,
    *,
    section: str | None = None,
    width: int = 1200,
    height: int = 900,
    theme: Any = "light",
) -> None:
    """Write what a reader sees: the beginning of the page, or a section."""
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
    page.goto(address)
    picture = page.screenshot() if section is None else page.locator(f"section#{section}").screenshot()
    page.close()
    image = Image.open(io.BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    image.save(PLACE / f"{name}.png", optimize=True)
    print(f"{name}.png  {(PLACE / f'{name}.png').stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
