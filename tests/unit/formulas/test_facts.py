"""What the glass box says about a function, taken from the function's own facts."""

from __future__ import annotations

from chainrule import activations, losses, ops
from chainrule.formulas import Facts, Formula, facts_of, with_facts


def facts(thing, **parameters) -> Facts:
    found = facts_of(thing, **parameters)
    assert found is not None
    return found


def test_the_sigmoid_as_the_lecture_prints_it() -> None:
    sigmoid = facts(activations.sigmoid)
    assert sigmoid.header() == "σ(h) = 1/(1 + e⁻ʰ)"
    assert sigmoid.put(h=0.5) == "1/(1 + e^(−0.5))"
    assert sigmoid.derivative_text() == "p(1 − p)"
    assert sigmoid.put_derivative(h=0.5) == "0.6225·(1 − 0.6225)"
    assert sigmoid.latex() == r"\frac{1}{1 + e^{-h}}"
    assert sigmoid.put_latex(h=0.5) == r"\frac{1}{1 + e^{-0.5}}"
    assert sigmoid.derivative_latex() == "p(1 - p)"
    assert sigmoid.put_derivative_latex(h=0.5) == r"0.6225 \cdot (1 - 0.6225)"


def test_squared_error_as_the_lecture_prints_it() -> None:
    loss = facts(losses.MeanSquaredError())
    assert (loss.title, loss.text(), loss.derivative_text()) == ("squared error", "(y − p)²", "−2(y − p)")
    assert loss.put(y=1, p=0.6224593312) == "(1 − 0.6225)²"
    assert loss.put_derivative(y=1, p=0.6224593312) == "−2·(1 − 0.6225)"


def test_headers() -> None:
    assert facts(activations.tanh).header() == "tanh(h)"
    assert facts(activations.linear).header() == "linear(h) = h"
    assert facts(activations.relu).header({"h": "h₁"}) == "relu(h₁) = max(0, h₁)"
    assert facts(activations.softmax).header() == "softmax(h)ᵢ = e^(hᵢ)/(Σₖ e^(hₖ))"
    assert facts(activations.relu, max_value=6.0).header() == "relu(h) = min(max(0, h), m)"


def test_parameters_of_a_loss_object_choose_its_formula() -> None:
    assert facts(losses.BinaryCrossentropy()).text() == "−(y·log(p) + (1 − y)·log(1 − p))"
    assert facts(losses.BinaryCrossentropy(from_logits=True)).derivative_text() == "1/(1 + e⁻ʰ) − y"
    smooth = facts(losses.BinaryCrossentropy(label_smoothing=0.1))
    assert smooth.text() == "−(t·log(p) + (1 − t)·log(1 − p))"
    assert smooth.note.endswith("t = y(1 − 0.1) + 0.5·0.1: label smoothing")


def test_symbols_shown_under_another_name_follow_the_callers_names() -> None:
    assert facts(losses.binary_crossentropy).text({"p": "p₁"}) == "−(y·log(p₁) + (1 − y)·log(1 − p₁))"


def test_where_a_probability_is_clipped_the_derivative_is_0() -> None:
    loss = facts(losses.binary_crossentropy)
    assert loss.slope(y=1, p=0.0) == 0
    assert loss.put_derivative(y=1, p=0.0) == "0"
    assert loss.put_derivative(y=1, p=0.25) == "(0.25 − 1)/(0.25·(1 − 0.25))"


def test_functions_without_facts() -> None:
    assert facts_of(ops.tanh) is None
    assert facts_of(lambda x: x) is None
    assert facts_of(losses.LossFunctionWrapper(lambda y, p: p)) is None


def test_a_users_function_can_have_facts() -> None:
    @with_facts(Facts(Formula("h**2"), Formula("2 * h"), symbol="sq", constants={"c": "scale"}))
    def square(x, scale=3.0):
        return x * x

    own = facts(square)
    assert own.header() == "sq(h) = h²"
    assert own.constants == {"c": 3.0}
    assert (own.value(h=3.0), own.slope(h=3.0)) == (9.0, 6.0)
