"""`Metric`: a number accumulated over batches, and the variables it is accumulated in.

The state is summed in float64, where Keras sums in float32; the two agree to a relative 1e-6 (about the rounding of
Keras's own sums), and long epochs lose no digits here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array
from chainrule.autodiff.tape import substitutions
from chainrule.errors import ShapeError
from chainrule.saving.serialization import Configurable, public, snake_case
from chainrule.utils.naming import unique_name
from chainrule.variables import Variable

__all__ = ["Accumulator", "Metric", "Scalar"]


class Scalar(float):
    """A Python float that also has `.numpy()`, which scripts written for TensorFlow call on a metric's result.

    >>> Scalar(0.75), Scalar(0.75).numpy()
    (0.75, np.float64(0.75))
    """

    __slots__ = ()

    def numpy(self) -> np.float64:
        return np.float64(self)


class Accumulator(Variable):
    """A variable of a metric: not trained, and cheap to add to."""

    __slots__ = ()

    def add(self, amount: Any) -> None:
        """Add a number or an array of the variable's shape, in place."""
        if substitutions() is not None:
            self.assign_add(amount)
        elif self._array.ndim:
            self._array += amount
            self.version += 1
        else:  # `item` and one assignment: a fraction of the cost of a NumPy addition
            self._array[()] = self._array.item() + float(amount)
            self.version += 1

    def reset(self) -> None:
        """Set everything to zero."""
        if substitutions() is None:
            self._array.fill(0)
            self.version += 1
        else:
            self.assign(np.zeros_like(self._array))


@public("keras.metrics")
class Metric(Configurable):
    """A number computed over all batches since the last `reset_state`, as `keras.Metric`.

    A metric of your own creates its state in `__init__` with `add_variable`, changes it in `update_state` and computes
    the value in `result`:

    >>> import numpy as np
    >>> import chainrule as cr
    >>> class PositiveShare(cr.metrics.Metric):
    ...     def __init__(self, name="positive_share", **kwargs):
    ...         super().__init__(name=name, **kwargs)
    ...         self.positive = self.add_variable((), "zeros", name="positive")
    ...         self.seen = self.add_variable((), "zeros", name="seen")
    ...
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.positive.assign_add(np.sum(y_pred > 0.5))
    ...         self.seen.assign_add(y_pred.size)
    ...
    ...     def result(self):
    ...         return self.positive / self.seen
    >>> metric = PositiveShare()
    >>> float(metric(np.zeros(4), np.array([0.1, 0.7, 0.8, 0.9])))
    0.75

    Args:
        dtype: the float type predictions are read in; `config.floatx()` by default.
        name: the key in `history`; the class's name in snake case by default, numbered where it is taken.
    """

    _direction: str  # "up" or "down", where better has one: for callbacks with mode="auto"
    _variables: list[Variable]
    _metrics: list[Metric]

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        object.__setattr__(self, "_variables", [])
        object.__setattr__(self, "_metrics", [])
        self.name = name or unique_name(snake_case(type(self).__name__))
        self._dtype = _dtype_name(dtype)

    @property
    def dtype(self) -> str:
        """The name of the float type that predictions are read in."""
        return self._dtype

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Take in a batch: `(y_true, y_pred, sample_weight=None)`; in `Mean`, `(values, sample_weight=None)`."""
        raise TypeError(
            f"{type(self).__name__}: a metric must define update_state(self, y_true, y_pred, sample_weight=None)."
        )

    def result(self) -> Any:
        """Return the value over all batches since the last reset: a number, an array or a dict of numbers."""
        raise TypeError(f"{type(self).__name__}: a metric must define result(self).")

    def reset_state(self) -> None:
        """Set every state variable to zero."""
        for variable in self.variables:
            variable.assign(np.zeros_like(variable.value))

    def stateless_update_state(self, metric_variables: Sequence[Any], *args: Any, **kwargs: Any) -> list[Array]:
        """Return the state after a batch, starting from a given one; the metric itself does not change."""
        with self._holding(metric_variables):
            self.update_state(*args, **kwargs)
            return [np.array(v.value) for v in self.variables]

    def stateless_result(self, metric_variables: Sequence[Any]) -> Any:
        """Return the value that belongs to a given state."""
        with self._holding(metric_variables):
            return self.result()

    def stateless_reset_state(self) -> list[Array]:
        """Return the state in which nothing has been seen yet."""
        with self._holding([v.value for v in self.variables]):
            self.reset_state()
            return [np.array(v.value) for v in self.variables]

    @contextmanager
    def _holding(self, values: Sequence[Any]) -> Iterator[None]:
        """Give the variables other values for the length of a block."""
        variables = self.variables
        if len(values) != len(variables):
            raise ValueError(
                f"{self.name}: expected a list of {len(variables)} values, one for each of the metric's variables, but "
                f"received {len(values)}."
            )
        before = [np.array(v.value) for v in variables]
        try:
            for variable, value in zip(variables, values, strict=True):
                variable.assign(np.asarray(value))
            yield
        finally:
            for variable, value in zip(variables, before, strict=True):
                variable.assign(value)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Take in one batch and return the value so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    @property
    def variables(self) -> list[Variable]:
        """The state variables: this metric's, then those of metrics it holds."""
        return [*self._variables, *(v for metric in self._metrics for v in metric.variables)]

    def add_variable(
        self,
        shape: Sequence[int],
        initializer: Any,
        dtype: Any = None,
        aggregation: str = "sum",
        name: str | None = None,
    ) -> Accumulator:
        """Return a new state variable.

        Args:
            shape: its shape.
            initializer: the name of an initializer, or a function `(shape, dtype) -> array`; None means zeros.
            dtype: its type; `config.floatx()` by default.
        """
        if "_variables" not in self.__dict__:
            raise RuntimeError(f"{type(self).__name__}: call super().__init__() before adding variables in __init__.")
        dtype = dtype or config.floatx()
        if initializer is None or initializer == "zeros":
            initial: Any = np.zeros(tuple(shape), dtype)
        else:
            from chainrule import initializers

            initial = initializers.get(initializer)
        variable = Accumulator(
            initial, shape=tuple(shape), dtype=dtype, trainable=False, aggregation=aggregation, name=name
        )
        variable.path = f"{self.name.replace('/', '>')}/{variable.name}"
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Sequence[int] = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Accumulator:
        """Return a new state variable: the older name of `add_variable`."""
        return self.add_variable(shape=shape, initializer=initializer, dtype=dtype, name=name)

    def _base_config(self) -> dict[str, Any]:
        return {"name": self.name, "dtype": self.dtype}

    def __setattr__(self, name: str, value: Any) -> None:
        """Follow variables and metrics that are kept as attributes, so that `reset_state` reaches them."""
        known = self.__dict__.get("_variables")
        if known is not None:
            if isinstance(value, Variable) and not any(v is value for v in known):
                known.append(value)
            elif isinstance(value, Metric) and not any(m is value for m in self._metrics):
                self._metrics.append(value)
        object.__setattr__(self, name, value)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"


def _dtype_name(dtype: Any) -> str:
    """Return the name of the type that a name, a NumPy type, a policy or None asks for."""
    if dtype is None:
        return config.floatx()
    name = getattr(dtype, "compute_dtype", dtype)
    return "int32" if name == "int" else np.dtype(name).name


def scalar(value: Any) -> Any:
    """Return a 0-d value as a `Scalar`, any other array as it is."""
    return Scalar(value) if np.ndim(value) == 0 else value


def divide_no_nan(numerator: Any, denominator: Any) -> Array:
    """Return `numerator / denominator`, and 0 where the denominator is 0, as `keras.ops.divide_no_nan`.

    >>> divide_no_nan(np.array([1.0, 2.0]), np.array([4.0, 0.0])).tolist()
    [0.25, 0.0]
    """
    numerator = np.asarray(numerator, dtype=np.float64)
    out = np.zeros(np.broadcast_shapes(numerator.shape, np.shape(denominator)))
    np.divide(numerator, denominator, out=out, where=np.not_equal(denominator, 0))
    return out


def align_ranks(a: Array, b: Array, expand_rank_1: bool = True) -> tuple[Array, Array]:
    """Bring `(n, 1)` and `(n,)` to the same rank, as Keras does before it compares targets with predictions.

    >>> a, b = align_ranks(np.zeros(3), np.zeros((3, 1)))
    >>> a.shape, b.shape
    ((3, 1), (3, 1))
    """
    if a.ndim == b.ndim:
        return a, b
    if a.ndim == b.ndim + 1 and a.shape[-1] == 1:
        return (a, b[:, None]) if b.ndim == 1 and expand_rank_1 else (a[..., 0], b)
    if b.ndim == a.ndim + 1 and b.shape[-1] == 1:
        return (a[:, None], b) if a.ndim == 1 and expand_rank_1 else (a, b[..., 0])
    return a, b


def check_fit(where: str, y_true: Array, y_pred: Array) -> None:
    """Raise `ShapeError` unless the two have one rank and each axis is equal, or 1 in one of them."""
    if y_true.shape == y_pred.shape:
        return
    fits = y_true.ndim == y_pred.ndim and all(
        a == b or 1 in (a, b) for a, b in zip(y_true.shape, y_pred.shape, strict=True)
    )
    if not fits:
        raise shapes_differ(where, y_true, y_pred)


def shapes_differ(
    where: str, y_true: Any, y_pred: Any, hint: str = "Give targets the shape of the predictions."
) -> ShapeError:
    """Return the error for targets and predictions that cannot be compared."""
    return ShapeError(
        f"{where}: y_true of shape {np.shape(y_true)} does not fit y_pred of shape {np.shape(y_pred)}. {hint}"
    )
