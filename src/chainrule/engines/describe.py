"""Losses, metrics, optimizers, regularizers and constraints as data: what a plan says of them.

What is Python code of the user's own has no description; `Undescribed` collects the reasons.
"""

from __future__ import annotations

from typing import Any

from chainrule.engines.plan import LossOf, MetricOf, Part
from chainrule.losses.base import Loss
from chainrule.saving.configurable import _own_arguments
from chainrule.saving.serialization import snake_case


class Undescribed(Exception):
    """Something that only Python can compute; the message is the reason."""


def describe(thing: Any, kind: str, name: str = "") -> Part:
    """Return an object of ours as data.

    Args:
        thing: a loss, metric, optimizer, regularizer or constraint.
        kind: what to call it in the reason.
        name: which one, for the reason.

    Raises:
        Undescribed: it is not one of ours.

    >>> import chainrule as cr
    >>> describe(cr.regularizers.L2(0.1), "regularizer")
    Part(kind='L2', options={'l2': 0.1})
    """
    cls = type(thing)
    shown = name or getattr(thing, "name", None) or getattr(thing, "__name__", cls.__name__)
    function = getattr(thing, "fn", None) or getattr(thing, "_fn", None)
    if not _is_ours(cls) or (function is not None and not _is_ours(function)):
        raise Undescribed(f"{kind} '{shown}' is Python code")
    if function is not None and cls.__name__ in ("LossFunctionWrapper", "MeanMetricWrapper"):
        return Part(function.__name__, dict(getattr(thing, "parameters", None) or getattr(thing, "_fn_kwargs", {})))
    return Part(cls.__name__, {k: v for k, v in thing.get_config().items() if k not in ("name", "dtype")})


def _is_ours(thing: Any) -> bool:
    return str(getattr(thing, "__module__", "")).startswith("chainrule.")


def describe_losses(compiled: Any) -> tuple[LossOf, ...]:
    """Return the loss of each output of a built `CompileLoss`."""
    found = []
    for output in compiled.outputs or ():
        part = describe(output.loss, "loss")
        function = getattr(output.loss, "fn", None)
        options = dict(getattr(output.loss, "parameters", part.options))
        name = function.__name__ if function is not None else snake_case(part.kind)
        weight = 1.0 if output.weight is None else output.weight
        masked = type(output.loss).mask is not Loss.mask
        found.append(LossOf(output.position, Part(name, options), output.loss.reduction, weight, masked))
    return tuple(found)


def describe_metrics(compiled: Any) -> tuple[MetricOf, ...]:
    """Return the metrics of a built `CompileMetrics`, output by output."""
    found = []
    for weighted, lists in ((False, compiled._flat_metrics), (True, compiled._flat_weighted_metrics)):
        for output, part in enumerate(lists):
            for metric in part.metrics if part is not None else ():
                found.append(MetricOf(output, _described(metric), weighted, metric))
    return tuple(found)


def _described(metric: Any) -> Part:
    """Describe a metric; of one that is Python code there is no more to say than its class, as it is handed batches."""
    try:
        return describe(metric, "metric")
    except Undescribed:
        return Part(type(metric).__name__)


def describe_optimizer(optimizer: Any) -> Part | None:
    """Return an optimizer's class and settings; its learning rate, maybe a function, is read from the object.

    None for one that is Python code: an engine can hand it the gradients.
    """
    cls = type(optimizer)
    if not _is_ours(cls):
        return None
    names = [name for name in _own_arguments(cls) if name not in ("learning_rate", "name")]
    return Part(cls.__name__, {name: getattr(optimizer, name) for name in names})
