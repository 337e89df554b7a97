"""Where the values of a network lie while C code computes them: few places, used again as soon as they are free."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.engines import plan as steps
from chainrule.saving.network import Network, size_of

IN_PLACE = (steps.Activate, steps.BatchNormalize, steps.Standardize, steps.Rescale, steps.ParametricReLU)
"""Steps that may write over what they read."""


class Places:
    """The places of a network's values, as C expressions, and how many numbers of work space they need.

    A value is found in the inputs `x`, in the outputs `y`, or in `work`.

    >>> import chainrule as cr
    >>> from chainrule.saving.network import network_of
    >>> model = cr.Sequential([cr.Input((2,)), *(cr.layers.Dense(n) for n in (5, 3, 4, 1))])
    >>> places = Places(network_of(model, "C"))
    >>> [places.of[n] for n in sorted(places.of)], places.size
    (['x', 'work', 'work + 5', 'work', 'y'], 8)
    """

    def __init__(self, network: Network) -> None:
        self.of: dict[int, str] = {}
        self.size = 0
        self.copies: list[tuple[int, str, int]] = []
        self._network = network
        self._root = self._roots()
        self._outside()
        self._inside()
        for value, root in self._root.items():
            self.of[value] = self.of[root]

    def _roots(self) -> dict[int, int]:
        """Return which value each value shares its numbers with: those that are only reshaped."""
        root = {p.value: p.value for p in self._network.inputs}
        for now in self._network.operations:
            root[now.output] = root[now.inputs[0]] if isinstance(now.step, steps.Reshape) else now.output
        return root

    def _outside(self) -> None:
        at = 0
        for port in self._network.inputs:
            self.of[port.value] = _plus("x", at)
            at += size_of(port.shape, port.name)
        at = 0
        for port in self._network.outputs:
            root, size = self._root[port.value], size_of(port.shape, port.name)
            if root in self.of:
                self.copies.append((root, _plus("y", at), size))
            else:
                self.of[root] = _plus("y", at)
            at += size

    def _inside(self) -> None:
        last: dict[int, int] = {}
        for i, now in enumerate(self._network.operations):
            for value in now.inputs:
                last[self._root[value]] = i
        taken: dict[int, tuple[int, int]] = {}
        for i, now in enumerate(self._network.operations):
            root = self._root[now.output]
            ended = [r for r in taken if last.get(r, -1) <= i]
            if root == now.output and root not in self.of:
                first = self._root[now.inputs[0]]
                size = size_of(now.shape, now.layer)
                over = isinstance(now.step, IN_PLACE) and first in ended and taken[first][1] == size
                start = taken[first][0] if over else _gap(list(taken.values()), size)
                if over:
                    ended.remove(first)
                    del taken[first]
                taken[root] = (start, size)
                self.of[root] = _plus("work", start)
                self.size = max(self.size, start + size)
            for r in ended:
                del taken[r]


def _gap(taken: Sequence[tuple[int, int]], size: int) -> int:
    """Return where the first free stretch of a size begins."""
    at = 0
    for start, length in sorted(taken):
        if start - at >= size:
            return at
        at = max(at, start + length)
    return at


def _plus(name: str, offset: int) -> str:
    return f"{name} + {offset}" if offset else name
