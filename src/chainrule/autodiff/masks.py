"""The mask of a tensor: which steps of a sequence count. How masks go from layer to layer: `layers/masks.py`."""

from __future__ import annotations

from typing import Any

import numpy as np


def mask_of(value: Any) -> Any:
    """Return the mask of a tensor, or None."""
    return getattr(value, "_keras_mask", None)


def set_mask(tensor: Any, mask: Any) -> None:
    """Give a tensor its mask; None takes it away."""
    tensor._keras_mask = mask


def keep_mask(new: Any, old: Any) -> Any:
    """Return `new`, a tensor made of `old` by a change of type or rank, with the mask that `old` had."""
    mask = mask_of(old)
    if mask is not None and new is not old:
        set_mask(new, mask)
    return new


def array_or_masked(value: Any) -> Any:
    """Return a value as an array, but a tensor with a mask as it is."""
    return np.asarray(value) if mask_of(value) is None else value
