"""Diagrams as files, and what they say."""

import importlib
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
import zlib
from types import SimpleNamespace

import numpy as np
import pytest

import chainrule as cr
from chainrule.diagram import network, png
from chainrule.diagram.shapes import Cells
from chainrule.errors import ChainruleError, DataError, MissingExtraError, UnknownNameError

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype="float32")
OR = np.array([0, 1, 1, 1], dtype="float32")
SVG = "{http://www.w3.org/2000/svg}"


def lines(svg):
    """Return the lines that carry weights: path of the weight to attributes."""
    return {e.get("data-weight"): e for e in ET.fromstring(svg).iter(f"{SVG}path") if e.get("data-weight")}


def test_width_sign_and_dashes_follow_the_weight(perceptron):
    found = lines(network(perceptron).svg("light"))
    assert set(found) == {f"perceptron/dense/{name}" for name in ("kernel[0,0]", "kernel[1,0]", "bias[0]")}
    one, minus, bias = (found[f"perceptron/dense/{name}"] for name in ("kernel[0,0]", "kernel[1,0]", "bias[0]"))
    assert (one.get("stroke"), one.get("stroke-dasharray")) == ("#0072B2", None)
    assert minus.get("stroke") == "#D55E00"
    assert minus.get("stroke-dasharray")
    assert one.get("stroke-width") == minus.get("stroke-width") > bias.get("stroke-width")


def test_every_weight_is_a_line_and_says_its_number():
    model = cr.Sequential([cr.Input((3,)), cr.layers.Dense(4, activation="tanh"), cr.layers.Dense(2)])
    text = network(model, digits=6).svg()
    found = lines(text)
    assert len(found) == model.count_params() == 26
    for v in model.variables:
        for index, value in np.ndenumerate(v.numpy()):
            tip = found[f"{v.path}[{','.join(map(str, index))}]"].find(f"{SVG}title").text
            assert float(tip.split(" = ")[1].replace("−", "-")) == pytest.approx(float(value), abs=1e-6)


def test_a_screen_reader_hears_all_of_a_small_network(perceptron):
    root = ET.fromstring(network(perceptron).svg())
    title, words = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert root.get("aria-labelledby").split() == [title.get("id"), words.get("id")]
    assert title.text == "Network perceptron"
    assert "w₁ = 1; w₂ = −1; b = −0.5." in words.text


def test_light_dark_and_both(perceptron):
    made = network(perceptron)
    assert "#e6e9ed" in made.svg("dark")
    assert "prefers-color-scheme" not in made.svg("light")
    assert "prefers-color-scheme:dark" in made.svg()
    assert 'fill="#1b1f24"' in made.svg()  # for viewers that know no styles
    with pytest.raises(UnknownNameError, match=r"Unknown theme 'drak'\. Did you mean 'dark'"):
        made.svg("drak")


def test_names_cannot_become_markup():
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)], name="<script>")
    names = ['<script>alert("1")</script>', "a\x00&b"]
    text = network(model, feature_names=names).svg()
    assert "<script" not in text
    words = [e.text for e in ET.fromstring(text).iter(f"{SVG}text")]
    assert names[0] in words


def test_values_of_an_observation_stand_in_the_units(perceptron):
    t = cr.trace(perceptron, X, OR)
    words = " ".join("".join(e.itertext()) for e in ET.fromstring(t[2].diagram().svg()).iter(f"{SVG}text"))
    for number in ("0.5", "0.6225", "0.1425", "y = 1"):
        assert number in words
    assert "0.6225" not in t.diagram().svg()


def test_gradients_at_the_lines(perceptron):
    t = cr.trace(perceptron, X, OR)
    text = t[2].diagram(gradients=True).svg()
    assert "w₁ = 1, ∂ℓ/∂w₁ = −0.1774" in text
    mean = t.diagram(gradients=True).svg()
    assert "∂ℓ/∂w₁ = −0.1175" in mean
    assert text.count("stroke-dasharray") == 3  # two gradients below 0, and the legend


def test_what_was_not_computed_is_a_dot_never_a_zero(perceptron):
    without = cr.trace(perceptron, X).diagram(gradients=True).svg()
    assert "∂ℓ/∂w₁ was not computed" in without
    perceptron.layers[0].trainable = False
    assert "∂ℓ/∂w₁ was not computed" in cr.trace(perceptron, X, OR)[0].diagram(gradients=True).svg()


def test_bad_numbers_do_not_stop_it(perceptron):
    perceptron.layers[0].set_weights([[[np.nan], [np.inf]], [0.0]])
    found = lines(network(perceptron).svg("light"))
    widths = [float(e.get("stroke-width")) for e in found.values()]
    assert np.isfinite(widths).all()
    assert "nan" in network(perceptron).svg()


def test_large_networks_show_counts_and_pictures(table):
    text = network(table).svg()
    for words in ("32 values", "20 units", "660 parameters", "32 × 20 weights"):
        assert words in text
    assert text.count("data:image/png;base64") == 3
    assert len(text) < 30_000


def test_pictures_of_matrices_share_one_scale(table):
    small, large = (np.full(shape, value, "float32") for shape, value in (((32, 20), 0.1), ((20, 20), 0.4)))
    table.layers[0].set_weights([small, np.zeros(20)])
    table.layers[1].set_weights([-large, np.zeros(20)])
    table.layers[-1].set_weights([np.full((20, 3), 0.2), np.zeros(3)])
    made = network(table)
    cells = [s.numbers for s in made.picture.shapes if isinstance(s, Cells)]
    assert [float(c.mean()) for c in cells] == pytest.approx([0.25, -1.0, 0.5])
    assert "crpositive!25" in made.tikz()
    assert "largest 0.4" in made.svg()


def test_gradients_of_a_frozen_block_are_not_computed(table):
    table.compile("sgd", "mse")
    table.layers[0].trainable = False
    t = cr.trace(table, np.ones((1, 32)), np.eye(3)[:1])
    cells = [
        s.numbers
        for s in t[0].diagram(gradients=True).picture.shapes
        if isinstance(s, Cells) and s.numbers.shape[1] > 1
    ]
    assert np.isnan(cells[0]).all()
    assert np.isfinite(cells[1]).all()


def test_ten_thousand_units():
    model = cr.Sequential([cr.Input((10,)), cr.layers.Dense(10_000), cr.layers.Dense(1)])
    text = network(model).svg()
    assert "10,000 units" in text
    assert len(text) < 30_000


def test_functional_graphs(branched):
    root = ET.fromstring(network(branched).svg())
    words = ["".join(e.itertext()) for e in root.iter(f"{SVG}text")]
    assert {"a", "b", "h", "norm", "one", "two", "inner", "added"} <= set(words)
    width = float(root.get("viewBox").split()[2])
    assert all(0 <= float(e.get("x")) <= width for e in root.iter(f"{SVG}text"))


@pytest.mark.parametrize("ending", ["svg", "tex", "png", "pdf"])
def test_files(tmp_path, perceptron, ending):
    if ending in ("png", "pdf"):
        pytest.importorskip("matplotlib")
    path, again = tmp_path / f"net.{ending}", tmp_path / f"again.{ending}"
    network(perceptron).save(path)
    network(perceptron).save(again)
    start = {"svg": b"<svg", "tex": b"\\documentclass", "png": b"\x89PNG", "pdf": b"%PDF"}[ending]
    assert path.read_bytes().startswith(start)
    assert path.read_bytes() == again.read_bytes()


def test_another_ending_is_refused(tmp_path, perceptron):
    with pytest.raises(DataError, match=r"saved as one of \.svg, \.tex, \.png, \.pdf, but the path is '.*net\.gif'"):
        network(perceptron).save(tmp_path / "net.gif")


def without(monkeypatch, *missing, **instead):
    """Pretend that some libraries are not installed, and others are."""
    real = importlib.import_module

    def find(name, *rest):
        if name in missing:
            raise ImportError(name)
        return instead.get(name) or real(name, *rest)

    monkeypatch.setattr("chainrule.diagram.raster.importlib.import_module", find)


def test_a_missing_library_is_named(tmp_path, perceptron, monkeypatch):
    without(monkeypatch, "matplotlib", "cairosvg")
    with pytest.raises(MissingExtraError, match=r"A diagram as \.png needs matplotlib or cairosvg\. Install one"):
        network(perceptron).save(tmp_path / "net.png")


def test_cairosvg_stands_in_for_matplotlib(tmp_path, perceptron, monkeypatch):
    seen = {}
    fake = SimpleNamespace(svg2png=lambda **given: seen.update(given), svg2pdf=None)
    without(monkeypatch, "matplotlib", cairosvg=fake)
    network(perceptron).save(tmp_path / "net.png", theme="dark", dpi=192)
    assert seen["scale"] == 2.0
    assert b"<style" not in seen["bytestring"]  # it knows no variables
    assert b"#111418" in seen["bytestring"]


def test_on_axes_of_matplotlib(perceptron):
    figure = pytest.importorskip("matplotlib.figure").Figure()
    axes = figure.add_subplot()
    assert perceptron.plot(ax=axes) is axes
    assert len(axes.patches) > 5
    assert any("w_1" in t.get_text() for t in axes.texts)


def test_models_that_cannot_be_drawn_say_why():
    model = cr.Sequential([cr.layers.Dense(1)])
    with pytest.raises(ChainruleError, match="not built yet, so it has no weights to draw"):
        model.plot()
    model.build((None, 2))
    with pytest.raises(UnknownNameError, match="Unknown value of labels 'all'"):
        model.plot(labels="all")


def test_drawing_changes_nothing(perceptron):
    before = [w.copy() for w in perceptron.get_weights()]
    perceptron.plot().svg()
    assert all(np.array_equal(a, b) for a, b in zip(before, perceptron.get_weights(), strict=True))


def test_subclassed_models():
    class Mine(cr.Model):
        def __init__(self):
            super().__init__()
            self.first, self.last = cr.layers.Dense(2, name="first"), cr.layers.Dense(1, name="last")

        def call(self, x):
            return self.last(cr.ops.tanh(self.first(x)))

    model = Mine()
    model(np.zeros((1, 3), "float32"))
    text = model.plot().svg()
    assert len(lines(text)) == model.count_params()


def test_labels_can_be_chosen(perceptron):
    def words(labels):
        found = ET.fromstring(network(perceptron, labels=labels).svg()).iter(f"{SVG}text")
        return {"".join(e.itertext()).replace("\u200b", "") for e in found}

    assert "w1 = 1" in words("both")
    assert "w1" in words("symbols")
    assert "−0.5" in words("values")
    assert not {"w1 = 1", "w1", "−0.5"} & words("none")


# -- TikZ: its structure is checked everywhere, and where there is a LaTeX, that it compiles --------------------------


def test_tikz_is_balanced_and_says_the_same(branched, table):
    for model in (branched, table):
        text = network(model).tikz()
        body = re.sub(r"(?<!\\)%.*", "", text)
        depth = 0
        for c in re.sub(r"\\[{}]", "", body):
            depth += (c == "{") - (c == "}")
            assert depth >= 0
        assert depth == 0
        assert body.count("(") == body.count(")")
        for kind in ("document", "tikzpicture"):
            assert body.count(rf"\begin{{{kind}}}") == body.count(rf"\end{{{kind}}}") == 1
        commands = re.findall(r"^  (\\\w+).*?(.)$", body, re.MULTILINE)
        assert {name for name, _ in commands} <= {r"\draw", r"\node", r"\fill", r"\filldraw", r"\path"}
        assert {end for _, end in commands} == {";"}
        used, known = set(re.findall(r"\b(cr[a-z]+)\b", body)), set(re.findall(r"definecolor\{(cr\w+)\}", text))
        assert used <= known


def test_tikz_escapes_names():
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, name="a_b")], name="n%\nm")
    text = network(model, feature_names=["100%_{x}", "\\input{x} $5$ ü ≈ −1"]).tikz(standalone=False)
    assert r"a\_b" in text
    assert r"100\%\_(x)" in text
    assert r"\input" not in text
    assert r"\$5\$ ü $\approx$ $-$1" in text
    assert text.splitlines()[0] == "% Network n% m"


@pytest.mark.parametrize("which", ["branched", "table"])
def test_tikz_compiles(tmp_path, which, request):
    if shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex on the PATH: this test compiles the document")
    model = request.getfixturevalue(which)
    model.plot(labels="both", class_names=["ü & $", "_"] if which == "branched" else None).save(tmp_path / "net.tex")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "net.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    log = done.stdout.decode(errors="replace")
    assert done.returncode == 0, log[-2000:]
    assert "(1 page" in log
    assert "Overfull" not in log


# -- PNG --------------------------------------------------------------------------------------------------------------


def test_png_is_read_back_by_others():
    image = pytest.importorskip("matplotlib.image")
    import io

    numbers = np.array([[1.0, -0.5], [0.0, np.nan], [-1.0, 0.25]])
    pixels = png.signed(numbers)
    read = image.imread(io.BytesIO(png.encode(pixels)), format="png")
    np.testing.assert_array_equal(np.round(read * 255).astype(np.uint8), pixels)


def test_png_chunks_carry_their_checksums():
    data = png.encode(png.signed(np.zeros((2, 2))))
    length = int.from_bytes(data[8:12], "big")
    assert zlib.crc32(data[12 : 16 + length]) == int.from_bytes(data[16 + length : 20 + length], "big")
