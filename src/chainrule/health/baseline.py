"""The loss of the best constant prediction: what a network has to beat to have learnt anything."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.errors import ChainruleError

_TINY = 1e-7


def loss_of(model: Any, y: Any, outputs: Any) -> float | None:
    """Return the compiled loss of some outputs, without penalties on weights; None if there is none.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> loss_of(model, np.array([0.0, 2.0]), np.array([[1.0], [1.0]]))
    1.0
    """
    if y is None or model._compile_loss is None:
        return None
    try:
        with np.errstate(all="ignore"):
            value = np.asarray(model._compile_loss.compute(y, outputs)[0], np.float64)
    except (ChainruleError, TypeError, ValueError, KeyError, IndexError):  # a loss of the user's own, of other things
        return None
    return float(value.mean())


def constant_loss(model: Any, y: Any, outputs: Any) -> float | None:
    """Return the loss of predicting the same for every row: the mean target, or the share of each class.

    Args:
        y: targets.
        outputs: the model's outputs for them, of which only structure and shapes count.

    >>> import chainrule as cr
    >>> model = cr.Sequential([cr.Input((1,)), cr.layers.Dense(1, "sigmoid")])
    >>> model.compile("sgd", "binary_crossentropy")
    >>> round(constant_loss(model, np.array([0, 1, 1, 1]), np.zeros((4, 1))), 4)  # 0.25 ln 4 + 0.75 ln 4/3
    0.5623
    """
    compiled = model._compile_loss
    if y is None or compiled is None:
        return None
    if loss_of(model, y, outputs) is None or not compiled.outputs:
        return None
    targets, shapes = tree.flatten(y), tree.flatten(outputs)
    if len(targets) != len(shapes) or len(compiled.outputs) != len(shapes) or any(t is None for t in targets):
        return None
    losses = {o.position: o.loss for o in compiled.outputs}
    pairs = enumerate(zip(targets, shapes, strict=True))
    constant = [_constant(losses[i], np.asarray(t), np.asarray(p)) for i, (t, p) in pairs]
    if any(c is None for c in constant):
        return None
    return loss_of(model, y, tree.pack_sequence_as(outputs, constant))


def _constant(loss: Any, y: Array, outputs: Array) -> Array | None:
    """Return the best constant outputs for one target, or None where it cannot be told."""
    width = outputs.shape[-1] if outputs.ndim > 1 else 1
    fn, options = getattr(loss, "fn", loss), getattr(loss, "parameters", {})
    name = getattr(fn, "__name__", "")
    if not y.size or y.dtype.kind not in "fiub":
        return None
    if name.startswith("sparse_categorical"):
        row = np.bincount(y.reshape(-1).astype(np.int64), minlength=width)[:width] / y.size
    elif name in ("mean_absolute_error", "mean_absolute_percentage_error"):
        row = np.median(y.reshape(len(y), -1), axis=0)
    else:
        row = y.reshape(len(y), -1).mean(axis=0)
    if "crossentropy" in name and options.get("from_logits", False):
        row = np.clip(row, _TINY, 1 - _TINY)
        row = np.log(row) if "categorical" in name else np.log(row / (1 - row))
    if row.size != outputs[0].size:
        return None
    return np.broadcast_to(row.reshape(outputs.shape[1:]), outputs.shape).astype(outputs.dtype)
