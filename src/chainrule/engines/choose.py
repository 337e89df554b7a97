"""Which engine runs a model. This is the only place that decides."""

from __future__ import annotations

from typing import Any

from chainrule.engines.base import Engine
from chainrule.engines.compiled import note_slow
from chainrule.engines.native.engine import NativeEngine
from chainrule.engines.reference import ReferenceEngine
from chainrule.errors import EngineError, unknown_name

ENGINES: dict[str, Any] = {"native": NativeEngine, "reference": ReferenceEngine}
"""Engine classes by name, the fastest first; an engine that is not installed is not here."""


def check_name(name: str) -> None:
    """Check an engine's name.

    Raises:
        UnknownNameError: there is no such engine.
    """
    if name not in ("auto", *ENGINES):
        raise unknown_name("engine", name, ("auto", *ENGINES))


def choose(name: str, model: Any, before: Engine | None = None) -> Engine:
    """Return the engine asked for, or with `'auto'` the first that does not refuse the model.

    Args:
        before: the engine that served the model until now; if it can `forget` the data, it may go on.

    Raises:
        EngineError: the engine asked for by name refuses; there is no silent second choice.
    """
    check_name(name)
    first_reason: str | None = None
    for kind in ENGINES.values() if name == "auto" else [ENGINES[name]]:
        engine: Engine = kind()
        if before is not None and type(before) is kind and hasattr(before, "forget"):
            engine = before
        reason = engine.refuses(model)
        if reason is None:
            engine.reason = first_reason
            if first_reason is not None:
                note_slow(first_reason)
            return engine
        first_reason = first_reason or reason
    if name != "auto":
        raise EngineError(f"Engine '{name}' cannot run model '{model.name}': {first_reason}. Use engine='auto'.")
    raise EngineError(f"No engine can run model '{model.name}': {first_reason}.")
