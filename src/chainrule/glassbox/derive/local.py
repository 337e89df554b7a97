"""Local derivatives of single blocks, each from the block's own records on the tape: `∂a/∂h`, `∂v/∂a`."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox.derive.view import SMALL, View
from chainrule.glassbox.network import Activation, Steps


class Local:
    """The Jacobians of an observation's blocks, computed when asked for and kept.

    Args:
        view: the observation.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self._jacobians: dict[int, Array] = {}
        self._links: dict[int, dict[int, list[tuple[int, float]]]] = {}

    def jacobian(self, block: Activation) -> Array:
        """Return the derivatives of an activation's outputs (rows) with respect to its inputs (columns)."""
        if id(block) not in self._jacobians:
            self._jacobians[id(block)] = self._jacobian(block)
        return self._jacobians[id(block)]

    def mixes(self, block: Activation) -> bool:
        """Whether an output of the activation depends on several inputs."""
        if block.facts is not None:
            return block.facts.vector
        slopes = self.jacobian(block)
        return slopes.shape[0] != slopes.shape[1] or bool(np.any(slopes - np.diag(np.diag(slopes))))

    def _jacobian(self, block: Activation) -> Array:
        view, tensor, source = self.view, block.out.tensor, block.source_tensor
        tape = view.recording.part(block.first, block.last)
        if block.facts is not None and not block.facts.vector:
            ones = np.ones(tensor.shape)
            slopes = np.asarray(tape.gradient(tensor, source, ones, unconnected_gradients="zero"))
            return np.diag(slopes[view.row].ravel())
        rows = []
        for k in range(block.out.size):
            seed = np.zeros(tensor.shape)
            seed[view.row].flat[k] = 1
            rows.append(np.asarray(tape.gradient(tensor, source, seed, unconnected_gradients="zero"))[view.row].ravel())
        return np.stack(rows)

    def links(self, block: Steps, n: int) -> list[tuple[int, float]]:
        """Return the numbers of this observation that a block of ops makes from number `n`, with the local derivatives.

        Nothing for blocks of more than 8 outputs.
        """
        if id(block) not in self._links:
            small = sum(q.size for q in block.outs) <= SMALL
            self._links[id(block)] = self._find_links(block) if small else {}
        return self._links[id(block)].get(n, [])

    def _find_links(self, block: Steps) -> dict[int, list[tuple[int, float]]]:
        view, found = self.view, dict[int, list[tuple[int, float]]]()
        sources = [t for t in [*block.sources, *(q.tensor for q in block.variables)] if t.dtype.kind == "f"]
        tape = view.recording.part(block.first, block.last)
        for q in block.outs:
            for m in view.ids(q).ravel():
                seed = np.zeros(q.tensor.shape)
                seed.flat[int(m) - q.start] = 1
                for tensor, g in zip(sources, tape.gradient(q.tensor, sources, seed), strict=True):
                    ids = view.network.ids[id(tensor)].ravel()
                    for at in [] if g is None else np.flatnonzero(np.asarray(g)):
                        found.setdefault(int(ids[at]), []).append((int(m), float(np.asarray(g).flat[at])))
        return found
