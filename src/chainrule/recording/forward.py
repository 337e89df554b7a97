"""The steps of a prediction as data, from which a page computes outputs without Python."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule.engines.plan import Activate
from chainrule.errors import ModelFileError
from chainrule.saving.names import snake_case
from chainrule.saving.network import Network, network_of
from chainrule.utils.naming import unique_paths
from chainrule.variables import Slot


def forward_of(model: Any) -> dict[str, Any]:
    """Return the fields of a start message that say how the model predicts.

    `forward` is a list of steps: `op` (the step's class in `engines/plan.py`, in snake case), the numbers of the values
    it takes and makes, the `shape` of what it makes, the `layer`, and the step's own fields, parameters by their path.
    `inputs` and `outputs` say which values the model takes and gives. Where a layer is Python code, `forward` is None,
    and `forward_why` a sentence.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, "tanh", name="d")], name="m")
    >>> for step in forward_of(model)["forward"]:
    ...     print(step["op"], step["inputs"], step["output"], step.get("kernel"), step.get("name"))
    affine [0] 1 m/d/kernel None
    activate [1] 2 None tanh
    """
    try:
        network = network_of(model, "the page")
    except ModelFileError as error:
        return {"forward": None, "forward_why": str(error)}
    paths = unique_paths(model.weights)
    by_slot = {v.slot: paths[id(v)] for v in model.weights if v.slot is not None}
    return {
        "forward": [
            {
                "op": snake_case(type(o.step).__name__), "inputs": list(o.inputs), "output": o.output,
                "shape": list(o.shape), "layer": o.layer, **_fields(o.step, by_slot),
            }
            for o in network.operations
        ],
        **_ports(network),
    }  # fmt: skip


def _ports(network: Network) -> dict[str, Any]:
    return {
        name: [{"value": p.value, "name": p.name, "shape": list(p.shape), "dtype": p.dtype} for p in ports]
        for name, ports in (("inputs", network.inputs), ("outputs", network.outputs))
    }


def _fields(step: Any, by_slot: Mapping[Slot, str]) -> dict[str, Any]:
    if isinstance(step, Activate):
        return {"name": step.name, "options": dict(step.options)}
    return {name: _field(value, by_slot) for name, value in step.__dict__.items()}


def _field(value: Any, by_slot: Mapping[Slot, str]) -> Any:
    if isinstance(value, Slot):
        return by_slot[value]
    return np.asarray(value) if isinstance(value, np.ndarray | np.generic) else value
