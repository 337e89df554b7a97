"""For shapes of every kind: results broadcast as NumPy's, gradients come back in the shape of each input."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
from hypothesis import given, settings
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes

from chainrule import ops
from chainrule.autodiff import TABLE, check_vjp, vjp

BINARY = sorted(
    name
    for name, op in TABLE.items()
    if op.forward.__module__ == "chainrule.ops.arithmetic" and op.broadcasts and op.arity == 2 and op.derivatives
)
PAIRS = mutually_broadcastable_shapes(num_shapes=2, max_dims=4, max_side=3)
TRIPLES = mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3)


def numbers(seed: int, shape: tuple[int, ...]) -> Any:
    """Positive numbers, none equal to another."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.uniform(0.5, 2.0, shape))


@given(PAIRS, st.sampled_from(BINARY), st.integers(0, 1000))
@settings(max_examples=150, deadline=None)
def test_two_inputs(shapes: Any, name: str, seed: int) -> None:
    a, b = (numbers(seed + i, s) for i, s in enumerate(shapes.input_shapes))
    y, pullback = vjp(TABLE[name], a, b)
    assert y.shape == shapes.result_shape
    g = np.random.default_rng(seed).normal(size=y.shape)
    ga, gb = pullback(g)
    assert (ga.shape, gb.shape) == (a.shape, b.shape)
    # The same on inputs that were broadcast beforehand, summed by hand.
    _, full = vjp(TABLE[name], np.broadcast_to(a, y.shape), np.broadcast_to(b, y.shape))
    for x, mine, wide in zip((a, b), (ga, gb), full(g), strict=True):
        lead = wide.ndim - x.ndim
        summed = wide.sum(tuple(range(lead)))
        summed = summed.sum(tuple(i for i, n in enumerate(x.shape) if n == 1), keepdims=True)
        np.testing.assert_allclose(mine, summed, rtol=1e-9, atol=1e-12)


@given(TRIPLES, st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_where_and_clip(shapes: Any, seed: int) -> None:
    condition, a, b = (numbers(seed + i, s) for i, s in enumerate(shapes.input_shapes))
    y = ops.where(condition > 1, a, b)
    np.testing.assert_array_equal(y, np.where(condition > 1, a, b))
    assert check_vjp(lambda a, b: ops.where(condition > 1, a, b), a, b).ok
    y, pullback = vjp(ops.clip, condition, a - 0.6, b + 0.6)
    assert y.shape == shapes.result_shape
    assert [g.shape for g in pullback(np.ones_like(y))] == [condition.shape, a.shape, b.shape]


@given(array_shapes(max_dims=4, max_side=4), st.data())
@settings(max_examples=100, deadline=None)
def test_reductions_over_any_axes(shape: tuple[int, ...], data: Any) -> None:
    axes = data.draw(
        st.none() | st.sets(st.integers(-len(shape), len(shape) - 1)).map(lambda s: {a % len(shape) for a in s})
    )
    axis = None if axes is None else tuple(sorted(axes))
    keepdims = data.draw(st.booleans())
    name = data.draw(st.sampled_from(["sum", "mean", "prod", "max", "min", "var", "logsumexp", "length"]))
    x = np.random.default_rng(len(shape)).permutation(np.linspace(0.5, 2.0, int(np.prod(shape)))).reshape(shape)
    y, pullback = vjp(lambda v: TABLE[name](v, axis=axis, keepdims=keepdims), x)
    assert y.shape == np.sum(x, axis=axis, keepdims=keepdims).shape
    assert pullback(np.ones_like(y))[0].shape == shape
    if x.size > 1:
        assert check_vjp(TABLE[name], x, axis=axis, keepdims=keepdims, step=1e-3 / x.size).max_error < 1e-5


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_matmul_of_batches(data: Any) -> None:
    batch = data.draw(mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3))
    m, k, n = (data.draw(st.integers(1, 4)) for _ in range(3))
    left, right = ((*s, *tail) for s, tail in zip(batch.input_shapes, [(m, k), (k, n)], strict=True))
    a, b = numbers(1, left), numbers(2, right)
    if data.draw(st.booleans()) and len(left) == 2:
        a = a[0]
    if data.draw(st.booleans()) and len(right) == 2:
        b = b[:, 0]
    np.testing.assert_allclose(ops.matmul(a, b), np.matmul(a, b))
    assert check_vjp(ops.matmul, a, b).max_error < 1e-9


@given(array_shapes(max_dims=3, max_side=4), st.data())
@settings(max_examples=80, deadline=None)
def test_indexing_and_its_way_back(shape: tuple[int, ...], data: Any) -> None:
    from hypothesis.extra.numpy import basic_indices

    key = data.draw(basic_indices(shape, allow_newaxis=True))
    x = numbers(0, shape)
    y, pullback = vjp(lambda v: v[key], x)
    np.testing.assert_array_equal(y, x[key])
    expected = np.zeros(shape)
    expected[key] = 3.0
    np.testing.assert_array_equal(pullback(np.full(np.shape(x[key]), 3.0))[0], expected)
