"""Every loss: its derivative against central differences, and what is printed about it against what it computes."""

from __future__ import annotations

from typing import Any

import latex2mathml.converter
import numpy as np
import pytest

from chainrule import losses
from chainrule.autodiff import check_vjp, vjp
from chainrule.formulas import Facts, facts_of
from chainrule.saving.serialization import names_of

rng = np.random.default_rng(5)
N, K = 5, 4
NUMBERS = rng.normal(0, 1.3, (N, K)), rng.normal(0, 1.3, (N, K))
POSITIVE = rng.uniform(0.1, 3, (N, K)), rng.uniform(0.1, 3, (N, K))
BINARY = rng.integers(0, 2, (N, K)).astype(float)
SIGNS = rng.choice([-1.0, 1.0], (N, K))
OPEN = rng.uniform(0.05, 0.95, (N, K))
SHARES = rng.dirichlet(np.ones(K), (2, N))
ONE_HOT = np.eye(K)[[0, 3, 1, 2, 1]]
LABELS = np.array([0.0, 3, 1, 2, 1])
LOGITS = rng.normal(0, 2, (N, K))
DIRECTIONS = LOGITS / np.linalg.norm(LOGITS, axis=1, keepdims=True)

CASES: list[tuple[Any, Any, Any]] = [
    (losses.MeanSquaredError(), *NUMBERS),
    (losses.MeanAbsoluteError(), *NUMBERS),
    (losses.MeanAbsolutePercentageError(), *NUMBERS),
    (losses.MeanSquaredLogarithmicError(), *POSITIVE),
    (losses.Huber(), *NUMBERS),
    (losses.Huber(delta=0.4), *NUMBERS),
    (losses.LogCosh(), *NUMBERS),
    (losses.Poisson(), *POSITIVE),
    (losses.BinaryCrossentropy(), BINARY, OPEN),
    (losses.BinaryCrossentropy(label_smoothing=0.2), BINARY, OPEN),
    (losses.BinaryCrossentropy(from_logits=True), BINARY, LOGITS),
    (losses.BinaryCrossentropy(from_logits=True, label_smoothing=0.2), BINARY, LOGITS),
    (losses.BinaryFocalCrossentropy(), BINARY, OPEN),
    (losses.BinaryFocalCrossentropy(apply_class_balancing=True, alpha=0.3, gamma=1.4), BINARY, OPEN),
    (losses.BinaryFocalCrossentropy(label_smoothing=0.1), BINARY, OPEN),
    (losses.BinaryFocalCrossentropy(from_logits=True), BINARY, LOGITS),
    (losses.CategoricalCrossentropy(), ONE_HOT, SHARES[0]),
    (losses.CategoricalCrossentropy(), SHARES[1], POSITIVE[0]),
    (losses.CategoricalCrossentropy(label_smoothing=0.2), ONE_HOT, SHARES[0]),
    (losses.CategoricalCrossentropy(from_logits=True), ONE_HOT, LOGITS),
    (losses.CategoricalCrossentropy(from_logits=True, label_smoothing=0.2), ONE_HOT, LOGITS),
    (losses.CategoricalFocalCrossentropy(), ONE_HOT, SHARES[0]),
    (losses.CategoricalFocalCrossentropy(alpha=0.6, gamma=1.3, label_smoothing=0.2), ONE_HOT, POSITIVE[0]),
    (losses.CategoricalFocalCrossentropy(from_logits=True), ONE_HOT, LOGITS),
    (losses.SparseCategoricalCrossentropy(), LABELS, SHARES[0]),
    (losses.SparseCategoricalCrossentropy(), LABELS, POSITIVE[0]),
    (losses.SparseCategoricalCrossentropy(from_logits=True), LABELS, LOGITS),
    (losses.CategoricalGeneralizedCrossEntropy(q=0.3), LABELS, SHARES[0]),
    (losses.KLDivergence(), *SHARES),
    (losses.Hinge(), SIGNS, NUMBERS[1]),
    (losses.SquaredHinge(), SIGNS, NUMBERS[1]),
    (losses.CategoricalHinge(), ONE_HOT, NUMBERS[1]),
    (losses.CosineSimilarity(), *NUMBERS),
]
WITHOUT_FACTS: list[tuple[Any, Any, Any]] = [
    (losses.SparseCategoricalCrossentropy(ignore_class=1), LABELS, SHARES[0]),
    (losses.SparseCategoricalCrossentropy(ignore_class=1, from_logits=True), LABELS, LOGITS),
    (losses.CosineSimilarity(axis=0), *NUMBERS),
    (losses.Hinge(), BINARY, NUMBERS[1]),
    (losses.Dice(), BINARY, OPEN),
    (losses.Dice(axis=(1,)), BINARY, OPEN),
    (losses.Tversky(alpha=0.3, beta=0.8), BINARY, OPEN),
    (losses.Circle(gamma=3.0), LABELS, DIRECTIONS),
]
IDS = [f"{type(loss).__name__}-{i}" for i, (loss, _, _) in enumerate(CASES)]


def facts_for(loss: Any) -> Facts:
    found = facts_of(loss)
    assert found is not None
    return found


def test_every_loss_is_among_the_cases() -> None:
    classes = set(names_of("keras.losses", losses.Loss)) - {"Loss", "LossFunctionWrapper"}
    assert {type(loss).__name__ for loss, _, _ in CASES + WITHOUT_FACTS} == classes


@pytest.mark.parametrize(("loss", "y", "p"), CASES + WITHOUT_FACTS)
def test_derivatives(loss: Any, y: Any, p: Any) -> None:
    step = 1e-3  # kinks of the absolute errors and hinges are further away
    assert check_vjp(lambda v: loss(y, v), p, step=step).max_error <= 1e-7
    weights = np.linspace(0.5, 2, N)
    if type(loss).__name__ not in ("Dice", "Tversky") and loss.parameters.get("axis") != 0:
        assert check_vjp(lambda v: loss(y, v, weights), p, step=step).max_error <= 1e-7


def by_formula(facts: Facts, y: Any, p: Any) -> tuple[float, Any]:
    """Compute the loss of one observation and its derivatives from the printed formulas, on plain Python numbers."""
    x = facts.argument
    if facts.vector:
        y = int(y) if np.ndim(y) == 0 else y.tolist()
        return facts.value(y=y, **{x: p.tolist()}), facts.slope(y=y, **{x: p.tolist()})
    pairs = list(zip(y.tolist(), p.tolist(), strict=True))
    values = [facts.value(y=a, **{x: b}) for a, b in pairs]
    slopes = [facts.slope(y=a, **{x: b}) for a, b in pairs]
    share = 1 / len(pairs) if facts.combine == "mean" else 1
    return sum(values) * share, np.array(slopes) * share


@pytest.mark.parametrize(("loss", "y", "p"), CASES, ids=IDS)
def test_what_is_printed_is_what_is_computed(loss: Any, y: Any, p: Any) -> None:
    facts = facts_for(loss)
    values, pullback = vjp(lambda v: loss.call(y, v), p)
    (slopes,) = pullback(np.ones(N))
    for row in range(N):
        value, slope = by_formula(facts, y[row], p[row])
        np.testing.assert_allclose(value, np.asarray(values)[row], rtol=1e-12, atol=1e-14)
        np.testing.assert_allclose(slope, np.asarray(slopes)[row], rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize(
    ("loss", "y", "p"),
    [
        (losses.BinaryCrossentropy(), [0.0, 1.0, 1.0, 0.0], [0.0, 0.0, 1e-9, 1.0]),
        (losses.BinaryFocalCrossentropy(), [0.0, 1.0, 1.0, 0.0], [1e-9, 1e-8, 1e-9, 1 - 1e-9]),
        (losses.CategoricalCrossentropy(), [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]),
        (losses.CategoricalCrossentropy(label_smoothing=0.3), [0.0, 1.0, 0.0], [0.7, 0.3, 0.0]),
        (losses.CategoricalFocalCrossentropy(label_smoothing=0.3), [0.0, 1.0, 0.0], [0.7, 0.3, 0.0]),
        (losses.SparseCategoricalCrossentropy(), 1.0, [1.0, 0.0, 0.0]),
        (losses.KLDivergence(), [0.0, 0.5, 0.5], [0.3, 0.0, 0.7]),
        (losses.MeanSquaredLogarithmicError(), [0.0, -0.5, 0.5], [-0.3, 0.2, 0.7]),
        (losses.MeanAbsolutePercentageError(), [0.0, -0.5, 0.5], [-0.3, 0.2, 0.7]),
    ],
)
def test_where_values_are_clipped(loss: Any, y: Any, p: Any) -> None:
    y, p = np.array([y]), np.array([p])
    values, pullback = vjp(lambda v: loss.call(y, v), p)
    value, slope = by_formula(facts_for(loss), y[0], p[0])
    np.testing.assert_allclose(value, np.asarray(values)[0], rtol=1e-12)
    np.testing.assert_allclose(slope, np.asarray(pullback(np.ones(1))[0])[0], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize(("loss", "y", "p"), CASES, ids=IDS)
def test_every_formula_prints(loss: Any, y: Any, p: Any) -> None:
    facts = facts_for(loss)
    assert facts.title
    if facts.vector:
        place: dict[str, Any] = {
            "y": int(y[1]) if y.ndim == 1 else y[1].tolist(),
            facts.argument: p[1].tolist(),
            "i": 1,
        }
    else:
        place = {"y": y[0, 0].item(), facts.argument: p[0, 0].item()}
    for text in (facts.text(), facts.derivative_text(), facts.put(**place), facts.put_derivative(**place)):
        assert text
        assert "  " not in text
    for latex in (
        facts.latex(),
        facts.derivative_latex(),
        facts.put_latex(**place),
        facts.put_derivative_latex(**place),
    ):
        assert "<math" in latex2mathml.converter.convert(latex)


def test_a_worst_probability_costs_16() -> None:
    """log(1e-7) in float32, as Keras has it: -16.118."""
    assert float(losses.BinaryCrossentropy()([[1.0]], [[0.0]])) == pytest.approx(16.118095, rel=1e-6)
    assert float(losses.CategoricalCrossentropy()([[1.0, 0.0]], [[0.0, 1.0]])) == pytest.approx(16.118095, rel=1e-6)
    assert float(losses.BinaryCrossentropy(from_logits=True)([[1.0]], [[-200.0]])) == 200.0
