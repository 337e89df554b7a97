"""Layers called on symbolic tensors: built, asked for the shape of their output, and noted as part of a graph."""

from __future__ import annotations

from typing import Any

from chainrule import tree
from chainrule.errors import ChainruleError, ShapeError
from chainrule.layers.arguments import call_parameters, first_argument, input_shapes, is_shape
from chainrule.layers.base import Layer
from chainrule.layers.input_spec import check_input
from chainrule.layers.masks import any_mask, find_masks, hand_on
from chainrule.symbolic import KerasTensor, connect, try_call
from chainrule.utils.signatures import signature_of


def call_layer(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call a layer on symbolic tensors: build it, find the output's shape, and note the call."""
    filled = dict(kwargs)
    masks = find_masks(layer, args, filled)
    _build(layer, args, kwargs)
    outputs = connect(layer, args, _noted(layer, args, kwargs, filled), layer.symbolic_call(*args, **filled))
    if layer._computes_masks or any_mask(masks):
        hand_on(layer, first_argument(type(layer), args, kwargs), outputs, masks)
    return outputs


def _noted(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any], filled: dict[str, Any]) -> dict[str, Any]:
    """Return the keyword arguments that become part of the graph: the mask, too, where Keras's graph has it.

    That is so if the call has nothing but one tensor of the layer's type. It matters for files: the order of the layers
    depends on all connections.
    """
    one = not kwargs and len(args) == 1 and isinstance(args[0], KerasTensor)
    if one and (args[0].dtype == layer.input_dtype or hasattr(layer, "_graph_or_none")):
        return {name: value for name, value in filled.items() if any_mask(value)}
    return kwargs


def output_spec(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Return the outputs of a layer as symbolic tensors, by its own `compute_output_shape` or by trying `call`."""
    _build(layer, args, kwargs)
    if type(layer).compute_output_shape is not Layer.compute_output_shape and _all_built(layer):
        shape = layer.compute_output_shape(**_shape_arguments(layer, args, kwargs))
        if is_shape(shape):
            return KerasTensor(shape, getattr(layer, "output_dtype", None) or layer.compute_dtype)
    return try_call(lambda *a, **k: _run_quietly(layer, a, k), args, kwargs, layer.compute_dtype)


def _build(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Check the inputs of a call, and build the layer for them if it is not built."""
    check_input(layer, first_argument(type(layer), args, kwargs))
    if not layer.built:
        layer._build_for(args, kwargs)
        check_input(layer, first_argument(type(layer), args, kwargs))


def _shape_arguments(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of `compute_output_shape` for a call: shapes, and options of the call that it takes too."""
    shapes = input_shapes(type(layer), args, kwargs)
    given = {**dict(zip(call_parameters(type(layer)), args, strict=False)), **kwargs}
    known = list(signature_of(type(layer).compute_output_shape).parameters)[1:]
    found = {name: shapes[name.removesuffix("_shape")] for name in known if name.removesuffix("_shape") in shapes}
    if known and known[0] not in found and not shapes:
        raise ShapeError(f"Layer '{layer.name}' ({type(layer).__name__}) was called without a tensor.")
    if known and known[0] not in found:
        found[known[0]] = next(iter(shapes.values()))
    return {**found, **{name: given[name] for name in known if name in given and name not in shapes}}


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
