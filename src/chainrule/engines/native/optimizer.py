"""The optimizer for the native engine: what native/bind/optimizer.cpp reads, and the learning rates of coming steps.

The native side works on the memory of the Python objects: the model's flat buffer, the moments (`FlatState.array`), the
iteration, and Nadam's product. So nothing is copied back; `close_steps` only says that the values have changed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.engines.native.penalties import describe_constraints, describe_penalties
from chainrule.engines.native.python_updates import check_scaling
from chainrule.engines.plan import CannotLower, Plan
from chainrule.optimizers.schedules import LearningRateSchedule
from chainrule.variables import FlatBuffer, Variable

KERNELS = ("Adadelta", "Adagrad", "Adam", "AdamW", "Adamax", "Ftrl", "Lion", "Nadam", "RMSprop", "SGD")
"""The optimizers that have a kernel (native/kernels/updates.hpp)."""


def has_kernel(optimizer: Any) -> bool:
    """Whether the native engine makes the updates itself; other optimizers are handed the gradients.

    >>> import chainrule as cr
    >>> has_kernel(cr.optimizers.Adam()), has_kernel(cr.optimizers.Lamb())
    (True, False)
    """
    cls = type(optimizer)
    return cls.__module__.startswith("chainrule.optimizers.") and cls.__name__ in KERNELS


def check_optimizer(optimizer: Any, variables: Sequence[Variable]) -> None:
    """Say whether the native engine can do the steps of an optimizer on these variables.

    Raises:
        CannotLower: it cannot; the message is the reason.

    >>> import chainrule as cr
    >>> check_optimizer(cr.optimizers.Adam(), [cr.Variable([1.0])])
    >>> check_optimizer(cr.optimizers.Adam(), [cr.Variable([1.0]), cr.Variable([1.0], dtype="float64")])
    Traceback (most recent call last):
    chainrule.engines.plan.CannotLower: trainable variables are of several types: float32, float64
    """
    if not has_kernel(optimizer):
        check_scaling(optimizer)
    for v in variables:
        if v.overwrite_with_gradient:
            raise CannotLower(f"variable '{v.path}' is overwritten with its gradient")
    types = sorted({str(v.dtype) for v in variables})
    if len(types) > 1:
        raise CannotLower(f"trainable variables are of several types: {', '.join(types)}")
    if types and types[0] not in ("float32", "float64"):
        raise CannotLower(f"trainable variables are of type {types[0]}")
    if optimizer.built:
        known = optimizer._trainable_variables
        if len(known) != len(variables) or any(a is not b for a, b in zip(known, variables, strict=True)):
            raise CannotLower(
                f"optimizer '{optimizer.name}' was built for other variables than are trained now (after a change of "
                "`trainable`, compile again)"
            )


def check_plan(plan: Plan) -> None:
    """Say whether the native engine can compute the penalties and constraints of a plan.

    Raises:
        CannotLower: it cannot; the message is the reason.
    """
    describe_penalties(plan.penalties)
    describe_constraints(plan.constraints)


def describe_step(
    plan: Plan,
    optimizer: Any,
    buffer: FlatBuffer,
    variables: Sequence[Variable],
    trained: Sequence[bool] | None = None,
) -> dict[str, Any]:
    """Return all that a step needs, as `read_optimizer` and `read_penalties` (native/bind/optimizer.hpp) take it.

    The optimizer is built if it is not yet. Settings are read from the object, as they are now.

    Args:
        plan: gives penalties and constraints.
        buffer: where the variables lie.
        variables: the trainable variables, in order: the first ones of the buffer.
        trained: which of them have a gradient; all by default. The others stay as they are.

    Raises:
        CannotLower: the native engine cannot do it.
    """
    check_optimizer(optimizer, variables)
    for v in variables:
        if v.buffer is not buffer:
            raise CannotLower(f"variable '{v.path}' is not in the model's flat buffer")
    if not optimizer.built:
        optimizer.build(list(variables))
    size = sum(v.size for v in variables)
    ranges = _ranges(optimizer, variables, [True] * len(variables) if trained is None else trained)
    moving = {begin for begin, _, _, has_gradient in ranges if has_gradient}
    constraints = describe_constraints(plan.constraints)
    product = getattr(optimizer, "_u_product", None)
    return {
        "name": type(optimizer).__name__,
        "optimizer": optimizer,
        "variables": ranges,
        "loss_scale": float(1.0 if optimizer.loss_scale_factor is None else optimizer.loss_scale_factor),
        "accumulation": int(optimizer.gradient_accumulation_steps or 1),
        **_clipping(optimizer),
        "weight_decay": float(optimizer.weight_decay or 0.0),
        "average": bool(optimizer.use_ema),
        "average_momentum": float(optimizer.ema_momentum),
        "overwrite": int((optimizer.use_ema and optimizer.ema_overwrite_frequency) or 0),
        "parameters": buffer.array[:size],
        "rows": optimizer.state,
        "moments": len(optimizer.moments),
        "state": np.zeros(1, buffer.array.dtype) if product is None else product._array.reshape(1),
        "iterations": optimizer._iterations._array.reshape(1),
        "penalties": describe_penalties(plan.penalties),
        "constraints": [c for c in constraints if c["begin"] in moving],
    }


def close_steps(optimizer: Any, buffer: FlatBuffer) -> None:
    """Make the changes of native steps known to all who look at the versions of variables."""
    buffer.touch()
    optimizer._iterations.version += 1
    if hasattr(optimizer, "_u_product"):
        optimizer._u_product.version += 1


def _ranges(
    optimizer: Any, variables: Sequence[Variable], trained: Sequence[bool]
) -> list[tuple[int, int, bool, bool]]:
    """Return begin, end, whether it decays and whether it has a gradient, for each variable."""
    found, end = [], 0
    for v, has_gradient in zip(variables, trained, strict=True):
        if v.slot is None or v.slot.offset != end:
            raise CannotLower(f"variable '{v.path}' does not lie among the trainable ones in the model's flat buffer")
        begin, end = end, end + v.size
        decays = optimizer.weight_decay is not None and optimizer._use_weight_decay(v)
        found.append((begin, end, bool(decays), bool(has_gradient)))
    return found


def _clipping(optimizer: Any) -> dict[str, Any]:
    for kind in ("clipvalue", "clipnorm", "global_clipnorm"):
        limit = getattr(optimizer, kind)
        if limit and limit > 0:
            return {"clip": kind, "limit": float(limit)}
    return {"clip": "", "limit": 0.0}


# -- learning rates ---------------------------------------------------------------------------------------------------


def rates(optimizer: Any, first: int, n: int) -> Array:
    """Return the learning rates of `n` steps, each as the optimizer would find it, as float64 (which rounds nothing).

    A schedule of ours is computed for all steps at once; one of the user's own, or a function, is called step by step
    with the optimizer's iteration set to that step.

    Args:
        optimizer: whose learning rate is asked.
        first: the iteration (calls of `apply` so far) of the first step.
        n: how many steps.

    >>> import chainrule as cr
    >>> rates(cr.optimizers.SGD(cr.optimizers.schedules.InverseTimeDecay(1.0, 1, 1.0)), 0, 4).round(3)
    array([1.   , 0.5  , 0.333, 0.25 ])
    """
    rate = optimizer._learning_rate
    if isinstance(rate, Variable):
        return np.full(n, float(rate))
    if isinstance(rate, LearningRateSchedule) and type(rate).__module__.startswith("chainrule.optimizers.schedules."):
        return np.asarray(rate(np.arange(first, first + n, dtype=np.int32)), np.float64)
    iterations = optimizer._iterations
    before = iterations.numpy()
    try:
        found = np.empty(n)
        for i in range(n):
            iterations.assign(first + i)
            found[i] = optimizer._current_rate()
    finally:
        iterations.assign(before)
    return found


def constant_rate(optimizer: Any) -> bool:
    """Whether all steps have the same learning rate, as long as nobody changes it."""
    return isinstance(optimizer._learning_rate, Variable)


def steps_per_rate(optimizer: Any) -> float:
    """Return for how many steps `rates` may be asked ahead: one, if a function of the user's own decides.

    Such a function may look at anything that training changes, so it must be asked just before its step.
    """
    rate = optimizer._learning_rate
    ours = isinstance(rate, Variable) or type(rate).__module__.startswith("chainrule.optimizers.schedules.")
    return math.inf if ours or isinstance(rate, LearningRateSchedule) else 1
