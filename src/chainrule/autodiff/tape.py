"""The tape: records ops in the order they run, and walks them backwards with a loop.

A record holds the op, its inputs and its output. `gradient` visits the records from the last to the first, asks each
op's rules for the gradients of its inputs, adds them up where a value was used more than once, and drops what it has
consumed. There is no recursion, so a chain of any length works.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
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


def follows(value: Any) -> bool:
    """Whether a recording tape of this thread follows `value`."""
    return any(tape._follows((value,)) for tape in _state.tapes)


def record(op: Op, inputs: list[Any], static: dict[str, Any], output: Tensor, given: Sequence[Any] = ()) -> None:
    """Note on every active tape that follows one of `inputs` that `op` made `output`.

    Args:
        op: what ran.
        inputs: tensors and variables, and plain arrays for all that is constant.
        static: the other arguments.
        output: the result.
        given: the inputs as the caller gave them.
    """
    entry: Record | None = None
    for tape in _state.tapes:
        if not tape._follows(inputs):
            continue
        if not op.derivatives or output.value.dtype.kind != "f":
            output.severed = op.name
            return
        if entry is None:
            entry = tuple.__new__(Record, (op, inputs, static, output, _keep(inputs)))  # what Record(...) does, faster
        tape.records.append(entry)
        tape._followed.add(id(output))
    if entry is None:
        for v in given:
            if type(v) is Tensor and v.severed:
                output.severed = v.severed


def _keep(inputs: list[Any]) -> tuple[int, ...]:
    """Replace writable arrays by private copies, so that callers may change theirs; return variables' versions."""
    versions: tuple[int, ...] = ()
    for i, v in enumerate(inputs):
        if type(v) is Tensor:
            continue
        if isinstance(v, np.ndarray):
            if v.flags.writeable:
                inputs[i] = v = v.copy()
                v.flags.writeable = False
        elif isinstance(v, Operators):
            versions = (*versions, getattr(v, "version", 0))
    return versions


# -- values that stand in for variables --------------------------------------------------------------------------------


@contextmanager
def substitute(values: Mapping[int, Any]) -> Iterator[None]:
    """Within the block, ops read `values[id(variable)]` in place of a variable's own value.

    This is how a trace computes in float64, how gradients are checked by small changes of a weight, and how another
    engine follows the same `call`: the variables themselves are never touched.
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


# -- gradients ---------------------------------------------------------------------------------------------------------


class GradientTape:
    """Records the ops run inside a `with` block and differentiates them, as `tf.GradientTape`.

    Trainable variables are followed as soon as an op reads them; other tensors after `watch`.

    Args:
        persistent: allow several calls of `gradient`; otherwise the records are freed by the first.
        watch_accessed_variables: follow trainable variables without `watch`.

    >>> import chainrule as cr
    >>> x = cr.ops.convert_to_tensor(3.0)
    >>> with cr.autodiff.GradientTape() as tape:
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

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        if self in _state.tapes:
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
            if not _is_float(value):
                raise NotDifferentiableError(
                    f"GradientTape.watch: a value of type {value.dtype} has no gradient. "
                    "Cast it to float32 first: chainrule.ops.cast(x, 'float32')."
                )
            self._follow(value)

    def _follow(self, value: Any) -> None:
        self._sources[id(value)] = value  # kept alive, so that its id stays its own
        self._followed.add(id(value))

    @contextmanager
    def stop_recording(self) -> Iterator[None]:
        """Do not record the ops of the block."""
        position = _state.tapes.index(self)
        _state.tapes.remove(self)
        try:
            yield
        finally:
            _state.tapes.insert(position, self)

    def reset(self) -> None:
        """Forget everything recorded so far."""
        self.records.clear()
        self._sources.clear()
        self._followed.clear()
        self._spent = False

    def watched_variables(self) -> list[Any]:
        """Return the watched tensors and variables, in the order they were first met."""
        return list(self._sources.values())

    def _follows(self, inputs: list[Any] | tuple[Any, ...]) -> bool:
        found = False
        for value in inputs:
            if id(value) in self._followed:
                found = True
            elif type(value) is Tensor or type(value) is np.ndarray:
                continue
            elif self.watch_accessed_variables and getattr(value, "trainable", False) and _is_float(value):
                self._follow(value)
                found = True
        return found

    def gradient(
        self, target: Any, sources: Any, output_gradients: Any = None, unconnected_gradients: str = "none"
    ) -> Any:
        """Return the gradients of `target` with respect to `sources`, in the structure of `sources`.

        A target that is not a number is summed first (or weighted by `output_gradients` of its shape).

        Args:
            target: a float tensor, or a nested structure of them (whose gradients are added).
            sources: watched tensors or variables, or a nested structure of them.
            output_gradients: weights of the target's elements.
            unconnected_gradients: what a source gets that `target` does not depend on: `"none"` or `"zero"`.

        Raises:
            NotDifferentiableError: the target is not a float tensor, or depends on the sources only through ops without
                a derivative.
            MutatedError: a variable was changed between its use and this call.
            RuntimeError: the tape is not persistent and was used already.
        """
        if self._spent:
            raise RuntimeError(
                "This GradientTape was used already: its records were freed as they were walked. "
                "Take all gradients in one call, or make it with GradientTape(persistent=True)."
            )
        if not self.persistent:
            self._stop()
            self._spent = True
        targets = tree.flatten(target)
        seeds = [None] * len(targets) if output_gradients is None else tree.flatten(output_gradients)
        wanted = {id(s) for s in tree.flatten(sources)}
        with np.errstate(all="ignore"):
            gradients = self._walk(targets, seeds, wanted)
        if not wanted & gradients.keys():
            _explain_missing(targets)
        zero = unconnected_gradients == "zero"
        return tree.map_structure(lambda s: _as_gradient(gradients.get(id(s)), s, zero), sources)

    def jacobian(self, target: Any, source: Any) -> Any:
        """Return `J[i..., j...] = d target[i...] / d source[j...]`, one backward pass for each element of `target`.

        Raises:
            RuntimeError: the tape is not persistent.
        """
        if not self.persistent:
            raise RuntimeError(
                "GradientTape.jacobian walks the tape many times: make it with GradientTape(persistent=True)."
            )
        rows = []
        for i in range(target.size):
            seed = np.zeros(target.size, target.dtype)
            seed[i] = 1
            rows.append(self.gradient(target, source, seed.reshape(target.shape), unconnected_gradients="zero"))
        flat = TABLE["stack"](rows) if rows else np.zeros((0, *source.shape), source.dtype)
        return TABLE["reshape"](flat, newshape=(*target.shape, *source.shape))

    def _walk(self, targets: list[Any], seeds: list[Any], wanted: set[int]) -> dict[int, Any]:
        gradients: dict[int, Any] = {}
        for target, seed in zip(targets, seeds, strict=True):
            _accumulate(gradients, target, _seed(target, seed))
        symbolic = active()
        followed = self._followed
        records = list(self.records) if self.persistent else self.records
        while records:
            entry = records.pop()
            key = id(entry.output)
            g = gradients.get(key) if key in wanted else gradients.pop(key, None)
            if g is not None:
                self._pull_back(entry, g, gradients, symbolic)
        if not self.persistent:
            followed.clear()
        return {key: g for key, g in gradients.items() if key in wanted}

    def _pull_back(self, entry: Record, g: Any, gradients: dict[int, Any], symbolic: bool) -> None:
        """Add the gradients of one op's inputs to `gradients`, given the gradient `g` of its output."""
        op, inputs, y = entry.op, entry.inputs, entry.output
        if entry.versions:
            _check_unchanged(entry)
        wanted = [i for i, v in enumerate(inputs) if id(v) in self._followed]
        if symbolic:
            parts = op.pull_back(g, y, inputs, entry.static, wanted)
        else:
            plain = [v.value if isinstance(v, Operators) else v for v in inputs]
            parts = op.pull_back(g, y.value, plain, entry.static, wanted)
        for i, part in zip(wanted, parts, strict=True):
            if part is not None:
                _accumulate(gradients, inputs[i], part)


def _accumulate(gradients: dict[int, Any], value: Any, part: Any) -> None:
    key = id(value)
    gradients[key] = gradients[key] + part if key in gradients else part


def _is_float(value: Any) -> bool:
    return bool(np.dtype(value.dtype).kind == "f")


def _seed(target: Any, seed: Any) -> Any:
    if not isinstance(target, Operators) or not _is_float(target):
        found = f"a tensor of {target.dtype}" if isinstance(target, Operators) else f"a {type(target).__name__}"
        origin = f" made by ops.{target.origin}" if isinstance(target, Tensor) and target.origin else ""
        raise NotDifferentiableError(
            f"A gradient is taken of a float tensor, but the target is {found}{origin}. "
            "Compute it with chainrule.ops from the watched tensors, inside the tape."
        )
    if seed is None:
        return np.ones(target.shape, target.dtype)
    if np.shape(seed) != target.shape:
        raise NotDifferentiableError(
            f"output_gradients has shape {np.shape(seed)}, but the target has shape {target.shape}; they must agree."
        )
    return seed if isinstance(seed, Tensor) else np.asarray(seed, target.dtype)


def _check_unchanged(entry: Record) -> None:
    variables = [v for v in entry.inputs if isinstance(v, Operators) and type(v) is not Tensor]
    for value, version in zip(variables, entry.versions, strict=True):
        if getattr(value, "version", 0) != version:
            raise MutatedError(
                f"Variable '{getattr(value, 'path', value)}' was assigned after ops.{entry.op.name} had used it, "
                "so its gradient would be of another value. Take the gradient before assigning."
            )


def _explain_missing(targets: list[Any]) -> None:
    """Raise if the targets depend on followed values only through ops without a derivative."""
    for target in targets:
        if isinstance(target, Tensor) and target.severed:
            raise NotDifferentiableError(
                f"The result depends on its inputs only through ops.{target.severed}, which has no derivative. "
                f"Replace it by a differentiable op, or keep it out of the loss; "
                "the ops without a derivative are listed in chainrule.ops.NOT_DIFFERENTIABLE."
            )


def _as_gradient(g: Any, source: Any, zero: bool) -> Any:
    if g is None:
        return Tensor(np.zeros(source.shape, source.dtype), "gradient") if zero else None
    return g if isinstance(g, Tensor) else Tensor(g, "gradient")
