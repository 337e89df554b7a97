"""What is found while a training is recorded is in its run file: of units, of the loss and of the data."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import chainrule as cr
from chainrule import recording

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 4)).astype(np.float32)
Y = (X[:, 0] * X[:, 1] + X[:, 2] > 0).astype(np.float32)


def recorded(path: Path, x: np.ndarray, bias: float) -> list[tuple[str, str]]:
    """Train a network and return the findings in its run file."""
    cr.utils.set_random_seed(0)
    hidden = cr.layers.Dense(8, "relu", bias_initializer=cr.initializers.Constant(bias), name="hidden")
    model = cr.Sequential([cr.Input((4,)), hidden, cr.layers.Dense(1, "sigmoid")])
    model.compile("adam", "binary_crossentropy")
    recorder = cr.callbacks.Recorder(path, every=1, cost=None)
    model.fit(x, Y, epochs=20, verbose=0, callbacks=[recorder])
    found = [(f["code"], f["where"]) for f in recording.load(path).findings]
    assert found == [f.key for f in recorder.findings]
    return found


def test_a_healthy_training(tmp_path: Path) -> None:
    assert recorded(tmp_path / "run.jsonl", X, 0.0) == []


def test_dead_units_and_a_constant_feature(tmp_path: Path) -> None:
    x = X.copy()
    x[:, 3] = 1
    assert recorded(tmp_path / "run.jsonl", x, -50.0) == [("dead-relu", "hidden"), ("constant-feature", "column 3")]
