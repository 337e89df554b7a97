"""`InputSpec`: what a layer expects of its input, and the error when something else comes."""

from __future__ import annotations

from typing import Any

from chainrule import tree
from chainrule._typing import Shape
from chainrule.errors import ShapeError


class InputSpec:
    """The rank, shape and axis lengths a layer accepts, as `keras.InputSpec`.

    >>> InputSpec(min_ndim=2, axes={-1: 8}).problem((32, 10))
    'axis -1 of length 8'
    """

    def __init__(
        self,
        dtype: Any = None,
        shape: Any = None,
        ndim: int | None = None,
        max_ndim: int | None = None,
        min_ndim: int | None = None,
        axes: dict[int, int | None] | None = None,
        allow_last_axis_squeeze: bool = False,
        name: str | None = None,
        optional: bool = False,
    ) -> None:
        self.dtype = dtype
        self.shape: Shape | None = None if shape is None else tuple(shape)
        self.ndim = len(self.shape) if self.shape is not None else ndim
        self.max_ndim = max_ndim
        self.min_ndim = min_ndim
        self.axes = {int(k): v for k, v in (axes or {}).items()}
        self.allow_last_axis_squeeze = allow_last_axis_squeeze
        self.name = name
        self.optional = optional

    def problem(self, shape: Shape) -> str | None:
        """Return what was expected and is not so, or None."""
        rank = len(shape)
        if self.ndim is not None and rank != self.ndim:
            return f"{self.ndim} axes"
        if self.max_ndim is not None and rank > self.max_ndim:
            return f"at most {self.max_ndim} axes"
        if self.min_ndim is not None and rank < self.min_ndim:
            return f"at least {self.min_ndim} axes (the first is the batch)"
        for axis, length in self.axes.items():
            if length is not None and -rank <= axis < rank and shape[axis] not in (length, None):
                return f"axis {axis} of length {length}"
        for axis, length in enumerate(self.shape or ()):
            if length is not None and shape[axis] not in (length, None):
                return f"shape {self.shape}"
        return None

    def __repr__(self) -> str:
        parts = {k: v for k, v in vars(self).items() if v not in (None, {}, False)}
        return f"InputSpec({', '.join(f'{k}={v}' for k, v in parts.items())})"


def check_input(layer: Any, inputs: Any) -> None:
    """Compare the inputs of a call with the layer's `input_spec`.

    Raises:
        ShapeError: naming the layer, what it was built for and what came.
    """
    spec = layer.input_spec
    if spec is None:
        return
    specs, values = [spec], [inputs]
    if isinstance(spec, list | tuple | dict) or isinstance(inputs, list | tuple | dict):
        specs, values = tree.flatten(spec), tree.flatten(inputs)
    if len(specs) == 1:
        specs = specs * len(values)
    if len(specs) != len(values):
        raise ShapeError(f"Layer '{layer.name}' expects {len(specs)} inputs, but received {len(values)}.")
    for one, value in zip(specs, values, strict=True):
        if value is None and one.optional:
            continue
        shape = tuple(getattr(value, "shape", ()))
        problem = one.problem(shape)
        if problem is not None:
            raise ShapeError(
                f"Layer '{layer.name}' ({type(layer).__name__}): expected an input with {problem}, "
                f"received shape {shape}. {_advice(one, shape)}"
            )


def _advice(spec: InputSpec, shape: Shape) -> str:
    wanted = spec.axes.get(-1)
    if spec.min_ndim is not None and len(shape) < spec.min_ndim:
        if not shape:
            return "Give it an array of observations, not one number or text."
        return "One observation is a batch of one: x[None, :], or x.reshape(1, -1)."
    if wanted is not None and len(shape) > 2 and all(s is not None for s in shape[1:]):
        size = 1
        for s in shape[1:]:
            size *= s or 1
        if size == wanted:
            return "Put a Flatten layer in front, or reshape x to two axes."
    if wanted is not None:
        return f"Feed {wanted} features per row, or build the model anew for {shape[-1]}."
    return "Reshape the input, or change the layer."
