"""What native metrics take the mean of, against the metrics' own `update_state`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines.describe import Undescribed, describe
from chainrule.engines.native.metrics import native_metric, target_width
from chainrule.engines.plan import MetricOf
from chainrule.metrics import MeanMetricWrapper, Metric
from chainrule.saving.serialization import names_of

native = pytest.importorskip("chainrule._native").kernels
ISAS = pytest.importorskip("chainrule._native").isas()

BINARY = ("BinaryAccuracy", "Accuracy", "BinaryCrossentropy", "Hinge", "SquaredHinge")
ONE_HOT = (
    "CategoricalAccuracy",
    "TopKCategoricalAccuracy",
    "CategoricalCrossentropy",
    "CategoricalHinge",
    "KLDivergence",
)
SPARSE = ("SparseCategoricalAccuracy", "SparseTopKCategoricalAccuracy", "SparseCategoricalCrossentropy")
NUMBERS = (
    "CosineSimilarity",
    "LogCoshError",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "RootMeanSquaredError",
)
CHOICES: dict[str, list[dict[str, Any]]] = {
    "BinaryAccuracy": [{}, {"threshold": 0.2}],
    "TopKCategoricalAccuracy": [{"k": 1}, {"k": 2}, {}],
    "SparseTopKCategoricalAccuracy": [{"k": 1}, {"k": 2}, {}],
    "BinaryCrossentropy": [{}, {"label_smoothing": 0.1}, {"from_logits": True}],
    "CategoricalCrossentropy": [{}, {"label_smoothing": 0.1}, {"from_logits": True}],
    "SparseCategoricalCrossentropy": [{}, {"from_logits": True}, {"ignore_class": 1}],
}
CASES = [(n, given) for n in (*BINARY, *ONE_HOT, *SPARSE, *NUMBERS) for given in CHOICES.get(n, [{}])]


def of(metric: Metric, weighted: bool = False) -> MetricOf:
    return MetricOf(0, describe(metric, "metric"), weighted, metric)


def make(name: str, rows: int, width: int, dtype: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(rows * 100 + width)
    p = rng.choice([0.125, 0.25, 0.5, 0.75, 0.875], size=(rows, width)) if rows % 2 else rng.random((rows, width))
    if name in SPARSE:
        y = rng.integers(0, width, size=(rows, 1)).astype(float)
    elif name in ONE_HOT:
        y = np.eye(width)[rng.integers(0, width, size=rows)]
    elif name in BINARY:
        y = rng.integers(0, 2, size=p.shape).astype(float)
        p = np.where(rng.random(p.shape) < 0.2, y, p)
    else:
        y = rng.random(p.shape)
    return y.astype(dtype), p.astype(dtype)


def add(metric: Metric, values: np.ndarray, weights: np.ndarray | None) -> None:
    """Take the numbers in as an engine does."""
    weights = np.ones(len(values)) if weights is None else weights
    metric.total.add(float((weights * values).sum(dtype=np.float64)))
    metric.count.add(float(weights.sum()))


@pytest.mark.filterwarnings("ignore:In loss:SyntaxWarning")
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(("name", "given"), CASES, ids=[f"{n}-{i}" for i, (n, _) in enumerate(CASES)])
def test_the_state_becomes_that_of_update_state(name: str, given: dict[str, Any], dtype: str) -> None:
    cls = getattr(cr.metrics, name)
    for weighted in (False, True):
        if weighted and given.get("ignore_class") is not None:
            continue
        for isa in ISAS:
            expected, found = cls(**given, dtype=dtype), cls(**given, dtype=dtype)
            kernel = native_metric(of(found, weighted))
            assert kernel is not None
            for rows, width in ((1, 1), (33, 1), (17, 2), (40, 3), (6, 40)):
                y, p = make(name, rows, width, dtype)
                weights = np.linspace(0, 2, rows) if weighted else None
                expected.update_state(y, p, weights)
                add(found, native.metric(isa, kernel[0], y, p, kernel[1]), weights)
            tolerance = 1e-13 if dtype == "float64" else 1e-6
            assert found.count.value == pytest.approx(float(expected.count.value), rel=1e-14)
            assert found.total.value == pytest.approx(float(expected.total.value), rel=tolerance)
            assert found.result() == pytest.approx(expected.result(), rel=tolerance)


def test_every_mean_metric_is_native_but_the_correlations() -> None:
    means = {n for n, m in names_of("keras.metrics", Metric).items() if issubclass(m, MeanMetricWrapper)}
    means -= {"MeanMetricWrapper", "PearsonCorrelation", "ConcordanceCorrelation"}
    assert means | {"RootMeanSquaredError"} == {*BINARY, *ONE_HOT, *SPARSE, *NUMBERS}


def test_every_kernel_is_some_metrics() -> None:
    metrics = [getattr(cr.metrics, name)(**given) for name, given in CASES]
    metrics += [
        MeanMetricWrapper(cr.losses.huber),
        MeanMetricWrapper(cr.losses.binary_focal_crossentropy, gamma=1.0),
        MeanMetricWrapper(cr.losses.categorical_focal_crossentropy),
        MeanMetricWrapper(cr.losses.categorical_generalized_cross_entropy, q=0.5),
    ]
    found = {kernel[0] for kernel in (native_metric(of(m)) for m in metrics) if kernel}
    assert found == {name for name, _ in native.metrics()}


@pytest.mark.parametrize(
    "metric",
    [
        cr.metrics.AUC(),
        cr.metrics.Precision(),
        cr.metrics.Recall(),
        cr.metrics.F1Score(),
        cr.metrics.R2Score(),
        cr.metrics.Mean(),
        cr.metrics.Sum(),
        cr.metrics.PearsonCorrelation(),
        cr.metrics.MeanIoU(num_classes=2),
        cr.metrics.CosineSimilarity(axis=0),
        cr.metrics.CategoricalCrossentropy(axis=1),
        cr.metrics.SparseTopKCategoricalAccuracy(from_sorted_ids=True),
        MeanMetricWrapper(cr.losses.cosine_similarity),  # minus the metric of that name
        MeanMetricWrapper(cr.losses.dice),
        MeanMetricWrapper(cr.losses.binary_crossentropy, axis=0),
    ],
    ids=lambda m: f"{type(m).__name__}-{m.name}",
)
def test_other_metrics_stay_in_python(metric: Metric) -> None:
    assert native_metric(of(metric)) is None


def test_weights_and_a_class_to_ignore_stay_in_python() -> None:
    metric = cr.metrics.SparseCategoricalCrossentropy(ignore_class=0)
    assert native_metric(of(metric)) is not None
    assert native_metric(of(metric, weighted=True)) is None


def test_a_metric_of_ones_own_has_no_kernel() -> None:
    class Own(cr.metrics.MeanSquaredError):
        def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
            self.total.add(1.0)

    with pytest.raises(Undescribed):
        of(Own())
    assert native_metric(MetricOf(0, describe(cr.metrics.MeanSquaredError(), "metric"), False, Own())) is None


@pytest.mark.parametrize("isa", ISAS)
def test_ties_and_nan_count_as_numpy_counts_them(isa: str) -> None:
    nan = np.nan
    p = np.array([[1, 1, 0], [0, nan, 2], [nan, 1, nan], [0, 0, 0], [-np.inf, -np.inf, nan], [2, 1, nan]], dtype=float)
    for classes in ([0, 1, 0, 0, 2, 1], [1, 2, 1, 2, 0, 0]):
        y = np.array(classes)
        for name, targets, options in (
            ("sparse_categorical_accuracy", y[:, None], {}),
            ("categorical_accuracy", np.eye(3)[y], {}),
            ("top_k_categorical_accuracy", np.eye(3)[y], {"k": 1}),
            ("sparse_top_k_categorical_accuracy", y[:, None], {"k": 2}),
        ):
            found = native.metric(isa, name, targets.astype(float), p, [*map(float, options.values())])
            assert found.tolist() == getattr(cr.metrics, name)(targets, p, **options).tolist(), name


@pytest.mark.parametrize("isa", ISAS)
def test_a_number_that_is_no_class_is_never_right(isa: str) -> None:
    y = np.array([[-1.0], [3.0], [np.nan], [np.inf], [1e300], [0.5], [2.0]])
    p = np.tile([0.1, 0.2, 0.7], (7, 1))
    assert native.metric(isa, "sparse_categorical_accuracy", y, p, []).tolist() == [0, 0, 0, 0, 0, 0, 1]
    assert native.metric(isa, "sparse_top_k_categorical_accuracy", y[:5], p[:5], [3.0]).tolist() == [0] * 5


@pytest.mark.parametrize("isa", ISAS)
def test_binary_accuracy_compares_with_the_threshold_in_the_type_of_the_predictions(isa: str) -> None:
    y, p = np.array([[1.0, 0.0, 0.5, np.nan]]), np.array([[0.1, 0.1, 0.9, 0.9]])
    for dtype in ("float32", "float64"):
        found = native.metric(isa, "binary_accuracy", y.astype(dtype), p.astype(dtype), [0.1])
        expected = cr.metrics.binary_accuracy(y.astype(dtype), p.astype(dtype), 0.1).mean()
        assert found[0] == expected == 0.25


def test_how_many_targets_belong_to_a_row() -> None:
    assert (
        target_width("sparse_categorical_accuracy", 3) == target_width("categorical_generalized_cross_entropy", 3) == 1
    )
    assert target_width("binary_accuracy", 3) == target_width("categorical_accuracy", 3) == 3
