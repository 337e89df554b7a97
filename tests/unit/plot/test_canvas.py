"""Where pictures are drawn, and how they leave."""

from __future__ import annotations

import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from typing import Any

import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import chainrule as cr
from chainrule.errors import DataError, MissingExtraError, UnknownNameError
from chainrule.plot import canvas
from chainrule.plot.colours import DARK, LIGHT

HISTORY = {"loss": [1.0, 0.54321], "val_loss": [1.1, 0.7]}


def test_without_axes_a_figure_of_its_own_that_pyplot_does_not_know() -> None:
    code = """
import sys, chainrule as cr
ax = cr.plot.training({"loss": [1.0, 0.5]})
ax.figure.savefig(__import__("io").BytesIO(), format="png")
print("matplotlib.pyplot" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_numbers_need_no_matplotlib() -> None:
    code = """
import sys, chainrule as cr
for name in cr.plot.numbers.__all__:
    getattr(cr.plot.numbers, name)
print("matplotlib" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_axes_given_are_the_ones_returned() -> None:
    ax = Figure().add_subplot()
    assert cr.plot.training(HISTORY, ax=ax) is ax
    assert len(ax.lines) == 3


def test_several_panels_share_the_place_of_the_axes_given() -> None:
    figure = Figure(layout="constrained")
    _, right = figure.subplots(1, 2)
    assert cr.plot.training({**HISTORY, "mae": [1.0, 2.0]}, ax=right) is right
    figure.draw_without_rendering()
    panels = figure.axes[2:]
    assert len(panels) == 2
    assert all(p.get_position().x0 >= 0.49 for p in panels)
    assert panels[0].get_position().x1 <= panels[1].get_position().x0


def test_panels_in_axes_that_no_grid_knows() -> None:
    figure = Figure()
    ax = figure.add_axes((0.5, 0.5, 0.4, 0.4))
    panels = canvas.panels(ax, LIGHT, 4, 2)
    boxes = [p.get_position() for p in panels]
    assert min(b.x0 for b in boxes) >= 0.499
    assert max(b.y1 for b in boxes) <= 0.901


@pytest.mark.parametrize(("background", "expected"), [("#000000", DARK), ("#fafafa", LIGHT), ("none", LIGHT)])
def test_the_theme_is_that_of_the_background(background: str, expected: object) -> None:
    ax = Figure().add_subplot(facecolor=background)
    assert canvas.begin(ax, None)[1] == expected


def test_the_theme_of_a_new_figure_is_that_of_the_settings() -> None:
    import matplotlib

    with matplotlib.rc_context({"figure.facecolor": "black"}):
        ax: Any = cr.plot.training(HISTORY)
    assert to_hex(ax.get_facecolor()) == DARK.background
    assert to_hex(ax.figure.get_facecolor()) == DARK.background
    assert ax.xaxis.label.get_color() == DARK.text


def test_an_unknown_theme_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown theme 'drak'\. Did you mean 'dark'\?"):
        cr.plot.training(HISTORY, theme="drak")


def test_matplotlib_missing_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingExtraError, match=r'Drawing pictures needs .*matplotlib.*"chainrule\[plot\]"'):
        cr.plot.training(HISTORY)


def test_notebooks_show_the_axes_as_a_picture() -> None:
    ax: Any = cr.plot.training(HISTORY)
    data, size = ax._repr_png_()
    assert data[:4] == b"\x89PNG"
    assert size == {"width": 403, "height": 288}


def test_svg_stands_within_a_page() -> None:
    ax: Any = cr.plot.training({**HISTORY, "a<b>&": [1.0, 2.0]})
    text = cr.plot.svg(ax)
    root = ET.fromstring(text)
    assert root.attrib["role"] == "img"
    assert [e.tag.rpartition("}")[2] for e in root[:2]] == ["title", "desc"]
    assert "a&lt;b&gt;&amp; over 2 epochs" in text
    assert "<style" not in text
    ids = re.findall(r'id="([^"]*)"', text)
    assert all(f"#{name}" in text for name in ids), "only what is referred to has an identifier"
    assert "in epoch 2" in text, "texts stay texts"
    assert text == cr.plot.svg(cr.plot.training({**HISTORY, "a<b>&": [1.0, 2.0]}))


def test_svg_keeps_the_digits_of_what_is_said() -> None:
    text = cr.plot.svg(cr.plot.training({"loss": [1.0, 0.54321]}))
    assert "best 0.5432 in epoch 2" in text
    places = re.findall(r' d="([^"]*)"', text)
    assert places
    assert not any(re.search(r"\.\d\d\d", path) for path in places)


def test_svg_with_variables_follows_the_page() -> None:
    text = cr.plot.svg(cr.plot.training(HISTORY, theme="dark"), variables=True)
    assert f"var(--chainrule-text, {DARK.text})" in text
    assert f"var(--chainrule-data, {DARK.data.lower()})" in text
    assert re.search(rf"(?<!, ){DARK.text}", text) is None


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.04, 0.7, ["0.05", "0.1", "0.2", "0.5"]), (1e-5, 10, ["1e−5", "0.0001", "0.001", "0.01", "0.1", "1", "10"])],
)
def test_ticks_of_logarithmic_axes_are_plain_numbers(low: float, high: float, expected: list[str]) -> None:
    ax: Any = cr.plot.training({"loss": [high, low]}, log=True)
    ax.set_ylim(low, high)
    canvas.logarithmic(ax, "y")
    ax.figure.draw_without_rendering()
    ticks = [*ax.yaxis.get_major_ticks(), *ax.yaxis.get_minor_ticks()]
    shown = {t.label1.get_text(): t.get_loc() for t in ticks if 0.99 * low <= t.get_loc() <= 1.01 * high}
    assert [name for name in sorted(shown, key=lambda name: shown[name]) if name] == expected


def test_names_of_columns_are_no_mathematics() -> None:
    ax: Any = cr.plot.training({"$\\frac{": [1.0, 2.0]})
    ax.figure.draw_without_rendering()
    assert ax.get_title(loc="left") == "\\$\\frac{"


def test_what_is_no_axes_is_refused() -> None:
    with pytest.raises(DataError, match="ax must be matplotlib axes"):
        cr.plot.training(HISTORY, ax="left")  # type: ignore[arg-type]
