"""Where an optimizer keeps its moments: one array of shape (rows, parameters), with views for each variable.

    rows         the moments in order: `("momentum", "velocity")` for Adam
    parameters   the elements of all variables, one variable after the other

An update is element-wise, so variables that are neighbours in a model's `FlatBuffer` are updated as one `Run`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from chainrule._typing import Array
from chainrule.autodiff.tape import substitutions
from chainrule.variables import Slot, Variable


class Piece(NamedTuple):
    """One variable of a `Run`: its own part of the parameters and of the gradient."""

    variable: Variable
    place: int
    parameters: Array
    gradient: Array


class Run(NamedTuple):
    """Variables that are updated as one: `parameters` and `gradient` of one shape, `rows` of (rows, *that shape)."""

    parameters: Array
    gradient: Array
    rows: Array
    pieces: list[Piece]


class FlatState:
    """The moments of variables of one float type.

    Args:
        variables: what is optimized, in order.
        rows: the names of the moments.
        initial: values other than zero that a row starts with.

    >>> w, b = Variable(np.ones((2, 2), "float32")), Variable(np.zeros(2, "float32"))
    >>> state = FlatState([w, b], ["momentum", "velocity"])
    >>> state.array.shape, state.moment(1, 0).shape
    ((2, 6), (2, 2))
    """

    def __init__(
        self, variables: Sequence[Variable], rows: Sequence[str], initial: Mapping[str, float] | None = None
    ) -> None:
        self.variables = list(variables)
        self.rows = tuple(rows)
        self.slots: list[Slot] = []
        size = 0
        for v in self.variables:
            self.slots.append(Slot(size, v.shape))
            size += v.size
        dtype = self.variables[0].dtype if self.variables else np.dtype("float32")
        self.array: Array = np.zeros((len(self.rows), size), dtype)
        self.gradient: Array = np.zeros(size, dtype)
        for name, value in (initial or {}).items():
            self.array[self.rows.index(name)] = value
        self.moments = [[self._variable(row, i) for i in range(len(self.variables))] for row in range(len(self.rows))]
        self._runs: list[Run] = []
        self._key: tuple[Sequence[int], list[Array]] = ([], [])

    def moment(self, row: int, index: int) -> Array:
        """Return the part of a row that belongs to one variable, as a view."""
        return self.slots[index].view(self.array[row])

    def _variable(self, row: int, index: int) -> Variable:
        variable = Variable(self.moment(row, index), trainable=False)
        variable._bind(self.moment(row, index))
        return variable

    def runs(self, indices: Sequence[int]) -> list[Run]:
        """Return the runs that cover the variables of these (ascending) indices.

        While values stand in for variables (`autodiff.tape.substitute`), the runs are copies that `close` assigns.
        """
        if substitutions() is not None:
            return [self._copied(i) for i in indices]
        homes = [self.variables[i]._array for i in indices]
        known, arrays = self._key
        if list(known) != list(indices) or any(a is not b for a, b in zip(arrays, homes, strict=True)):
            self._runs = [self._run(group) for group in self._neighbours(indices)]
            self._key = (list(indices), homes)
        return self._runs

    def close(self, runs: Sequence[Run]) -> None:
        """Make the changes of `runs` known: as new versions of the variables, or as values that stand in for them."""
        if substitutions() is None:
            for run in runs:
                for piece in run.pieces:
                    piece.variable.version += 1
            return
        for run in runs:
            for piece in run.pieces:
                piece.variable.assign(run.parameters)
                for row, values in enumerate(run.rows):
                    self.moments[row][piece.place].assign(values)

    def _neighbours(self, indices: Sequence[int]) -> list[list[int]]:
        groups: list[list[int]] = []
        for i in indices:
            if groups and groups[-1][-1] == i - 1 and _adjacent(self.variables[i - 1], self.variables[i]):
                groups[-1].append(i)
            else:
                groups.append([i])
        return groups

    def _run(self, group: list[int]) -> Run:
        first, last = self.variables[group[0]], self.variables[group[-1]]
        begin = self.slots[group[0]].offset
        end = self.slots[group[-1]].offset + last.size
        gradient, rows = self.gradient[begin:end], self.array[:, begin:end]
        if first.buffer is None or first.slot is None:
            parameters = first._array
            gradient, rows = gradient.reshape(first.shape), rows.reshape(len(rows), *first.shape)
        else:
            parameters = first.buffer.array[first.slot.offset : first.slot.offset + (end - begin)]
        pieces = [
            Piece(self.variables[i], i, self.variables[i]._array, self.slots[i].view(self.gradient)) for i in group
        ]
        return Run(parameters, gradient, rows, pieces)

    def _copied(self, index: int) -> Run:
        variable = self.variables[index]
        parameters = np.array(variable.value)
        rows = np.empty((len(self.rows), *variable.shape), parameters.dtype)
        for row, values in enumerate(rows):
            values[...] = self.moments[row][index].value
        gradient = np.empty_like(parameters)
        return Run(parameters, gradient, rows, [Piece(variable, index, parameters, gradient)])


def _adjacent(left: Variable, right: Variable) -> bool:
    """Whether `right` begins where `left` ends, in the same buffer."""
    if left.buffer is None or left.buffer is not right.buffer or left.slot is None or right.slot is None:
        return False
    return left.slot.offset + left.size == right.slot.offset


class Scratch:
    """Work space that is kept from call to call.

    >>> a, b = Scratch()(np.zeros((2, 3), "float32"), 2)
    >>> a.shape, b.dtype
    ((2, 3), dtype('float32'))
    """

    def __init__(self) -> None:
        self._arrays: dict[np.dtype[Any], list[Array]] = {}

    def __call__(self, like: Array, count: int) -> list[Array]:
        """Return `count` arrays of the shape and type of `like`, with arbitrary content."""
        kept = self._arrays.setdefault(like.dtype, [])
        if len(kept) < count or kept[0].size < like.size:
            size = max(like.size, kept[0].size if kept else 0)
            kept[:] = [np.empty(size, like.dtype) for _ in range(max(count, len(kept)))]
        return [array[: like.size].reshape(like.shape) for array in kept[:count]]
