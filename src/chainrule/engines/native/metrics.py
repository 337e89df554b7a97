"""Metrics for the native engine: those that are the mean of one number for each observation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chainrule import losses
from chainrule.engines.native.losses import CLASS_NUMBERS, function_options
from chainrule.engines.plan import CannotLower, MetricOf
from chainrule.metrics import matches, regression
from chainrule.metrics.reduction import MeanMetricWrapper

_LOSSES: tuple[Callable[..., Any], ...] = (
    losses.binary_crossentropy,
    losses.binary_focal_crossentropy,
    losses.categorical_crossentropy,
    losses.categorical_focal_crossentropy,
    losses.categorical_generalized_cross_entropy,
    losses.categorical_hinge,
    losses.hinge,
    losses.huber,
    losses.kl_divergence,
    losses.log_cosh,
    losses.mean_absolute_error,
    losses.mean_absolute_percentage_error,
    losses.mean_squared_error,
    losses.mean_squared_logarithmic_error,
    losses.poisson,
    losses.sparse_categorical_crossentropy,
    losses.squared_hinge,
)

# by the function itself, as the loss and the metric `cosine_similarity` differ in their sign
_KERNELS: dict[Callable[..., Any], str] = {
    matches.equal_matches: "accuracy",
    matches.binary_matches: "binary_accuracy",
    matches.binary_accuracy: "binary_accuracy",
    matches.categorical_matches: "categorical_accuracy",
    matches.categorical_accuracy: "categorical_accuracy",
    matches.sparse_matches: "sparse_categorical_accuracy",
    matches.sparse_categorical_accuracy: "sparse_categorical_accuracy",
    matches.top_k_categorical_accuracy: "top_k_categorical_accuracy",
    matches.sparse_top_k_categorical_accuracy: "sparse_top_k_categorical_accuracy",
    regression.cosine_similarity: "cosine_similarity",
    **{function: function.__name__ for function in _LOSSES},
}


def target_width(kernel: str, width: int) -> int:
    """Return how many targets a kernel compares with a row of so many predictions; with others Python must decide."""
    return 1 if kernel.startswith("sparse_") or kernel in CLASS_NUMBERS else width


def native_metric(metric_of: MetricOf) -> tuple[str, tuple[float, ...]] | None:
    """Return the kernel whose numbers a metric takes the mean of, and the kernel's options; None if there is none.

    The engine adds the sum of these numbers (times the weights) to the metric's `total`, and how many there are (or
    the sum of the weights) to its `count`. Of an output with several rows for each observation, the observation counts
    once, with the mean of its rows. A metric without a kernel is handed its batches in Python.

    >>> import chainrule as cr
    >>> from chainrule.engines.plan import Part
    >>> metric = cr.metrics.BinaryAccuracy(threshold=0.25)
    >>> native_metric(MetricOf(0, Part("BinaryAccuracy", {"threshold": 0.25}), weighted=False, state=metric))
    ('binary_accuracy', (0.25, 1e-07))
    """
    metric = metric_of.state
    if type(metric) is regression.RootMeanSquaredError:
        return "mean_squared_error", function_options(losses.mean_squared_error, {}, "metric")
    if not isinstance(metric, MeanMetricWrapper) or not type(metric).__module__.startswith("chainrule."):
        return None
    function, given = metric._fn, dict(metric._fn_kwargs)
    name = _KERNELS.get(function)
    if name is None or given.pop("from_sorted_ids", False):
        return None
    if name == "sparse_categorical_crossentropy" and metric_of.weighted and given.get("ignore_class") is not None:
        return None  # the weights of the rows to ignore would have to become 0
    try:
        options = function_options(function, given, f"metric '{metric.name}'")
    except CannotLower:
        return None
    return name, options
