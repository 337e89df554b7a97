"""Colours that everybody can tell apart, as measured."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from chainrule.plot import colours
from chainrule.plot.colours import DARK, LIGHT, Theme


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda t: t.name)
def test_contrast_of_text_and_graphics(theme: Theme) -> None:
    for background in (theme.background, theme.panel):
        assert colours.contrast(theme.text, background) >= 7
        assert colours.contrast(theme.muted, background) >= 4.5
        assert colours.contrast(theme.line, background) >= 2.8
        for colour in (colours.POSITIVE, colours.NEGATIVE):
            assert colours.contrast(colour, background) >= 3


def test_light_classes_have_an_outline_where_their_contrast_is_low() -> None:
    for number in range(8):
        style = colours.class_style(number)
        assert style.outline == (colours.contrast(style.colour, "#ffffff") < 2.9), style
        assert not colours.class_style(number, DARK).outline
        assert colours.contrast(colours.class_style(number, DARK).colour, DARK.background) >= 3


def test_sixty_four_classes_look_different() -> None:
    styles = {(s.colour, s.marker) for s in map(colours.class_style, range(64))}
    assert len(styles) == 64


def test_surface_is_cividis() -> None:
    matplotlib = pytest.importorskip("matplotlib")
    scale = matplotlib.colormaps[colours.SURFACE]
    for t in np.linspace(0, 1, 17):
        assert np.abs(np.array(scale(t)[:3]) * 255 - colours.rgb(colours.surface(t))).max() <= 1.0
    for t in np.linspace(0, 1, 101):
        assert np.abs(np.array(scale(t)[:3]) * 255 - colours.rgb(colours.surface(t))).max() <= 11


def test_surface_grows_brighter_all_along() -> None:
    levels = [colours.luminance(colours.surface(t)) for t in np.linspace(0, 1, 50)]
    assert levels == sorted(levels)


def test_diverging_is_symmetric_around_the_background() -> None:
    assert colours.diverging(0.0, DARK) == DARK.background
    assert colours.diverging(0.5) == colours.mix(colours.POSITIVE, "#ffffff", 0.5)
    assert colours.diverging(-0.5) == colours.mix(colours.NEGATIVE, "#ffffff", 0.5)


# Severity 1.0 of Machado, Oliveira and Fernandes (2009), on linear RGB: protan, deutan, tritan.
BLINDNESS = {
    "none": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def lab(colour: str, blindness: str) -> np.ndarray:
    """CIE L*a*b* (white of D65) of the colour as seen."""
    c = np.array(colours.rgb(colour)) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(BLINDNESS[blindness]) @ linear, 0, 1)
    to_xyz = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
    t = to_xyz @ seen / np.array([0.95047, 1.0, 1.08883])
    x, y, z = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_colours_differ_in_every_kind_of_colour_blindness(blindness: str) -> None:
    pair = lab(colours.POSITIVE, blindness), lab(colours.NEGATIVE, blindness)
    assert np.linalg.norm(pair[0] - pair[1]) > 90
    classes = [lab(c, blindness) for c in colours.CLASSES]
    assert min(np.linalg.norm(a - b) for i, a in enumerate(classes) for b in classes[:i]) > 15


def test_css_names_every_class() -> None:
    assert "--chainrule-class-7: #000000;" in colours.css()
    assert "--chainrule-class-7: #ffffff;" in colours.css(DARK)


def test_colours_need_no_matplotlib() -> None:
    code = "import sys, chainrule.plot.colours; print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
