"""Write fixtures/ops.json with Keras: signatures, values, result types, derivatives at kinks.

Run where Keras and JAX are installed:  KERAS_BACKEND=jax python tests/parity/make_ops_fixtures.py
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np

P1 = """mean sum square abs log exp sqrt maximum minimum clip matmul cast reshape shape convert_to_tensor
convert_to_numpy add multiply subtract divide power"""
P2 = """max min argmax argmin var std dot einsum tensordot transpose expand_dims squeeze concatenate stack split where
equal not_equal greater greater_equal less less_equal logical_and logical_or logical_not zeros ones zeros_like
ones_like full full_like arange linspace eye tile repeat take take_along_axis one_hot top_k argsort sort
cumsum prod any all sign sin cos tanh sigmoid relu softmax log_softmax softplus gelu elu selu silu leaky_relu
norm logsumexp isnan isfinite isinf isclose nan_to_num round floor ceil mod broadcast_to pad slice
stop_gradient cond is_tensor dtype ndim size binary_crossentropy categorical_crossentropy
sparse_categorical_crossentropy batch_normalization layer_normalization normalize moments multi_hot in_top_k
rsqrt reciprocal negative log1p expm1 erf outer flip roll ravel diag trace median quantile bincount unstack
swapaxes moveaxis"""
P3 = """while_loop fori_loop scan map switch vectorized_map custom_gradient scatter scatter_update slice_update
segment_sum segment_max inv solve cholesky det qr svd eigh lstsq logaddexp floor_divide arctan2 arctan arcsin
arccos sinh cosh tan nonzero unique searchsorted digitize histogram meshgrid tril triu cross kron erfinv hypot cumprod
diff
count_nonzero nanmean nansum nanvar nanstd nanmax nanmin average fmod true_divide absolute amax amin append
hstack vstack hard_sigmoid softsign saturate_cast unravel_index rearrange"""
FURTHER = """arccosh arcsinh arctanh celu diagonal empty exp2 glu hard_shrink hard_silu hard_swish hard_tanh
identity inner log10 log2 log_sigmoid logical_xor relu6 soft_shrink sparse_plus sparse_sigmoid
sparsemax squareplus tanh_shrink threshold trunc
allclose angle argpartition array array_split associative_scan bartlett bitwise_and bitwise_invert
bitwise_left_shift bitwise_not bitwise_or bitwise_right_shift bitwise_xor blackman cbrt cdist cholesky_inverse
conj conjugate corrcoef correlate deg2rad diagflat divide_no_nan dsplit dstack eig empty_like fabs fliplr flipud
fmax fmin gcd geomspace get_item hamming hanning heaviside hsplit i0 imag isin isneginf isposinf isreal jvp
kaiser lcm ldexp left_shift logaddexp2 logdet logspace lu_factor matrix_rank nanargmax nanargmin nancumprod
nancumsum nanmedian nanpercentile nanprod nanquantile nextafter percentile pinv ptp rad2deg real right_shift
rms_normalization rot90 segment_min segment_prod select signbit sinc slogdet solve_triangular swish trapezoid
tri vander vdot vectorize view vsplit"""


def words(text: str) -> list[str]:
    return text.split()


F = np.float32
M = np.array([[0.5, -1.5, 2.0], [2.0, 2.0, -0.25]], F)  # with ties
P = np.array([[0.2, 0.5, 0.3], [0.1, 0.7, 0.2]], F)
Q = np.array([[1e-9, 0.3, 1.0], [0.0, 0.999999, 0.5]], F)
B = np.array([[1, 0, 1], [0, 1, 0]], F)
N = np.array([[0, 2, 5], [3, 1, 1]], np.int32)
H = np.array([[0, 0, 1], [1, 0, 0]], F)
NAN = np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, -np.inf]], F)
V = np.array([1.0, 4.0, 2.0, 2.0], F)
S = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -1.0], [0.5, -1.0, 2.5]], F)
T = np.array([[2.0, 0.3, 0.1], [0.2, 1.0, 0.5], [0.4, 0.1, 0.6], [0.3, -0.5, 0.2]], F)
D = np.arange(24, dtype=F).reshape(2, 3, 4)

VALUES: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("top_k", (M, 2), {}),
    ("top_k", (N, 3), {}),
    ("in_top_k", (np.array([1, 0], np.int32), M, 1), {}),
    ("in_top_k", (np.array([0, 1], np.int32), M, 2), {}),
    ("in_top_k", (np.array([1, 0], np.int32), NAN[:, :2], 1), {}),
    ("one_hot", (N, 4), {}),
    ("one_hot", (np.array([1, -1, 7], np.int32), 3), {"axis": 0}),
    ("one_hot", (N, 6), {"dtype": "int32"}),
    ("multi_hot", (N, 6), {}),
    ("multi_hot", (np.array([0, 2], np.int32), 4), {}),
    ("binary_crossentropy", (B, Q), {}),
    ("binary_crossentropy", (B, M), {"from_logits": True}),
    ("categorical_crossentropy", (H, P * 2), {}),
    ("categorical_crossentropy", (H, M * 40), {"from_logits": True}),
    ("categorical_crossentropy", (H[:, :2], Q[:, :2]), {"axis": 0}),
    ("sparse_categorical_crossentropy", (np.array([2, 0], np.int32), Q), {}),
    ("sparse_categorical_crossentropy", (np.array([[2], [0]], np.int32), M), {"from_logits": True}),
    ("batch_normalization", (M, V[:3], V[:3]), {"axis": -1}),
    ("batch_normalization", (M, V[:2], V[:2]), {"axis": 0, "offset": V[1:3], "scale": V[2:], "epsilon": 0.1}),
    ("layer_normalization", (M,), {}),
    ("layer_normalization", (M, V[:3], V[1:]), {"epsilon": 0.1}),
    ("layer_normalization", (M, V[:2], V[1:3]), {"axis": 0}),
    ("layer_normalization", (M,), {"axis": (0, 1)}),
    ("normalize", (M,), {}),
    ("normalize", (M,), {"axis": 0, "order": 1}),
    ("normalize", (M,), {"order": 3}),
    ("normalize", (M * 0,), {}),
    ("moments", (M, [0]), {}),
    ("moments", (M, [0, 1]), {"keepdims": True}),
    ("gelu", (M,), {}),
    ("gelu", (M * 3,), {"approximate": False}),
    ("selu", (M,), {}),
    ("elu", (M,), {"alpha": 0.5}),
    ("silu", (M,), {}),
    ("leaky_relu", (M,), {}),
    ("hard_sigmoid", (M * 2,), {}),
    ("log_sigmoid", (M * 30,), {}),
    ("softplus", (M * 30,), {}),
    ("softmax", (M,), {"axis": 0}),
    ("logsumexp", (M * 50,), {"axis": 1}),
    ("norm", (M,), {}),
    ("norm", (M,), {"ord": 1}),
    ("norm", (M,), {"ord": "fro", "axis": (0, 1), "keepdims": True}),
    ("norm", (M,), {"ord": float("inf")}),
    ("norm", (M,), {"ord": -1}),
    ("norm", (M,), {"ord": 3, "axis": 0}),
    ("norm", (M,), {"ord": 0, "axis": 1}),
    ("norm", (M,), {"ord": float("-inf"), "axis": 1}),
    ("median", (M,), {}),
    ("median", (M,), {"axis": 1, "keepdims": True}),
    *[
        ("quantile", (M, np.array([0.1, 0.5, 1.0], F)), {"axis": 1, "method": m})
        for m in ("linear", "lower", "higher", "midpoint", "nearest")
    ],
    ("quantile", (M, 0.3), {"keepdims": True}),
    ("bincount", (N[0],), {"minlength": 4}),
    ("bincount", (N,), {"minlength": 8}),
    ("bincount", (N[0],), {"weights": V[:3]}),
    ("nan_to_num", (NAN,), {"nan": 7.0}),
    ("nanmean", (NAN,), {"axis": 0}),
    ("nansum", (NAN,), {"axis": 0}),
    ("nanmax", (NAN,), {"axis": 0}),
    ("nanmin", (NAN,), {}),
    ("nanvar", (NAN[:1],), {"axis": 1}),
    ("nanstd", (NAN[:1],), {}),
    ("isclose", (M, M + 1e-6), {}),
    ("round", (M * 3.3,), {"decimals": 1}),
    ("round", (N * 13,), {"decimals": -1}),
    ("mod", (M, -1.5), {}),
    ("fmod", (M, -1.5), {}),
    ("floor_divide", (M, 0.4), {}),
    ("power", (N, 2), {}),
    ("dot", (M, P.T), {}),
    ("dot", (np.ones((2, 3, 2), F), np.ones((4, 2, 3), F)), {}),
    ("tensordot", (M, P), {"axes": 2}),
    ("tensordot", (M, P), {"axes": [[1], [1]]}),
    ("einsum", ("ij,kj->ik", M, P), {}),
    ("einsum", ("ii", np.arange(9, dtype=F).reshape(3, 3)), {}),
    ("einsum", ("...j,j->...", M, V[:3]), {}),
    ("einsum", ("ij,jk", M, P.T), {}),
    ("outer", (V, M), {}),
    ("inner", (M, P), {}),
    ("kron", (M, P), {}),
    ("cross", (M, P), {}),
    ("diag", (V,), {"k": 1}),
    ("diag", (M,), {"k": -1}),
    ("trace", (np.arange(27, dtype=F).reshape(3, 3, 3),), {"offset": 1, "axis1": 1, "axis2": 2}),
    ("tile", (M, [2, 1, 2]), {}),
    ("repeat", (M, 2), {"axis": 1}),
    ("repeat", (M, 3), {}),
    ("repeat", (V, np.array([0, 1, 2, 0], np.int32)), {"axis": 0}),
    ("pad", (M, [[1, 2], [0, 1]]), {"constant_values": 9.0}),
    ("pad", (M, 1), {"mode": "reflect"}),
    ("pad", (M, 1), {"mode": "symmetric"}),
    ("take", (M, np.array([2, 0], np.int32)), {"axis": 1}),
    ("take", (M, np.array([[4], [1]], np.int32)), {}),
    ("slice", (M, [0, 1], [2, 2]), {}),
    ("slice", (M, [1, 0], [-1, 2]), {}),
    ("slice_update", (M, [0, 1], np.full((2, 2), 9, F)), {}),
    ("scatter", (np.array([[0], [2], [0]], np.int32), V[:3], [4]), {}),
    ("scatter_update", (M, np.array([[0, 1], [1, 2]], np.int32), V[:2]), {}),
    ("scatter_update", (M, np.array([[0], [0]], np.int32), M), {"reduction": "add"}),
    ("segment_sum", (M, np.array([1, 1], np.int32)), {"num_segments": 3}),
    ("segment_max", (M, np.array([1, 1], np.int32)), {"num_segments": 2}),
    ("split", (V, 2), {}),
    ("split", (M, [1], 1), {}),
    ("unstack", (M,), {"axis": 1}),
    ("append", (M, V), {}),
    ("hstack", ([M, P],), {}),
    ("vstack", ([V, V],), {}),
    ("roll", (M, 2), {"axis": 1}),
    ("flip", (M,), {}),
    ("cumsum", (M,), {"axis": 1}),
    ("cumprod", (M,), {"axis": 0}),
    ("cumprod", (M,), {}),
    ("diff", (M,), {"n": 2}),
    ("average", (M,), {"axis": 1, "weights": V[:3]}),
    ("average", (M,), {}),
    ("argsort", (M,), {}),
    ("sort", (M,), {"axis": 0}),
    ("unique", (M,), {"return_counts": True, "return_inverse": True}),
    ("unique", (N,), {"size": 7}),
    ("histogram", (V,), {"bins": 3}),
    ("digitize", (M, V[:2]), {}),
    ("searchsorted", (np.array([1.0, 2.0], F), M), {"side": "right"}),
    ("unravel_index", (np.array([1, 5], np.int32), [2, 3]), {}),
    ("nonzero", (B,), {}),
    ("where", (B,), {}),
    ("meshgrid", (V, V[:2]), {}),
    ("meshgrid", (V, V[:2], V[:3]), {"indexing": "ij"}),
    ("arange", (5,), {}),
    ("arange", (0, 1, 0.25), {}),
    ("arange", (5, 1, -2), {}),
    ("linspace", (0, 1, 5), {}),
    ("linspace", (0, 10, 4), {"endpoint": False}),
    ("linspace", (0, 10, 5), {"dtype": "int32"}),
    ("eye", (2, 3, 1), {}),
    ("full", ([2], 3), {}),
    ("full_like", (N, 2.5), {}),
    ("saturate_cast", (M * 200, "uint8"), {}),
    ("std", (M,), {"axis": 0}),
    ("count_nonzero", (B,), {"axis": 1}),
    ("swapaxes", (np.arange(6, dtype=F).reshape(1, 2, 3), 0, 2), {}),
    ("moveaxis", (np.arange(24, dtype=F).reshape(1, 2, 3, 4), [0, 1], [-1, 0]), {}),
    ("max", (M,), {"axis": 1, "initial": 1.0}),
    ("cholesky", (S,), {}),
    ("cholesky", (np.stack([S, 2 * S]),), {"upper": True}),
    ("cholesky_inverse", (np.tril(S),), {}),
    ("cholesky_inverse", (np.triu(S),), {"upper": True}),
    *[("qr", (x,), {"mode": m}) for x in (S, T, T.T) for m in ("reduced", "complete")],
    ("eigh", (S,), {}),
    *[("svd", (x,), {"full_matrices": False}) for x in (S, T, T.T)],
    ("svd", (S,), {}),
    ("svd", (np.stack([T, T + 1]),), {"compute_uv": False}),
    ("lstsq", (T, V), {}),
    ("lstsq", (T.T, M.T), {}),
    ("lstsq", (np.ones((3, 2), F), V[:3]), {"rcond": 0.1}),
    ("pinv", (T,), {}),
    ("pinv", (np.ones((2, 2, 3), F),), {"rcond": 0.1}),
    ("solve_triangular", (S, V[:3]), {}),
    ("solve_triangular", (S, T.T), {"lower": True}),
    ("slogdet", (-S,), {}),
    ("logdet", (S,), {}),
    ("lu_factor", (S[::-1],), {}),
    ("matrix_rank", (np.stack([S, np.ones((3, 3), F)]),), {}),
    ("matrix_rank", (S,), {"tol": 3.0}),
    ("rearrange", (D, "a b c -> c (b a)"), {}),
    ("rearrange", (D, "a b (c d) -> (a c) b d"), {"d": 2}),
    *[(n, (M,), {}) for n in words("cbrt deg2rad rad2deg fabs sinc i0 signbit isposinf isneginf isreal real conj")],
    *[(n, (N,), {}) for n in words("cbrt deg2rad rad2deg fabs sinc i0 signbit isposinf isneginf isreal real imag")],
    *[(n, (NAN,), {}) for n in words("isposinf isneginf signbit")],
    ("angle", (M,), {}),
    *[(n, (M, P), {}) for n in words("fmax fmin heaviside logaddexp2 nextafter divide_no_nan allclose vdot")],
    *[(n, (NAN, M), {}) for n in words("fmax fmin")],
    ("divide_no_nan", (M, B), {}),
    ("divide_no_nan", (N, N), {}),
    ("ldexp", (M, N), {}),
    *[(n, (N, N + 1), {}) for n in words("bitwise_and bitwise_or bitwise_xor gcd lcm left_shift right_shift")],
    *[(n, (N, 2), {}) for n in words("bitwise_and bitwise_left_shift bitwise_right_shift")],
    ("bitwise_not", (N,), {}),
    ("bitwise_invert", (N > 1,), {}),
    ("isin", (N, np.array([1, 2], np.int32)), {}),
    ("isin", (M, V), {"invert": True}),
    *[(n, (7,), {}) for n in words("bartlett blackman hamming hanning")],
    ("kaiser", (6, 2.5), {}),
    ("geomspace", (1, 8, 4), {}),
    ("logspace", (0, 2, 5), {"base": 2, "endpoint": False}),
    ("tri", (2, 3, 1), {}),
    ("vander", (V,), {"N": 3}),
    ("vander", (N[0],), {"increasing": True}),
    ("diagflat", (M,), {"k": 1}),
    ("view", (M, "int32"), {}),
    ("get_item", (M, 1), {}),
    ("select", ([M > 1, M > 0], [M, P]), {"default": 7.0}),
    ("array_split", (V, 3), {}),
    ("array_split", (D, 3), {"axis": 2}),
    ("dsplit", (D, 2), {}),
    ("hsplit", (V, 2), {}),
    ("hsplit", (M, [1]), {}),
    ("vsplit", (M, 2), {}),
    ("dstack", ([V, V + 1],), {}),
    ("dstack", ([M, P],), {}),
    *[("rot90", (D,), {"k": k, "axes": a}) for k in (0, 1, 2, 3, -1) for a in ((0, 1), (2, 0))],
    ("fliplr", (M,), {}),
    ("flipud", (M,), {}),
    ("cdist", (T, T[:2]), {}),
    ("corrcoef", (T,), {}),
    ("corrcoef", (V,), {}),
    *[
        ("correlate", (V[:n], M[0][:m]), {"mode": o})
        for n, m in ((4, 3), (2, 3), (4, 2))
        for o in ("valid", "same", "full")
    ],
    *[("percentile", (M, 30.0), {"axis": a, "keepdims": k}) for a in (0, None) for k in (False, True)],
    ("ptp", (M,), {"axis": 1}),
    ("ptp", (N,), {"keepdims": True}),
    ("trapezoid", (M,), {"dx": 0.5}),
    ("trapezoid", (M, np.array([0.0, 1.0, 4.0], F)), {}),
    ("trapezoid", (N,), {"axis": 0}),
    *[(n, (NAN,), {"axis": a}) for n in words("nanargmax nanargmin nancumsum nancumprod nanprod") for a in (0, 1)],
    *[("nanmedian", (NAN[:1],), {"axis": a, "keepdims": True}) for a in (0, 1, None)],
    ("nanquantile", (NAN[:1], np.array([0.25, 0.75], F)), {"axis": 1}),
    *[
        ("nanquantile", (np.array([[5, np.nan], [1, 2], [3, 4]], F), 0.3), {"axis": 0, "method": m})
        for m in ("linear", "lower", "higher", "midpoint", "nearest")
    ],
    ("nanpercentile", (np.array([5, np.nan, 1, 2], F), 40.0), {}),
    ("rms_normalization", (M,), {}),
    ("rms_normalization", (M, V[:3]), {"epsilon": 0.1}),
    ("rms_normalization", (M,), {"axis": (0, 1)}),
    ("segment_min", (M, np.array([1, 1], np.int32)), {"num_segments": 2}),
    ("segment_min", (N, np.array([1, 1], np.int32)), {"num_segments": 2}),
    ("segment_prod", (T, np.array([2, 0, 2, 2], np.int32)), {"num_segments": 4}),
    ("segment_prod", (N, np.array([1, 1], np.int32)), {"num_segments": 2}),
    ("swish", (M,), {}),
]

ZOO = {
    "int32": N, "int64": N.astype(np.int64), "uint8": N.astype(np.uint8), "bool": N > 1,
    "float16": M.astype(np.float16), "float32": M, "python int": 2, "python float": 2.5, "python bool": True,
    "float64 scalar": np.float64(2.5), "list": [1, 2, 3], "float list": [1.0, 2.0, 3.0],
}  # fmt: skip
ONE = words(
    "mean sum square abs log exp sqrt floor round relu softplus prod var argmax cumsum sort any log1p max median norm "
    "softmax nan_to_num isnan"
)
TWO = words("add multiply divide floor_divide mod power maximum equal arctan2")

KINKS: list[tuple[str, tuple[float, ...]]] = [
    *[(n, (0.0,)) for n in words("relu sqrt leaky_relu elu selu softsign relu6 softplus silu celu")],
    *[(n, (0.0,)) for n in words("hard_shrink soft_shrink")],
    *[(n, (x,)) for n in ("hard_sigmoid", "hard_silu") for x in (-3.0, 3.0)],
    *[("sparse_plus", (x,)) for x in (-1.0, 1.0)],
    *[(n, (x,)) for n in ("hard_shrink", "soft_shrink") for x in (-0.5, 0.5)],
    ("relu6", (6.0,)), ("nan_to_num", (np.nan,)), ("nan_to_num", (np.inf,)), ("log", (0.0,)),
    *[(n, (1.0, 1.0)) for n in ("maximum", "minimum", "logaddexp")],
    *[("power", p) for p in ((0.0, 2.0), (2.0, 0.0), (0.0, 0.5), (0.0, 1.0), (-2.0, 3.0))],
    *[("clip", (x, 0.0, 1.0)) for x in (-1.0, 0.0, 0.5, 1.0, 2.0)],
    ("mod", (4.0, 2.0)), ("mod", (-5.5, 2.0)), ("fmod", (-5.5, 2.0)),
]  # fmt: skip


def encode(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [encode(v) for v in value]
    if hasattr(value, "dtype"):
        array = np.asarray(value)
        return {"array": array.tolist(), "dtype": str(array.dtype)}
    return value


def signature(function: Any) -> list[list[Any]]:
    parameters = inspect.signature(function).parameters.values()
    return [[p.name, p.kind.name, None if p.default is p.empty else repr(p.default)] for p in parameters]


def main() -> None:
    import jax
    from keras import ops

    def dtype_of(name: str, *values: Any) -> str | None:
        try:
            return str(getattr(ops, name)(*values).dtype)
        except (TypeError, ValueError):
            return None

    def slopes(name: str, point: tuple[float, ...]) -> list[float]:
        rule = jax.grad(getattr(ops, name), argnums=tuple(range(len(point))))
        return [float(v) for v in rule(*[jax.numpy.float32(v) for v in point])]

    content = {
        "signatures": {n: signature(getattr(ops, n)) for n in f"{P1} {P2} {P3} {FURTHER}".split()},
        "values": [
            [n, encode(a), {o: encode(v) for o, v in k.items()}, encode(getattr(ops, n)(*a, **k))] for n, a, k in VALUES
        ],
        "types": [
            *[[n, [k], dtype_of(n, v)] for n in ONE for k, v in ZOO.items() if hasattr(v, "shape")],
            *[[n, [a, b], dtype_of(n, ZOO[a], ZOO[b])] for n in TWO for a in ZOO for b in ZOO],
        ],
        "kinks": [[n, p, slopes(n, p)] for n, p in KINKS],
    }
    path = Path(__file__).parent / "fixtures" / "ops.json"
    path.write_text(json.dumps(content, separators=(",", ":"), allow_nan=True).replace('],["', '],\n["') + "\n")
    print(path.name, path.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
