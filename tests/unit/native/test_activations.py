"""Native activations against the functions of `chainrule.activations` and their tape gradients."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import chainrule as cr
from chainrule import activations, ops
from chainrule.engines.native.activations import KERNELS, kernel_of, options_of
from chainrule.engines.plan import CannotLower
from chainrule.saving.serialization import names_of

native = pytest.importorskip("chainrule._native").kernels

FUNCTIONS = {name: f for name, f in names_of("keras.activations").items() if inspect.isfunction(f)}
OPTIONS: dict[str, list[dict[str, object]]] = {
    "relu": [
        {},
        {"max_value": 1.0},
        {"negative_slope": 0.25},
        {"threshold": 0.5},
        {"negative_slope": 0.25, "max_value": 1.0},
        {"negative_slope": 0.25, "max_value": 1.0, "threshold": 0.5},
        {"max_value": 3.0, "threshold": 0.5},
        {"threshold": -0.5},
        {"negative_slope": 0.25, "max_value": 1.0, "threshold": -0.5},
    ],
    "leaky_relu": [{}, {"negative_slope": 0.5}, {"negative_slope": -0.5}],
    "elu": [{}, {"alpha": 0.5}],
    "celu": [{}, {"alpha": 2.5}],
    "gelu": [{}, {"approximate": True}],
    "squareplus": [{}, {"b": 0.5}],
    "hard_shrink": [{}, {"threshold": 1.0}, {"threshold": 0.0}],
    "soft_shrink": [{}, {"threshold": 1.0}, {"threshold": 0.0}],
    "threshold": [{"threshold": 0.5, "default_value": -2.0}],
}
ROWS = ("softmax", "log_softmax", "sparsemax", "glu")
CASES = [(name, given) for name in KERNELS if name != "relu_with_options" for given in OPTIONS.get(name, [{}])]
IDS = [f"{name}-{i}" for i, (name, _) in enumerate(CASES)]
SINGLE = [case for case in CASES if case[0] not in ROWS]
KINKS = [-6.0, -3.0, -1.0, -0.5, -0.0, 0.0, 0.5, 1.0, 3.0, 6.0]
FAR = [-np.inf, -1e4, -800.0, -100.0, -40.0, 40.0, 100.0, 800.0, 1e4, np.inf, np.nan, 1e-30, -1e-30]


def instruction_sets() -> list[str]:
    found = []
    for isa in ("avx512", "avx2", "baseline", "neon"):
        try:
            run(isa, "linear", {}, np.ones((1, 1)), np.ones((1, 1)))
        except ValueError:
            continue
        found.append(isa)
    return found


def run(isa: str, name: str, given: dict[str, object], h: np.ndarray, gy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return y and gh, computed in arrays with numbers around them that must stay."""
    kernel, options = kernel_of(name, given)
    results = []
    for shape in (gy.shape, h.shape):
        n = int(np.prod(shape))
        around = np.full(n + 64, 7.5, h.dtype)
        results.append((around, around[32 : 32 + n].reshape(shape)))
    native.activation(isa, kernel, h, gy, results[0][1], results[1][1], options)
    for around, inside in results:
        assert (around[:32] == 7.5).all()
        assert (around[32 + inside.size :] == 7.5).all()
    return results[0][1], results[1][1]


ISAS = instruction_sets()


def make(name: str, rows: int, width: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return inputs with kinks among them, and gradients."""
    rng = np.random.default_rng(rows * 100 + width)
    width = width * 2 if name == "glu" else width
    h = rng.normal(size=(rows, width)) * 3
    if name not in ROWS:
        h = np.where(rng.random(h.shape) < 0.3, rng.choice(KINKS, h.shape), h)
    gy = rng.normal(size=(rows, width // 2 if name == "glu" else width))
    return h.astype(dtype), gy.astype(dtype)


def reference(name: str, given: dict[str, object], h: np.ndarray, gy: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    variable = cr.Variable(h, dtype=str(h.dtype), name="h")
    with np.errstate(all="ignore"):
        with cr.GradientTape() as tape:
            y = FUNCTIONS[name](variable, **given)
            total = ops.sum(y * gy)
        return np.asarray(y), np.asarray(tape.gradient(total, variable))


def error(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference, relative to numbers of at least 0.1."""
    with np.errstate(all="ignore"):
        difference = np.abs(found - expected) / np.maximum(np.abs(expected), 0.1)
    same = (found == expected) | (np.isnan(found) & np.isnan(expected))
    difference = np.where(same, 0.0, np.where(np.isnan(difference), np.inf, difference))
    return float(difference.max(initial=0.0))


def test_every_activation_has_a_kernel() -> None:
    assert set(KERNELS) == set(native.activations())
    assert set(KERNELS) == {*FUNCTIONS, "relu_with_options"}


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "given"), CASES, ids=IDS)
def test_value_and_gradient_are_those_of_the_tape(name: str, given: dict[str, object], dtype: str) -> None:
    bound = 1e-13 if dtype == "float64" else 2e-5
    if given.get("approximate"):
        bound *= 10  # 1 - tanh(u)**2, multiplied by a large derivative of u
    shapes = [(1, n) for n in range(1, 71)] + [
        (3, 1),
        (70, 1),
        (17, 2),
        (130, 3),
        (300, 10),
        (5, 32),
        (7, 33),
        (2, 517),
    ]
    for rows, width in shapes:
        h, gy = make(name, rows, width, dtype)
        y, gh = reference(name, given, h, gy)
        for isa in ISAS:
            found, slopes = run(isa, name, given, h, gy)
            assert error(found, y) < bound, (isa, rows, width)
            assert error(slopes, gh) < bound, (isa, rows, width)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "given"), SINGLE)
def test_far_out_and_beyond_all_numbers(name: str, given: dict[str, object], dtype: str) -> None:
    h = np.array([FAR], dtype)
    gy = np.linspace(0.5, 1.5, h.size).astype(dtype).reshape(h.shape)
    expected = reference(name, given, h, gy)
    for isa in ISAS:
        for found, wanted in zip(run(isa, name, given, h, gy), expected, strict=True):
            assert error(found, wanted) < (1e-13 if dtype == "float64" else 5e-6), (isa, found, wanted)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("width", [1, 2, 3, 10, 32, 33, 100])
def test_softmax_of_large_and_missing_numbers(name: str, isa: str, width: int) -> None:
    h = np.random.default_rng(width).normal(size=(40, width)) * 400
    h[3, 0], h[5], h[7, -1] = np.nan, -np.inf, -np.inf
    gy = np.ones_like(h) * np.arange(1, width + 1)
    y, gh = reference(name, {}, h, gy)
    found, slopes = run(isa, name, {}, h, gy)
    assert error(found, y) < 1e-13
    assert error(slopes, gh) < 1e-12
    assert not np.isnan(found[[0, 1, 2, 4, 6]]).any()


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(("name", "given"), CASES, ids=IDS)
def test_rows_do_not_depend_on_how_they_are_cut(name: str, given: dict[str, object], isa: str) -> None:
    for width in (1, 3, 33):
        h, gy = make(name, 90, width, "float32")
        whole = run(isa, name, given, h, gy)
        parts = [run(isa, name, given, h[a:b], gy[a:b]) for a, b in ((0, 7), (7, 71), (71, 90))]
        for i in range(2):
            assert np.array_equal(whole[i], np.concatenate([part[i] for part in parts]))


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize(("name", "given"), [case for case in CASES if case[0] != "glu"])
def test_works_in_place(name: str, given: dict[str, object], isa: str) -> None:
    kernel, options = kernel_of(name, given)
    for rows, width in ((9, 3), (5, 50)):
        h, gy = make(name, rows, width, "float64")
        y, gh = run(isa, name, given, h, gy)
        if native.activations()[kernel]:
            value = np.empty_like(h)
        else:
            value = h
        native.activation(isa, kernel, h, gy, value, gy, options)
        assert np.array_equal(value, y)
        assert np.array_equal(gy, gh)


@pytest.mark.parametrize(("name", "given"), CASES, ids=IDS)
def test_instruction_sets_agree(name: str, given: dict[str, object]) -> None:
    h, gy = make(name, 40, 7, "float32")
    first, *others = [run(isa, name, given, h, gy) for isa in ISAS]
    for other in others:
        for a, b in zip(first, other, strict=True):
            assert error(a, b) < 1e-5


def test_options_are_numbers_in_the_order_of_the_parameters() -> None:
    assert options_of("relu_with_options", {"max_value": 2, "negative_slope": 0.5}) == (0.5, 2.0, 0.0)
    assert options_of("threshold", {"default_value": 3, "threshold": 1}) == (1.0, 3.0)
    assert options_of("softmax", {"axis": -1}) == ()
    assert options_of("leaky_relu", {}) == (0.2,)
    assert kernel_of("relu", {"max_value": None, "negative_slope": 0, "threshold": 0.0}) == ("relu", ())
    assert activations.relu.__name__ in KERNELS


@pytest.mark.parametrize(
    ("name", "given", "reason"),
    [
        ("softmax", {"axis": 1}, "'softmax' along axis 1, not the last one"),
        ("swoosh", {}, "'swoosh' has no native kernel"),
        ("relu", {"slope": 1.0}, "'relu' has no option 'slope'"),
        ("threshold", {"threshold": 1.0}, "'threshold' with no value for its option 'default_value'"),
        ("elu", {"alpha": "one"}, "'elu' with 'one' for its option 'alpha'"),
    ],
)
def test_what_no_kernel_computes_is_refused(name: str, given: dict[str, object], reason: str) -> None:
    with pytest.raises(CannotLower, match=reason):
        kernel_of(name, given)
