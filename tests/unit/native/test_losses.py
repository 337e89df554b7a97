"""Native losses against the functions of `chainrule.losses` and their tape gradients."""

from __future__ import annotations

import inspect
import zlib

import numpy as np
import pytest

import chainrule as cr
from chainrule import losses, ops
from chainrule.engines.native.losses import KERNELS, check_mask, loss_options
from chainrule.engines.plan import CannotLower, LossOf, Part

native = pytest.importorskip("chainrule._native").kernels
ISAS = pytest.importorskip("chainrule._native").isas()

FUNCTIONS = {
    f.__name__: f
    for f in vars(losses).values()
    if inspect.isfunction(f) and list(inspect.signature(f).parameters)[:2] == ["y_true", "y_pred"]
}
WHOLE_BATCH = ("dice", "tversky")
SPARSE = ("sparse_categorical_crossentropy", "categorical_generalized_cross_entropy", "circle")
SHARES = ("categorical_crossentropy", "categorical_focal_crossentropy", "categorical_hinge", "kl_divergence")
OPTIONS: dict[str, list[dict[str, object]]] = {
    "huber": [{}, {"delta": 0.3}],
    "binary_crossentropy": [{}, {"label_smoothing": 0.2}, {"from_logits": True, "label_smoothing": 0.1}],
    "binary_focal_crossentropy": [
        {},
        {"gamma": 1.5, "apply_class_balancing": True, "alpha": 0.3},
        {"gamma": 1.0, "label_smoothing": 0.1, "from_logits": True},
        {"gamma": 0.0},
        {"gamma": 3.0, "from_logits": True, "apply_class_balancing": True},
    ],
    "categorical_crossentropy": [{}, {"label_smoothing": 0.2}, {"from_logits": True, "label_smoothing": 0.1}],
    "categorical_focal_crossentropy": [
        {},
        {"gamma": 1.5, "alpha": 0.7, "label_smoothing": 0.1},
        {"from_logits": True, "gamma": 1.0},
        {"from_logits": True, "gamma": 2.5, "label_smoothing": 0.2},
    ],
    "sparse_categorical_crossentropy": [
        {},
        {"from_logits": True},
        {"ignore_class": 1},
        {"ignore_class": -1, "from_logits": True},
    ],
    "categorical_generalized_cross_entropy": [{"q": 0.5}, {"q": 0.7}],
    "tversky": [{}, {"alpha": 0.2, "beta": 0.9}],
    "circle": [{}, {"gamma": 8.0, "margin": 0.25, "remove_diagonal": False}],
}
ROUNDING = {"circle": 10}  # the exponential of gamma = 80 times a distance
NEEDS_ALL_ROWS = dict(native.losses())
CASES = [(name, given) for name in sorted(FUNCTIONS) for given in OPTIONS.get(name, [{}])]
SHAPES = [(1, 1), (3, 1), (70, 1), (17, 2), (33, 3), (9, 4), (5, 7), (40, 10), (7, 33), (2, 600), (130, 5)]


def make(name: str, given: dict[str, object], rows: int, width: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    """Return targets and predictions of the kind this loss is for, with equal ones, bounds and kinks among them."""
    rng = np.random.default_rng(zlib.crc32(f"{name}{given}{rows}{width}".encode()))
    p = rng.normal(size=(rows, width))
    y = rng.normal(size=(rows, width))
    probabilities = "entropy" in name or name in ("dice", "tversky", *SHARES)
    if probabilities and not given.get("from_logits"):
        p = 1 / (1 + np.exp(-2 * p))
        if name in SHARES and name != "kl_divergence":
            p = p / p.sum(-1, keepdims=True)
    if name in SPARSE:
        y = rng.integers(0, max(2, width) if name == "circle" else width, size=(rows, 1)).astype(float)
        y[rng.random((rows, 1)) < 0.2] = given.get("ignore_class", 0) or 0
    elif name in SHARES:
        y = np.eye(width)[rng.integers(0, width, size=rows)]
    elif "binary" in name or name in ("dice", "tversky"):
        y = np.where(rng.random(y.shape) < 0.3, rng.random(y.shape), rng.integers(0, 2, size=y.shape))
    elif "hinge" in name:
        y = rng.integers(0, 2, size=y.shape) * 2.0 - (1 if rows % 2 else 0)
        y = y if rows % 2 else y / 2
    elif name in ("poisson", "mean_squared_logarithmic_error"):
        y, p = np.abs(y), np.abs(p)
    if name == "cosine_similarity":
        p += np.sign(p)  # a direction is lost where the vector is short
    elif name == "circle":
        p /= np.linalg.norm(p, axis=-1, keepdims=True)
    elif name not in SPARSE and name != "categorical_focal_crossentropy":
        p = np.where(rng.random(p.shape) < 0.1, y, p)  # y = p, 0, 1: kinks and clipping bounds
    return y.astype(dtype), p.astype(dtype)


def reference(
    name: str, given: dict[str, object], y: np.ndarray, p: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the losses of the rows and the gradient of their sum weighted by `scale`."""
    variable = cr.Variable(p, dtype=str(p.dtype), name="p")
    with np.errstate(all="ignore"), cr.GradientTape() as tape:
        values = FUNCTIONS[name](y, variable, **given)
        total = ops.sum(values * (scale[0] if name in WHOLE_BATCH else scale))
    with np.errstate(all="ignore"):
        gradient = tape.gradient(total, variable)
    return np.atleast_1d(np.asarray(values)), np.asarray(gradient)


def errors(found: np.ndarray, expected: np.ndarray) -> float:
    """Return the largest difference, relative to the largest number of its row (at least 0.1)."""
    rows = expected.reshape(len(expected), -1)
    size = np.maximum(np.abs(rows).max(axis=1, keepdims=True), 0.1)
    same = (found.reshape(rows.shape) == rows) | (np.isnan(rows) & np.isnan(found.reshape(rows.shape)))
    with np.errstate(invalid="ignore"):
        return float(np.where(same, 0.0, np.abs(found.reshape(rows.shape) - rows) / size).max())


def test_every_loss_has_a_kernel() -> None:
    assert set(FUNCTIONS) == set(KERNELS) == {name for name, _ in native.losses()}
    assert len(FUNCTIONS) == 21


@pytest.mark.filterwarnings("ignore:In loss:SyntaxWarning")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "given"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)])
def test_value_and_gradient_are_those_of_the_tape(name: str, given: dict[str, object], dtype: str) -> None:
    options = loss_options(Part(name, given))
    bound = 1e-13 if dtype == "float64" else 4e-6 * ROUNDING.get(name, 1)
    for rows, width in SHAPES:
        y, p = make(name, given, rows, width, dtype)
        scale = np.linspace(0.5, 1.5, 1 if name in WHOLE_BATCH else rows).astype(dtype)
        values, gradient = reference(name, given, y, p, scale)
        for isa in ISAS:
            found, slopes = native.loss(isa, name, y, p, scale, options)
            assert errors(found, values) < bound, (isa, rows, width)
            assert errors(slopes, gradient) < bound, (isa, rows, width)
            alone, nothing = native.loss(isa, name, y, p, None, options)
            assert nothing is None
            assert np.array_equal(alone, found, equal_nan=True)


@pytest.mark.parametrize(("name", "given"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)])
def test_instruction_sets_agree(name: str, given: dict[str, object]) -> None:
    options = loss_options(Part(name, given))
    for dtype, unit in (("float64", 1e-14), ("float32", 2e-6)):
        bound = unit * ROUNDING.get(name, 1)
        for rows, width in SHAPES:
            y, p = make(name, given, rows, width, dtype)
            scale = np.linspace(0.5, 1.5, 1 if name in WHOLE_BATCH else rows).astype(dtype)
            first, *others = [native.loss(isa, name, y, p, scale, options) for isa in ISAS]
            for other in others:
                assert errors(other[0], first[0]) < bound, (rows, width, dtype)
                assert errors(other[1], first[1]) < bound, (rows, width, dtype)


@pytest.mark.filterwarnings("ignore:In loss:SyntaxWarning")
@pytest.mark.parametrize(("name", "given"), [case for case in CASES if not NEEDS_ALL_ROWS[case[0]]])
def test_rows_do_not_depend_on_how_they_are_cut(name: str, given: dict[str, object]) -> None:
    options = loss_options(Part(name, given))
    for width in (1, 3, 33):
        y, p = make(name, given, 50, width, "float32")
        scale = np.linspace(0.5, 1.5, 50).astype("float32")
        for isa in ISAS:
            whole = native.loss(isa, name, y, p, scale, options)
            parts = [
                native.loss(isa, name, y[a:b], p[a:b], scale[a:b], options) for a, b in ((0, 7), (7, 39), (39, 50))
            ]
            assert np.array_equal(whole[0], np.concatenate([part[0] for part in parts]), equal_nan=True)
            assert np.array_equal(whole[1], np.concatenate([part[1] for part in parts]), equal_nan=True)


@pytest.mark.parametrize("isa", ISAS)
def test_probabilities_at_and_beyond_the_bounds_are_clipped(isa: str) -> None:
    epsilon = cr.config.epsilon()
    p = np.array([[0.0], [epsilon], [epsilon * 0.5], [1 - epsilon], [1.0], [2.0], [-1.0], [np.nan]])
    for y in (np.zeros_like(p), np.ones_like(p), np.full_like(p, 0.25)):
        for name in ("binary_crossentropy", "kl_divergence", "binary_focal_crossentropy"):
            scale = np.ones(len(p))
            expected = reference(name, {}, y, p, scale)
            found = native.loss(isa, name, y, p, scale, loss_options(Part(name, {})))
            assert errors(found[0], expected[0]) < 1e-13
            assert errors(found[1], expected[1]) < 1e-13


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("from_logits", [False, True])
def test_rows_of_certain_classes(isa: str, from_logits: bool) -> None:
    p = np.array([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.3, 0.3, 0.4], [3.0, 0.0, 1.0], [-700.0, 10.0, 700.0]])
    y = np.array([1.0, 1.0, 2.0, 0.0, 0.0])
    given = {"from_logits": from_logits}
    for name, targets in (
        ("sparse_categorical_crossentropy", y[:, None]),
        ("categorical_crossentropy", np.eye(3)[y.astype(int)]),
    ):
        expected = reference(name, given, targets, p, np.ones(5))
        found = native.loss(isa, name, targets, p, np.ones(5), loss_options(Part(name, given)))
        assert errors(found[0], expected[0]) < 1e-13
        assert errors(found[1], expected[1]) < 1e-13


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("name", ["sparse_categorical_crossentropy", "categorical_generalized_cross_entropy"])
def test_a_number_that_is_no_class_counts_for_nothing(isa: str, name: str) -> None:
    p = np.random.default_rng(0).random((8, 3))
    y = np.array([[0.0], [-1.0], [3.0], [1e30], [np.nan], [-np.inf], [np.inf], [2.0]])
    given = {"q": 0.5} if "generalized" in name else {}
    found, gradient = native.loss(isa, name, y, p, np.ones(8), loss_options(Part(name, given)))
    assert not found[1:7].any()
    assert not gradient[1:7].any()
    assert (found[[0, 7]] > 0).all()
    assert (gradient[[0, 7], [0, 2]] < 0).all()


@pytest.mark.parametrize("isa", ISAS)
def test_the_class_to_ignore_hides_what_is_not_finite(isa: str) -> None:
    p = np.array([[np.nan, 1.0], [np.inf, -np.inf], [0.5, 0.5]])
    options = loss_options(Part("sparse_categorical_crossentropy", {"ignore_class": 1, "from_logits": True}))
    found, gradient = native.loss(
        isa, "sparse_categorical_crossentropy", np.array([[1.0], [1.0], [0.0]]), p, np.ones(3), options
    )
    assert np.allclose(found, [0, 0, np.log(2)])
    assert np.allclose(gradient, [[0, 0], [0, 0], [-0.5, 0.5]])


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("name", ["hinge", "squared_hinge"])
def test_targets_0_and_1_are_signs_only_if_there_are_no_others(isa: str, name: str) -> None:
    p = np.linspace(-2, 2, 5)[:, None]
    for y in ([0, 1, 1, 0, 1], [-1, 1, 1, -1, 1], [0, 1, -1, 0, 1], [0, 1, 0.5, 0, 1]):
        targets = np.array(y, dtype=float)[:, None]
        expected = reference(name, {}, targets, p, np.ones(5))
        found = native.loss(isa, name, targets, p, np.ones(5), ())
        assert errors(found[0], expected[0]) == errors(found[1], expected[1]) == 0


@pytest.mark.parametrize("isa", ISAS)
def test_nothing_is_read_where_targets_have_another_width(isa: str) -> None:
    for name in KERNELS:
        y, p, scale = np.ones((4, 2)), np.ones((4, 3)), np.ones(1 if name in WHOLE_BATCH else 4)
        found, gradient = native.loss(isa, name, y, p, scale, [0.5] * 8)
        assert np.isnan(found).all(), name
        assert np.isnan(gradient).all(), name


def test_options_come_in_the_order_of_the_function() -> None:
    epsilon = cr.config.epsilon()
    assert loss_options(Part("mean_squared_error", {})) == (epsilon,)
    assert loss_options(Part("binary_focal_crossentropy", {"gamma": 3})) == (0, 0.25, 3, 0, 0, epsilon)
    ignored = loss_options(Part("sparse_categorical_crossentropy", {"from_logits": True}))
    assert np.array_equal(ignored, (1, np.nan, epsilon), equal_nan=True)


@pytest.mark.parametrize(
    ("kind", "options", "reason"),
    [
        ("own", {}, "loss 'own' has no native kernel"),
        ("binary_crossentropy", {"axis": 0}, "loss 'binary_crossentropy' has axis=0; its native kernel has axis=-1"),
        ("dice", {"axis": -1}, "loss 'dice' has axis=-1; its native kernel has axis=None"),
        ("circle", {"ref_labels": [1]}, "loss 'circle' has ref_labels, which no native kernel knows"),
        ("huber", {"width": 1}, "loss 'huber' has the option width, which no native kernel knows"),
        ("huber", {"delta": "big"}, "loss 'huber' has delta='big', which is no number"),
        ("categorical_generalized_cross_entropy", {}, "has q="),
    ],
)
def test_what_no_kernel_has_is_refused_with_the_reason(kind: str, options: dict[str, object], reason: str) -> None:
    with pytest.raises(CannotLower, match=reason):
        loss_options(Part(kind, options))


def test_a_mean_over_rows_known_only_afterwards_is_refused() -> None:
    for masked, reduction in ((False, "mean"), (True, "sum")):
        check_mask(LossOf(0, Part("circle"), reduction, 1.0, masked))
    with pytest.raises(CannotLower, match="loss 'circle' is a mean over the rows whose loss is not 0"):
        check_mask(LossOf(0, Part("circle"), "sum_over_batch_size", 1.0, masked=True))
