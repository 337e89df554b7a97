"""Healthy trainings, watched as the recorder and the dashboard watch: nothing may be found.

    python tests/unit/health/healthy.py [NAME ...]

trains on every data set of `../shared/data` (or of the folder that CHAINRULE_DATA names) by the recipe of tables and
with plain Sequential models, and on those that scikit-learn brings, and prints what was found.
"""

from __future__ import annotations

import gzip
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr
from chainrule._typing import Array
from chainrule.health import Finding, Monitor, check
from chainrule.recording import messages

DATA = Path(os.environ.get("CHAINRULE_DATA", Path(__file__).resolve().parents[4] / "shared" / "data"))
BUNDLED = ("iris", "wine", "breast_cancer", "digits", "diabetes", "linnerud")
SMALL = ("penguins", "pima", "german_credit")
LARGE = ("wine_white", "letter", "california_housing", "adult", "diamonds", "fashion_mnist")
LOSSES = {"binary": "binary_crossentropy", "multiclass": "sparse_categorical_crossentropy", "regression": "mse"}


class Watch(cr.callbacks.Callback):
    """Tells a monitor of the data, and of every epoch with a frame and its logs."""

    def __init__(self) -> None:
        super().__init__()
        self.step = 0

    def set_data(self, training: Any, validation: Any) -> None:
        self.training = training

    def on_train_begin(self, logs: Any = None) -> None:
        self.probe = messages.draw(self.training)
        self.monitor = Monitor(self.model, self.probe)
        x, y, _ = self.training.arrays()
        self.monitor.data(x, y)
        self.frame(0)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.step += self.training.steps
        self.frame(epoch)
        self.monitor.hear(messages.epoch(epoch, self.step, 0.0, logs))

    def frame(self, epoch: int) -> None:
        at = {"step": self.step, "epoch": epoch, "batch": 0, "seconds": 0.0}
        self.monitor.hear(messages.frame(self.model, self.probe, **at))

    @property
    def findings(self) -> list[Finding]:
        return self.monitor.findings


def watched(model: Any, x: Any, y: Any, callbacks: Any = (), **fit: Any) -> list[Finding]:
    """Train, and return what was found on the way and afterwards."""
    watch = Watch()
    history = model.fit(x, y, verbose=0, callbacks=[*callbacks, watch], **fit)
    later = check(model, x, y, history)
    return [*watch.findings, *(f for f in later if f.key not in {g.key for g in watch.findings})]


# -- data -------------------------------------------------------------------------------------------------------------


def bundled(name: str) -> tuple[Array, Array, str]:
    """Return features, target and task of a data set that scikit-learn brings; numbers are standardised."""
    from sklearn import datasets

    found = getattr(datasets, f"load_{name}")()
    if name in ("diabetes", "linnerud"):
        y = found.target if name == "diabetes" else found.target[:, 0]
        return standard(found.data), standard(y), "regression"
    return standard(found.data), found.target, "binary" if name == "breast_cancer" else "multiclass"


def standard(x: Array) -> Array:
    spread = x.std(axis=0)
    return ((x - x.mean(axis=0)) / np.where(spread > 0, spread, 1)).astype(np.float32)


def prepared(name: str) -> Any:
    """Return a table as the recipe prepares it."""
    from chainrule.tabular.settings import Settings
    from chainrule.tabular.train import prepare

    facts = next(d for d in json.loads((DATA / "datasets.json").read_text()) if d["name"] == name)
    return prepare(Settings(data=str(DATA / facts["file"]), target=facts["target"]))


def pictures(rows: int = 60_000) -> tuple[Array, Array]:
    """Return the training part of Fashion-MNIST."""
    x, y = (
        gzip.decompress((DATA / "fashion_mnist" / f"train-{kind}-ubyte.gz").read_bytes())
        for kind in ("images-idx3", "labels-idx1")
    )
    images = np.frombuffer(x, np.uint8, offset=16).reshape(-1, 28, 28)[:rows]
    return (images / 255).astype(np.float32), np.frombuffer(y, np.uint8, offset=8)[:rows]


# -- fits -------------------------------------------------------------------------------------------------------------


def by_recipe(name: str) -> list[Finding]:
    """Train as `chainrule train` does, with its validation and its early stopping."""
    from chainrule.tabular import recipe

    p = prepared(name)
    settings = p.settings
    cr.utils.set_random_seed(settings.seed)
    model = recipe.build(p.matrix.shape[1], p.preprocessor.outputs, settings)
    stopping = cr.callbacks.EarlyStopping("val_loss", patience=settings.patience, restore_best_weights=True)
    lower = cr.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=settings.patience // 3, min_lr=1e-5)
    return watched(
        model, *p.part(p.split.train), [stopping, lower], batch_size=settings.batch_size, epochs=settings.epochs,
        validation_data=p.part(p.split.validation),
    )  # fmt: skip


def plain(
    x: Array,
    y: Array,
    task: str,
    hidden: tuple[int, ...] = (32, 16),
    activation: str = "relu",
    optimizer: Any = "adam",
    epochs: int = 30,
    **fit: Any,
) -> list[Finding]:
    """Train a plain network as in any tutorial."""
    cr.utils.set_random_seed(0)
    order = np.random.default_rng(0).permutation(len(x))
    outputs = int(y.max()) + 1 if task == "multiclass" else 1
    last = {"binary": "sigmoid", "multiclass": "softmax", "regression": None}[task]
    flat = [cr.layers.Flatten()] if x.ndim > 2 else []
    dense = [cr.layers.Dense(units, activation) for units in hidden]
    model = cr.Sequential([cr.Input(x.shape[1:]), *flat, *dense, cr.layers.Dense(outputs, last)])
    model.compile(optimizer, LOSSES[task])
    return watched(model, x[order], y[order], epochs=epochs, **fit)


def fits(names: Any = ()) -> Iterator[tuple[str, list[Finding]]]:
    """Yield each fit's name and what was found."""
    for name in BUNDLED:
        for activation in ("relu", "tanh", "sigmoid"):
            if not names or name in names:
                yield f"{name}, {activation}", plain(*bundled(name), activation=activation, validation_split=0.2)
    for name in (*SMALL, *LARGE):
        if names and name not in names:
            continue
        if name == "fashion_mnist":
            yield f"{name}, 128 relu", plain(*pictures(), "multiclass", (128,), epochs=6, validation_split=0.1)
            yield f"{name}, 64 tanh", plain(*pictures(), "multiclass", (64, 64), "tanh", epochs=6, batch_size=128)
            continue
        yield f"{name}, recipe", by_recipe(name)
        p = prepared(name)
        x, y = p.part(p.split.train)
        for activation in ("relu", "tanh", "sigmoid"):
            yield f"{name}, {activation}", plain(x, y, p.task.kind, (32, 16), activation, epochs=20)
        sgd = cr.optimizers.SGD(0.05, momentum=0.9)
        yield f"{name}, SGD", plain(x, y, p.task.kind, (64,), "relu", sgd, epochs=20)


def main() -> int:
    """Print what each fit found; the exit code tells whether any found something."""
    alarms = count = 0
    for name, findings in fits(sys.argv[1:]):
        count, alarms = count + 1, alarms + bool(findings)
        print(f"{name:30}{'; '.join(map(str, findings)) or 'nothing found'}", flush=True)
    print(f"{alarms} of {count} healthy fits raised an alarm")
    return int(alarms > 0)


if __name__ == "__main__":
    sys.exit(main())
