"""What the layers of a model give for some inputs; nothing of the model changes."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.errors import ChainruleError, DataError, unknown_name, within
from chainrule.plot.arrays.given import network


@within("plot.numbers.layer_outputs")
def layer_outputs(model: Any, x: Any) -> dict[str, Array]:
    """Return the outputs of all layers by name, in the order in which they run; of a layer that runs twice the last.

    Raises:
        KindError, ChainruleError: it is no model, or has no weights yet.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, kernel_initializer="ones", name="d")])
    >>> layer_outputs(model, np.ones((2, 1), "float32"))["d"].tolist()
    [[1.0], [1.0]]
    """
    from chainrule.glassbox.record import undisturbed
    from chainrule.layers import context

    network(model)
    with undisturbed(model), context.observed() as calls, np.errstate(all="ignore"):
        model(x, training=False)
    inner = {id(layer) for layer in model._flatten_layers()[1:]}
    found: dict[str, Array] = {}
    for call in calls:
        values = [np.asarray(v) for v in tree.flatten(call.outputs)]
        if id(call.layer) in inner and len(values) == 1 and values[0].dtype.kind == "f" and values[0].ndim >= 2:
            found.pop(call.layer.name, None)
            found[call.layer.name] = values[0]
    return found


def layer_named(model: Any, outputs: dict[str, Array], layer: str | int | None) -> str:
    """Return the name of a layer: given by name or number, or the first hidden layer with weights.

    Raises:
        UnknownNameError, DataError: there is no such layer.
        ChainruleError: the model has no layer with outputs to look at.
    """
    if isinstance(layer, int):
        count = len(model.layers)
        if not -count <= layer < count:
            raise DataError(f"There is no layer {layer}: they are numbered from 0 to {count - 1}.")
        layer = model.layers[layer].name
    if layer is not None:
        if layer not in outputs:
            raise unknown_name("layer", layer, outputs)
        return layer
    weighty = [v.name for v in model._flatten_layers()[1:] if v.weights and v.name in outputs]
    for name in weighty or outputs:
        return name
    raise ChainruleError(f"Model '{model.name}' has no layer whose outputs could be shown.")
