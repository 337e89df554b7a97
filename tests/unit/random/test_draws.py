"""The functions of `keras.random`: signatures, distributions, errors."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import stats

import chainrule as cr
from chainrule import random
from chainrule.errors import ShapeError
from chainrule.random import threefry

KERAS = json.loads((Path(__file__).parents[2] / "parity" / "fixtures" / "utils.json").read_text(encoding="utf-8"))
N = 100_000
FLOATS: list[tuple[Any, dict[str, Any]]] = [
    (random.normal, {}),
    (random.uniform, {}),
    (random.truncated_normal, {}),
    (random.gamma, {"alpha": 2.0}),
    (random.beta, {"alpha": 2.0, "beta": 3.0}),
    (random.binomial, {"counts": 5, "probabilities": 0.5}),
]


def plain(signature: inspect.Signature) -> list[tuple[str, Any]]:
    return [(p.name, p.default) for p in signature.parameters.values()]


@pytest.mark.parametrize("name", sorted(KERAS["random"]))
def test_signatures_are_keras(name: str) -> None:
    text = KERAS["random"][name]
    expected = eval(f"lambda {text[1:-1]}: 0")
    assert plain(inspect.signature(getattr(random, name))) == plain(inspect.signature(expected))
    assert name in random.__all__


@pytest.mark.parametrize(("draw", "arguments"), FLOATS)
def test_seeds_and_types(draw: Any, arguments: dict[str, Any]) -> None:
    a = draw((4, 5), **arguments, seed=3)
    assert a.shape == (4, 5)
    assert a.dtype == np.float32
    np.testing.assert_array_equal(a, draw((4, 5), **arguments, seed=3))
    generator = random.SeedGenerator(3)
    assert not np.array_equal(draw((9, 9), **arguments, seed=generator), draw((9, 9), **arguments, seed=generator))
    assert not np.array_equal(draw((9, 9), **arguments), draw((9, 9), **arguments))
    assert draw((0, 3), **arguments, dtype="float64").dtype == np.float64
    with pytest.raises(ValueError, match=rf"random\.{draw.__name__}: expected a float dtype, received 'int32'"):
        draw((2,), **arguments, dtype="int32")


def test_floatx_is_the_default_type() -> None:
    cr.config.set_floatx("float64")
    try:
        assert random.normal((2,)).dtype == np.float64
    finally:
        cr.config.set_floatx("float32")


@pytest.mark.parametrize(
    ("values", "distribution"),
    [
        (random.normal((N,), 2.0, 3.0, seed=1), stats.norm(2, 3)),
        (random.truncated_normal((N,), 2.0, 3.0, seed=1), stats.truncnorm(-2, 2, 2, 3)),
        (random.uniform((N,), -1.0, 4.0, seed=1), stats.uniform(-1, 5)),
        (random.gamma((N,), 0.5, dtype="float64", seed=1), stats.gamma(0.5)),
        (random.gamma((N,), 1.0, dtype="float64", seed=1), stats.gamma(1)),
        (random.gamma((N,), 7.5, dtype="float64", seed=1), stats.gamma(7.5)),
        (random.beta((N,), 0.3, 0.6, dtype="float64", seed=1), stats.beta(0.3, 0.6)),
        (random.beta((N,), 5.0, 2.0, dtype="float64", seed=1), stats.beta(5, 2)),
    ],
)
def test_continuous_distributions_are_scipys(values: Any, distribution: Any) -> None:
    assert stats.kstest(values.astype(np.float64), distribution.cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ("n", "p"), [(1, 0.3), (10, 0.5), (16, 0.9), (17, 0.2), (200, 0.05), (1000, 0.6), (5, 0.0), (40, 1.0)]
)
def test_binomial_is_scipys(n: int, p: float) -> None:
    values = random.binomial((20_000,), n, p, seed=2)
    low, high = (int(v) for v in stats.binom(n, p).ppf([0.001, 0.999]))
    edges = [-1, *range(low, high + 1), n] if high < n else [-1, *range(low, n + 1)]
    expected = np.diff(stats.binom(n, p).cdf(edges)) * len(values)
    observed = np.histogram(values, np.array(edges) + 0.5)[0]
    kept = expected > 1e-9
    assert observed[~kept].sum() == 0
    assert (
        kept.sum() == 1 or stats.chisquare(observed[kept], expected[kept] / expected[kept].sum() * 20_000).pvalue > 0.01
    )


def test_parameters_are_broadcast() -> None:
    means = random.gamma((N, 2), np.array([1.0, 5.0]), seed=1).mean(axis=0)
    assert means == pytest.approx([1, 5], rel=0.02)
    assert random.binomial((N, 2), np.array([4, 100]), 0.5, seed=1).mean(axis=0) == pytest.approx([2, 50], rel=0.02)
    tiny = random.beta((1000,), 1e-4, 1e-4, dtype="float64", seed=1)
    assert np.isfinite(tiny).all()
    assert tiny.mean() == pytest.approx(0.5, abs=0.06)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: random.gamma((2,), 0.0), r"random\.gamma: expected alpha > 0, received 0\.0"),
        (lambda: random.beta((2,), 1.0, -1.0), r"random\.beta: expected beta > 0, received -1\.0"),
        (
            lambda: random.binomial((2,), -1, 0.5),
            r"random\.binomial: expected counts >= 0 and probabilities in \[0, 1\]",
        ),
        (
            lambda: random.binomial((2,), 1, 1.5),
            r"random\.binomial: expected counts >= 0 and probabilities in \[0, 1\]",
        ),
        (
            lambda: random.randint((2,), 0, 2, "float32"),
            r"random\.randint: expected an integer dtype, received 'float32'",
        ),
        (lambda: random.dropout(np.ones(2), 1.5), r"random\.dropout: expected a rate in \[0, 1\], received 1\.5"),
        (lambda: random.normal(3), r"random\.normal: expected a shape, a tuple of lengths such as \(3,\), received 3"),
        (lambda: random.uniform((None, 2)), r"random\.uniform: expected a shape"),
        (lambda: random.randint("ab", 0, 2), r"random\.randint: expected a shape"),
        (lambda: random.truncated_normal(1.5), r"random\.truncated_normal: expected a shape"),
        (lambda: random.gamma(3, 1.0), r"random\.gamma: expected a shape"),
        (lambda: random.binomial(3, 1, 0.5), r"random\.binomial: expected a shape"),
    ],
)
def test_parameters_out_of_range_are_refused(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_nothing_is_left_of_a_dropout_of_everything() -> None:
    assert random.dropout(np.ones(3, "float32"), 1.0).tolist() == [0.0, 0.0, 0.0]


def test_uniform_never_gives_its_upper_end() -> None:
    values = random.uniform((200_000,), 1.0, 1.0 + 2**-20, seed=1)
    assert values.min() == 1
    assert values.max() < np.float32(1 + 2**-20)


def test_randint_gives_the_asked_type_and_range() -> None:
    values = random.randint((1000,), -3, 4, seed=1)
    assert values.dtype == np.int32
    assert set(values.tolist()) == set(range(-3, 4))
    assert random.randint((1,), 0, 200, "uint8").dtype == np.uint8


def test_categorical_draws_with_the_softmax_of_the_logits() -> None:
    p = np.array([[0.1, 0.0, 0.6, 0.3], [0.25, 0.25, 0.25, 0.25]])
    with np.errstate(divide="ignore"):
        drawn = random.categorical(np.log(p) + 5, N, seed=1)
    assert drawn.shape == (2, N)
    assert drawn.dtype == np.int32
    for row, expected in zip(drawn, p, strict=True):
        counts = np.bincount(row, minlength=4)
        assert counts[expected == 0].sum() == 0
        assert stats.chisquare(counts[expected > 0], expected[expected > 0] * N).pvalue > 0.01
    with pytest.raises(
        ShapeError, match=r"random\.categorical: expected logits of shape \(rows, classes\), received \(2,\)"
    ):
        random.categorical([0.0, 1.0], 1)


def test_shuffle_takes_slices_along_an_axis() -> None:
    x = np.arange(12).reshape(3, 4)
    order = threefry.permutation((0, 5), 4)
    np.testing.assert_array_equal(random.shuffle(x, axis=1, seed=5), x[:, order])
    np.testing.assert_array_equal(random.shuffle(x, seed=5), x[threefry.permutation((0, 5), 3)])


def test_dropout_scales_what_it_keeps() -> None:
    x = np.arange(1.0, 7.0, dtype="float32").reshape(2, 3)
    mask = threefry.keep_mask((0, 4), (2, 3), 0.25)
    np.testing.assert_allclose(random.dropout(x, 0.25, seed=4), np.where(mask, x / 0.75, 0), rtol=1e-7)
    rows = np.asarray(random.dropout(np.ones((50, 8)), 0.5, noise_shape=(None, 1), seed=4))
    assert {tuple(r) for r in rows.tolist()} == {(0.0,) * 8, (2.0,) * 8}
    with pytest.raises(ShapeError, match=r"noise_shape=\(1,\) does not fit inputs of shape \(2, 3\)"):
        random.dropout(x, 0.5, noise_shape=(1,))


def test_dropout_and_shuffle_are_seen_by_the_tape() -> None:
    from chainrule.autodiff import grad

    x = np.arange(1.0, 7.0)
    mask = threefry.keep_mask((0, 4), (6,), 0.5)
    np.testing.assert_allclose(grad(lambda t: cr.ops.sum(random.dropout(t, 0.5, seed=4)))(x), mask * 2.0)
    weights = np.arange(6.0)
    shuffled = grad(lambda t: cr.ops.sum(random.shuffle(t, seed=4) * weights))(x)
    np.testing.assert_allclose(np.asarray(shuffled)[threefry.permutation((0, 4), 6)], weights)
