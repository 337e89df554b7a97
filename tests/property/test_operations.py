"""Random functional models with ops between their layers: both engines train alike, to rounding."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import ops

pytest.importorskip("chainrule._native")

X = np.random.default_rng(0).normal(size=(20, 4))


@pytest.fixture(autouse=True)
def float64() -> Iterator[None]:
    cr.config.set_floatx("float64")
    yield
    cr.config.set_floatx("float32")


def size_of(x: Any) -> int:
    return int(np.prod(x.shape[1:]))


def grown(rng: np.random.Generator, pool: list[Any]) -> Any:
    """Return an op on some of the values there are."""
    a = pool[rng.integers(len(pool))]
    rank = len(a.shape)
    axis, c = int(rng.integers(1, rank)), float(rng.normal())
    fits = [
        p
        for p in pool
        if len(p.shape) == rank and all(1 in (m, n) or m == n for m, n in zip(p.shape[1:], a.shape[1:], strict=True))
    ]
    b = fits[rng.integers(len(fits))]
    cut = [slice(0, 1 + a.shape[axis] // 2), slice(None, None, -1), slice(-1, None)][rng.integers(3)]
    key = tuple([slice(None)] * axis + [cut if rank == 2 or rng.integers(2) else int(rng.integers(a.shape[axis]))])
    alike = [p for p in fits if all(i == axis or m == n for i, (m, n) in enumerate(zip(p.shape, a.shape, strict=True)))]
    choices = [
        lambda: a + b,
        lambda: a - b,
        lambda: ops.tanh(a * b),
        lambda: [c - a, a - c, c * a, a / (c + 3 * np.sign(c)), -a][rng.integers(5)],
        lambda: [ops.maximum, ops.minimum][rng.integers(2)](a, b),
        lambda: ops.tanh(a) ** int(rng.integers(1, 4)),
        lambda: ops.concatenate([a, *alike[:2]], axis=axis),
        lambda: ops.expand_dims(a, axis) if rank < 4 else a + 1,
        lambda: a[key],
        lambda: [ops.mean, ops.sum, ops.max][rng.integers(3)](
            a, axis=axis, keepdims=bool(rank == 2 or rng.integers(2))
        ),
        lambda: ops.expand_dims(ops.tanh(ops.sum(ops.reshape(a * a, (-1, size_of(a))), axis=1) / 2), 1) + c,
        lambda: (
            ops.stack([1 - ops.reshape(a, (-1, size_of(a)))[:, 0], ops.max(b, axis=1)], axis=1) if rank == 2 else -a
        ),
        lambda: ops.transpose(a, (0, *(1 + rng.permutation(rank - 1)).tolist())),
        lambda: [ops.relu, ops.sigmoid, ops.gelu, ops.softplus, ops.softmax, abs][rng.integers(6)](a),
        lambda: ops.reshape(a, (-1, size_of(a))),
        lambda: a * rng.normal(size=a.shape[1:]) + rng.normal(size=(1, *a.shape[1:-1], 1)),
        lambda: ops.stack([a, a * 2], axis=axis) if rank < 4 else ops.square(ops.sigmoid(a)),
    ]
    return choices[rng.integers(len(choices))]()


def model(seed: int, engine: str) -> Any:
    rng, x = np.random.default_rng(seed), cr.Input((4,))
    pool = [cr.layers.Dense(3, activation="tanh")(x), cr.layers.Dense(3)(x), cr.layers.Dense(4)(x)]
    for _ in range(rng.integers(2, 12)):
        y = grown(rng, pool)
        if size_of(y) <= 64:
            pool.append(y)
    flat = [ops.reshape(p, (-1, size_of(p))) for p in pool[-3:]]
    made = cr.Model(x, cr.layers.Dense(1)(ops.concatenate(flat, axis=1)))
    drawn = np.random.default_rng(seed + 1)
    made.set_weights([drawn.normal(size=w.shape) / 2 for w in made.get_weights()])
    made.compile(cr.optimizers.SGD(0.001), "mse", engine=engine)
    return made


@pytest.mark.parametrize("seed", range(40))
def test_engines_agree(seed: int) -> None:
    found = []
    for engine in ("reference", "native"):
        one = model(seed, engine)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", cr.errors.TrapWarning)
            losses = one.fit(X, X[:, :1], batch_size=8, epochs=2, verbose=0, shuffle=False).history["loss"]
        found.append([np.array(losses), *one.get_weights(), one.predict(X, verbose=0)])
    for reference, native in zip(*found, strict=True):
        scale = np.abs(reference).max() + 1e-6
        np.testing.assert_allclose(native, reference, rtol=0, atol=1e-11 * scale)
