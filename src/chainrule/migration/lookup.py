"""What chainrule has under a name of Keras. Only modules of chainrule are imported."""

from __future__ import annotations

import importlib
import inspect
from functools import cache
from typing import Any

from chainrule.scope import OUT_OF_SCOPE


def look_up(full: str) -> tuple[Any, Exception | None]:
    """Return our object for a name of Keras, or why there is none.

    >>> look_up("keras.layers.Dense")[0].__name__
    'Dense'
    """
    import chainrule

    thing: Any = chainrule
    path = "chainrule"
    for part in full.split(".")[1:]:
        try:
            thing = getattr(thing, part)
        except AttributeError as error:
            if not inspect.ismodule(thing) or part.startswith("_"):
                return None, error
            try:
                thing = importlib.import_module(f"{path}.{part}")
            except ImportError:
                return None, error
        path = f"{path}.{part}"
    return thing, None


@cache
def public_names(module: str) -> frozenset[str]:
    """Return the names that a module of Keras has: ours, and those that we leave out.

    >>> {"Dense", "LSTM"} <= public_names("keras.layers")
    True
    """
    ours, error = look_up(module)
    names = set() if error is not None else {name for name in dir(ours) if not name.startswith("_")}
    for left_out in OUT_OF_SCOPE.get(module.replace("keras", "chainrule", 1), {}).values():
        names.update(left_out)
    return frozenset(names)
