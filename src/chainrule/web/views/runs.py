"""The metrics of other trainings, to be seen beside this one."""

from __future__ import annotations

from typing import Any

from chainrule.web.protocol import Json

MOST_RUNS = 8
MOST_EPOCHS = 1000


def compute(stage: Any) -> Json:
    """Return name, settings and metrics by epoch of the recordings that the stage knows of (`stage.runs`).

    Those that could not be read are listed with the reason.
    """
    runs, damaged = list(getattr(stage, "runs", ()))[-MOST_RUNS:], list(getattr(stage, "damaged", ()))[:MOST_RUNS]
    return {"runs": [_run(r) for r in runs], "damaged": [{"name": name, "why": why} for name, why in damaged]}


def _run(recording: Any) -> Json:
    every = max(1, -(-len(recording.epochs) // MOST_EPOCHS))
    training = recording.start["training"]
    optimizer = training["optimizer"] or {}
    rate = optimizer.get("learning_rate")
    settings = [
        str(optimizer.get("name", "")),
        "" if rate is None else f"η {rate:.4g}",
        f"batch {training['batch_size']}",
    ]
    return {
        "name": recording.name,
        "settings": ", ".join(filter(None, settings)),
        "epochs": [
            {"epoch": e["epoch"], "step": e["step"], "logs": e["logs"]}
            for i, e in enumerate(recording.epochs)
            if i % every == 0 or i == len(recording.epochs) - 1
        ],
    }
