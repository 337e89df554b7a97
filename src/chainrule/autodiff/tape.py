"""The tape: records ops in the order they run, and walks them backwards with a loop.

A record holds the op, its inputs and its output. `gradient` visits the records from the last to the first, asks each op's
rule for the gradients of its inputs, adds them up where a value was used more than once, and drops what it has consumed.
There is no recursion, so a chain of any length works.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from chainrule import tree
from chainrule.autodiff.operators import TABLE, Operators
from chainrule.autodiff.tensor import Tensor
from chainrule.errors import MutatedError, NotDifferentiableError

if TYPE_CHECKING:
    from chainrule.autodiff.op import Op


class Record(NamedTuple):
    """One op that ran: `output = op(*inputs, **static)`. `versions` tells whether a variable changed since."""

    op: Op
    inputs: list[Any]
    static: dict[str, Any]
    output: Tensor
    versions: tuple[int, ...]


class _State(threading.local):
    def __init__(self) -> None:
        self.tapes: list[GradientTape] = []
        self.substitutions: list[Mapping[int, Any]] = []


_state = _State()


def active() -> bool:
    """Whether any tape of this thread is recording."""
    return bool(_state.tapes)


def record(op: Op, inputs: list[Any], static: dict[str, Any], output: Tensor) -> None:
    """Note on every active tape that follows one of `inputs` that `op` made `output`."""
    entry: Record | None = None
    for tape in _state.tapes:
        if not tape._follows(inputs):
            continue
        if entry is None:
            kept = [_frozen(v) for v in inputs]
            entry = Record(op, kept, static, output, tuple(getattr(v, "version", 0) for v in kept))
        tape._add(entry)


def _frozen(value: Any) -> Any:
    """Keep a private copy of a writable array, so that the caller may go on changing its own."""
    if isinstance(value, np.ndarray) and value.flags.writeable:
        value = value.copy()
        value.flags.writeable = False
    return value


# -- values that stand in for variables ---------------------------------------------------------------------------------


@contextmanager
def substitute(values: Mapping[int, Any]) -> Iterator[None]:
    """Within the block, ops read `values[id(variable)]` in place of a variable's own value.

    This is how a trace computes in float64, how gradients are checked by small changes of a weight, and how another engine
    follows the same `call`: the variables themselves are never touched.
    """
    _state.substitutions.append(values)
    try:
        yield
    finally:
        _state.substitutions.pop()


def substitutions() -> Mapping[int, Any] | None:
    """Return the mapping of the innermost `substitute` block, or None."""
    return _state.substitutions[-1] if _state.substitutions else None


def resolve(value: Any) -> Any:
    """Return what stands in for a variable, or the value itself."""
    if _state.substitutions:
        return _state.substitutions[-1].get(id(value), value)
    return value


# -- gradients ----------------------------------------------------------------------------------------------------------


class GradientTape:
    """Records the ops run inside a `with` block and differentiates them, as `tf.GradientTape`.

    Trainable variables are followed as soon as an op reads them; other tensors after `watch`.

    Args:
        persistent: allow several calls of `gradient`; otherwise the records are freed by the first.
        watch_accessed_variables: follow trainable variables without `watch`.

    >>> import chainrule as cr
    >>> x = cr.ops.convert_to_tensor(3.0)
    >>> with cr.GradientTape() as tape:
    ...     tape.watch(x)
    ...     y = x * x
    >>> tape.gradient(y, x)
    Tensor(6., dtype=float32)
    """

    def __init__(self, persistent: bool = False, watch_accessed_variables: bool = True) -> None:
        self.persistent = persistent
        self.watch_accessed_variables = watch_accessed_variables
        self.records: list[Record] = []
        self._sources: dict[int, Any] = {}
        self._followed: set[int] = set()
        self._spent = False

    def __enter__(self) -> GradientTape:
        _state.tapes.append(self)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _state.tapes.remove(self)

    def watch(self, tensor: Any) -> None:
        """Follow a tensor, a variable, or a nested structure of them.

        Raises:
            NotDifferentiableError: an array was given (it has no history), or integers.
        """
        for value in tree.flatten(tensor):
            if not isinstance(value, Operators):
                raise NotDifferentiableError(
                    f"GradientTape.watch takes tensors and variables, but got a {type(value).__name__}. "
                    "Make it one first: x = chainrule.ops.convert_to_tensor(x)."
                )
            if np.dtype(value.dtype).kind != "f":  # type: ignore[attr-defined]
                raise NotDifferentiableError(
                    f"GradientTape.watch: a value of type {value.dtype} has no gradient. "  # type: ignore[attr-defined]
                    "Cast it to float32 first: chainrule.ops.cast(x, 'float32')."
                )
            self._sources[id(value)] = value
            self._followed.add(id(value))

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Do not record the ops of the block."""
        _state.tapes.remove(self)
        try:
            yield
        finally:
            _state.tapes.append(self)

    def reset(self) -> None:
        """Forget everything recorded so far."""
        self.records.clear()
        self._sources.clear()
        self._followed.clear()
        self._spent = False

    def _follows(self, inputs: list[Any]) -> bool:
        found = False
        for value in inputs:
            if id(value) in self._followed:
                found = True
            elif self.watch_accessed_variables and getattr(value, "trainable", False):
                self._sources[id(value)] = value
                self._followed.add(id(value))
                found = True
        return found

    def _add(self, entry: Record) -> None:
        self.records.append(entry)
        self._followed.add(id(entry.output))

    def gradient(self, target: Any, sources: Any, output_gradients: Any = None) -> Any:
        """Return the gradients of `target` with respect to `sources`, in the structure of `sources`.

        A target that is not a number is summed first (or weighted by `output_gradients` of its shape).
        A source that `target` does not depend on gets None, as in TensorFlow.

        Raises:
            NotDifferentiableError: the target is not a float tensor.
            MutatedError: a variable was changed between its use and this call.
            RuntimeError: the tape is not persistent and was used already.
        """
        if self._spent:
            raise RuntimeError(
                "This GradientTape was used already: its records were freed as they were walked. "
                "Take all gradients in one call, or make it with GradientTape(persistent=True)."
            )
        if not self.persistent:
            self._spent = True
        targets = tree.flatten(target)
        seeds = [None] * len(targets) if output_gradients is None else tree.flatten(output_gradients)
        wanted = tree.flatten(sources)
        with self._paused():
            gradients = self._walk(targets, seeds, {id(s) for s in wanted})
        outer = active()
        return tree.map_structure(lambda s: _as_gradient(gradients.get(id(s)), outer), sources)

    @contextmanager
    def _paused(self) -> Iterator[None]:
        """Leave the stack while walking, unless the user asked for derivatives of derivatives on this very tape."""
        if self in _state.tapes and not self.persistent:
            with self.stop_recording():
                yield
        else:
            yield

    def _walk(self, targets: list[Any], seeds: list[Any], wanted: set[int]) -> dict[int, Any]:
        gradients: dict[int, Any] = {}
        for target, seed in zip(targets, seeds, strict=True):
            start = _seed(target, seed)
            gradients[id(target)] = gradients[id(target)] + start if id(target) in gradients else start
        symbolic = active()
        records = list(self.records) if self.persistent else self.records
        while records:
            entry = records.pop()
            key = id(entry.output)
            g = gradients.get(key) if key in wanted else gradients.pop(key, None)
            if g is not None:
                _check_unchanged(entry)
                _pull_back(entry, g, gradients, symbolic)
        return gradients


def _seed(target: Any, seed: Any) -> Any:
    if not isinstance(target, Operators) or np.dtype(target.dtype).kind != "f":  # type: ignore[attr-defined]
        found = f"a tensor of {target.dtype}" if isinstance(target, Operators) else f"a {type(target).__name__}"  # type: ignore[attr-defined]
        raise NotDifferentiableError(
            f"A gradient is taken of a float tensor, but the target is {found}"
            + (f" made by ops.{target.origin}" if isinstance(target, Tensor) and target.origin else "")
            + ". Compute it with chainrule.ops from the watched tensors, inside the tape."
        )
    if seed is None:
        return np.ones(target.shape, target.dtype)  # type: ignore[attr-defined]
    return seed


def _check_unchanged(entry: Record) -> None:
    for value, version in zip(entry.inputs, entry.versions, strict=True):
        if getattr(value, "version", 0) != version:
            raise MutatedError(
                f"Variable '{getattr(value, 'path', value)}' was assigned after ops.{entry.op.name} had used it, "
                "so its gradient would be of another value. Take the gradient before assigning."
            )


def _pull_back(entry: Record, g: Any, gradients: dict[int, Any], symbolic: bool) -> None:
    """Add the gradients of one op's inputs to `gradients`, given the gradient `g` of its output."""
    op = entry.op
    inputs, y = entry.inputs, entry.output
    arguments = inputs if symbolic else [v.value if isinstance(v, Operators) else v for v in inputs]
    result = y if symbolic else y.value
    for i, value in enumerate(inputs):
        if not isinstance(value, Operators) or np.dtype(value.dtype).kind != "f":  # type: ignore[attr-defined]
            continue
        if op.variadic:
            contribution = op.rules[0](g, result, i, arguments, **entry.static) if op.rules[0] else None
        else:
            rule = op.rules[i]
            contribution = rule(g, result, *arguments, **entry.static) if rule else None
        if contribution is None:
            continue
        contribution = fit_to(contribution, value, op.broadcasts)
        key = id(value)
        gradients[key] = gradients[key] + contribution if key in gradients else contribution


def fit_to(g: Any, like: Any, broadcast: bool = True) -> Any:
    """Sum a gradient over the axes along which `like` was broadcast, and give it the float type of `like`."""
    if broadcast and g.shape != like.shape:
        extra = g.ndim - len(like.shape)
        axes = tuple(range(extra)) + tuple(
            i + extra for i, n in enumerate(like.shape) if n == 1 and g.shape[i + extra] != 1
        )
        if axes:
            g = TABLE["sum"](g, axis=axes, keepdims=False)
        if g.shape != like.shape:
            g = TABLE["reshape"](g, newshape=like.shape) if g.size == np.prod(like.shape) else TABLE["broadcast_to"](g, shape=like.shape)
    return g if g.dtype == like.dtype else TABLE["cast"](g, dtype=like.dtype)


def _as_gradient(g: Any, symbolic: bool) -> Any:
    if g is None or isinstance(g, Tensor):
        return g
    return Tensor(g, "gradient")


def numpy_function(ufunc: Any, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Answer a NumPy function called on a tensor: by the op of that name, else on plain arrays if no tape is recording.

    Raises:
        NotDifferentiableError: a tape is recording and there is no such op.
    """
    name = {"absolute": "abs", "true_divide": "divide", "floor_divide": "floor_divide", "remainder": "mod"}.get(
        ufunc.__name__, ufunc.__name__
    )
    if method == "__call__" and not kwargs and name in TABLE:
        return TABLE[name](*inputs)
    if active():
        raise NotDifferentiableError(
            f"np.{ufunc.__name__} on a tensor would cut its gradient, and there is no chainrule.ops.{name}. "
            "Write it with chainrule.ops, or take plain numbers on purpose: tensor.numpy()."
        )
    plain = [v.value if isinstance(v, Operators) else v for v in inputs]
    return getattr(ufunc, method)(*plain, **kwargs)
