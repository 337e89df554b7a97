"""Pictures as SVG: readable by every viewer, following light and dark where styles are understood."""

from __future__ import annotations

import base64
import hashlib
from itertools import pairwise

from chainrule.diagram import png
from chainrule.diagram.mathtext import pieces
from chainrule.diagram.shapes import Area, Cells, Circle, Label, Line, Picture, Rect, Shape
from chainrule.glassbox.notation import Math
from chainrule.plot.colours import DARK, LIGHT, NEGATIVE, POSITIVE, Theme
from chainrule.utils.diagram_draw import xml_text

SANS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
SERIF = "'STIX Two Text', 'Cambria Math', Cambria, Georgia, 'DejaVu Serif', serif"
_SHRINKS = 1200.0  # a wider picture would become too small to read; it scrolls
_INKS = ("text", "muted", "line", "grid", "panel", "background", "positive", "negative")


def colours(theme: Theme) -> dict[str, str]:
    """Return the colour of each role."""
    made = {name: str(getattr(theme, name)) for name in _INKS[:6]}
    return {**made, "positive": POSITIVE, "negative": NEGATIVE, "none": "none"}


def write(picture: Picture, theme: str = "auto", background: bool = False) -> str:
    """Return a picture as SVG.

    Args:
        theme: `'light'`, `'dark'`, or `'auto'`: as the reader's system or notebook has it, light for viewers without
            styles.
        background: whether to fill it; without, it lies on the page it is put into.
    """
    return _Writer(picture, theme, background).text()


class _Writer:
    def __init__(self, picture: Picture, theme: str, background: bool) -> None:
        self.picture = picture
        self.theme = theme
        self.background = background
        self.colours = colours(DARK if theme == "dark" else LIGHT)

    def text(self) -> str:
        body = [self._shape(shape) for shape in self.picture.shapes]
        mark = hashlib.sha256("".join([self.picture.title, *body]).encode()).hexdigest()[:8]
        width, height = self.picture.width, self.picture.height
        fits = 'style="max-width:100%;height:auto"' if width <= _SHRINKS else 'style="max-width:none"'
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="cr-net" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" aria-labelledby="cr-t{mark} cr-d{mark}" '
            f'{fits} font-family="{SANS}">'
        )
        lines = [
            head,
            f'<title id="cr-t{mark}">{xml_text(self.picture.title)}</title>',
            f'<desc id="cr-d{mark}">{xml_text(self.picture.description)}</desc>',
        ]
        if self.theme == "auto":
            lines.append(f"<style>{STYLE}</style>")
        if self.background:
            lines.append(f'<rect width="100%" height="100%" {self._fill("background")}/>')
        return "\n".join([*lines, *body, "</svg>"]) + "\n"

    # -- colours: a plain attribute for everyone, a class that styles may overrule -------------------------------------

    def _fill(self, ink: str) -> str:
        return self._role("fill", "f", ink)

    def _role(self, attribute: str, letter: str, ink: str) -> str:
        known = f' class="{letter}-{ink}"' if self.theme == "auto" and ink != "none" else ""
        return f'{attribute}="{self.colours[ink]}"{known}'

    def _both(self, fill: str, stroke: str) -> str:
        classes = [f"{k}-{ink}" for k, ink in (("f", fill), ("s", stroke)) if ink != "none"]
        known = f' class="{" ".join(classes)}"' if self.theme == "auto" else ""
        return f'fill="{self.colours[fill]}" stroke="{self.colours[stroke]}"{known}'

    # -- shapes -------------------------------------------------------------------------------------------------------

    def _shape(self, shape: Shape) -> str:
        if isinstance(shape, Line):
            return self._line(shape)
        if isinstance(shape, Label):
            return self._label(shape)
        if isinstance(shape, Cells):
            return self._cells(shape)
        tip = _tip(shape.tip)
        if isinstance(shape, Circle):
            at = f'cx="{shape.x:.1f}" cy="{shape.y:.1f}" r="{shape.radius:g}"'
            return f'<circle {at} {self._both("panel", "line")} stroke-width="1.2">{tip}</circle>'
        if isinstance(shape, Area):
            corners = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
            return f'<polygon points="{corners}" {self._fill(shape.fill)}>{tip}</polygon>'
        return self._rect(shape, tip)

    def _rect(self, shape: Rect, tip: str) -> str:
        dashes = ' stroke-dasharray="5 4"' if shape.dashed else ""
        at = f'x="{shape.x:.1f}" y="{shape.y:.1f}" width="{shape.width:.1f}" height="{shape.height:.1f}"'
        return (
            f'<rect {at} rx="{shape.round:g}" {self._both(shape.fill, shape.stroke)} stroke-width="1.2"{dashes}>'
            f"{tip}</rect>"
        )

    def _line(self, line: Line) -> str:
        points = line.points
        path = f"M{points[0][0]:.1f},{points[0][1]:.1f}"
        if len(points) == 2:
            path += f"L{points[1][0]:.1f},{points[1][1]:.1f}"
        else:
            for (x1, y1), (x2, y2) in pairwise(points):
                middle = (x1 + x2) / 2
                path += f"C{middle:.1f},{y1:.1f} {middle:.1f},{y2:.1f} {x2:.1f},{y2:.1f}"
        dashes = f' stroke-dasharray="{4 + line.width:.1f} {3 + 0.6 * line.width:.1f}"' if line.dashed else ""
        key = f' data-weight="{xml_text(line.key).replace(chr(34), "&quot;")}"' if line.key else ""
        ink = self._role("stroke", "s", line.ink)
        return (
            f'<path d="{path}" fill="none" {ink} stroke-width="{line.width:.2f}"{dashes}{key}>{_tip(line.tip)}</path>'
        )

    def _label(self, label: Label) -> str:
        words = "".join(part if isinstance(part, str) else "" for part in label.parts)
        spans = "".join(_span(part, label.size) for part in label.parts)
        plate = ""
        if label.plate:
            at = f'x="{label.x - label.plate / 2:.1f}" y="{label.y - 0.68 * label.size:.1f}"'
            size = f'width="{label.plate:.1f}" height="{1.36 * label.size:.1f}" rx="3"'
            plate = f'<rect {at} {size} fill-opacity="0.85" {self._fill("background")}/>'
        anchor = "" if label.anchor == "start" else f' text-anchor="{label.anchor}"'
        weight = ' font-weight="600"' if label.bold else ""
        space = ' xml:space="preserve"' if "  " in words or words.startswith(" ") else ""
        at = f'x="{label.x:.1f}" y="{label.y + 0.35 * label.size:.1f}" font-size="{label.size:g}"'
        return f"{plate}<text {at}{anchor}{weight}{space} {self._fill(label.ink)}>{spans}</text>"

    def _cells(self, cells: Cells) -> str:
        image = base64.b64encode(png.encode(png.signed(cells.numbers))).decode()
        at = f'x="{cells.x:.1f}" y="{cells.y:.1f}" width="{cells.width:.1f}" height="{cells.height:.1f}"'
        return (
            f'<image {at} preserveAspectRatio="none" style="image-rendering:pixelated" '
            f'href="data:image/png;base64,{image}">{_tip(cells.tip)}</image>'
        )


def _tip(text: str) -> str:
    return f"<title>{xml_text(text)}</title>" if text else ""


def _span(part: str | Math, size: float) -> str:
    """Return plain text, or mathematics with real indices."""
    if isinstance(part, str):
        return xml_text(part)
    found = pieces(part)
    if found is None:
        return xml_text(part.text)
    spans, shift = [], 0.0
    for piece in found:
        wanted = {"": 0.0, "sub": 0.26 * size, "sup": -0.42 * size}[piece.place]
        dy = f' dy="{wanted - shift:.1f}"' if wanted != shift else ""
        dx = f' dx="{-0.6 * 0.68 * size * piece.back:.1f}"' if piece.back else ""
        small = f' font-size="{0.68 * size:.1f}"' if piece.place else ""
        italic = f' font-style="italic" font-family="{SERIF}"' if piece.italic else ""
        spans.append(f"<tspan{dy}{dx}{small}{italic}>{xml_text(piece.text)}</tspan>")
        shift = wanted
    if shift:  # back to the base line, for what follows
        spans.append(f'<tspan dy="{-shift:.1f}">\u200b</tspan>')
    return "".join(spans)


def _rules(theme: Theme) -> str:
    return ";".join(f"--cr-{name}:{colour}" for name, colour in colours(theme).items() if name != "none")


def _style() -> str:
    """Return the rules of an SVG that follows its surroundings: the system's theme, or that of a notebook."""
    roles = "".join(
        f".cr-net .f-{name}{{fill:var(--cr-{name})}}.cr-net .s-{name}{{stroke:var(--cr-{name})}}" for name in _INKS
    )
    dark = [
        "[data-jp-theme-light=false] .cr-net", "[data-theme=dark] .cr-net", ".vscode-dark .cr-net",
        "html[theme=dark] .cr-net",
    ]  # fmt: skip
    light = ["[data-jp-theme-light=true] .cr-net", "[data-theme=light] .cr-net", ".vscode-light .cr-net"]
    return (
        f".cr-net{{{_rules(LIGHT)}}}@media (prefers-color-scheme:dark){{.cr-net{{{_rules(DARK)}}}}}"
        f"{','.join(dark)}{{{_rules(DARK)}}}{','.join(light)}{{{_rules(LIGHT)}}}{roles}"
    )


STYLE = _style()
