"""One row of a table through a trained network: from its cells to every number of the forward and backward pass."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chainrule._typing import Array
from chainrule.errors import DataError
from chainrule.tabular import recipe
from chainrule.tabular.run import Run
from chainrule.tabular.target import ClassTarget
from chainrule.tabular.train import decode

if TYPE_CHECKING:
    import polars as pl

FORMATS = ("text", "latex", "html", "json")


def explain_row(run: Run, table: pl.DataFrame, row: int, form: str, path: str = "table", unicode: Any = "auto") -> str:
    """Return the derivation of one row; with the backward pass where the table has its target.

    Args:
        row: from 1.
        form: one of `FORMATS`.
        unicode: whether text may use `∂` and the like; `'auto'` asks the terminal.

    Raises:
        DataError: there is no such row, or a column is lacking.
    """
    if not 1 <= row <= table.height:
        raise DataError(f"{path}: there is no row {row}; the rows are 1 to {table.height} (the header is not counted).")
    from chainrule.glassbox import trace

    one = table[row - 1 : row]
    matrix = run.preprocessor.transform(one, path)
    target = run.preprocessor.target
    observation = trace(
        run.model,
        matrix,
        _target(run, one, path),
        feature_names=run.preprocessor.features,
        class_names=_class_names(run),
        unicode=unicode,
    )[0]
    if form == "latex":
        return observation.latex()
    if form == "html":
        return observation.html(full=True)
    prediction = decode(run.preprocessor, recipe.outputs_of(run.model, matrix))
    if form == "json":
        facts: dict[str, Any] = {
            "row": row,
            "cells": {e.name: _plain(one.get_column(e.name)[0]) for e in run.preprocessor.encoders},
            "features": dict(zip(run.preprocessor.features, matrix[0].tolist(), strict=True)),
            "prediction": _prediction(target, prediction),
            "trace": observation.to_dict(),
        }
        return json.dumps(facts, ensure_ascii=False, allow_nan=False)
    return "\n".join([*_cells(run, one, matrix, row, path), *_said(target, prediction), "", observation.text()])


def _target(run: Run, one: pl.DataFrame, path: str) -> Array | None:
    """Return the encoded target (1, 1) of the row, or None where it is not known."""
    target = run.preprocessor.target
    if target.name not in one.columns or one.get_column(target.name).null_count():
        return None
    column = one.get_column(target.name)
    y = target.encode(column, path) if isinstance(target, ClassTarget) else target.encode(target.read(column, path))
    return y[:, None]


def _class_names(run: Run) -> list[str] | None:
    target = run.preprocessor.target
    return list(target.classes) if isinstance(target, ClassTarget) else None


def _cells(run: Run, one: pl.DataFrame, matrix: Array, row: int, path: str) -> list[str]:
    """Return lines that lead from the cells of the row to the network's inputs."""
    lines = [f"Row {row} of {path}", ""]
    width = max(len(e.name) for e in run.preprocessor.encoders)
    start = 0
    for encoder in run.preprocessor.encoders:
        values = matrix[0, start : start + len(encoder.features)]
        cell = one.get_column(encoder.name)[0]
        shown = "missing" if cell is None else str(cell)
        active = [(n, v) for n, v in zip(encoder.features, values, strict=True) if len(values) == 1 or v != 0]
        inputs = ", ".join(f"{name} = {value:.4g}" for name, value in active) or "all features 0"
        how = f"  ({encoder.treatment})" if encoder.treatment else ""
        lines.append(f"  {encoder.name:<{width}}  {shown}  →  {inputs}{how}")
        start += len(encoder.features)
    return [*lines, ""]


def _said(target: Any, prediction: Array) -> list[str]:
    if isinstance(target, ClassTarget):
        best = int(prediction[0].argmax())
        return [f"Prediction: {target.name} = {target.classes[best]}  (probability {prediction[0, best]:.4g})"]
    undone = f"the output times {target.scale:.6g} plus {target.mean:.6g}"
    return [f"Prediction: {target.name} = {prediction[0]:.6g}  ({undone})"]


def _prediction(target: Any, prediction: Array) -> Any:
    if isinstance(target, ClassTarget):
        return dict(zip(target.classes, prediction[0].tolist(), strict=True))
    return float(prediction[0])


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)
