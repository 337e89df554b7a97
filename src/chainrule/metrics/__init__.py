"""Metrics under the names of `keras.metrics`: classes that accumulate over batches, and the functions they average.

`get` turns a string (`'mae'`, `'MeanAbsoluteError'`, `'mean_absolute_error'`), a class, a configuration or a function
into a metric. In `compile`, `'accuracy'` is chosen by the shapes of targets and predictions: see `lookup.py`.
"""

from __future__ import annotations

from typing import Any

from chainrule.losses import (
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    categorical_hinge,
    hinge,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
    sparse_categorical_crossentropy,
    squared_hinge,
)
from chainrule.metrics.accuracy import *
from chainrule.metrics.auc import *
from chainrule.metrics.base import Metric
from chainrule.metrics.compile import CompileMetrics, MetricsList
from chainrule.metrics.confusion import *
from chainrule.metrics.correlation import *
from chainrule.metrics.f_score import *
from chainrule.metrics.hinges import *
from chainrule.metrics.iou import *
from chainrule.metrics.lookup import deserialize, get, serialize
from chainrule.metrics.matches import *
from chainrule.metrics.operating_point import *
from chainrule.metrics.probabilistic import *
from chainrule.metrics.reduction import *
from chainrule.metrics.regression import *

_OLDER_NAMES = {
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "mse": "mean_squared_error",
    "msle": "mean_squared_logarithmic_error",
    "logcosh": "log_cosh",
    "cosine_similarity": "cosine_similarity",
}


def __getattr__(name: str) -> Any:
    """Offer what older scripts use: `metrics.mse`, `metrics.MSE`, `metrics.cosine_similarity`."""
    full = _OLDER_NAMES.get(name.lower() if name.isupper() else name)
    if full is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if full == "cosine_similarity":
        from chainrule.metrics.regression import cosine_similarity

        return cosine_similarity
    return globals()[full]
