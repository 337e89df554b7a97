"""What `compile` and `fit` warn of: what is allowed, but does not do what it looks like.

The first `fit` after a `compile` looks at the model and at some rows of the data; later ones look at nothing. What is
found is said once for each line of a program.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any

from chainrule import config
from chainrule.data.batches import ArrayBatches, Batches
from chainrule.errors import TrapWarning

_said: dict[str, Any] = {"filters": None, "places": set()}


def warn_of_traps(model: Any, batches: Batches, where: str) -> None:
    """Look at a model that is built, with its loss and metrics, and at the data of the first `fit`.

    Args:
        where: what is called; only `'fit'` looks at the data.
    """
    looked = f"looked in {where}"
    if looked in model._warned or not config.are_trap_warnings_enabled():
        return
    model._warned.add(looked)
    from chainrule.models import traps_of_data, traps_of_outputs

    traps_of_outputs.softmax_over_one_unit(model)
    x, y, _ = batches.arrays() if isinstance(batches, ArrayBatches) else batches.peek()
    outputs = traps_of_outputs.find(model, y)
    for output in outputs:
        traps_of_outputs.check(model, output)
    if where == "fit":
        for output in outputs:
            traps_of_data.check_targets(model, output, isinstance(batches, ArrayBatches))
        traps_of_data.check_inputs(model, x)


def warn_when_compiled(model: Any) -> None:
    """Look at what is known of a model when it is compiled."""
    if config.are_trap_warnings_enabled():
        from chainrule.models import traps_of_outputs

        traps_of_outputs.softmax_over_one_unit(model)


def warn_of_tail(model: Any, training: Batches, validation: Batches) -> None:
    """Compare the classes of a validation split, the last rows, with those of the rows before."""
    if not config.are_trap_warnings_enabled() or "looked at the tail" in model._warned:
        return
    model._warned.add("looked at the tail")
    if isinstance(training, ArrayBatches) and isinstance(validation, ArrayBatches):
        from chainrule.models import traps_of_data, traps_of_outputs

        pairs = zip(
            traps_of_outputs.find(model, training.arrays()[1]), traps_of_outputs.find(model, validation.arrays()[1]),
            strict=False,
        )  # fmt: skip
        for before, after in pairs:
            traps_of_data.check_tail(model, before, after)


def say(model: Any, trap: str, message: str, part: str = "") -> None:
    """Warn of a trap, at the line outside of chainrule that led here, unless that line has been warned of it.

    As with Python's own warnings, what has been said is forgotten when other filters are put in place.

    Args:
        trap: its short name.
        part: the layer or output concerned; one is not mentioned again until the model is compiled anew.
    """
    key = f"{trap} {part}"
    if key in model._warned:
        return
    model._warned.add(key)
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "chainrule":
        frame = frame.f_back
    if _said["filters"] is not warnings.filters:
        _said["filters"], _said["places"] = warnings.filters, set()
    place = (trap, frame.f_code.co_filename, frame.f_lineno)
    if place not in _said["places"]:
        _said["places"].add(place)
        warnings.warn_explicit(
            message, TrapWarning, *place[1:], module=frame.f_globals.get("__name__"),
            registry=frame.f_globals.setdefault("__warningregistry__", {}),
        )  # fmt: skip
