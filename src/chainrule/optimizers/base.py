"""`Optimizer`: turns gradients into new parameter values. What all optimizers share; each adds its own `update`.

Its parts: variables and their files (`tracking.py`), learning rate and iteration (`rate.py`), one step (`applying.py`).
Where Keras surprises it is followed: weight decay reaches every variable (biases too) and is decoupled from the
gradient; the learning rate is rounded to the default float type; a schedule counts all calls of `apply`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.autodiff.tape import substitute
from chainrule.optimizers.applying import AppliesGradients
from chainrule.optimizers.rate import LearningRate
from chainrule.optimizers.state import FlatState, Scratch
from chainrule.optimizers.tracking import moment_name
from chainrule.saving.serialization import Configurable, deserialize_keras_object, serialize_keras_object, snake_case
from chainrule.utils.naming import unique_name
from chainrule.variables import Variable


class Optimizer(AppliesGradients, Configurable):
    """Base of all optimizers, as `keras.optimizers.Optimizer`.

    An optimizer of your own overrides one of two methods. `update_step(gradient, variable, learning_rate)` is Keras's:
    it is called once per variable and uses `self.assign`, `self.assign_add` and `self.assign_sub`; its moments are made
    in `build`. `update(p, g, moments, learning_rate, step)` changes plain arrays in place; its moments are named in
    `moments`.

    Args:
        learning_rate: step per unit of gradient: a float, a schedule, or a function without arguments.
        weight_decay: fraction (times the learning rate) of every variable that is subtracted before the update.
        clipnorm: largest Euclidean norm of each variable's gradient.
        clipvalue: largest absolute value of a gradient's element.
        global_clipnorm: largest Euclidean norm of all gradients together.
        use_ema: keep an exponential moving average of the weights.
        ema_momentum: `average = ema_momentum * average + (1 - ema_momentum) * weight`.
        ema_overwrite_frequency: iterations after which their average replaces the weights; None: at the end.
        loss_scale_factor: factor by which the loss was multiplied; gradients are divided by it.
        gradient_accumulation_steps: number of calls whose gradients are averaged into one update.
        name: the first part of its variables' paths; by default the class name in snake case, numbered.

    Raises:
        ValueError: an argument that is unknown or out of range, or more than one kind of clipping.

    >>> import chainrule as cr
    >>> class SignDescent(cr.optimizers.Optimizer):
    ...     def update(self, p, g, moments, learning_rate, step):
    ...         p -= learning_rate * np.sign(g)
    >>> w = cr.Variable([1.0, 2.0])
    >>> SignDescent(0.5).apply([np.array([3.0, -4.0])], [w])
    >>> w.numpy()
    array([0.5, 2.5], dtype=float32)
    """

    moments: tuple[str, ...] = ()
    """Names of the arrays that `update` receives, in Keras's spelling; each is a row of the state."""

    moment_groups: tuple[tuple[str, ...], ...] = ()
    """How files order the moments: group after group, and variable by variable within one. Empty: all in one group."""

    def __init__(
        self,
        learning_rate: LearningRate,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        loss_scale_factor: float | None = None,
        gradient_accumulation_steps: int | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if kwargs.pop("decay", None) is not None:
            warnings.warn("Argument `decay` is no longer supported and will be ignored.", stacklevel=3)
        if kwargs:
            hint = " Keras 3 calls `lr` `learning_rate`." if "lr" in kwargs else ""
            raise ValueError(f"{type(self).__name__}: argument(s) not recognized: {kwargs}.{hint}")
        object.__setattr__(self, "_variables", [])
        self.name = name or unique_name(snake_case(type(self).__name__))
        self.weight_decay = weight_decay
        self.clipnorm = clipnorm
        self.clipvalue = clipvalue
        self.global_clipnorm = global_clipnorm
        self.use_ema = use_ema
        self.ema_momentum = ema_momentum
        self.ema_overwrite_frequency = ema_overwrite_frequency
        self.loss_scale_factor = loss_scale_factor
        self.gradient_accumulation_steps = gradient_accumulation_steps
        self._check_arguments()
        self.built = False
        self.scratch = Scratch()
        self._trainable_variables = ()
        self._trainable_variables_indices = {}
        self._states = []
        self._places = {}
        self._excluded = set()
        self._excluded_pattern = None
        self._start_counting(learning_rate)

    def _check_arguments(self) -> None:
        steps, frequency = self.gradient_accumulation_steps, self.ema_overwrite_frequency
        if steps and (not isinstance(steps, int) or steps < 2):
            raise ValueError(f"`gradient_accumulation_steps` must be an integer >= 2. Received: {steps!r}")
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ValueError(f"`ema_momentum` must be in the range [0, 1]. Received: {self.ema_momentum!r}")
        if self.use_ema and frequency and (not isinstance(frequency, int) or frequency < 1):
            raise ValueError(f"`ema_overwrite_frequency` must be an integer >= 1 or None. Received: {frequency!r}")
        clips = {"clipnorm": self.clipnorm, "clipvalue": self.clipvalue, "global_clipnorm": self.global_clipnorm}
        if sum(value is not None for value in clips.values()) > 1:
            given = ", ".join(f"{name}={value}" for name, value in clips.items())
            raise ValueError(f"Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. Received: {given}")

    # -- state -------------------------------------------------------------------------------------------------------

    def build(self, variables: Sequence[Variable]) -> None:
        """Make the moments of these variables; the first `apply` calls it if nobody did before."""
        if self.built:
            return
        extra = ("average",) * bool(self.use_ema) + ("gradient_accumulator",) * bool(self.gradient_accumulation_steps)
        self._trainable_variables = tuple(variables)
        self._trainable_variables_indices = {id(v): i for i, v in enumerate(variables)}
        updated = [v for v in variables if not v.overwrite_with_gradient]
        for dtype in dict.fromkeys(v.dtype for v in updated):
            same = [v for v in updated if v.dtype == dtype]
            state = FlatState(same, (*extra, *self.moments), self._initial_moments())
            self._states.append(state)
            self._places.update({id(v): (state, i) for i, v in enumerate(same)})
        for group in (*((row,) for row in extra), *(self.moment_groups or (self.moments,))):
            for variable in updated:
                for row in group:
                    moment = self._moment(variable, row)
                    if moment is not None:
                        self._adopt(moment, moment_name(variable, row))
        self.built = True

    def _initial_moments(self) -> dict[str, float]:
        """What moments start with, other than zero."""
        return {}

    @property
    def state(self) -> Array:
        """The moments as one array of shape (rows, parameters), into which `variables` are views.

        The rows are `"average"` and `"gradient_accumulator"`, if used, then `moments`. Where variables differ in type,
        this is the array of the first one's type.
        """
        return self._states[0].array if self._states else np.zeros((len(self.moments), 0), config.floatx())

    def _get_variable_index(self, variable: Variable) -> int:
        return self._trainable_variables_indices[id(variable)]

    def stateless_apply(
        self, optimizer_variables: Sequence[Any], grads: Sequence[Any], trainable_variables: Sequence[Any]
    ) -> tuple[list[Array], list[Array]]:
        """Return what `apply` would make of these values, and change nothing.

        Args:
            optimizer_variables: values for `self.variables`.
            grads: one gradient per trainable variable.
            trainable_variables: values for the variables the optimizer was built with.

        Returns:
            The new values of the trainable variables and of the optimizer's variables.

        Raises:
            ValueError: the numbers of values do not fit what the optimizer was built with.
        """
        own, theirs = self.variables, self._trainable_variables
        if len(optimizer_variables) != len(own) or len(trainable_variables) != len(theirs):
            raise ValueError(
                f"{self.name}: stateless_apply expects {len(own)} optimizer variables and {len(theirs)} trainable "
                f"variables, received {len(optimizer_variables)} and {len(trainable_variables)}. Build it first."
            )
        values = {id(v): np.asarray(a) for v, a in zip(own, optimizer_variables, strict=True)}
        values.update({id(v): np.asarray(a) for v, a in zip(theirs, trainable_variables, strict=True)})
        with substitute(values):
            self.apply(grads)
            return [np.asarray(v) for v in theirs], [np.asarray(v) for v in own]

    # -- configuration -----------------------------------------------------------------------------------------------

    def _base_config(self) -> dict[str, Any]:
        names = ["weight_decay", "clipnorm", "global_clipnorm", "clipvalue", "use_ema", "ema_momentum"]
        names += ["ema_overwrite_frequency", "loss_scale_factor", "gradient_accumulation_steps"]
        shared = {name: serialize_keras_object(getattr(self, name)) for name in names}
        return {"name": self.name, "learning_rate": self._rate_config(), **shared}

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> Any:
        """Build an optimizer from what `get_config` gave; its moments start anew."""
        return cls(**{key: deserialize_keras_object(value, custom_objects) for key, value in config.items()})


def power(base: float, exponent: int, kind: Any) -> Any:
    """Return `base ** exponent` with base and result rounded to `kind`, as Keras has it in float32.

    >>> power(0.9, 2, np.float32), power(0.9, 2, np.float64)
    (np.float32(0.80999994), np.float64(0.81))
    """
    return kind(float(kind(base)) ** exponent)
