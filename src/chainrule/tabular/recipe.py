"""The network and how it is trained: the defaults that suit a table of a given size, and the fit itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule._typing import Array, Logs
from chainrule.tabular.settings import Settings, with_changes

Report = Callable[[int, Logs], None]
"""Is told each epoch (from 0) and its losses and metrics."""

_BLOCK = 256
_LOSSES = {
    "binary": "binary_crossentropy",
    "multiclass": "sparse_categorical_crossentropy",
    "regression": "mean_squared_error",
}
_LAST = {"binary": "sigmoid", "multiclass": "softmax", "regression": None}


@dataclass(frozen=True)
class Fitted:
    """A trained network.

    Attributes:
        model: with the weights of the best epoch.
        history: epoch by epoch, name to values.
        best_epoch: from 1.
        stopped_early: whether `patience` ran out.
    """

    model: Any
    history: dict[str, list[float]]
    best_epoch: int
    stopped_early: bool


def resolve(settings: Settings, rows: int, task: str) -> Settings:
    """Return the settings with everything decided that was left open.

    Small tables get small batches, a small network and more dropout; large ones larger batches, so that an epoch is
    short.

    Args:
        rows: number of training rows.
    """
    small = rows < 2_000
    batch = 32 if small else 128 if rows < 20_000 else 256
    chosen: dict[str, Any] = {
        "hidden": (64, 32) if small else (128, 64),
        "batch_size": batch,
        "learning_rate": 0.001 if small else 0.002,
        "dropout": 0.2 if small else 0.1,
        "weight_decay": 0.01,
    }
    return with_changes(settings, task=task, **{k: v for k, v in chosen.items() if getattr(settings, k) is None})


def build(inputs: int, outputs: int, settings: Settings) -> Any:
    """Return the compiled network: hidden layers with dropout, and the output that the task needs.

    Args:
        settings: resolved.

    Raises:
        UnknownNameError: the activation does not exist.
    """
    import chainrule as cr

    layers: list[Any] = [cr.Input((inputs,), name="table")]
    for i, units in enumerate(settings.hidden or (), start=1):
        initializer = "he_normal" if settings.activation in ("relu", "leaky_relu", "elu") else "glorot_uniform"
        layers.append(
            cr.layers.Dense(units, settings.activation, kernel_initializer=initializer, name=f"hidden_{i}"),
        )
        if settings.dropout:
            layers.append(cr.layers.Dropout(settings.dropout, name=f"dropout_{i}"))
    task = str(settings.task)
    layers.append(cr.layers.Dense(outputs, _LAST[task], name="output"))
    model = cr.Sequential(layers, name="network")
    optimizer = cr.optimizers.AdamW(
        settings.learning_rate or 0.001,
        weight_decay=settings.weight_decay or 0.0,
        name="adamw",  # not numbered by the process, so that the same run is the same file
    )
    model.compile(optimizer, _LOSSES[task], metrics=None if task == "regression" else ["accuracy"])
    return model


def fit(
    inputs: int, outputs: int, settings: Settings, train: tuple[Array, Array], validation: tuple[Array, Array],
    report: Report | None = None, recorder: Any = None,
) -> Fitted:  # fmt: skip
    """Build and train a network, and go back to the weights of its best epoch.

    Args:
        settings: resolved; its seed decides everything random.
        train, validation: matrix and target.
        report: is called after each epoch.
        recorder: a callback that is told of everything before the others, so that it sees the last weights of the
            training, not those that are restored.

    Raises:
        DivergedError: the loss became NaN or infinite.
    """
    from chainrule import callbacks
    from chainrule.random.seeds import set_random_seed

    set_random_seed(settings.seed)
    model = build(inputs, outputs, settings)
    stopping = callbacks.EarlyStopping("val_loss", patience=settings.patience, restore_best_weights=True)
    used: list[Any] = [
        stopping,
        callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=max(settings.patience // 3, 1), min_lr=1e-5),
    ]
    if recorder is not None:
        used.insert(0, recorder)
    if report is not None:
        used.append(callbacks.LambdaCallback(on_epoch_end=report))
    history = model.fit(
        *train,
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        verbose=0,
        callbacks=used,
        validation_data=validation,
        validation_batch_size=4 * _BLOCK,
    ).history
    losses = history["val_loss"]
    plain = {name: [float(v) for v in values] for name, values in history.items()}
    return Fitted(model, plain, int(np.argmin(losses)) + 1, len(losses) < settings.epochs)


def outputs_of(model: Any, matrix: Array) -> Array:
    """Return the network's outputs; a row's numbers do not depend on the other rows.

    Blocks of one size are computed, the last filled up with zeros, because a matrix product may round differently when
    its shape differs.
    """
    rows = len(matrix)
    padded = np.zeros((-(-rows // _BLOCK) * _BLOCK, matrix.shape[1]), np.float32)
    padded[:rows] = matrix
    found: Array = model.predict(padded, batch_size=_BLOCK, verbose=0)[:rows]
    return found
