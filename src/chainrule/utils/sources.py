"""`get_source_inputs`: which inputs a symbolic tensor is computed from."""

from __future__ import annotations

from typing import Any

from chainrule import tree
from chainrule.symbolic import KerasTensor


def get_source_inputs(tensor: Any) -> Any:
    """Return the inputs that a symbolic tensor needs, as a list (`keras.utils.get_source_inputs`).

    Anything that is no symbolic tensor comes back as it is.

    >>> import chainrule as cr
    >>> a, b = cr.Input((1,), name="a"), cr.Input((1,), name="b")
    >>> [t.name for t in get_source_inputs(a * b + a)]
    ['a', 'b']
    """
    if not isinstance(tensor, KerasTensor):
        return tensor
    found: list[KerasTensor] = []
    seen: set[int] = set()
    waiting = [tensor]
    while waiting:
        t = waiting.pop()
        if id(t) in seen:
            continue
        seen.add(id(t))
        if t.node is None:
            found.append(t)
        elif not t.node.inputs:
            found.extend(tree.flatten(t.node.outputs))
        else:
            waiting.extend(reversed(t.node.inputs))
    return found
