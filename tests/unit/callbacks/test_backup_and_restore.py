"""BackupAndRestore with real models: where training goes on, what is put back, what is refused."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.callbacks import BackupAndRestore, Callback, CSVLogger, EarlyStopping, LearningRateScheduler
from chainrule.errors import ModelFileError

X = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("float32")


class Interrupt(Callback):
    """Stops a training the hard way at its nth batch."""

    def __init__(self, at: int | None) -> None:
        super().__init__()
        self.left = at

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt


def make_model(units: int = 4, engine: str = "auto") -> Any:
    cr.utils.set_random_seed(1)
    layers = [cr.Input((3,)), cr.layers.Dense(units, activation="relu"), cr.layers.Dropout(0.4), cr.layers.Dense(1)]
    model = cr.Sequential(layers)
    model.compile(cr.optimizers.SGD(0.05, momentum=0.9), "mse", metrics=["mae"], engine=engine)
    return model


def train(*callbacks: Any, stop: int | None = None, model: Any = None, data: Any = None, **arguments: Any) -> Any:
    """Run the user's script; None if it is interrupted at batch `stop`, else history and weights."""
    model = make_model() if model is None else model
    arrays: dict[str, Any] = {"x": X, "y": Y, "batch_size": 8, "validation_split": 0.2} if data is None else {"x": data}
    try:
        history = model.fit(
            **arrays, callbacks=[*callbacks, Interrupt(stop)], **{"epochs": 5, "verbose": 0, **arguments}
        )
    except KeyboardInterrupt:
        return None
    return history.history, [w.tolist() for w in model.get_weights()]


@pytest.mark.parametrize("save_freq", ["epoch", 1, 3])
@pytest.mark.parametrize("engine", ["auto", "reference"])
def test_an_interrupted_training_ends_as_the_unbroken_one(tmp_path: Path, save_freq: Any, engine: str) -> None:
    def others() -> list[Any]:
        return [
            EarlyStopping(patience=9, restore_best_weights=True),
            LearningRateScheduler(lambda epoch, rate: rate * 0.9),
        ]

    whole = train(*others(), model=make_model(engine=engine))
    for stop in (6, 3, 9):
        callbacks = [BackupAndRestore(tmp_path / "b", save_freq), *others()]
        assert train(*callbacks, stop=stop, model=make_model(engine=engine)) is None
    assert (tmp_path / "b" / "latest.backup").exists()
    end = train(BackupAndRestore(tmp_path / "b", save_freq), *others(), model=make_model(engine=engine))
    assert end == whole
    assert list(tmp_path.iterdir()) == []


def test_epochs_that_are_done_are_not_run_again(tmp_path: Path) -> None:
    begun: list[int] = []

    class Note(Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            begun.append(epoch)

    train(BackupAndRestore(tmp_path, delete_checkpoint=False), Note())
    assert begun == [0, 1, 2, 3, 4]
    model = make_model()
    history, weights = train(BackupAndRestore(tmp_path, delete_checkpoint=False), Note(), model=model, epochs=7)
    assert begun == [0, 1, 2, 3, 4, 5, 6]
    assert (history, weights) == train(epochs=7)
    assert len(history["loss"]) == 7


@pytest.mark.parametrize("save_freq", ["epoch", 1])
def test_a_training_that_was_asked_to_stop_stays_stopped(tmp_path: Path, save_freq: Any) -> None:
    class Stop(Callback):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            if int(self.model.optimizer.iterations) == 6:
                self.model.stop_training = True

        def on_train_end(self, logs: Any = None) -> None:
            if breaks:
                raise KeyboardInterrupt

    breaks = False
    whole = train(Stop())
    breaks = True
    assert train(BackupAndRestore(tmp_path, save_freq), Stop()) is None
    breaks = False
    assert train(BackupAndRestore(tmp_path, save_freq), Stop()) == whole
    assert len(whole[0]["loss"]) == 2


def test_the_rows_of_a_table_are_those_of_the_unbroken_training(tmp_path: Path) -> None:
    train(CSVLogger(tmp_path / "whole.csv"))
    for append in (False, True):
        file = tmp_path / "broken.csv"
        file.unlink(missing_ok=True)
        for stop in (10, 5, None):
            train(CSVLogger(file, append=append), BackupAndRestore(tmp_path / "b", 3), stop=stop)
        assert file.read_text() == (tmp_path / "whole.csv").read_text()


@pytest.mark.parametrize("save_freq", ["epoch", 3])
def test_a_generator_gives_the_batches_that_come_after_those_before(tmp_path: Path, save_freq: Any) -> None:
    def batches() -> Iterator[Any]:
        rng = np.random.default_rng(3)
        while True:
            rows = rng.integers(0, 40, 8)
            yield X[rows], Y[rows]

    whole = train(data=batches(), steps_per_epoch=4)
    assert train(BackupAndRestore(tmp_path, save_freq), data=batches(), steps_per_epoch=4, stop=10) is None
    assert train(BackupAndRestore(tmp_path, save_freq), data=batches(), steps_per_epoch=4) == whole


def test_epochs_cut_by_steps_go_on_with_the_rows_that_are_left(tmp_path: Path) -> None:
    whole = train(steps_per_epoch=2, epochs=5)
    assert train(BackupAndRestore(tmp_path), steps_per_epoch=2, stop=7) is None
    assert train(BackupAndRestore(tmp_path), steps_per_epoch=2) == whole


def test_a_data_set_that_reorders_itself_is_where_it_was(tmp_path: Path) -> None:
    class Turning(cr.utils.PyDataset):
        def __init__(self) -> None:
            super().__init__()
            self.first = 0

        def __len__(self) -> int:
            return 3

        def __getitem__(self, index: int) -> Any:
            low = (self.first + 8 * index) % 32
            return X[low : low + 8], Y[low : low + 8]

        def on_epoch_end(self) -> None:
            self.first += 8

    whole = train(data=Turning())
    assert train(BackupAndRestore(tmp_path), data=Turning(), stop=10) is None
    assert train(BackupAndRestore(tmp_path), data=Turning()) == whole


def test_python_and_numpy_draw_on_where_they_were(tmp_path: Path) -> None:
    import random

    drawn: list[Any] = []

    class Draw(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            drawn.append((random.random(), np.random.rand(), cr.random.SeedGenerator().seed))  # noqa: NPY002

    train(Draw())
    whole = drawn[:]
    drawn.clear()
    train(Draw(), BackupAndRestore(tmp_path), stop=10)
    done = len(drawn)
    train(Draw(), BackupAndRestore(tmp_path))
    assert drawn[done:] == whole[2:]


@pytest.mark.parametrize("save_freq", ["epoch", 3])
@pytest.mark.parametrize("kind", ["averaging", "scaled", "several"])
def test_optimizers_with_more_state_go_on_where_they_were(tmp_path: Path, save_freq: Any, kind: str) -> None:
    def make() -> Any:
        model = make_model()
        if kind == "averaging":
            optimizer = cr.optimizers.Adam(use_ema=True, ema_overwrite_frequency=3, gradient_accumulation_steps=2)
        elif kind == "scaled":
            optimizer = cr.optimizers.LossScaleOptimizer(cr.optimizers.Adam(), dynamic_growth_steps=3)
        else:
            parts = {True: cr.optimizers.Adam(use_ema=True), False: cr.optimizers.SGD(0.01, momentum=0.9)}
            optimizer = cr.optimizers.MultiOptimizer(lambda v: parts[v.name == "kernel"])
        model.compile(optimizer, "mse", engine="reference")
        return model

    def others() -> list[Any]:
        return [] if kind == "scaled" else [cr.callbacks.SwapEMAWeights(swap_on_epoch=True)]

    whole = train(*others(), model=make())
    assert train(*others(), BackupAndRestore(tmp_path, save_freq), model=make(), stop=10) is None
    assert train(*others(), BackupAndRestore(tmp_path, save_freq), model=make()) == whole


class Noise(cr.layers.Layer):
    """Draws from a generator of its own, which no step of training resets."""

    def __init__(self) -> None:
        super().__init__()
        self.generator = cr.random.SeedGenerator(4)

    def call(self, inputs: Any) -> Any:
        return inputs + cr.random.normal(np.shape(inputs), stddev=0.1, seed=self.generator)


@pytest.mark.parametrize("save_freq", ["epoch", 3])
def test_a_layer_with_a_generator_draws_on_where_it_was(tmp_path: Path, save_freq: Any) -> None:
    def make() -> Any:
        cr.utils.set_random_seed(1)
        model = cr.Sequential([cr.Input((3,)), Noise(), cr.layers.Dense(1)])
        model.compile("sgd", "mse", engine="reference")
        return model

    whole = train(model=make())
    assert train(BackupAndRestore(tmp_path, save_freq), model=make(), stop=10) is None
    assert train(BackupAndRestore(tmp_path, save_freq), model=make()) == whole


def test_a_callback_of_ones_own_gets_its_state_back(tmp_path: Path) -> None:
    class Count(Callback):
        def __init__(self, start: int) -> None:
            super().__init__()
            self.count = start

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.count += 1

        def state(self) -> dict[str, Any]:
            return {"count": self.count}

        def restore(self, state: dict[str, Any]) -> None:
            self.count = state["count"]

    train(Count(100), Count(200), BackupAndRestore(tmp_path), stop=10)
    one, two = Count(0), Count(0)
    train(one, BackupAndRestore(tmp_path), two)
    assert (one.count, two.count) == (105, 205)


def test_what_a_users_class_calls_state_is_left_alone(tmp_path: Path) -> None:
    class Own(Callback):
        def __init__(self, state: Any) -> None:
            super().__init__()
            self.state = state  # type: ignore[method-assign]

    train(Own("idle"), Own({"x": 1}), BackupAndRestore(tmp_path), stop=13)
    assert train(Own("idle"), Own({"x": 1}), BackupAndRestore(tmp_path)) == train()


def test_a_state_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    class Wrong(Callback):
        def state(self) -> dict[str, Any]:
            return {"model": self.model}

    with pytest.raises(TypeError, match=r"a value of type Sequential cannot be backed up. The `state` of a callback"):
        train(Wrong(), BackupAndRestore(tmp_path))


def damage(path: Path, how: int) -> None:
    """Damage a file in one of fifty ways: cut it, change a byte, or overwrite its end with zeros."""
    good = path.read_bytes()
    place = (how // 3 * 61) % len(good)
    if how % 3 == 0:
        path.write_bytes(good[:place])
    elif how % 3 == 1:
        path.write_bytes(good[:place] + bytes([good[place] ^ 0x55]) + good[place + 1 :])
    else:
        path.write_bytes(good[:place] + bytes(len(good) - place - 1) + b"\1")


def test_of_a_damaged_backup_the_one_before_is_used(tmp_path: Path) -> None:
    whole = train()
    train(BackupAndRestore(tmp_path, double_checkpoint=True), stop=13)
    newest = tmp_path / "latest.backup"
    files = {p: p.read_bytes() for p in tmp_path.glob("*.backup")}
    assert len(files) == 2
    for how in range(50):
        for path, content in files.items():
            path.write_bytes(content)
        damage(newest, how)
        callback = BackupAndRestore(tmp_path, double_checkpoint=True)
        callback.set_model(prepared())
        with pytest.warns(UserWarning, match=r"latest.backup' is .* The backup before it is used\."):
            callback.on_train_begin()
        assert callback.resumption is not None
        assert callback.resumption.epoch == 2
        callback.close()
    with pytest.warns(UserWarning, match="The backup before it is used"):
        assert train(BackupAndRestore(tmp_path, double_checkpoint=True)) == whole


def python_state() -> str:
    """Where Python's and NumPy's own sequences stand."""
    import random

    return f"{random.getstate()} {np.random.get_state()!r}"  # noqa: NPY002


def prepared() -> Any:
    model = make_model()
    model.train_on_batch(X[:8], Y[:8])
    return model


def test_of_a_damaged_backup_without_one_before_training_does_not_begin_anew_silently(tmp_path: Path) -> None:
    train(BackupAndRestore(tmp_path), stop=13)
    damage(tmp_path / "latest.backup", 0)
    model = make_model()
    before = model.get_weights()
    with pytest.raises(ModelFileError, match=r"There is none before it .*Delete it to start anew"):
        train(BackupAndRestore(tmp_path), model=model)
    assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))


def test_the_backup_of_another_model_is_refused(tmp_path: Path) -> None:
    train(BackupAndRestore(tmp_path), stop=13)
    model = make_model(units=5)
    before = [w.tolist() for w in model.get_weights()]
    with pytest.raises(ModelFileError, match=r"another model: '.*kernel' has shape \(3, 5\).*\(3, 4\)"):
        train(BackupAndRestore(tmp_path), model=model)
    assert [w.tolist() for w in model.get_weights()] == before
    model = make_model()
    model.compile("adam", "mse")
    with pytest.raises(ModelFileError, match="another optimizer: it has"):
        train(BackupAndRestore(tmp_path), model=model)


@pytest.mark.parametrize("broken", ["random", "weights", "python", "numpy"])
def test_a_file_that_holds_something_else_changes_nothing(tmp_path: Path, broken: str) -> None:
    from chainrule.callbacks.backup_file import read_backup, write_backup

    train(BackupAndRestore(tmp_path), stop=13)
    state = read_backup(tmp_path / "latest.backup")
    if broken in state:
        del state[broken]
    else:
        state["random"][broken] = ["MT19937", "x"]
    write_backup(tmp_path / "latest.backup", state)
    model = prepared()
    before = [v.numpy().tolist() for v in [*model.weights, *model.optimizer.variables]]
    drawn = python_state()
    callback = BackupAndRestore(tmp_path)
    callback.set_model(model)
    with pytest.raises(ModelFileError, match=r"latest.backup' is no state of a training"):
        callback.on_train_begin()
    assert [v.numpy().tolist() for v in [*model.weights, *model.optimizer.variables]] == before
    assert python_state() == drawn


def test_a_folder_in_use_by_another_process_is_refused(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from chainrule.callbacks.folder_lock import FolderLock\n"
        "lock = FolderLock(Path(sys.argv[1])); print('locked', flush=True); sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with other:
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with pytest.raises(ModelFileError, match=rf"in use by another training \(process {other.pid}\)"):
            train(BackupAndRestore(tmp_path))
        other.kill()
    assert train(BackupAndRestore(tmp_path)) is not None


def test_a_folder_in_use_by_another_training_of_this_process_is_refused(tmp_path: Path) -> None:
    class Second(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            with pytest.raises(ModelFileError, match="in use by another training"):
                train(BackupAndRestore(tmp_path))

    train(BackupAndRestore(tmp_path), Second(), epochs=1)


@pytest.mark.parametrize("double", [False, True])
def test_a_full_disk_leaves_the_last_backup_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, double: bool
) -> None:
    import errno
    import os

    whole = train()
    calls: list[int] = []

    def full(handle: int) -> None:
        calls.append(handle)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", full)
        with pytest.raises(ModelFileError, match=r"Cannot write '.*latest.backup': No space left on device"):
            train(BackupAndRestore(tmp_path, double_checkpoint=double))
    assert len(list(tmp_path.iterdir())) == 1
    callback = BackupAndRestore(tmp_path, double_checkpoint=double)
    assert train(callback) == whole
    assert callback.resumption is not None
    assert callback.resumption.epoch == 2


def test_files_of_others_in_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / ".latest.backup.abc.tmp").write_text("left by a killed process")
    train(BackupAndRestore(tmp_path, double_checkpoint=True))
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]


def test_nothing_is_saved_where_only_restoring_is_asked_for(tmp_path: Path) -> None:
    assert train(BackupAndRestore(tmp_path / "b", save_freq=False), stop=13) is None
    assert list(tmp_path.rglob("*.backup")) == []


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"backup_dir": ""}, "Empty `backup_dir` argument passed"),
        (
            {"backup_dir": "b", "save_freq": "batch"},
            "Invalid value for argument `save_freq`. Received: save_freq=batch",
        ),
        ({"backup_dir": "b", "save_freq": 2.5}, "Expected either 'epoch' or an integer value"),
    ],
)
def test_wrong_arguments_are_refused(arguments: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        BackupAndRestore(**arguments)


def test_a_model_without_weights_yet_is_refused(tmp_path: Path) -> None:
    callback = BackupAndRestore(tmp_path)
    callback.set_model(cr.Sequential([cr.layers.Dense(1)]))
    with pytest.raises(ValueError, match="must be built before you call `fit"):
        callback.on_train_begin()
