"""What pushed one prediction up or down: gradient times input, which for a linear model is `w_i x_i` exactly.

Source: Shrikumar et al. (2016), "Not Just a Black Box" (gradient times input).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import DataError, ShapeError, within
from chainrule.inspect import predictor
from chainrule.inspect.scores import numeric
from chainrule.plot.arrays.given import network

_LAST = ("sigmoid", "softmax")


@dataclass(frozen=True)
class Contributions:
    """`h = sum_i dh/dx_i x_i + rest`, for each row; all numbers in float64.

    Attributes:
        names: of the features.
        inputs: x (rows, features).
        slopes: dh/dx (rows, features); of a linear model, its weights.
        level: h (rows,): what goes into the last sigmoid or softmax; the output itself, where there is neither.
        output: number of the model's output.
    """

    names: tuple[str, ...]
    inputs: Array
    slopes: Array
    level: Array
    output: int

    @property
    def values(self) -> Array:
        """Slope times input (rows, features): what each feature adds to h."""
        found: Array = self.slopes * self.inputs
        return found

    @property
    def rest(self) -> Array:
        """What is left of h (rows,): the bias of a linear model; of others, biases and what bends."""
        found: Array = self.level - self.values.sum(axis=1)
        return found

    def __len__(self) -> int:
        return len(self.level)

    def order(self, row: int = 0) -> Array:
        """Return the numbers of the features, the largest contribution to a row first, whatever its sign."""
        return np.argsort(-np.abs(self.values[row]), kind="stable")

    def __str__(self) -> str:
        width = max(4, *map(len, self.names))
        lines = []
        for row in range(len(self)):
            lines.append(f"row {row}: h = {self.level[row]:.4f} = sum of slope · input + rest")
            for i in self.order(row)[:10]:
                slope, x = self.slopes[row, i], self.inputs[row, i]
                lines.append(f"  {self.names[i]:<{width}}  {slope * x:9.4f} = {slope:.4f} · {x:.4g}")
            lines.append(f"  {'rest':<{width}}  {self.rest[row]:9.4f}")
        return "\n".join(lines)

    def to_frame(self, library: Any = None) -> Any:
        """Return a data frame: row, feature, input, slope, contribution."""
        from chainrule.glassbox.render.data import to_frame

        rows, features = self.values.shape
        columns = {
            "row": np.repeat(np.arange(rows), features).tolist(),
            "feature": list(self.names) * rows,
            "input": self.inputs.ravel().tolist(),
            "slope": self.slopes.ravel().tolist(),
            "contribution": self.values.ravel().tolist(),
        }
        return to_frame(columns, library)


@within("inspect.contributions")
def contributions(
    model: Any, x: Any, *, output: int | None = None, feature_names: Sequence[str] | None = None
) -> Contributions:
    """Return gradient times input for each row: how much each feature holds the output up or down there.

    The output is taken before a last sigmoid or softmax, where contributions add up. The numbers come from the model's
    own `call`, recorded by the tape in float64; the model is not changed.

    Args:
        model: with one matrix as input.
        x: rows to explain (rows, features); one row (features,) will do.
        output: which output (class); by default the last.
        feature_names: one per column of `x`.

    Raises:
        KindError, ShapeError, DataError: the model, the rows or the output do not fit.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    >>> model.layers[0].set_weights([[[2.0], [-1.0]], [0.5]])
    >>> print(contributions(model, [3.0, 1.0], feature_names=["age", "dose"]))
    row 0: h = 5.5000 = sum of slope · input + rest
      age      6.0000 = 2.0000 · 3
      dose    -1.0000 = -1.0000 · 1
      rest     0.5000
    """
    from chainrule.glassbox.record import Batch, Runner

    network(model)
    rows = numeric(predictor.matrix(x, single=True), "x").astype(np.float64)
    names = predictor.names_of(x, rows.shape[1], feature_names)
    recording = Runner(model).record(Batch(rows), with_loss=False)
    level = recording.outputs[0]
    for record in recording.records:
        if record.output is level and record.op.name in _LAST:
            level = record.inputs[0]
            break
    if level.ndim != 2:
        raise ShapeError(f"expected a model with outputs (rows, outputs), but its output is {level.shape}.")
    chosen = level.shape[1] - 1 if output is None else output
    if not 0 <= chosen < level.shape[1]:
        raise DataError(f"there is no output {output}; the outputs are 0 to {level.shape[1] - 1}.")
    only = np.zeros(level.shape)
    only[:, chosen] = 1
    slopes = recording.tape.gradient(level, recording.inputs[0], output_gradients=only, unconnected_gradients="zero")
    return Contributions(names, rows, np.asarray(slopes), np.asarray(level)[:, chosen], chosen)
