"""Nothing lies on anything else, nothing leaves the picture, whatever the network."""

import runpy
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

import chainrule as cr
from chainrule import layers
from chainrule.diagram import network
from chainrule.diagram.content import read
from chainrule.diagram.diagram import view_of
from chainrule.diagram.places import Look, place
from chainrule.diagram.shapes import Area, Cells, Circle, Label, Line, Rect
from chainrule.glassbox.derive.view import Options
from chainrule.glassbox.numbers import Style

LAWS = runpy.run_path(str(Path(__file__).parents[1] / "layers" / "test_laws.py"))
CASES = LAWS["CASES"]


def chain(*widths, **options):
    found = [layers.Dense(n, activation="relu", **options) for n in widths[1:]]
    return cr.Sequential([cr.Input((widths[0],)), *found])


def residual():
    x = cr.Input((4,))
    h = layers.Dense(4)(layers.Dense(20, activation="relu")(x))
    return cr.Model(x, layers.Dense(1)(layers.LayerNormalization()(layers.Add()([x, h]))))


def many_ends():
    inputs = [cr.Input((k,), name=f"in{k}") for k in (2, 3, 20)]
    joined = layers.Concatenate()([layers.Dense(3, activation="relu")(x) for x in inputs])
    return cr.Model(inputs, [layers.Dense(1, name=f"out{k}")(joined) for k in range(3)])


def text():
    words = cr.Input((1,), dtype="string")
    known = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot")
    return cr.Model(words, layers.Dense(1)(known(words)))


def twice():
    x, shared = cr.Input((3,)), layers.Dense(3, activation="tanh")
    return cr.Model(x, layers.Dense(1)(shared(shared(x))))


MODELS = {
    "perceptron": lambda: chain(2, 1), "wide": lambda: chain(16, 16, 3), "deep": lambda: chain(4, *[8] * 8, 1),
    "blocks": lambda: chain(30, 64, 64, 1), "no bias": lambda: chain(3, 3, 1, use_bias=False), "residual": residual,
    "many ends": many_ends, "text": text, "shared": twice,
    "embedding": lambda: cr.Sequential(
        [cr.Input((5,), dtype="int32"), layers.Embedding(10, 3), layers.Flatten(), layers.Dense(2)]
    ),
}  # fmt: skip


def box(shape):
    """Return what a shape covers: left, top, right, bottom."""
    if isinstance(shape, Circle):
        r = shape.radius
        return shape.x - r, shape.y - r, shape.x + r, shape.y + r
    if isinstance(shape, Line | Area):
        xs, ys = zip(*shape.points, strict=True)
        return min(xs), min(ys), max(xs), max(ys)
    if isinstance(shape, Label):
        return shape.x, shape.y - shape.size / 2, shape.x, shape.y + shape.size / 2
    return shape.x, shape.y, shape.x + shape.width, shape.y + shape.height


def overlap(a, b):
    return min(a[2], b[2]) - max(a[0], b[0]) > 0.5 and min(a[3], b[3]) - max(a[1], b[1]) > 0.5


@pytest.mark.parametrize("name", list(MODELS))
def test_units_and_blocks_keep_apart_within_the_picture(name):
    model = MODELS[name]()
    picture = network(model).picture
    solid = [s for s in picture.shapes if isinstance(s, Circle) or (isinstance(s, Rect) and s.fill == "panel")]
    for a, b in combinations(map(box, solid), 2):
        assert not overlap(a, b)
    for shape in picture.shapes:
        left, top, right, bottom = box(shape)
        assert min(left, top) >= 0
        assert right <= picture.width
        assert bottom <= picture.height


@pytest.mark.parametrize("name", list(MODELS))
@pytest.mark.parametrize("look", [Look(), Look(True, True, "values")])
def test_every_number_of_the_layout_is_finite(name, look):
    content = read(view_of(MODELS[name](), Options(Style(2))))
    places = place(content, look)
    numbers = [v for s in places.spots for v in (s.x, s.y, s.width, s.height, *(c for u in s.units for c in u))]
    assert np.isfinite(numbers).all()
    assert all(s.x < t.x for w in content.wires for s, t in [(places.spots[w.source], places.spots[w.target])])


def test_stages_of_a_chain_stand_at_one_height():
    content = read(view_of(chain(2, 5, 1), Options(Style(2))))
    spots = place(content, Look()).spots
    assert len({round(s.middle[1], 6) for s in spots}) == 1
    assert len({round(s.caption[1], 6) for s in spots}) == 1


def test_long_names_do_not_widen_the_picture():
    model = chain(2, 1)
    usual = network(model, feature_names=["a" * 29, "b"]).picture.width
    made = network(model, feature_names=["a" * 500, "b"])
    assert made.picture.width == pytest.approx(usual, rel=0.05)
    assert "a" * 500 in made.svg()  # for the pointer and for listeners


def test_what_python_prepares_is_linked_to_the_inputs():
    content = read(view_of(text(), Options(Style(2))))
    titles = [s.title for s in content.stages]
    assert titles[:2] == ["inputs", "prepared"]
    assert [(w.source, w.target) for w in content.wires] == [(1, 2), (0, 1)]


@pytest.mark.parametrize("name", list(CASES))
def test_every_layer_can_be_drawn(name):
    case = CASES[name]
    model = LAWS["model_of"](case, LAWS["built"](case))
    made = network(model)
    assert np.isfinite([made.picture.width, made.picture.height]).all()
    assert any(isinstance(s, Circle | Rect | Cells) for s in made.picture.shapes)
    assert made.svg()
    assert made.tikz()
