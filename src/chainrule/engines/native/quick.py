"""`model(x)` on an array, straight to the native forward pass: a microsecond or two in place of hundreds.

It stands in for the layers' own calls only where nobody could tell: one input and one output, an array of the model's
type, no tape, no values that stand in for variables, no layer around it, nothing that a layer notes on the way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.autodiff import tape
from chainrule.engines.compiled import compiled
from chainrule.engines.front import Front
from chainrule.engines.lower import lower
from chainrule.engines.native.threads import use_threads
from chainrule.engines.native.translate import translate
from chainrule.engines.plan import CannotLower, PenalizeActivity
from chainrule.layers import context
from chainrule.symbolic import unpacked

Quick = Callable[[Array], Array | None]


def quick_call(model: Any) -> Quick | None:
    """Return a function from inputs to outputs, or None if the model has to run its layers.

    The function gives None for inputs, or at moments, that are not for it.
    """
    native = compiled()
    graph = model._graph_or_none()
    if isinstance(native, str) or graph is None or len(graph.inputs) != 1 or len(graph.outputs) != 1:
        return None
    if Front(graph).nodes:
        return None
    try:
        plan = lower(model)
    except CannotLower:
        return None
    dtype = model.pack().array.dtype
    if str(dtype) not in ("float32", "float64") or plan.inputs[0].dtype != str(dtype):
        return None
    noted = any(isinstance(i.step, PenalizeActivity) for i in plan.instructions)
    if noted or unpacked(graph.output_structure) is not graph.outputs[0]:
        return None
    suffix = "32" if dtype == np.float32 else "64"
    try:
        found = translate(plan, getattr(native, f"Program{suffix}"))
    except CannotLower:
        return None
    if found.tables:
        return None
    use_threads(native)
    run = getattr(native, f"Predictor{suffix}")(found.program, model._buffer.array).predict_one
    rank, shape, result, empty = len(found.inputs[0].shape) + 1, found.inputs[0].shape, found.outputs[0].shape, np.empty
    local, calls = tape._state, context._stack

    def quick(x: Array) -> Array | None:
        if x.dtype is not dtype or x.shape[1:] != shape or x.ndim != rank:
            return None
        if not (flags := x.flags).c_contiguous or not flags.aligned:
            return None
        if local.tapes or local.substitutions or calls.calls:
            return None
        y = empty((len(x), *result), dtype)
        run(x, y)
        return y

    return quick
