"""Values used more than once in a layer of Python code: each use is a line, and their sum is the derivative."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops
from chainrule.glassbox import Observation

X = np.array([[1.5, -2.0], [3.0, 0.5]])
Y = np.array([[0.0], [1.0]])
RULES = {"cos": np.cos, "sin": np.sin, "tanh": np.tanh, "negative": np.negative}


class Calls(cr.layers.Layer):
    """A layer that computes what it is given as a function, with one factor of its own."""

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        super().__init__()
        self.function = function

    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight(shape=(2,), initializer=cr.initializers.Constant(0.7), name="factor")

    def call(self, x: Any) -> Any:
        return self.function(x, self.factor)


def sequential(function: Callable[[Any, Any], Any]) -> cr.Model:
    return cr.Sequential([cr.Input((2,)), Calls(function), cr.layers.Dense(1, name="last")])


def residual() -> cr.Model:
    x = cr.Input((2,))
    h = cr.layers.Dense(2, name="first")(x)
    joined = cr.layers.Add()([h, Calls(lambda v, w: v * v * w)(h)])
    return cr.Model(x, cr.layers.Dense(1, name="last")(joined))


def shared() -> cr.Model:
    x = cr.Input((2,))
    layer = Calls(lambda v, w: ops.tanh(v * w) + v)
    return cr.Model(x, cr.layers.Dense(1, name="last")(layer(layer(x))))


MODELS: dict[str, Callable[[], cr.Model]] = {
    "squared": lambda: sequential(lambda x, w: x * x),
    "squared and sine": lambda: sequential(lambda x, w: x * x + ops.sin(x)),
    "used twice": lambda: sequential(lambda x, w: ops.tanh(x) * x),
    "used thrice": lambda: sequential(lambda x, w: x * w + ops.sin(x) - ops.cos(x) * w),
    "a result used twice": lambda: sequential(lambda x, w: (lambda u: u * u - ops.sin(u))(x + w)),
    "residual": residual,
    "shared": shared,
}


def observed(model: cr.Model) -> Observation:
    rng = np.random.default_rng(5)
    model.set_weights([rng.normal(size=w.shape) for w in model.get_weights()])
    model.compile("sgd", "mse")
    return cr.trace(model, X, Y, unicode=True)[1]


def vector(observation: Observation, own: dict[str, Any], name: str) -> Any:
    """Return the value a page gives to a name: a number, an array, or the units of a vector."""
    try:
        return float(name.replace("−", "-"))
    except ValueError:
        pass
    if name in own:
        return own[name]
    if name == "x":
        return X[1]
    bare = name.removeprefix("∂ℓ/∂")
    for q in observation.view.network.spans:
        if observation.view.whole(q).text == bare:
            return observation.view.values(q) if bare == name else observation.view.gradient(q)
    raise KeyError(name)


@pytest.mark.parametrize("name", MODELS)
def test_every_line_gives_its_value_and_the_uses_add_up(name: str) -> None:
    observation = observed(MODELS[name]())
    rules = sums = 0
    for own in _sections(observation):
        terms: list[Any] = []
        for line in own["lines"]:
            if line.note.startswith("by ops."):
                sentence, *pairs = re.split(r", (?=\w+ = )", line.note.split(": ", 1)[1])
                env = {k: vector(observation, own["values"], v) for k, v in (p.split(" = ", 1) for p in pairs)}
                np.testing.assert_allclose(np.zeros(2) + eval(sentence, {**RULES, **env}), line.value, rtol=1e-9)
                rules += 1
            if ", use " in line.symbol.text or ", elsewhere" in line.symbol.text:
                terms.append(line.value)
            elif "sum over all uses" in line.note:
                np.testing.assert_allclose(sum(terms), line.value, rtol=1e-9)
                np.testing.assert_allclose(_read(line.numbers.text), line.value, atol=3e-4)
                terms, sums = [], sums + 1
    assert rules >= 2
    assert sums >= 1
    assert observation.check().ok


def _sections(observation: Observation) -> list[dict[str, Any]]:
    """Return each backward section's lines, with the values of its own forward section under its title."""
    forward: dict[str, dict[str, Any]] = {}
    found = []
    backward = False
    for section in observation.page.sections:
        backward = backward or section.key == "backward"
        values = {line.symbol.text: line.value for line in section.lines}
        if backward:
            found.append(
                {"lines": section.lines, "values": {**forward.get(section.title.split("   ")[0], {}), **values}}
            )
        else:
            forward[section.title] = values
    return found


def _read(text: str) -> Any:
    """Compute `(1, 2) + (3, −4)`."""
    plain = re.sub(r"\(([^()]*,[^()]*)\)", r"np.array([\1])", text.replace("−", "-"))
    return eval(plain, {"np": np})


def test_the_text() -> None:
    text = str(observed(MODELS["squared and sine"]()))
    assert "∂ℓ/∂x, use 1" in text
    assert "by ops.multiply (argument x1): g * x2, g = ∂ℓ/∂u₁, x2 = x" in text
    assert "by ops.multiply (argument x2): g * x1, g = ∂ℓ/∂u₁, x1 = x" in text
    assert "by ops.sin (argument x): g * cos(x), g = ∂ℓ/∂u₂, x = x" in text
    assert "= use 1 + use 2 + use 3 = (" in text


def test_what_comes_back_from_other_layers_is_a_term() -> None:
    text = str(observed(residual()))
    assert "∂ℓ/∂h⁽¹⁾, elsewhere" in text
    assert "= use 1 + elsewhere = (" in text


def test_a_single_use_stays_one_line() -> None:
    text = str(observed(sequential(lambda x, w: ops.tanh(x) * w)))
    assert "use 1" not in text
    assert "by ops.tanh: g * (1 - y * y), g = ∂ℓ/∂u₁, y = u₁" in text
