"""The plan: what a model computes, as pure data that an engine can run without Python.

A plan is a list of instructions. Each applies one step (affine, activate, normalize, ...) to numbered values and names
the value it makes; parameters are `Slot`s of the model's one flat buffer. Layers describe themselves by `lower()`;
`lower(model)` in `engines/lower.py` puts their steps together. A layer that is Python code raises `CannotLower` with
the reason. What only training and evaluation need (a loss, a metric, a `train_step` of the user's own) does not hinder
a plan for prediction: it is listed in `Plan.python`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from chainrule._typing import Shape
from chainrule.errors import ChainruleError
from chainrule.records import Record, field
from chainrule.variables import Slot, Variable


class CannotLower(ChainruleError):
    """A layer, loss, metric or optimizer that only Python can run; the message is the reason."""


def slot_of(variable: Variable) -> Slot:
    """Return where a variable lies in its model's flat buffer.

    Raises:
        CannotLower: it lies in none.
    """
    if variable.slot is None:
        raise CannotLower(f"variable '{variable.path}' is not in the model's flat buffer")
    return variable.slot


class Part(Record):
    """An object of ours as data: the name of its class or function, and its settings in Keras's spelling."""

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)


# -- steps ------------------------------------------------------------------------------------------------------------


class Step(Record):
    """Base of all steps. A step takes one value and gives one, unless it says otherwise."""


class Affine(Step):
    """`y = x @ kernel + bias`; `bias` may be None."""

    kernel: Slot
    bias: Slot | None


class Activate(Step):
    """`y = f(x)`, element-wise or along an axis: `name` and options as in `chainrule.activations`.

    The option `axis` of `softmax` may name several axes, which then share one sum.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)


class ParametricReLU(Step):
    """`y = x if x > 0 else alpha * x`"""

    alpha: Slot


class Dropout(Step):
    """Zero a share `rate` of the values while training and scale the others by `1 / (1 - rate)`.

    The mask is that of `random.threefry.keep_mask` with the key `fold_in(step_key, index, seed or 0, count)`:
    `step_key` is the key of the training step, `index` the layer's number in the model, `seed` its own seed, and
    `count` how often a step with this index ran before in the same training step (0 unless the layer is shared).
    """

    rate: float
    index: int
    seed: int | None = None
    noise_shape: tuple[int | None, ...] | None = None


class Noise(Step):
    """Add normal noise of standard deviation `stddev` while training; its key is made like that of `Dropout`."""

    stddev: float
    index: int
    seed: int | None = None


class AlphaDropout(Step):
    """`Dropout` to the lowest value of SELU: `y = a * (x where kept, else low) + b` while training.

    `a = ((1 - rate) * (1 + rate * low^2))^-0.5` (0 if the rate is 1) and `b = -a * low * rate` keep mean and variance.
    """

    rate: float
    low: float
    index: int
    seed: int | None = None
    noise_shape: tuple[int | None, ...] | None = None


class MultiplyNoise(Step):
    """Multiply by `1 + stddev * z` with normal `z` while training; the key is made like that of `Dropout`."""

    stddev: float
    index: int
    seed: int | None = None


class BatchNormalize(Step):
    """Normalise over all axes but `axis`: by the batch in training (which moves the averages), else by the averages."""

    axis: int
    epsilon: float
    momentum: float
    gamma: Slot | None
    beta: Slot | None
    moving_mean: Slot
    moving_variance: Slot
    frozen: bool = False


class LayerNormalize(Step):
    """Normalise each observation over `axes`."""

    axes: tuple[int, ...]
    epsilon: float
    gamma: Slot | None
    beta: Slot | None


class GroupNormalize(Step):
    """Normalise each of some groups of neighbours along `axis` over all numbers of an observation."""

    axis: int
    groups: int
    epsilon: float
    gamma: Slot | None
    beta: Slot | None


class RootNormalize(Step):
    """`y = scale * x / sqrt(mean(x^2) + epsilon)` over `axes`."""

    axes: tuple[int, ...]
    epsilon: float
    scale: Slot


class UnitNormalize(Step):
    """`y = x / sqrt(max(sum(x^2), 1e-12))` over `axes`."""

    axes: tuple[int, ...]


class OfArrays(Step):
    """Base of steps that hold arrays: equal if the arrays have the same type, shape and bits."""

    def _key(self) -> tuple[Any, ...]:
        values = super()._key()
        return tuple([(v.dtype.str, v.shape, v.tobytes()) if isinstance(v, np.ndarray) else v for v in values])


class Rescale(OfArrays):
    """`y = x * scale + offset` with fixed numbers or arrays."""

    scale: Any
    offset: Any


class Standardize(OfArrays):
    """`y = (x - mean) / max(sqrt(variance), epsilon)` with fixed arrays, or its inverse."""

    mean: Any
    variance: Any
    invert: bool = False


class Reshape(Step):
    """Give each observation the shape `shape` (without the batch axis)."""

    shape: tuple[int, ...]


class Transpose(Step):
    """Reorder the axes of each observation; they are counted from 1, the batch is axis 0."""

    order: tuple[int, ...]


class Take(Step):
    """`y = x[:, *key]`: cut each observation by a whole number, or start, stop and step, for each of its first axes."""

    key: tuple[int | tuple[int | None, ...], ...]


class Repeat(Step):
    """Repeat each observation along a new first axis."""

    count: int


class Pool(Step):
    """Take the mean or the largest (`kind`: mean, max) along an axis."""

    kind: str
    axis: int
    keepdims: bool


class Embed(Step):
    """Take rows of `table` by whole numbers."""

    table: Slot


class Merge(Step):
    """Combine values: add, multiply, average, maximum, minimum, subtract, or concatenate along `axis`."""

    kind: str
    axis: int = -1


class Dot(Step):
    """Multiply two values and sum along an axis of each; what is left of the first comes first.

    Args:
        axes: the axis in each, counted from 1.
        normalize: divide each by its length along that axis first, but by no less than `config.epsilon()`.
    """

    axes: tuple[int, int]
    normalize: bool = False


class PenalizeActivity(Step):
    """Add the penalty of a value, divided by the batch size, to the loss; the value passes through."""

    regularizer: Part


# -- the whole --------------------------------------------------------------------------------------------------------


class Instruction(Record):
    """Apply `step` to the values numbered `inputs` and call the result number `output`; `layer` is for messages."""

    step: Step
    inputs: tuple[int, ...]
    output: int
    layer: str


class Input(Record):
    """One input of the model: the number of its value, its name, shape (batch axis None) and type."""

    value: int
    name: str
    shape: Shape
    dtype: str


class LossOf(Record):
    """The loss of output number `output`: `weight * reduce(function(y, p))`.

    `loss.kind` is a function of `chainrule.losses`, `reduction` as in `losses.Loss`. With `masked`, a mean is over the
    rows that count: those of another class than `ignore_class`, or (circle) those whose loss is not 0.
    """

    output: int
    loss: Part
    reduction: str | None
    weight: float
    masked: bool = False


class MetricOf(Record):
    """A metric of output number `output`, summed over the batches of an epoch.

    `metric.kind` is a class of `chainrule.metrics`, or the function whose mean it is. An engine either adds to the
    variables of `state`, the metric object itself, or hands it the batches: `state.update_state(y, p, weight)`, the
    weight only if `weighted`.
    """

    output: int
    metric: Part
    weighted: bool
    state: Any = field(compare=False, repr=False)


class Plan(Record):
    """Everything an engine needs to train, evaluate and predict, besides the numbers.

    Attributes:
        inputs: the values that come from outside.
        instructions: in running order.
        outputs: the numbers of the values that are the model's outputs.
        slots: where the parameters lie in the flat buffer: the trainable ones first, then the others.
        n_params, n_trainable: numbers in the buffer; the first `n_trainable` of them are trained.
        penalties: regularizers of trainable parameters, whose values are added to the loss.
        constraints: what is applied to trainable parameters after each update.
        losses: empty before `compile`; an output without a loss has none.
        optimizer: its class and settings without the learning rate, which is `model.optimizer.learning_rate` at each
            step; None if it is Python code.
        metrics: besides the loss.
        python: why training or evaluation needs Python, one reason each; empty if an engine can do all of it alone.
    """

    inputs: tuple[Input, ...]
    instructions: tuple[Instruction, ...]
    outputs: tuple[int, ...]
    slots: tuple[Slot, ...]
    n_params: int
    n_trainable: int
    penalties: tuple[tuple[Slot, Part | None], ...] = ()
    constraints: tuple[tuple[Slot, Part | None], ...] = ()
    losses: tuple[LossOf, ...] = ()
    optimizer: Part | None = None
    metrics: tuple[MetricOf, ...] = ()
    python: tuple[str, ...] = ()

    def describe(self) -> str:
        """Return one line per instruction.

        >>> import chainrule as cr
        >>> from chainrule.engines.lower import lower
        >>> print(lower(cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="tanh", name="d")])).describe())
        v1 = Affine(v0)      d
        v2 = Activate(v1)    d
        """
        rows = []
        for i in self.instructions:
            left = f"v{i.output} = {type(i.step).__name__}({', '.join(f'v{n}' for n in i.inputs)})"
            rows.append((left, i.layer))
        width = max((len(left) for left, _ in rows), default=0) + 4
        return "\n".join(f"{left:<{width}}{layer}" for left, layer in rows)
