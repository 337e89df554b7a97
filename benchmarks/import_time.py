"""What does `import chainrule` cost beyond `import numpy`? Fresh processes, the two in turn, medians.

python benchmarks/import_time.py [RUNS]
"""

from __future__ import annotations

import statistics
import subprocess
import sys


def seconds(module: str) -> float:
    """Return the seconds that importing takes in a fresh process, as `-X importtime` counts them."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", f"import {module}"], capture_output=True, text=True, check=True
    )
    return int(done.stderr.strip().splitlines()[-1].split("|")[1]) / 1e6


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    numpy_s, chainrule_s = [], []
    for _ in range(runs):
        numpy_s.append(seconds("numpy"))
        chainrule_s.append(seconds("chainrule"))
    extra = [c - n for c, n in zip(chainrule_s, numpy_s, strict=True)]
    print(f"import numpy      {statistics.median(numpy_s) * 1e3:7.1f} ms   (median of {runs})")
    print(f"import chainrule  {statistics.median(chainrule_s) * 1e3:7.1f} ms")
    low, middle, high = (1e3 * v for v in (min(extra), statistics.median(extra), max(extra)))
    print(f"beyond numpy      {middle:7.1f} ms   (min {low:.1f}, max {high:.1f})")


if __name__ == "__main__":
    main()
