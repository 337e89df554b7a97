"""Diagrams: what they say, that nothing is cut, and the text in Graphviz's language (links as Keras's has them)."""

import re
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule import layers as L
from chainrule.errors import DataError, MissingExtraError, UnknownNameError
from chainrule.utils import model_to_dot, plot_model
from chainrule.utils.diagram_draw import Line, Picture, Rect, Text, draw

ALL: dict[str, Any] = {
    "show_shapes": True, "show_dtype": True, "show_layer_names": True, "show_layer_activations": True,
    "show_trainable": True,
}  # fmt: skip


def sequential() -> Any:
    body = [L.Dense(5, activation="relu", name="hidden"), L.Dropout(0.5, name="drop"), L.Dense(1, name="out")]
    return cr.Sequential([cr.Input((3,)), *body], name="net")


def nested() -> Any:
    x = cr.Input((4,), name="inner_in")
    encoder = cr.Model(x, [L.Dense(2, name="mean")(x), L.Dense(3, name="spread")(x)], name="encoder")
    decoder = cr.Sequential([cr.Input((2,)), L.Dense(4, name="wide"), L.Dense(1, name="narrow")], name="decoder")
    a = cr.Input((4,), name="a")
    mean, spread = encoder(a)
    y = L.Concatenate(name="both")([decoder(mean), spread])
    return cr.Model(a, y, name="outer")


def edges(dot: Any) -> set[tuple[str, ...]]:
    return set(re.findall(r'"([^"]*)" -> "([^"]*)"', str(dot)))


def texts(svg: str) -> list[str]:
    return ["".join(e.itertext()) for e in ET.fromstring(svg).iter() if e.tag.endswith("}text")]


# -- DOT --------------------------------------------------------------------------------------------------------------


def test_links_of_a_sequential_model() -> None:
    assert edges(model_to_dot(sequential())) == {("hidden", "drop"), ("drop", "out")}


def test_links_of_branches_and_shared_layers() -> None:
    a, b = cr.Input((2,), name="a"), cr.Input((2,), name="b")
    shared = L.Dense(3, name="shared")
    total = L.Add(name="add")([shared(a), shared(b)])
    model = cr.Model([a, b], [L.Dense(1, name="y")(total), total * 2.0])
    multiply = model._graph.operations[-1].name
    assert edges(model_to_dot(model)) == {
        ("a", "shared"), ("b", "shared"), ("shared", "add"), ("add", "y"), ("add", multiply),
    }  # fmt: skip


def test_links_into_nested_models_lead_to_the_layers_within() -> None:
    closed = edges(model_to_dot(nested()))
    assert closed == {("a", "encoder"), ("encoder", "decoder"), ("encoder", "both"), ("decoder", "both")}
    dot = model_to_dot(nested(), expand_nested=True)
    assert edges(dot) == {
        ("a", "encoder/inner_in"), ("encoder/inner_in", "encoder/mean"), ("encoder/inner_in", "encoder/spread"),
        ("encoder/mean", "decoder/wide"), ("decoder/wide", "decoder/narrow"), ("decoder/narrow", "both"),
        ("encoder/spread", "both"),
    }  # fmt: skip
    assert 'subgraph "cluster_encoder" {' in str(dot)
    assert str(model_to_dot(sequential(), subgraph=True)).startswith('subgraph "cluster_net" {')


def test_settings_reach_dot() -> None:
    dot = str(model_to_dot(sequential(), rankdir="LR", dpi=50, splines="curved"))
    assert 'graph [rankdir=LR, dpi=50, splines="curved", concentrate=true];' in dot


def test_names_are_escaped() -> None:
    model = cr.Sequential([cr.Input((3,)), L.Dense(1, name='a"<b>&')])
    dot = model_to_dot(model)
    assert '"a\\"<b>&" [label=<' in str(dot)
    assert "<b>a&quot;&lt;b&gt;&amp;</b>" in str(dot)
    assert texts(dot._repr_svg_()) == ['a"<b>& (Dense)']


# -- what boxes say ---------------------------------------------------------------------------------------------------


def test_what_boxes_say() -> None:
    model = sequential()
    model.layers[0].trainable = False
    assert texts(plot_model(model, None)._repr_svg_()) == ["Dense", "Dropout", "Dense"]
    assert texts(plot_model(model, None, **ALL)._repr_svg_()) == [
        "hidden (Dense)", "Activation: relu", "Input shape: (None, 3)", "Output shape: (None, 5)",
        "Output dtype: float32", "Non-trainable",
        "drop (Dropout)", "Input shape: (None, 5)", "Output shape: (None, 5)", "Output dtype: float32",
        "out (Dense)", "Activation: linear", "Input shape: (None, 5)", "Output shape: (None, 1)",
        "Output dtype: float32", "Trainable",
    ]  # fmt: skip


def test_shapes_of_several_tensors() -> None:
    found = texts(model_to_dot(nested(), show_shapes=True)._repr_svg_())
    assert "Output shape: [(None, 2), (None, 3)]" in found
    assert "Input shape: [(None, 1), (None, 3)]" in found
    assert found[1] == "Output shape: (None, 4)", "an InputLayer has no input"


def test_a_model_of_python_code_is_one_box() -> None:
    class Own(cr.Model):
        def __init__(self) -> None:
            super().__init__(name="own")
            self.out = L.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.out(inputs)

    model = Own()
    with pytest.raises(ValueError, match="Model 'own' is not built yet, so its layers are not connected"):
        model_to_dot(model)
    model.build((None, 3))
    assert texts(model_to_dot(model, show_shapes=True)._repr_svg_())[0] == "own (Own)"


# -- the picture ------------------------------------------------------------------------------------------------------


def pictures() -> list[tuple[str, Picture]]:
    inputs = [cr.Input((1,), name=f"column_{i}") for i in range(9)]
    wide = cr.Model(inputs, L.Dense(1, name="W" * 90)(L.Concatenate()(inputs)))
    cjk = cr.Sequential([cr.Input((3,)), L.Dense(1, name="密集层" * 4)])
    found = []
    for model in (sequential(), nested(), wide, cjk):
        for rankdir in ("TB", "LR", "BT", "RL"):
            dot = model_to_dot(model, rankdir=rankdir, expand_nested=True, **ALL)
            found.append((f"{model.name} {rankdir}", draw(dot.members, rankdir, "ortho")))
    return found


def test_no_label_is_cut() -> None:
    """Measured with the font that matplotlib brings, DejaVu Sans, one of the widest in use."""
    textpath = pytest.importorskip("matplotlib.textpath")
    properties = pytest.importorskip("matplotlib.font_manager").FontProperties
    measure = textpath.TextToPath().get_text_width_height_descent
    for name, picture in pictures():
        rects = [s for s in picture.shapes if isinstance(s, Rect)]
        for text in (s for s in picture.shapes if isinstance(s, Text)):
            if any(ord(c) > 0x2E80 for part, _ in text.parts for c in part):
                width = sum(len(part) for part, _ in text.parts) * text.size  # a square each; the font lacks them
            else:
                fonts = [(part, properties(weight="bold" if b else "normal", size=text.size)) for part, b in text.parts]
                width = sum(measure(part, font, False)[0] for part, font in fonts)
            left = text.x - width / 2 if text.centred else text.x
            holders = [
                r for r in rects if r.x <= left and left + width <= r.x + r.width and r.y < text.y < r.y + r.height
            ]
            assert holders, (name, text)


def test_all_is_within_the_picture() -> None:
    for name, picture in pictures():
        for shape in picture.shapes:
            points = list(shape.points) if isinstance(shape, Line) else [(shape.x, shape.y)]
            if isinstance(shape, Rect):
                points.append((shape.x + shape.width, shape.y + shape.height))
            assert all(0 <= x <= picture.width and 0 <= y <= picture.height for x, y in points), (name, shape)


def test_frames_hold_their_layers_and_links_enter_them() -> None:
    for rankdir in ("TB", "LR", "BT", "RL"):
        picture = draw(model_to_dot(nested(), expand_nested=True).members, rankdir, "ortho")
        frames = [s for s in picture.shapes if isinstance(s, Rect) and s.dashed]
        boxes = [s for s in picture.shapes if isinstance(s, Rect) and s.fill == "#222222"]
        held = [
            sum(
                f.x < b.x and b.x + b.width < f.x + f.width and f.y < b.y and b.y + b.height < f.y + f.height
                for b in boxes
            )
            for f in frames
        ]
        assert sorted(held) == [2, 3]
        ends = [s.points[-1] for s in picture.shapes if isinstance(s, Line) and s.arrow]
        for x, y in ends:
            at = [b for b in boxes if b.x - 0.1 <= x <= b.x + b.width + 0.1 and b.y - 0.1 <= y <= b.y + b.height + 0.1]
            assert len(at) == 1


def test_straight_lines_on_request() -> None:
    svg = model_to_dot(nested(), splines="line")._repr_svg_()
    assert not re.search(r'd="[^"]*C', svg)
    assert re.search(r'd="[^"]*C', model_to_dot(nested())._repr_svg_())


# -- files ------------------------------------------------------------------------------------------------------------


def test_files(tmp_path: Path) -> None:
    dot = plot_model(sequential(), tmp_path / "net.svg")
    assert (tmp_path / "net.svg").read_text() == dot._repr_svg_()
    assert dot.create(prog="dot", format="svg") == dot._repr_svg_().encode() == dot.create_svg()
    plot_model(sequential(), tmp_path / "net.dot")
    assert (tmp_path / "net.dot").read_text() == str(dot).replace("<b>hidden</b> (Dense)", "<b>Dense</b>")
    with pytest.raises(DataError, match=r"plot_model: cannot write \.gif; write one of svg, dot, png, pdf\."):
        plot_model(sequential(), tmp_path / "net.gif")


def test_pictures_of_pixels(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    plot_model(nested(), str(tmp_path / "net"), dpi=96, expand_nested=True, **ALL)
    data = (tmp_path / "net").read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    width = int.from_bytes(data[16:20], "big")
    svg = model_to_dot(nested(), expand_nested=True, **ALL)._repr_svg_()
    assert abs(width - int(re.search(r'width="(\d+)"', svg)[1])) <= 1  # type: ignore[index]
    assert model_to_dot(sequential()).create_pdf()[:5] == b"%PDF-"


def test_without_a_library_for_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "cairosvg", None)
    with pytest.raises(MissingExtraError) as caught:
        plot_model(sequential(), tmp_path / "model.png")
    assert str(caught.value) == (
        "plot_model: a .png needs matplotlib or cairosvg. Install one, pip install matplotlib, or write "
        "to_file='model.svg', which needs neither."
    )
    plot_model(sequential(), tmp_path / "model.svg")


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match=r"model_to_dot got unknown arguments \['layer_range'\]"):
        plot_model(sequential(), None, layer_range=["a", "b"])
    with pytest.raises(UnknownNameError, match="Unknown value of rankdir 'TD'"):
        model_to_dot(sequential(), rankdir="TD")
    with pytest.raises(AttributeError, match="A diagram has no attribute 'write_gif'"):
        getattr(model_to_dot(sequential()), "write_gif")  # noqa: B009
