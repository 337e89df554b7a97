"""`check_vjp`: derivative rules against central differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.autodiff.functional import vjp
from chainrule.autodiff.op import fit_to
from chainrule.autodiff.operators import Operators

TOLERANCE = 1e-7


@dataclass(frozen=True)
class CheckResult:
    """What `check_vjp` found.

    Attributes:
        errors: for each float input the relative difference between the rule and the central difference.
        tolerance: the largest difference that counts as agreement.
    """

    errors: tuple[float, ...]
    tolerance: float = TOLERANCE

    @property
    def max_error(self) -> float:
        """The largest of the errors."""
        return max(self.errors, default=0.0)

    @property
    def ok(self) -> bool:
        """Whether all rules agree with the central differences."""
        return bool(self.max_error <= self.tolerance)

    def __repr__(self) -> str:
        return f"CheckResult(max_error={self.max_error:.1e}, ok={self.ok})"


def check_vjp(
    f: Callable[..., Any], *args: Any, seed: int = 0, step: float | None = None, **static: Any
) -> CheckResult:
    """Compare the derivative rules of a function with central differences, in float64.

    For each float input, `u` and `v` being random weights of the result and a random direction of the input, the number
    `u · df(x)/dx v` is worked out twice: by the pullback of `u`, and by differences `f(x + h v) - f(x - h v)` for a few
    steps `h`, extrapolated to `h = 0` (Ridders 1982). That takes a few evaluations for each input, whatever its size.

    Args:
        f: an op, or any function written with `chainrule.ops`.
        args: its arguments; float arrays, tensors and variables (also within nested structures) are checked, all else
            is passed on as it is: Python's numbers too.
        seed: of the random weights and directions.
        step: the largest `h`; by default 0.02 times the size of the input. Stay further than that away from kinks.
        static: further arguments, passed on as they are.

    >>> import numpy as np, chainrule as cr
    >>> check_vjp(cr.ops.matmul, np.ones((2, 3)), np.ones((3, 4))).ok
    True
    """
    leaves = [_float64(v) for v in tree.flatten(list(args))]
    places = [i for i, v in enumerate(leaves) if isinstance(v, np.ndarray) and v.dtype.kind == "f" and v.size]
    rng = np.random.default_rng(seed)

    def evaluate(*values: Any) -> list[Any]:
        filled = list(leaves)
        for i, v in zip(places, values, strict=True):
            filled[i] = v
        y = f(*tree.pack_sequence_as(list(args), filled), **static)
        return [part for part in tree.flatten(y) if np.dtype(getattr(part, "dtype", object)).kind == "f"]

    point = [leaves[i] for i in places]
    y, pullback = vjp(evaluate, *point)
    weights = [rng.standard_normal(part.shape) for part in y]
    errors = []
    for i, g in enumerate(pullback(weights)):
        direction = rng.standard_normal(g.shape)
        slope = _Slope(evaluate, point, i, direction, weights)
        errors.append(slope.error(float(np.sum(g * direction)), float(np.sum(np.abs(g * direction))), step))
    return CheckResult(tuple(errors))


def _float64(value: Any) -> Any:
    if isinstance(value, Operators):
        value = value.value
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.asarray(value, np.float64)
    return value


def check_sentences(op: Any, *args: Any, seed: int = 0, **static: Any) -> None:
    """Evaluate every sentence of an op, and require it to be what the rule computes.

    Args:
        op: an `Op`.
        args, static: its arguments.
        seed: of the random gradient of the result.

    Raises:
        AssertionError: a sentence says something else.
    """
    bound, further = op.bind(args, dict(static))
    inputs = op.promoted(bound)
    y = op.compute(inputs, further)
    g = np.random.default_rng(seed).standard_normal(np.shape(y)).astype(np.asarray(y).dtype)
    for i, x in enumerate(inputs):
        derivative = op.derivatives.get(op.tensors[0 if op.variadic else i])
        if derivative is None or not isinstance(x, np.ndarray):
            continue
        (expected,) = op.pull_back(g, y, inputs, further, [i])
        aligned = op.align(g, y, inputs, **further)[2] if op.align else inputs
        printed = eval(derivative.sentence, op.scope(g, y, inputs, further, i))
        printed = fit_to(np.asarray(printed), aligned[i]).reshape(expected.shape)
        message = f"ops.{op.name}: the sentence {derivative.sentence!r} is not what its rule computes"
        np.testing.assert_allclose(printed, expected, rtol=1e-12, atol=1e-13, err_msg=message)


class _Slope:
    """The derivative of `sum(weights * evaluate(point))` along a direction of one of the inputs."""

    def __init__(self, evaluate: Any, point: list[Array], index: int, direction: Array, weights: list[Array]) -> None:
        self.evaluate, self.point, self.index, self.direction, self.weights = evaluate, point, index, direction, weights
        self.size = 0.0  # of the terms that are summed, which limits how exact a difference can be

    def value(self, h: float) -> float:
        moved = list(self.point)
        moved[self.index] = moved[self.index] + h * self.direction
        terms = [w * np.asarray(part) for w, part in zip(self.weights, self.evaluate(*moved), strict=True)]
        self.size = float(sum(np.sum(np.abs(t)) for t in terms))
        return float(sum(np.sum(t) for t in terms))

    def numeric(self, step: float | None) -> float:
        """Return the central difference, extrapolated to a step of 0 by Neville's scheme; the steadiest column wins."""
        if step is None:
            scale = float(np.sqrt(np.mean(self.point[self.index] ** 2))) or 1.0
            step = 0.02 * min(scale, 1.0) / max(float(np.max(np.abs(self.direction))), 1e-300)
        best, spread = np.nan, np.inf
        rows: list[list[float]] = []
        for n in range(_STEPS):
            h = step / _SHRINK**n
            row = [(self.value(h) - self.value(-h)) / (2 * h)]
            for k in range(n):
                factor = _SHRINK ** (2 * (k + 1))
                row.append((factor * row[k] - rows[-1][k]) / (factor - 1))
                change = max(abs(row[-1] - row[-2]), abs(row[-1] - rows[-1][k]))
                if change < spread:
                    best, spread = row[-1], change
            rows.append(row)
        return best

    def error(self, analytic: float, magnitude: float, step: float | None) -> float:
        numeric = self.numeric(step)
        scale = max(abs(analytic), abs(numeric), magnitude / np.sqrt(self.direction.size), 1e-5 * self.size)
        return 0.0 if analytic == numeric else abs(analytic - numeric) / scale


_STEPS = 5
_SHRINK = 1.6
