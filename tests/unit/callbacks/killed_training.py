"""A training that is killed at random moments and started again, until it ends: run by `test_killed_training.py`.

python killed_training.py FOLDER SAVE_FREQ KILLS
"""

from __future__ import annotations

import contextlib
import importlib
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import chainrule as cr

ROWS, EPOCHS = 40, 25
RESUMED = Path(sys.argv[1] if __name__ == "__main__" else ".") / "resumed"


class Slow(cr.callbacks.Callback):
    """Makes moments to be killed in, and counts batches, which it has to be told of after a restart."""

    def __init__(self) -> None:
        super().__init__()
        self.batches = 0

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.batches += 1
        time.sleep(0.002)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        logs["batches"] = self.batches

    def state(self) -> dict[str, Any]:
        return {"batches": self.batches}

    def restore(self, state: dict[str, Any]) -> None:
        self.batches = state["batches"]
        with open(RESUMED, "a") as file:
            print(self.batches, file=file)


def script(backups: Path | None, save_freq: Any, result: Path) -> None:
    """What a user runs, and runs again; with two backups where a number of batches lies between them."""
    cr.utils.set_random_seed(5)
    rng = np.random.default_rng(5)
    x = rng.normal(size=(ROWS, 4)).astype("float32")
    y = (x.sum(axis=1) > 0).astype("float32")
    model = cr.Sequential(
        [
            cr.Input((4,)),
            cr.layers.Dense(6, activation="tanh"),
            cr.layers.BatchNormalization(),
            cr.layers.Dropout(0.3),
            cr.layers.Dense(1, activation="sigmoid"),
        ]
    )
    model.compile(cr.optimizers.Adam(0.02), "binary_crossentropy", metrics=["accuracy", "AUC"])
    callbacks: list[Any] = (
        [] if backups is None else [cr.callbacks.BackupAndRestore(backups, save_freq, save_freq == 3)]
    )
    callbacks += [
        Slow(),
        cr.callbacks.ReduceLROnPlateau(patience=2, factor=0.7),
        cr.callbacks.LearningRateScheduler(lambda epoch, rate: rate * 0.99),
        cr.callbacks.EarlyStopping(patience=EPOCHS, restore_best_weights=True),
        cr.callbacks.CSVLogger(result.with_suffix(".csv")),
    ]
    history = model.fit(
        x, y, batch_size=8, epochs=EPOCHS, validation_split=0.2, verbose=0, callbacks=callbacks, shuffle=True
    )
    arrays = {f"weight {i}": w for i, w in enumerate(model.get_weights())}
    arrays |= {f"optimizer {i}": v.numpy() for i, v in enumerate(model.optimizer.variables)}
    arrays |= {f"history {name}": np.array(values) for name, values in history.history.items()}
    arrays["epochs"] = np.array(history.epoch)
    result.with_suffix(".modules").write_text("\n".join(name for name in sys.modules if name.startswith("chainrule.")))
    np.savez(result, **arrays)


def start(*arguments: Any) -> int:
    """Run the script in a process of its own: a copy of this one, which has imported everything already."""
    child = os.fork()
    if child:
        return child
    try:
        script(*arguments)
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        os._exit(1)
    os._exit(0)


def finish(child: int) -> None:
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        sys.exit("the script failed")


def await_backup(child: int, backups: Path) -> None:
    """Wait until the process has written a backup, or has ended."""

    def newest() -> Any:
        files = list(backups.glob("latest.backup"))
        return [file.stat().st_ino for file in files] if files else None

    with contextlib.suppress(FileNotFoundError):
        before = newest()
        while newest() in (None, before) and os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            time.sleep(0.001)


def same(one: Path, other: Path) -> bool:
    with np.load(one) as a, np.load(other) as b:
        numbers = a.files == b.files and all(a[n].tobytes() == b[n].tobytes() for n in a.files)
    return numbers and one.with_suffix(".csv").read_bytes() == other.with_suffix(".csv").read_bytes()


def main() -> None:
    folder, save_freq, kills = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    freq = save_freq if save_freq == "epoch" else int(save_freq)
    whole, result, backups = folder / "whole.npz", folder / "killed.npz", folder / "backups"
    moments = random.Random(7)
    finish(start(None, freq, whole))
    for name in whole.with_suffix(".modules").read_text().split():  # so that copies of this process begin at once
        importlib.import_module(name)
    killed = 0
    while killed < kills or not result.exists():
        if result.exists():  # it ended between two kills: compare, and begin again
            if not same(whole, result):
                sys.exit("the results differ")
            result.unlink()
        child = start(backups, freq, result)
        if killed < kills:
            if killed % 2:  # else any moment will do, those before the first backup, too
                await_backup(child, backups)
            time.sleep(moments.uniform(0.0, 0.05))
            if os.waitpid(child, os.WNOHANG)[0]:
                continue
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            killed += 1
        else:
            finish(child)
    print("same" if same(whole, result) else "different", killed, "backups left" if backups.exists() else "clean")
    print(len(RESUMED.read_text().split()))


if __name__ == "__main__":
    main()
