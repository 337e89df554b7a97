"""Layers called on symbolic tensors: built, asked for the shape of their output, and noted as part of a graph."""

from __future__ import annotations

from typing import Any

from chainrule import tree
from chainrule.errors import ChainruleError, ShapeError
from chainrule.layers.arguments import first_argument, input_shapes, is_shape
from chainrule.layers.base import Layer
from chainrule.layers.input_spec import check_input
from chainrule.layers.masks import any_mask, find_masks, hand_on
from chainrule.symbolic import KerasTensor, connect, try_call


def call_layer(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a layer on symbolic tensors: build it, find the output's shape, and note the call."""
    filled = dict(kwargs)
    masks = find_masks(layer, args, filled)
    outputs = connect(layer, args, kwargs, output_spec(layer, args, filled if any_mask(masks) else kwargs))
    if layer._computes_masks or any_mask(masks):
        hand_on(layer, first_argument(type(layer), args, kwargs), outputs, masks)
    return outputs


def output_spec(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the outputs of a layer as symbolic tensors, by its own `compute_output_shape` or by trying `call`."""
    check_input(layer, first_argument(type(layer), args, kwargs))
    if not layer.built:
        layer._build_for(args, kwargs)
        check_input(layer, first_argument(type(layer), args, kwargs))
    if type(layer).compute_output_shape is not Layer.compute_output_shape and _all_built(layer):
        shapes = input_shapes(type(layer), args, kwargs)
        shape = layer.compute_output_shape(next(iter(shapes.values())))
        if is_shape(shape):
            return KerasTensor(shape, getattr(layer, "output_dtype", None) or layer.compute_dtype)
    return try_call(lambda *a, **k: _run_quietly(layer, a, k), args, kwargs, layer.compute_dtype)


def _all_built(layer: Layer) -> bool:
    return all(inner.built for inner in layer._flatten_layers())


def _run_quietly(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Run `call`, and say which layer it was if it fails."""
    try:
        return layer._run(*layer._converted(tuple(args), dict(kwargs)))
    except ChainruleError:
        raise
    except (ValueError, IndexError) as error:
        shapes = [tuple(getattr(a, "shape", ())) for a in tree.flatten(list(args))]
        raise ShapeError(
            f"Layer '{layer.name}' ({type(layer).__name__}) failed on a trial input of shape {shapes} "
            f"(the first axis is the batch): {type(error).__name__}: {error}"
        ) from error


def symbolic_inputs(layer: Layer, input_shape: Any) -> Any:
    """Return symbolic tensors of the given shape (or list or dict of shapes) for a layer."""
    if is_shape(input_shape):
        dtype = "int32" if getattr(layer, "integer_input", False) else layer.compute_dtype
        return KerasTensor(input_shape, dtype, name="probe")
    if isinstance(input_shape, dict):
        return {k: symbolic_inputs(layer, v) for k, v in input_shape.items()}
    return [symbolic_inputs(layer, v) for v in input_shape]


def probe(layer: Layer, input_shape: Any) -> Any:
    """Return the symbolic outputs of a layer for an input shape (a tuple, or a list or dict of tuples)."""
    inputs = symbolic_inputs(layer, input_shape)
    if not layer.built:
        layer._build_for((inputs,), {})
    return try_call(lambda *a, **k: _run_quietly(layer, a, k), (inputs,), {}, layer.compute_dtype)
