"""Local derivatives of single blocks, each from the block's own records on the tape: `∂a/∂h`, `∂v/∂a`."""

from __future__ import annotations

import numpy as np

from chainrule._typing import Array
from chainrule.glassbox.derive.view import SMALL, View
from chainrule.glassbox.network import Activation, Steps


class Local:
    """The local derivatives of an observation's blocks, computed when asked for and kept.

    Args:
        view: the observation.
    """

    def __init__(self, view: View) -> None:
        self.view = view
        self._slopes: dict[int, Array] = {}
        self._mixes: dict[int, bool] = {}
        self._jacobians: dict[int, Array] = {}
        self._links: dict[int, dict[int, list[tuple[int, float]]]] = {}

    def mixes(self, block: Activation) -> bool:
        """Whether an output of the activation depends on several inputs."""
        if block.facts is not None:
            return block.facts.vector
        if id(block) not in self._mixes:
            self._mixes[id(block)] = self._is_mixing(block)
        return self._mixes[id(block)]

    def slopes(self, block: Activation) -> Array:
        """Return the derivative of each output with respect to its own input, for an activation that does not mix."""
        if id(block) not in self._slopes:
            self._slopes[id(block)] = self._pulled(block, np.ones(block.out.size))
        return self._slopes[id(block)]

    def jacobian(self, block: Activation) -> Array:
        """Return the derivatives of a mixing activation's outputs (rows) with respect to its inputs (columns)."""
        if id(block) not in self._jacobians:
            seeds = (np.eye(1, block.out.size, k)[0] for k in range(block.out.size))
            self._jacobians[id(block)] = np.stack([self._pulled(block, seed) for seed in seeds])
        return self._jacobians[id(block)]

    def outputs_of(self, block: Activation, j: int) -> list[tuple[int, float]]:
        """Return the outputs `k` that an activation makes from its input `j`, each with `∂a_k/∂h_j`."""
        if self.mixes(block):
            return list(enumerate(self.jacobian(block)[:, j].tolist()))
        return [(j, float(self.slopes(block)[j]))]

    def _is_mixing(self, block: Activation) -> bool:
        """Whether the Jacobian J is more than a diagonal: then `J'u` is not `u` times `J'1` for nearly all `u`.

        Powers of two make the comparison exact: to multiply by them rounds nothing.
        """
        n, rng = block.out.size, np.random.default_rng(0)
        if self.view.ids_of(block.source).size != n:
            return True
        signed_powers = (rng.choice([-1.0, 1.0], n) * np.exp2(rng.integers(-30, 31, n)) for _ in range(3))
        return not all(np.array_equal(self._pulled(block, u), u * self.slopes(block)) for u in signed_powers)

    def _pulled(self, block: Activation, seed: Array) -> Array:
        """Return `J'seed` for this observation: what the tape makes of a derivative with respect to the outputs."""
        view, tensor = self.view, block.out.tensor
        seeds = np.zeros(tensor.shape)
        seeds[view.row].flat[:] = seed
        tape = view.recording.part(block.first, block.last)
        found = np.asarray(tape.gradient(tensor, block.source_tensor, seeds, unconnected_gradients="zero"))
        return np.asarray(found[view.row]).ravel()

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
