"""Native memory is given back: `tracemalloc` does not see it, but the size of the process does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("chainrule._native")

CODE = """
import gc, resource
from pathlib import Path
import numpy as np
import chainrule as cr

x = np.random.default_rng(0).normal(size=(512, 64)).astype("float32")
y = x.sum(axis=1)

def network():
    net = cr.Sequential([cr.Input((64,)), cr.layers.Dense(64, activation="relu"), cr.layers.Dense(1)])
    net.compile("adam", "mse")
    return net

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()

net, number = network(), 0

def action():
    global number
    number += 1
    {action}

for _ in range(60):
    action()
gc.collect()
before = resident()
for _ in range(150):
    action()
gc.collect()
print(resident() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="Linux tells the size of a process in /proc")
@pytest.mark.skipif("CHAINRULE_SANITIZER" in os.environ, reason="sanitizers keep freed memory")
@pytest.mark.parametrize(
    "action",
    [
        "net.fit(x, y, batch_size=256 + number % 8, verbose=0)",  # a trainer for each size of batches, but few are kept
        "network().fit(x, y, batch_size=512, verbose=0)",
        "cr.fit_many([network(), network()], x, y, batch_size=512, verbose=0)",
        "net.predict(x.copy(), verbose=0)",
    ],
)
def test_the_process_does_not_grow(action: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE.replace("{action}", action)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 20e6  # 150 trainers of 512 rows would have more than 75 MB
