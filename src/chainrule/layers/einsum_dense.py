"""`EinsumDense`: a dense layer whose sum is written as an Einstein sum."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from chainrule import activations, constraints, initializers, ops, regularizers
from chainrule._typing import Shape, Value
from chainrule.engines.plan import Affine, CannotLower, Step, slot_of
from chainrule.errors import ShapeError
from chainrule.layers.activation import lower_activation
from chainrule.layers.base import Layer
from chainrule.layers.input_spec import InputSpec
from chainrule.saving.serialization import public

__all__ = ["EinsumDense"]


@public("keras.layers")
class EinsumDense(Layer):
    """`y = activation(einsum(equation, x, kernel) + bias)`

    Args:
        equation: the letters of the axes of input, kernel and output: `'abc,cd->abd'`, `'...x,xy->...y'` or
            `'ab...,bc->ac...'`.
        output_shape: of one observation, without the axes that `...` stands for; None for an axis of any length.
        activation: a name or function of `chainrule.activations`; none by default.
        bias_axes: the letters of the output's axes along which the bias varies; None for no bias.
        kernel_initializer, bias_initializer: how the variables start.
        kernel_regularizer, bias_regularizer: penalties added to the loss.
        kernel_constraint, bias_constraint: applied after each optimizer step.

    Raises:
        ValueError: the equation has another form, or its letters do not fit each other.

    >>> import chainrule as cr
    >>> layer = cr.layers.EinsumDense("abc,cd->abd", output_shape=(None, 5), bias_axes="d")
    >>> layer(cr.ops.ones((2, 3, 4))).shape, layer.kernel.shape, layer.bias.shape
    ((2, 3, 5), (4, 5), (5,))
    """

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        lora_rank: int | None = None,
        lora_alpha: float | None = None,
        gptq_unpacked_column_size: int | None = None,
        quantization_config: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if lora_rank is not None or quantization_config is not None:
            raise ValueError(
                f"EinsumDense '{self.name}': lora_rank and quantization_config are not supported; leave them out."
            )
        self.equation = equation
        self.partial_output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.bias_axes = bias_axes
        self.activation = activations.get(activation)
        self.kernel_initializer = initializers.get(kernel_initializer)
        self.bias_initializer = initializers.get(bias_initializer)
        self.kernel_regularizer = regularizers.get(kernel_regularizer)
        self.bias_regularizer = regularizers.get(bias_regularizer)
        self.kernel_constraint = constraints.get(kernel_constraint)
        self.bias_constraint = constraints.get(bias_constraint)

    def build(self, input_shape: Shape) -> None:
        axes = analyze(self.name, self.equation, self.bias_axes, tuple(input_shape), self.partial_output_shape)
        self.kernel = self.add_weight(
            axes.kernel,
            _told_of_axes(self.kernel_initializer, axes),
            regularizer=self.kernel_regularizer,
            constraint=self.kernel_constraint,
            name="kernel",
        )
        self.bias = None
        if axes.bias is not None:
            self.bias = self.add_weight(
                axes.bias,
                self.bias_initializer,
                regularizer=self.bias_regularizer,
                constraint=self.bias_constraint,
                name="bias",
            )
        self.input_spec = InputSpec(ndim=len(input_shape))

    def call(self, inputs: Value, training: bool | None = None) -> Value:
        h = ops.einsum(self.equation, inputs, self.kernel)
        if self.bias is not None:
            h = ops.add(h, self.bias)
        return h if self.activation is None else self.activation(h)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return analyze(self.name, self.equation, self.bias_axes, tuple(input_shape), self.partial_output_shape).output

    def lower(self) -> Iterator[Step]:
        if not self._is_dense():
            raise CannotLower(f"layer '{self.name}' sums along other axes than the last one ({self.equation})")
        yield Affine(slot_of(self.kernel), None if self.bias is None else slot_of(self.bias))
        yield from lower_activation(self, self.activation)

    def _is_dense(self) -> bool:
        """Whether the layer computes what `Dense` does: `...x,xy->...y`, with a bias for each `y`."""
        left, right = self.equation.replace(" ", "").split("->")
        x, kernel = left.split(",")
        inner = x[:-1]
        return len(kernel) == 2 and kernel[0] == x[-1] and right == inner + kernel[1] and (
            kernel[0] not in inner and kernel[1] not in x and self.bias_axes in (None, kernel[1])
        )  # fmt: skip

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for key in ("lora_rank", "lora_alpha", "gptq_unpacked_column_size"):
            config.pop(key, None)
        config.setdefault("activity_regularizer", None)
        return {**config, "output_shape": self.partial_output_shape}


def _told_of_axes(initializer: Any, axes: Axes) -> Any:
    """Return an initializer that scales by fans with the kernel's axes for inputs and outputs; others as they are."""
    if not isinstance(initializer, initializers.VarianceScaling) or None not in (
        initializer.input_axes,
        initializer.output_axes,
    ):
        return initializer
    config = {**initializer.get_config(), "seed": initializer.seed}
    return type(initializer).from_config({**config, "input_axes": axes.inputs, "output_axes": axes.outputs})


# -- the equation -----------------------------------------------------------------------------------------------------


class Axes(NamedTuple):
    """What an equation says about shapes; `inputs` and `outputs` are the kernel's axes that belong to either."""

    kernel: tuple[int, ...]
    bias: tuple[int, ...] | None
    output: Shape
    inputs: list[int]
    outputs: list[int]


_FORM = re.compile(r"(?P<left>\.\.\.)?([a-zA-Z]+)(?P<right>\.\.\.)?,([a-zA-Z]+)->(\.\.\.)?([a-zA-Z]+)(\.\.\.)?")


def analyze(name: str, equation: str, bias_axes: str | None, input_shape: Shape, output_shape: Sequence[Any]) -> Axes:
    """Return the shapes that an equation asks for.

    Raises:
        ValueError: it is no equation of this kind.
        ShapeError: the shapes do not fit it.
    """
    text = equation.replace(" ", "")
    found = _FORM.fullmatch(text)
    if found is None or (found[1], found[3]) != (found[5], found[7]) or (found[1] and found[3]):
        raise ValueError(
            f"EinsumDense '{name}': the equation must have the form 'ab,bc->ac', '...b,bc->...c' or 'ab...,bc->ac...', "
            f"but is {equation!r}."
        )
    x, kernel, y = found[2], found[4], found[6]
    elided = len(input_shape) - len(x)
    if elided < 0 or (elided and not (found[1] or found[3])):
        raise ShapeError(
            f"EinsumDense '{name}': the equation {equation!r} does not fit an input of shape {input_shape}."
        )
    before = elided if found[1] else 0
    hidden = tuple(input_shape[1:before]) if found[1] else ()
    after = tuple(input_shape[len(x) :]) if found[3] else ()
    output = (input_shape[0], *hidden, *output_shape, *after)
    lengths = {letter: input_shape[before + i] for i, letter in enumerate(x)}
    if len(output) != len(y) + elided:
        raise ShapeError(
            f"EinsumDense '{name}': output_shape {tuple(output_shape)} does not have one entry for each axis that "
            f"{equation!r} gives an observation."
        )
    made = {letter: output[before + i] for i, letter in enumerate(y)}
    for letter in y:
        if letter not in x + kernel:
            raise ValueError(f"EinsumDense '{name}': the output's axis {letter!r} is neither in input nor in kernel.")
        if letter in lengths and made[letter] is not None and made[letter] != lengths[letter]:
            raise ShapeError(
                f"EinsumDense '{name}': axis {letter!r} has length {lengths[letter]} in the input, but {made[letter]} "
                "in output_shape."
            )
    output = tuple(
        lengths.get(y[i - before], n) if n is None and 0 <= i - before < len(y) else n for i, n in enumerate(output)
    )
    return Axes(
        _kernel_shape(name, kernel, lengths, made),
        _bias_shape(name, bias_axes, y, made, 0 if found[1] else elided),
        output,
        [i for i, letter in enumerate(kernel) if letter not in made],
        [i for i, letter in enumerate(kernel) if letter in made],
    )


def _kernel_shape(name: str, kernel: str, lengths: dict[str, Any], made: dict[str, Any]) -> tuple[int, ...]:
    shape: list[Any] = []
    for letter in kernel:
        if letter not in made and letter not in lengths:
            raise ValueError(f"EinsumDense '{name}': the kernel's axis {letter!r} is neither in input nor in output.")
        shape.append(made[letter] if made.get(letter) is not None else lengths.get(letter))
    return tuple(shape)


def _bias_shape(name: str, bias_axes: str | None, y: str, made: dict[str, Any], behind: int) -> tuple[int, ...] | None:
    """Return the shape of the bias: from its first axis on, with length 1 where it does not vary."""
    if bias_axes is None:
        return None
    for letter in bias_axes:
        if letter not in y:
            raise ValueError(f"EinsumDense '{name}': bias_axes names {letter!r}, which is no axis of the output.")
    first = min(y.find(letter) for letter in bias_axes)
    return (*(made[letter] if letter in bias_axes else 1 for letter in y[first:]), *(1,) * behind)
