"""Our matrix products against OpenBLAS's (the one in NumPy), on one core, at the sizes that training multiplies.

    python benchmarks/matmul.py [--isa avx2] [--double]

Each layer of `units` on `rows` rows of `features` is three products: `y = x @ w`, the gradient of the weights `x.T @ g`
and that of the input `g @ w.T` (for which our engine keeps the transpose of `w`). Each instruction set is compared with
the kernels that OpenBLAS has for it. Time is that of the processor, the least of many rounds that take turns. NumPy's
call takes about 0.5 microseconds more than ours, which matters in the first lines only.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable

KERNELS = {"avx512": "SkylakeX", "avx2": "Haswell", "baseline": "Nehalem", "neon": ""}  # of OpenBLAS
SHAPES = [  # rows, features, units
    (1, 30, 64), (1, 64, 64), (32, 30, 64), (32, 64, 64), (32, 64, 1), (128, 4, 32), (128, 32, 16), (128, 16, 4),
    (256, 100, 256), (256, 256, 256), (64, 784, 512), (128, 784, 512), (128, 512, 512), (128, 512, 10),
    (512, 1024, 2048), (512, 2048, 1024),
]  # fmt: skip
ROUNDS = 20
ROUND_FLOPS = 2e7


def main() -> None:
    """Run this script once per instruction set, because OpenBLAS reads its settings when it is loaded."""
    from chainrule import _native

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--isa", choices=_native.isas(), help="one instruction set only")
    parser.add_argument("--double", action="store_true", help="float64 instead of float32")
    chosen = parser.parse_args()
    for isa in [chosen.isa] if chosen.isa else _native.isas():
        environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OPENBLAS_CORETYPE": KERNELS[isa]}
        if not KERNELS[isa]:
            del environment["OPENBLAS_CORETYPE"]
        command = [sys.executable, "-c", "from matmul import compare; import sys; compare(*sys.argv[1:])"]
        subprocess.run(
            [*command, isa, "float64" if chosen.double else "float32"],
            env=environment, cwd=os.path.dirname(os.path.abspath(__file__)), check=True,
        )  # fmt: skip


def compare(isa: str, dtype: str) -> None:
    """Print a line for each shape: GFLOP/s, ours and OpenBLAS's, and the ratio."""
    import numpy as np

    from chainrule import _native

    rng = np.random.default_rng(0)
    print(f"\n{isa}, {dtype}, GFLOP/s   {'x @ w':>21}{'x.T @ g':>27}{'g @ w.T':>27}")
    print("  rows  features  units" + f"{'ours':>9}{'OpenBLAS':>10}{'ratio':>8}" * 3)
    for rows, features, units in SHAPES:
        x, w, g = (rng.normal(size=s).astype(dtype) for s in ((rows, features), (features, units), (rows, units)))
        line = f"{rows:6}{features:10}{units:7}"
        for a, b, numpys in ((x, w, w), (x.T, g, g), (g, np.ascontiguousarray(w.T), w.T)):
            c, d = (np.empty((a.shape[0], b.shape[1]), dtype) for _ in range(2))
            flops = 2.0 * rows * features * units
            times = max(1, int(ROUND_FLOPS / flops))

            def ours(a=a, b=b, c=c, times=times) -> None:
                _native.kernels.repeat_matmul(isa, a, b, c, times)

            def theirs(a=a, b=numpys, d=d, times=times) -> None:
                for _ in range(times):
                    np.matmul(a, b, out=d)

            mine, other = (flops * times / s / 1e9 for s in least(ours, theirs))
            line += f"{mine:9.1f}{other:10.1f}{mine / other:8.2f}"
            np.testing.assert_allclose(c, d, rtol=1e-3, atol=1e-3)
        print(line, flush=True)


def least(*calls: Callable[[], None]) -> list[float]:
    """Return the least processor time of each call, in rounds that take turns."""
    found = [float("inf")] * len(calls)
    for _ in range(ROUNDS):
        for i, call in enumerate(calls):
            began = time.thread_time()
            call()
            found[i] = min(found[i], time.thread_time() - began)
    return found


if __name__ == "__main__":
    main()
