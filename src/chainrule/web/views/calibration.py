"""Whether probabilities can be believed; of numbers, how far off the predictions are."""

from __future__ import annotations

from typing import Any

from chainrule.plot.arrays.sample import some
from chainrule.plot.numbers import calibration, residuals
from chainrule.web.protocol import Json, RequestError
from chainrule.web.scene import Scene, count, scene
from chainrule.web.summaries import histogram

MOST_POINTS = 400


def compute(stage: Any, bins: str = "10") -> Json:
    """Return the bins of a calibration curve, or the residuals of a regression."""
    n = count(bins, "bins", 2, 50)
    with scene(stage) as now:
        if now.task in ("binary", "multiclass"):
            return {**now.about(), **_probabilities(now, n)}
        if now.task == "regression":
            return {**now.about(), **_residuals(now, n)}
        raise RequestError("This view takes models with one output.")


def _probabilities(now: Scene, bins: int) -> Json:
    found = calibration(now.targets(), now.outputs(), bins=bins, classes=now.classes)
    return {
        "kind": "probabilities",
        "class": found.of,
        "predicted": found.predicted.tolist(),
        "observed": found.observed.tolist(),
        "low": found.low.tolist(),
        "high": found.high.tolist(),
        "counts": found.counts.tolist(),
        "brier": found.brier,
        "ece": found.ece,
    }


def _residuals(now: Scene, bins: int) -> Json:
    outputs = now.outputs()
    if outputs.ndim == 2 and outputs.shape[1] > 1:
        raise RequestError("The model predicts several numbers; residuals are shown for one.")
    found = residuals(now.targets(), outputs)
    shown = some(len(found.y), MOST_POINTS)
    return {
        "kind": "residuals",
        "predicted": found.predicted[shown].tolist(),
        "residuals": found.residuals[shown].tolist(),
        **histogram(found.residuals, 2 * bins),
        "rmse": found.rmse,
        "mae": found.mae,
        "bias": found.bias,
        "r2": found.r2,
    }
