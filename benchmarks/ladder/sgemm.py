"""The ceiling: how many float32 operations per second a large matrix product reaches, on one core and on all."""

from __future__ import annotations

import numpy as np
from benchmarks.ladder.timing import Prepared, timed
from benchmarks.ladder.workloads import Workload

SIZES = (1024, 2048)
BLOCK_S = 0.25


def prepare(workload: Workload, variant: str) -> Prepared:
    """Prepare the products; the runner has set OpenBLAS's threads to one or to all cores."""
    rng = np.random.default_rng(0)
    pairs = [rng.standard_normal((2, n, n), dtype=np.float32) for n in SIZES]
    for a, b in pairs:
        a @ b

    def measure() -> float:
        return max(rate(a, b) for a, b in pairs)

    return Prepared(measure)


def rate(a: np.ndarray, b: np.ndarray) -> float:
    """Return the best rate of `a @ b` within a quarter of a second: a ceiling is what was possible at all."""
    out = np.empty_like(a)
    taken: list[float] = []
    while sum(taken) < BLOCK_S:
        taken.append(timed(lambda: np.matmul(a, b, out=out)))
    return 2.0 * len(a) ** 3 / min(taken)
