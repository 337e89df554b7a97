"""Laws for every op of the table, found by introspection: forward, rules, second derivatives, sentences, types."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special

from chainrule import ops
from chainrule.autodiff import TABLE, Op, check_vjp, vjp
from chainrule.autodiff.check import check_sentences

OPS = {name: op for name, op in TABLE.items() if op.forward.__module__.startswith("chainrule.ops.")}
rng = np.random.default_rng(7)


def words(text: str) -> list[str]:
    return text.split()


def normal(*shape: int) -> Any:
    return rng.normal(size=shape)


def away(*shape: int) -> Any:
    """Numbers that keep clear of each other and of 0, 1, 3 and 6, where kinks are."""
    size = int(np.prod(shape))
    return rng.permutation(np.linspace(-4, 4, size) + 0.137 if size > 1 else np.array([0.63])).reshape(shape)


def within(low: float, high: float, *shape: int) -> Any:
    return rng.uniform(low, high, shape)


def c(*args: Any, **static: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    return args, static


PAIRS = [((3, 2), (3, 2)), ((3, 2), (2,)), ((3, 1), (1, 2)), ((), (2, 2)), ((2, 1, 3), (4, 1))]
two = [c(away(*a), away(*b) + 0.05) for a, b in PAIRS]
two_positive = [c(within(0.5, 2, *a), within(0.5, 2, *b)) for a, b in PAIRS]
one = [c(away(5)), c(away(2, 3)), c(normal())]
positive = [c(within(0.2, 3, 4)), c(within(0.2, 3, 2, 1, 3))]
small = [c(within(-0.9, 0.9, 4)), c(within(-0.9, 0.9, 2, 3))]
reduced = [
    c(away(5)),
    c(away(2, 3, 2)),
    c(away(2, 3, 2), axis=1),
    c(away(2, 3, 2), axis=-1, keepdims=True),
    c(away(2, 3, 2), axis=(0, 2)),
]
axes = [c(away(3, 4)), c(away(3, 4), axis=0)]
indices = np.array([[0, 2], [2, 1]])
bits = indices.astype(np.int32)
whole = [c(bits + 9, bits), c(bits + 1, 6)]
ends = [*one, c(np.array([0.0, -0.0, np.inf, -np.inf]))]
square = normal(3, 3) + 3 * np.eye(3)
definite = square @ square.T + np.diag([1.0, 2.0, 4.0])
tall = np.array([[2.0, 0.3, 0.1], [0.2, 1.0, 0.5], [0.4, 0.1, 0.6], [0.3, -0.5, 0.2]])

CASES: dict[str, list[Any]] = {
    **dict.fromkeys(words("add subtract multiply divide maximum minimum hypot arctan2 logaddexp"), two),
    **dict.fromkeys(words("equal not_equal greater greater_equal less less_equal wins floor_divide isclose"), two),
    **dict.fromkeys(words("logical_and logical_or logical_xor"), two),
    **dict.fromkeys(words("mod fmod"), two_positive),
    "power": [*two_positive, c(away(4), 3.0), c(away(4), 2), c(within(0.5, 2, 3), -1.5)],
    **dict.fromkeys(
        words("negative square abs sign exp exp2 expm1 sin cos tan sinh cosh tanh arctan arcsinh erf"), one
    ),
    **dict.fromkeys(words("erfc floor ceil trunc round nan_to_num isnan isfinite isinf logical_not copy"), one),
    **dict.fromkeys(words("relu relu6 leaky_relu sigmoid log_sigmoid softplus softsign elu silu stop_gradient"), one),
    **dict.fromkeys(words("celu mish squareplus tanh_shrink hard_tanh hard_silu hard_shrink soft_shrink"), one),
    **dict.fromkeys(words("sparse_plus sparse_sigmoid zeros_like ones_like"), one),
    **dict.fromkeys(words("sqrt rsqrt reciprocal log log1p log2 log10"), positive),
    **dict.fromkeys(words("arcsin arccos arctanh erfinv"), small),
    "arccosh": [c(within(1.2, 3, 4))],
    "clip": [c(away(4, 3), -1.0, 1.5), c(away(4, 3), normal(3) - 3, normal(4, 1) + 3)],
    **dict.fromkeys(words("sum mean prod max min var logsumexp length any all"), reduced),
    "argmax": axes,
    "count_nonzero": [c(away(3, 4)), c(away(3, 4), axis=(0, 1))],
    "argmin": axes,
    "argsort": [c(away(3, 4)), c(away(3, 4), axis=0)],
    "cumsum": axes,
    "softmax": [c(away(3, 4)), c(away(3, 4), axis=0), c(away(2, 3, 2), axis=(1, 2))],
    "log_softmax": [c(away(3, 4)), c(away(3, 4), axis=0), c(away(2, 3, 2), axis=(1, 2))],
    "sparsemax": [c(away(3, 4) / 4), c(away(3, 4) / 4, axis=0)],
    "threshold": [c(away(3, 4), threshold=0.9, default_value=0.1)],
    "select": [c(np.array([True, False, True]), away(2, 3), away(3)), c(np.array([[1], [0]]), away(2, 3), 2.0)],
    "matmul": [
        c(normal(2, 3), normal(3, 4)),
        c(normal(3), normal(3, 4)),
        c(normal(2, 3), normal(3)),
        c(normal(3), normal(3)),
        c(normal(5, 2, 3), normal(3, 4)),
        c(normal(5, 1, 2, 3), normal(4, 3, 2)),
        c(normal(5, 2, 3), normal(3)),
        c(normal(3), normal(5, 3, 2)),
    ],
    "contract": [
        c([normal(2, 3), normal(3, 4)], "bi,io->bo"),
        c([normal(2, 3), normal(3, 4), normal(4)], "ab,bc,c->a"),
        c([normal(2, 3)], "ab->b"),
        c([normal(2, 3), normal(2, 3)], "ab,ab->"),
        c([normal(2, 1, 3), normal(4, 3, 2)], "xab,ybc->xyac"),
    ],
    "reshape": [c(normal(2, 3), (3, 2)), c(normal(2, 3), -1)],
    "transpose": [c(normal(2, 3, 4)), c(normal(2, 3, 4), (2, 0, 1)), c(normal(2, 3, 4), (-1, 0, -2))],
    "expand_dims": [c(normal(2, 3), 1), c(normal(2, 3), (0, -1))],
    "squeeze": [c(normal(2, 1, 3, 1)), c(normal(2, 1, 3, 1), 1), c(normal(2, 1, 3, 1), (1, 3))],
    "broadcast_to": [c(normal(3), (2, 3)), c(normal(2, 1, 3), (5, 2, 4, 3))],
    "concatenate": [c([normal(2, 3), normal(1, 3)]), c([normal(2, 3), normal(2, 1), normal(2, 2)], axis=-1)],
    "stack": [c([normal(2, 3), normal(2, 3)]), c([normal(2, 3), normal(2, 3), normal(2, 3)], axis=-1)],
    "flip": [c(normal(2, 3)), c(normal(2, 3), 1), c(normal(2, 3), (0, 1))],
    "roll": [c(normal(2, 3), 1), c(normal(2, 3), 2, 1), c(normal(2, 3), (1, -1), (0, 1))],
    "pad_constant": [c(normal(2, 3), 1), c(normal(2, 3), ((1, 0), (2, 1)), 5.0)],
    "tril": [c(normal(3, 3)), c(normal(2, 3, 4), 1)],
    "triu": [c(normal(3, 3)), c(normal(2, 3, 4), -1)],
    "getitem": [
        c(normal(4, 3), 1),
        c(normal(4, 3), (slice(None, None, 2), -1)),
        c(normal(4, 3), (indices, slice(1, None))),
        c(normal(4, 3), np.array([True, False, True, True])),
        c(normal(4, 3), (..., None, 0)),
    ],
    "add_at": [c(normal(2, 2, 3), indices, (4, 3)), c(normal(3), (slice(None), 1), (3, 2))],
    "take": [c(normal(4, 3), indices, 0), c(normal(4, 3), np.array([0, 2, 2]), -1), c(normal(4, 3), indices)],
    "take_back": [c(normal(2, 2, 3), indices, (4, 3), 0), c(normal(4, 3), np.array([0, 2, 2]), (4, 3), 1)],
    "take_along_axis": [
        c(normal(2, 3), indices, 1),
        c(normal(4, 2), indices, 0),
        c(normal(2, 3), np.array([[0], [2]]), -1),
        c(normal(2, 3, 4), np.array([[[0, 1, 1, 0]]]), 1),
        c(normal(2, 3), np.array([0, 0, 5])),
    ],
    "take_along_back": [c(normal(2, 2), indices, (2, 3), 1), c(normal(3), np.array([0, 0, 5]), (2, 3))],
    "largest_of_segments": [c(away(5, 2), np.array([0, 2, 0, 1, 2]), 3)],
    "top_indices": [c(away(3, 4), 2)],
    "searchsorted": [c(np.arange(5.0), away(3, 4))],
    "digitize": [c(away(3, 4), np.arange(5.0))],
    "one_hot": [c(np.array([[0, 2], [1, -1]]), 3), c(np.array([0, 2]), 3, axis=0)],
    "full_like": [c(away(2, 3), 4.0)],
    "cast": [c(normal(2, 3), "float64")],
    "inv": [c(square), c(np.stack([square, square.T]))],
    "det": [c(square), c(np.stack([square, square.T + 1]))],
    "solve": [c(square, normal(3, 2)), c(square, normal(3)), c(np.stack([square, square.T]), normal(2, 3, 1))],
    "lower_factor": [c(definite), c(np.stack([definite, definite + 1]))],
    "qr_parts": [c(square), c(tall), c(np.stack([tall, tall[::-1]]))],
    "eigen_parts": [c(definite), c(np.stack([definite, definite * 2]))],
    "svd_parts": [c(definite), c(tall), c(tall.T), c(np.stack([tall, tall * 2]))],
    "pinv": [c(square), c(tall), c(tall.T), c(np.stack([tall, tall[::-1]]))],
    "lstsq": [c(tall, normal(4, 2)), c(tall, normal(4)), c(tall.T, normal(3)), c(square, normal(3, 1))],
    "log_size_of_det": [c(square), c(np.stack([square, -square]))],
    "cbrt": one,
    "sinc": [*one, c(np.zeros(2))],
    "i0": one,
    "bessel": [c(away(5), 0), c(away(2, 3), 1), c(away(4) * 5, -3)],
    "ldexp": [c(away(2, 3), np.array([1, -2, 0]))],
    "logaddexp2": two,
    **dict.fromkeys(words("heaviside nextafter"), two),
    **dict.fromkeys(words("signbit isposinf isneginf isreal"), ends),
    **dict.fromkeys(words("bitwise_and bitwise_or bitwise_xor gcd lcm"), whole),
    **dict.fromkeys(words("bitwise_left_shift bitwise_right_shift"), whole),
    "bitwise_invert": [c(bits), c(np.array([True, False]))],
    "isin": [c(indices, np.array([1, 2])), c(away(3, 4), away(3), invert=True)],
    "argpartition": [c(away(3, 4), 1), c(away(3, 4), 2, axis=0)],
    "sign_of_det": [c(square), c(np.stack([square, -square]))],
}

NAMES = {
    "bitwise_left_shift": "left_shift",
    "bitwise_right_shift": "right_shift",
    "select": "where",
    "pad_constant": "pad",
    "top_indices": None,
    "wins": None,
    "cast": None,
    "stop_gradient": "copy",
}
REFERENCES: dict[str, Any] = {
    "erf": scipy.special.erf,
    "erfc": scipy.special.erfc,
    "erfinv": scipy.special.erfinv,
    "rsqrt": lambda x: x**-0.5,
    "sigmoid": scipy.special.expit,
    "log_sigmoid": scipy.special.log_expit,
    "softplus": lambda x: np.logaddexp(x, 0),
    "softsign": lambda x: x / (1 + abs(x)),
    "relu": lambda x: np.where(x > 0, x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: np.where(x > 0, x, 0.2 * x),
    "elu": lambda x: np.where(x > 0, x, np.exp(x) - 1),
    "silu": lambda x: x * scipy.special.expit(x),
    "softmax": lambda x, axis=-1: scipy.special.softmax(x, axis),
    "log_softmax": lambda x, axis=-1: scipy.special.log_softmax(x, axis),
    "logsumexp": scipy.special.logsumexp,
    "length": lambda x, axis=None, keepdims=False: np.sum(x * x, axis, keepdims=keepdims) ** 0.5,
    "wins": lambda a, b: np.heaviside(a - b, 0.5),
    "contract": lambda operands, subscripts: np.einsum(subscripts, *operands),
    "getitem": lambda x, key: x[key],
    "take_along_axis": lambda x, at, axis=None: np.take_along_axis(x if axis is not None else x.ravel(), at, axis or 0),
    "cast": lambda x, dtype: x.astype(dtype),
    "pad_constant": lambda x, pad_width, constant_values=0: np.pad(x, pad_width, constant_values=constant_values),
    "top_indices": lambda x, k: np.argsort(-x, -1)[..., :k],
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "solve": lambda a, b: np.linalg.solve(a, b if b.ndim > 1 else b[:, None]).reshape(b.shape),
    "i0": scipy.special.i0,
    "bessel": lambda x, order: scipy.special.iv(order, x),
    "lower_factor": np.linalg.cholesky,
    "qr_parts": lambda x: np.concatenate(np.linalg.qr(x), -2),
    "eigen_parts": lambda x: np.insert(np.linalg.eigh(x)[1], 0, np.linalg.eigh(x)[0], -2),
    "svd_parts": lambda x: np.concatenate([(f := np.linalg.svd(x, False))[0], f[1][..., None, :], f[2].mT], -2),
    "pinv": np.linalg.pinv,
    "lstsq": lambda a, b: np.linalg.lstsq(a, b)[0],
    "log_size_of_det": lambda x: np.linalg.slogdet(x)[1],
    "sign_of_det": lambda x: np.linalg.slogdet(x)[0],
    "one_hot": lambda x, n, axis=-1: np.moveaxis(np.where(x[..., None] == np.arange(n), 1.0, 0.0), -1, axis),
    "largest_of_segments": lambda x, ids, n: np.stack([x[ids == i].max(0) for i in range(n)]),
    "stop_gradient": np.copy,
    "square": lambda x: x**2,
    "mod": np.mod,
    # the derivatives of take and their like have a test of their own: they are the transposed maps
    "add_at": None,
    "take_back": None,
    "take_along_back": None,
    **dict.fromkeys(words("celu mish squareplus tanh_shrink hard_tanh hard_silu hard_shrink soft_shrink")),
    **dict.fromkeys(words("sparse_plus sparse_sigmoid sparsemax threshold")),  # see test_activations.py
}
EVERY = [pytest.param(name, n, id=f"{name}-{n}") for name in sorted(OPS) for n in range(len(CASES.get(name, [])))]
DIFFERENTIABLE = [p for p in EVERY if OPS[str(p.values[0])].derivatives]


def case(name: str, n: int) -> tuple[Op, list[Any], dict[str, Any]]:
    """Return the op, its tensor inputs and all its other arguments."""
    args, static = CASES[name][n]
    inputs, static = OPS[name].bind(args, dict(static))
    return OPS[name], list(inputs), static


def of_floats(op: Op, inputs: list[Any], static: dict[str, Any]) -> tuple[Callable[..., Any], list[Any]]:
    """Return the op as a function of its float arrays alone, and these."""
    places = [i for i, v in enumerate(inputs) if isinstance(v, np.ndarray) and v.dtype.kind == "f"]

    def f(*values: Any) -> Any:
        filled = list(inputs)
        for i, v in zip(places, values, strict=True):
            filled[i] = v
        return op(filled, **static) if op.variadic else op(*filled, **static)

    return f, [inputs[i] for i in places]


def test_every_op_has_cases() -> None:
    assert set(CASES) == set(OPS)


def test_the_list_of_ops_without_a_derivative_is_exact() -> None:
    assert sorted(ops.NOT_DIFFERENTIABLE) == sorted(name for name, op in OPS.items() if not op.derivatives)


@pytest.mark.parametrize(("name", "n"), EVERY)
def test_forward_is_that_of_numpy_or_scipy(name: str, n: int) -> None:
    args, static = CASES[name][n]
    reference = REFERENCES.get(name, getattr(np, NAMES.get(name) or name, None))
    if name in REFERENCES and reference is None:
        return
    expected = reference(*args, **static)
    actual = OPS[name](*args, **static)
    assert np.shape(actual) == np.shape(expected)
    np.testing.assert_allclose(
        actual, expected, rtol=2e-15 if np.asarray(expected).dtype.kind == "b" else 1e-13, atol=1e-15
    )


@pytest.mark.parametrize(("name", "n"), DIFFERENTIABLE)
def test_rules_agree_with_central_differences(name: str, n: int) -> None:
    args, static = CASES[name][n]
    result = check_vjp(OPS[name], *args, **static)
    assert result.errors
    assert result.max_error <= 1e-7, result


@pytest.mark.parametrize(("name", "n"), DIFFERENTIABLE)
def test_rules_can_be_differentiated_again(name: str, n: int) -> None:
    f, floats = of_floats(*case(name, n))
    y = np.asarray(f(*floats))
    result = check_vjp(lambda g, *values: vjp(f, *values)[1](g), normal(*y.shape), *floats)
    assert result.max_error <= 1e-7, result


@pytest.mark.parametrize(("name", "n"), DIFFERENTIABLE)
def test_the_printed_sentence_is_the_rule(name: str, n: int) -> None:
    args, static = CASES[name][n]
    check_sentences(OPS[name], *args, **static)


@pytest.mark.parametrize(("name", "n"), EVERY)
def test_float32_stays_float32(name: str, n: int) -> None:
    op, inputs, static = case(name, n)
    if name == "cast":
        static["dtype"] = "float32"
    f, floats = of_floats(op, inputs, static)
    floats = [v.astype(np.float32) for v in floats]
    y, pullback = vjp(f, *floats)
    assert np.asarray(y).dtype in (np.float32, np.int32, np.bool_)
    if op.derivatives:
        for g, x in zip(pullback(np.ones_like(y)), floats, strict=True):
            assert g.dtype == np.float32
            assert g.shape == x.shape


@pytest.mark.parametrize("name", sorted(OPS))
def test_rules_take_exactly_what_they_are_given(name: str) -> None:
    op = OPS[name]
    for derivative in op.derivatives.values():
        head = ["g", "y", "index"] if op.variadic else ["g", "y"]
        assert list(inspect.signature(derivative.rule).parameters) == [*head, *op.parameters]
