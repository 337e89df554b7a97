"""Masks: which steps of a sequence count. A mask is a tensor of booleans that travels with the tensor it belongs to.

`Masking` and `Embedding(mask_zero=True)` make masks, layers that support masking hand them on, and losses and metrics
count only what the mask of the model's output says. Ops know nothing of masks: `x * 2` has none.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from chainrule import tree
from chainrule.autodiff.masks import mask_of, set_mask
from chainrule.autodiff.operators import Operators
from chainrule.layers.arguments import call_parameters, first_argument

if TYPE_CHECKING:
    from chainrule.layers.base import Layer


def masks_of(values: Any) -> Any:
    """Return the masks of a tensor, or of a structure of tensors."""
    return tree.map_structure(mask_of, values) if isinstance(values, list | tuple | dict) else mask_of(values)


def set_masks(tensors: Any, masks: Any) -> None:
    """Give the tensors of a structure those masks of a like structure that are not None."""
    for tensor, mask in zip(tree.flatten(tensors), tree.flatten(masks), strict=False):
        if mask is not None and tensor is not None:
            set_mask(tensor, mask)


def any_mask(masks: Any) -> bool:
    """Whether there is a mask in a structure of masks and Nones."""
    if isinstance(masks, list | tuple | dict):
        return any(m is not None for m in tree.flatten(masks))
    return masks is not None


def find_masks(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Fill in the `mask` argument of a call from the masks of its tensors; return the masks of the first argument.

    With one tensor argument that is the argument `mask` of `call`; with several it is `<name>_mask` for each of them.
    A mask that the caller gives takes the place of the tensor's own.
    """
    parameters = call_parameters(type(layer))
    first = first_argument(type(layer), args, kwargs)
    previous = masks_of(first)
    if "mask" in parameters:
        given = kwargs.get("mask")
        if given is not None:
            return given
        if len(_tensor_arguments(parameters, args, kwargs)) == 1:
            kwargs["mask"] = previous
    if len(args) + len(kwargs) > 1:
        tensors = _tensor_arguments(parameters, args, kwargs)
        for name, value in tensors.items() if len(tensors) > 1 else ():
            if f"{name}_mask" in parameters and kwargs.get(f"{name}_mask") is None:
                kwargs[f"{name}_mask"] = masks_of(value)
    return previous


def _is_drawn(layer: Layer) -> bool:
    """Whether a layer is a model of other layers, which say for themselves if they lose a mask."""
    return hasattr(layer, "_graph_or_none")


def _tensor_arguments(parameters: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments that are tensors, or structures of nothing else."""
    found = {}
    for name, value in (*zip(parameters, args, strict=False), *kwargs.items()):
        leaves = tree.flatten(value) if isinstance(value, list | tuple | dict) else (value,)
        if leaves and all(isinstance(v, Operators) for v in leaves):
            found[name] = value
    return found


def hand_on(layer: Layer, inputs: Any, outputs: Any, previous: Any) -> None:
    """Give the outputs of a call the masks that the layer computes, unless they have some already.

    A layer that does not support masking warns once if it received a mask.
    """
    if layer.supports_masking:
        flat = tree.flatten(outputs)
        if all(mask_of(t) is not None for t in flat):
            return
        masks = layer.compute_mask(inputs, previous)
        for tensor, mask in zip(flat, tree.flatten(masks), strict=False):
            if mask is not None and isinstance(tensor, Operators) and mask_of(tensor) is None:
                set_mask(tensor, mask)
    elif any_mask(previous) and not any_mask(masks_of(outputs)) and not _is_drawn(layer):
        if "_mask_lost" in layer.__dict__:
            return
        layer.__dict__["_mask_lost"] = True
        warnings.warn(
            f"Layer '{layer.name}' ({type(layer).__name__}) received an input with a mask, but does not support "
            "masking: the layers behind it will not see the mask.",
            stacklevel=4,
        )
