"""Regularizers and constraints for the native engine, as native/bind/optimizer.cpp reads them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from chainrule import config
from chainrule.engines.plan import CannotLower, Part
from chainrule.variables import Slot

_NORMS = ("L1", "L2", "L1L2")
_CONSTRAINTS = ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm")


def describe_penalties(penalties: Sequence[tuple[Slot, Part | None]]) -> list[dict[str, Any]]:
    """Return the penalties of parameters, with their settings and where the parameters lie.

    Raises:
        CannotLower: a regularizer is Python code, or does not fit its variable.

    >>> describe_penalties([(Slot(2, (3,)), Part("L2", {"l2": 0.5}))])
    [{'kind': 'L2', 'begin': 2, 'end': 5, 'l1': 0.0, 'l2': 0.5}]
    """
    return [_penalty(slot, part) for slot, part in penalties if part is None or part.kind != "Regularizer"]


def _penalty(slot: Slot, part: Part | None) -> dict[str, Any]:
    if part is None or part.kind not in (*_NORMS, "OrthogonalRegularizer"):
        raise CannotLower(
            "a regularizer is Python code" if part is None else f"regularizer '{part.kind}' has no kernel"
        )
    o = part.options
    if part.kind in _NORMS:
        l1, l2 = float(o.get("l1", 0.0)), float(o.get("l2", 0.0))
        return {"kind": part.kind, "begin": slot.offset, "end": slot.offset + slot.size, "l1": l1, "l2": l2}
    of_columns = o["mode"] == "columns"
    if len(slot.shape) != 2 or slot.shape[int(of_columns)] < 2:
        raise CannotLower(f"OrthogonalRegularizer does not fit a variable of shape {slot.shape}")
    return {
        "kind": part.kind, "begin": slot.offset, "rows": slot.shape[0], "columns": slot.shape[1],
        "factor": float(o["factor"]), "of_columns": of_columns, "epsilon": config.epsilon(),
    }  # fmt: skip


def describe_constraints(constraints: Sequence[tuple[Slot, Part | None]]) -> list[dict[str, Any]]:
    """Return the constraints of parameters, with their settings and where the parameters lie.

    Raises:
        CannotLower: a constraint is Python code, or its axis does not exist.

    >>> describe_constraints([(Slot(0, (3, 2)), Part("MaxNorm", {"max_value": 2, "axis": 0}))])[0]["reduced"]
    [True, False]
    """
    return [_constraint(slot, part) for slot, part in constraints if part is None or part.kind != "Constraint"]


def _constraint(slot: Slot, part: Part | None) -> dict[str, Any]:
    if part is None or part.kind not in _CONSTRAINTS:
        raise CannotLower("a constraint is Python code" if part is None else f"{part.kind} has no native kernel")
    o = part.options
    return {
        "kind": part.kind, "begin": slot.offset, "shape": list(slot.shape) or [1],
        "reduced": _reduced(slot, part) if part.kind != "NonNeg" else [False] * max(1, len(slot.shape)),
        "min_value": float(o.get("min_value", 0.0)), "max_value": float(o.get("max_value", 0.0)),
        "rate": float(o.get("rate", 1.0)), "epsilon": config.epsilon(),
    }  # fmt: skip


def _reduced(slot: Slot, part: Part) -> list[bool]:
    """Return for each axis of a variable whether norms are taken along it."""
    axis, rank = part.options["axis"], len(slot.shape)
    axes = [axis] if isinstance(axis, int) else list(axis)
    numbers = [a + rank if a < 0 else a for a in axes]
    if len(set(numbers)) != len(numbers) or any(not 0 <= a < rank for a in numbers):
        raise CannotLower(f"the axis {axis} of constraint {part.kind} does not fit a variable of shape {slot.shape}")
    return [a in numbers for a in range(rank)]
