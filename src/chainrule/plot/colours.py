"""All colours of the project: pictures, diagrams, reports and pages take theirs from here.

Blue and vermillion stand for positive and negative, and for class 1 and class 0. They differ in every kind of colour
blindness (CIE76 distance above 90 in simulations after Machado et al. 2009) and have a contrast of more than 3 on the
light and on the dark background. Classes have the colours of Okabe and Ito and, because no colour should carry a
meaning alone, each its own marker. Surfaces are drawn in cividis (Nunez, Anderton and Renslow 2018), what has a sign
from vermillion over the background to blue.

Nothing here imports matplotlib.
"""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.records import Record

BLUE = "#0072B2"
VERMILLION = "#D55E00"
POSITIVE = BLUE  # a weight above 0, class 1
NEGATIVE = VERMILLION  # a weight below 0, class 0
TRAINING = BLUE
VALIDATION = VERMILLION  # drawn with dashes
PATH = "#CC79A7"  # of an optimizer, with a white rim over any surface

# Okabe and Ito's eight; the last one stands for black in the light and for white in the dark.
CLASSES = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#F0E442", "#000000")
LIGHT_CLASSES = frozenset({"#E69F00", "#56B4E9", "#F0E442"})  # contrast on white below 3: drawn with an outline
SHAPES = ("circle", "square", "triangle", "diamond", "down", "plus", "cross", "star")
MARKERS = {
    "circle": "o", "square": "s", "triangle": "^", "diamond": "D", "down": "v", "plus": "P", "cross": "X", "star": "*",
}  # fmt: skip

SURFACE = "cividis"
SURFACE_STOPS = (
    "#00224e", "#002e6a", "#1a386f", "#32436d", "#434e6c", "#535a6d", "#61656f", "#6f7073", "#7d7c78",
    "#8c8878", "#9b9476", "#aba072", "#bcae6c", "#cdbb63", "#dec958", "#f0d846", "#fee838",
)  # fmt: skip


_DATA = "#0072B3"  # not quite BLUE, so that SVG can tell it from a sign or a class, and swap it for another theme's


class Theme(Record):
    """The neutral colours of one background; `name` is `'light'` or `'dark'`."""

    name: str
    background: str
    panel: str  # the background of what stands out a little
    text: str
    muted: str  # ticks, notes, what matters less
    grid: str
    line: str  # frames, axes
    boundary: tuple[str, str]  # the two lines of a decision boundary: outer and inner
    data: str  # what has neither sign nor class: one curve, points


LIGHT = Theme("light", "#ffffff", "#f6f7f9", "#1b1f24", "#57606a", "#e4e7eb", "#8c959f", ("#ffffff", "#000000"), _DATA)
DARK = Theme(
    "dark", "#111418", "#1a1f25", "#e6e9ed", "#9aa4af", "#2a3038", "#6b7580", ("#000000", "#ffffff"), "#56B4E9"
)
THEMES = {"light": LIGHT, "dark": DARK}


class ClassStyle(Record):
    """How one class is drawn: `colour`, `shape` (a word of `SHAPES`), and whether it needs an `outline`."""

    colour: str
    shape: str
    outline: bool = False

    @property
    def marker(self) -> str:
        """The shape as matplotlib calls it."""
        return MARKERS[self.shape]


def class_style(number: int, theme: Theme = LIGHT) -> ClassStyle:
    """Return how class `number` (from 0) is drawn; the first 64 classes all look different.

    >>> class_style(0), class_style(1).shape
    (ClassStyle(colour='#D55E00', shape='circle', outline=False), 'square')
    >>> class_style(9).colour == class_style(1).colour, class_style(9).shape
    (True, 'triangle')
    """
    n = len(CLASSES)
    colour = CLASSES[number % n]
    if colour == "#000000" and theme.name == "dark":
        colour = "#ffffff"
    shape = SHAPES[(number + number // n) % n]
    return ClassStyle(colour, shape, theme.name == "light" and colour in LIGHT_CLASSES)


def sign_style(value: float) -> tuple[str, str]:
    """Return colour and line style (`'solid'`, `'dashed'`) of a weight.

    >>> sign_style(0.3), sign_style(-0.3)
    (('#0072B2', 'solid'), ('#D55E00', 'dashed'))
    """
    return (NEGATIVE, "dashed") if value < 0 else (POSITIVE, "solid")


def rgb(colour: str) -> tuple[int, int, int]:
    """Return the three numbers, 0 to 255, of `'#rrggbb'`.

    >>> rgb("#0072B2")
    (0, 114, 178)
    """
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(colour: str, other: str, share: float) -> str:
    """Return `share` of `colour` with the rest of `other`.

    >>> mix("#000000", "#ffffff", 0.25)
    '#bfbfbf'
    """
    return "#" + "".join(
        f"{round(share * a + (1 - share) * b):02x}" for a, b in zip(rgb(colour), rgb(other), strict=True)
    )


def along(stops: Sequence[str], position: float) -> str:
    """Return the colour at `position`, from 0 to 1, of a scale given by evenly spaced colours.

    >>> along(SURFACE_STOPS, 0.0), along(SURFACE_STOPS, 1.0), along(("#000000", "#ffffff"), 0.5)
    ('#00224e', '#fee838', '#808080')
    """
    place = min(max(position, 0.0), 1.0) * (len(stops) - 1)
    low = min(int(place), len(stops) - 2)
    return mix(stops[low + 1], stops[low], place - low)


def surface(position: float) -> str:
    """Return the colour of a surface at `position`, from 0 (low, dark) to 1 (high, bright)."""
    return along(SURFACE_STOPS, position)


def diverging(value: float, theme: Theme = LIGHT) -> str:
    """Return the colour of a `value` from -1 (vermillion) over 0 (the background) to 1 (blue).

    >>> diverging(0.0), diverging(1.0) == POSITIVE.lower(), diverging(-2.0) == NEGATIVE.lower()
    ('#ffffff', True, True)
    """
    return along((NEGATIVE, theme.background, POSITIVE), (value + 1) / 2)


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2, from 0 (black) to 1 (white)."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (n / 255 for n in rgb(colour))]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2, from 1 to 21.

    >>> round(contrast("#000000", "#ffffff"), 1), round(contrast(BLUE, "#ffffff"), 1)
    (21.0, 5.2)
    """
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def ink_on(colour: str) -> str:
    """Return black or white, whichever is better read on `colour`.

    >>> ink_on(BLUE), ink_on("#F0E442")
    ('#ffffff', '#000000')
    """
    return max(("#ffffff", "#000000"), key=lambda ink: contrast(ink, colour))


def css(theme: Theme = LIGHT) -> str:
    """Return the colours as CSS variables (without a selector), for pages and SVG.

    >>> css().splitlines()[0], len(css().splitlines())
    ('--chainrule-background: #ffffff;', 19)
    """
    values = {
        "background": theme.background, "panel": theme.panel, "text": theme.text, "muted": theme.muted,
        "grid": theme.grid, "line": theme.line, "data": theme.data, "positive": POSITIVE, "negative": NEGATIVE,
        "boundary-outer": theme.boundary[0], "boundary-inner": theme.boundary[1],
        **{f"class-{i}": class_style(i, theme).colour for i in range(len(CLASSES))},
    }  # fmt: skip
    return "\n".join(f"--chainrule-{name}: {value};" for name, value in values.items())
