"""`plot_model` and `model_to_dot`: a model as a picture of boxes and arrows."""

from __future__ import annotations

import html
import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chainrule.errors import DataError, MissingExtraError, unknown_name
from chainrule.utils.diagram_draw import draw, save_with_matplotlib, to_svg
from chainrule.utils.diagram_parts import Box, Group, Show, group

_DIRECTIONS = ("TB", "LR", "BT", "RL")
_FORMATS = ("svg", "dot", "png", "pdf")


class Dot:
    """A diagram: `str()` of it is DOT, the language of Graphviz; notebooks show it as a picture.

    It has the methods of pydot's graphs that programs use: `to_string`, `create`, `write` and `write_svg`,
    `write_png`, ...

    Args:
        members: what it shows.
        rankdir, dpi, splines: as in `plot_model`.
        subgraph: whether it is a part of a larger graph.
    """

    def __init__(
        self, members: Group, rankdir: str = "TB", dpi: float = 200, splines: str = "ortho", subgraph: bool = False
    ) -> None:
        self.members = members
        self.rankdir = rankdir
        self.dpi = dpi
        self.splines = splines
        self.subgraph = subgraph

    def to_string(self) -> str:
        """Return the diagram in DOT."""
        if self.subgraph:
            return "\n".join(_subgraph(self.members, "", "")) + "\n"
        head = [
            f"  graph [rankdir={self.rankdir}, dpi={self.dpi:g}, splines={_quoted(self.splines)}, concentrate=true];",
            '  node [shape=plain, fontname="Helvetica", margin=0];',
        ]
        body = [*_nodes(self.members, "", "  "), *_edges(self.members, "", "  ")]
        return "\n".join([f"digraph {_quoted(self.members.name)} {{", *head, *body, "}"]) + "\n"

    __str__ = to_string

    def _repr_svg_(self) -> str:
        return to_svg(draw(self.members, self.rankdir, self.splines))

    def create(self, prog: Any = None, format: str = "svg", encoding: str | None = None) -> bytes:
        """Return the diagram as the bytes of a file.

        Args:
            prog, encoding: accepted for pydot, change nothing.
            format: `'svg'`, `'dot'`, `'png'` or `'pdf'`.
        """
        import tempfile

        if format in ("svg", "dot", "raw"):
            return (self._repr_svg_() if format == "svg" else self.to_string()).encode()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, f"model.{format}")
            self.write(path, format=format)
            return Path(path).read_bytes()

    def write(self, path: Any, prog: Any = None, format: str = "raw", encoding: str | None = None) -> bool:
        """Write the diagram into a file; `'svg'` and `'dot'` need nothing else, `'png'` and `'pdf'` a library.

        Raises:
            DataError: another format.
            MissingExtraError: neither matplotlib nor cairosvg is installed.
        """
        if format in ("svg", "dot", "raw"):
            Path(path).write_bytes(self.create(format=format))
            return True
        if format not in _FORMATS:
            raise DataError(f"plot_model: cannot write .{format}; write one of {', '.join(_FORMATS)}.")
        self._write_with_a_library(os.fspath(path), format)
        return True

    def _write_with_a_library(self, path: str, form: str) -> None:
        try:
            cairosvg: Any = importlib.import_module("cairosvg")
            convert = cairosvg.svg2png if form == "png" else cairosvg.svg2pdf
            convert(bytestring=self._repr_svg_().encode(), write_to=path, scale=self.dpi / 96 if form == "png" else 1)
            return
        except (ImportError, OSError):  # not installed, or without its C library
            pass
        try:
            importlib.import_module("matplotlib")
        except ImportError:
            raise MissingExtraError(
                f"plot_model: a .{form} needs matplotlib or cairosvg. Install one, pip install matplotlib, or write "
                "to_file='model.svg', which needs neither."
            ) from None
        save_with_matplotlib(draw(self.members, self.rankdir, self.splines), path, form, self.dpi)

    def __getattr__(self, name: str) -> Any:
        what, _, form = name.partition("_")
        if what in ("write", "create") and form in _FORMATS:
            method = getattr(self, what)
            return lambda *args, **kwargs: method(*args, **kwargs, format=form)
        raise AttributeError(f"A diagram has no attribute {name!r}.")

    def __repr__(self) -> str:
        return f"<Dot of model {self.members.name!r}>"


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Dot:
    """Return a diagram of a model as an object whose `str()` is DOT and which notebooks show as a picture.

    Args:
        model: one that is built.
        show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable: what the boxes say.
        rankdir: `'TB'`: data flow downwards, `'LR'`: to the right (also `'BT'`, `'RL'`).
        expand_nested: draw the layers of models within the model, inside a dashed frame.
        dpi: of a `.png`.
        subgraph: give DOT of a cluster, to be put into another graph.
        splines: for Graphviz. Our own pictures draw straight lines for `'line'` and `'polyline'`, else smooth ones.

    Raises:
        ValueError: the model is not built, or an argument is unknown.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((4,)), cr.layers.Dense(1, name="out")], name="net")
    >>> print(model_to_dot(model, show_shapes=True))
    digraph "net" {
      graph [rankdir=TB, dpi=200, splines="ortho", concentrate=true];
      node [shape=plain, fontname="Helvetica", margin=0];
      "out" [label=<<table border="0" cellborder="1" cellspacing="0" cellpadding="8"><tr><td bgcolor="black" ...
    }
    """
    if not getattr(model, "built", False):
        raise ValueError(
            f"Model '{getattr(model, 'name', model)}' is not built yet, so its layers are not connected: start it with "
            "an Input, call build(input_shape), or call it on a batch first."
        )
    if kwargs:
        raise ValueError(f"model_to_dot got unknown arguments {sorted(kwargs)}.")
    if rankdir not in _DIRECTIONS:
        raise unknown_name("value of rankdir", rankdir, _DIRECTIONS)
    show = Show(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable)
    return Dot(group(model, show, expand_nested), rankdir, dpi, splines, subgraph)


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: float = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Dot:
    """Write a diagram of a model into a file and return it; notebooks show it.

    Args:
        to_file: a path; its ending says the format. `.svg` and `.dot` need no other library, `.png` (also for a path
            without an ending) and `.pdf` need matplotlib or cairosvg. None writes nothing.

    The other arguments are those of `model_to_dot`. Graphviz is not needed.

    Raises:
        DataError: another format.
        MissingExtraError: no library for the format is installed.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((4,)), cr.layers.Dense(1)], name="net")
    >>> plot_model(model, to_file=None, show_shapes=True)
    <Dot of model 'net'>
    """
    dot = model_to_dot(
        model, show_shapes=show_shapes, show_dtype=show_dtype, show_layer_names=show_layer_names, rankdir=rankdir,
        expand_nested=expand_nested, dpi=dpi, show_layer_activations=show_layer_activations,
        show_trainable=show_trainable, splines=splines, **kwargs,
    )  # fmt: skip
    if to_file is not None:
        dot.write(to_file, format=os.path.splitext(str(to_file))[1][1:].lower() or "png")
    return dot


# -- DOT --------------------------------------------------------------------------------------------------------------


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ") + '"'


def _nodes(members: Group, path: str, indent: str) -> Iterator[str]:
    for member in members.members:
        if isinstance(member, Box):
            yield f"{indent}{_quoted(path + member.name)} [label=<{_table(member)}>];"
        else:
            yield from _subgraph(member, path, indent)


def _subgraph(members: Group, path: str, indent: str) -> Iterator[str]:
    inside = f"{path}{members.name}/"
    yield f"{indent}subgraph {_quoted(f'cluster_{path}{members.name}')} {{"
    yield f"{indent}  label={_quoted(members.name)}; labeljust=l; style=dashed;"
    yield from _nodes(members, inside, indent + "  ")
    yield from _edges(members, inside, indent + "  ")
    yield f"{indent}}}"


def _edges(members: Group, path: str, indent: str) -> Iterator[str]:
    """Yield the links of a group; those from and to inner groups lead to the boxes within."""
    for wire in members.wires:
        if wire.source < 0 or wire.target < 0:
            continue
        starts = _ends(members.members[wire.source], path, wire.leaves, False)
        ends = _ends(members.members[wire.target], path, wire.enters, True)
        for start in starts:
            for end in ends:
                yield f"{indent}{_quoted(start)} -> {_quoted(end)} [penwidth=2];"


def _ends(member: Box | Group, path: str, port: int, entering: bool) -> list[str]:
    """Return the boxes that are meant by an input or output of a member."""
    if isinstance(member, Box):
        return [path + member.name]
    found: list[str] = []
    inside = f"{path}{member.name}/"
    for wire in member.wires:
        if entering and wire.source < 0 and wire.leaves == port and wire.target >= 0:
            found += _ends(member.members[wire.target], inside, wire.enters, True)
        elif not entering and wire.target < 0 and wire.enters == port and wire.source >= 0:
            found += _ends(member.members[wire.source], inside, wire.leaves, False)
    return found


def _table(box: Box) -> str:
    """Return the label of a box: Graphviz's table, which looks like HTML."""
    span = max(len(box.cells), 1)
    head = "".join(f"<b>{html.escape(t)}</b>" if bold else html.escape(t) for t, bold in box.title)
    rows = [f'<tr><td bgcolor="black" colspan="{span}"><font color="white" point-size="16">{head}</font></td></tr>']
    if box.activation:
        rows.append(f'<tr><td colspan="{span}">Activation: <b>{html.escape(box.activation)}</b></td></tr>')
    cells = []
    for label, text, colour in box.cells:
        shown = f"{label}: <b>{html.escape(text)}</b>" if label else f"<b>{html.escape(text)}</b>"
        fill = {"green": ' bgcolor="forestgreen"', "red": ' bgcolor="firebrick"'}.get(colour, "")
        cells.append(f"<td{fill}>{shown}</td>")
    if cells:
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return '<table border="0" cellborder="1" cellspacing="0" cellpadding="8">' + "".join(rows) + "</table>"
