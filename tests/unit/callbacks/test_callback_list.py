from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from chainrule.callbacks import (
    Callback,
    CallbackList,
    EarlyStopping,
    History,
    LambdaCallback,
    ModelCheckpoint,
    ProgbarLogger,
    TerminateOnNaN,
)
from chainrule.callbacks.callback_list import python_logs


def test_defaults_are_added_once() -> None:
    mine = History()
    added = CallbackList([mine], add_history=True, add_progbar=True)
    assert added.callbacks[0] is mine
    assert [type(c) for c in added.callbacks] == [History, ProgbarLogger]
    assert CallbackList().callbacks == []


def test_nested_lists_are_flattened() -> None:
    a, b = Callback(), Callback()
    assert CallbackList([a, [b]]).callbacks == [a, b]
    assert CallbackList(a).callbacks == [a]


def test_model_and_params_reach_every_callback(puppet: Any) -> None:
    callback = Callback()
    callbacks = CallbackList([callback], add_history=True, model=puppet, verbose=0, epochs=2, steps=5)
    assert callback.model is puppet
    assert callback.params == {"verbose": 0, "epochs": 2, "steps": 5}
    assert puppet.history is callbacks.callbacks[1]
    late = Callback()
    callbacks.append(late)
    assert late.model is puppet
    assert late.params == callback.params


def test_logs_are_sorted_floats_shared_by_all_callbacks() -> None:
    seen: list[Any] = []

    class Add(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            logs["extra"] = 1.0

    logs = {"loss": np.float32(0.5), "accuracy": np.array(0.25), "f1": np.array([0.5, 0.75])}
    callbacks = CallbackList([Add(), LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs))])
    callbacks.on_epoch_end(0, logs)
    assert list(seen[0]) == ["accuracy", "f1", "loss", "extra"]
    assert type(seen[0]["loss"]) is float
    assert type(seen[0]["accuracy"]) is float
    assert seen[0]["f1"].tolist() == [0.5, 0.75]
    assert "extra" not in logs


def test_python_logs_keep_what_is_no_number() -> None:
    odd = object()
    logs = python_logs({"b": odd, "a": "text", "one": np.array([2.0]), "nested": {"y": 1, "x": np.int64(2)}})
    assert logs == {"a": "text", "b": odd, "x": 2.0, "y": 1.0, "one": 2.0}
    assert list(logs) == ["a", "b", "x", "y", "one"]
    assert python_logs(None) == {}


@pytest.mark.parametrize("mode", ["train", "test", "predict"])
@pytest.mark.parametrize("side", ["begin", "end"])
def test_wanted_batches_are_those_somebody_listens_to(mode: str, side: str) -> None:
    calls: list[Any] = []
    hook = f"on_{mode}_batch_{side}"
    callbacks = CallbackList([LambdaCallback(**{hook: lambda batch, logs: calls.append((batch, logs))})])
    assert callbacks.wants_batches
    wanted = {m: getattr(callbacks, f"wants_{m}_batches") for m in ("train", "test", "predict")}
    assert wanted == {m: m == mode for m in wanted}
    getattr(callbacks, hook)(7, {"loss": 1})
    assert calls == [(7, {"loss": 1.0})]


def test_nobody_wants_batches_of_callbacks_that_act_after_epochs() -> None:
    quiet = [EarlyStopping(), ModelCheckpoint("x.keras"), Callback(), LambdaCallback(on_epoch_end=print)]
    callbacks = CallbackList(quiet, add_history=True, add_progbar=True, verbose=2, epochs=1, steps=3)
    assert not callbacks.wants_batches


@pytest.mark.parametrize("listener", [TerminateOnNaN(), ModelCheckpoint("x.keras", save_freq=2)])
def test_callbacks_that_act_after_batches_want_them(listener: Callback) -> None:
    assert CallbackList([listener]).wants_train_batches
    assert not CallbackList([listener]).wants_test_batches


def test_a_list_within_a_list_wants_what_its_callbacks_want() -> None:
    assert not CallbackList([CallbackList([Callback()])]).wants_batches
    assert CallbackList([CallbackList([TerminateOnNaN()])]).wants_train_batches


def test_logs_that_nobody_reads_are_never_computed() -> None:
    def logs() -> dict[str, float]:
        raise AssertionError("computed")

    callbacks = CallbackList([Callback()], add_history=True)
    callbacks.on_train_batch_end(0, logs)
    heard: list[Any] = []
    callbacks.append(LambdaCallback(on_train_batch_end=lambda batch, logs: heard.append(logs)))
    callbacks.on_train_batch_end(0, lambda: {"loss": 2})
    assert heard == [{"loss": 2.0}]


def test_the_progress_line_alone_reads_logs_only_when_it_draws(
    make_terminal: Callable[..., Any], clock: Callable[[float], None]
) -> None:
    terminal = make_terminal()
    computed: list[int] = []
    callbacks = CallbackList([], add_progbar=True, verbose=1, epochs=1, steps=100)
    callbacks.on_train_begin()
    callbacks.on_epoch_begin(0)
    for batch in range(100):
        clock(1 / 64)

        def logs(batch: int = batch) -> dict[str, float]:
            computed.append(batch)
            return {"loss": float(batch)}

        callbacks.on_train_batch_end(batch, logs)
    assert computed == list(range(0, 100, 4))  # 4/64 s is the first time beyond 0.05 s
    assert terminal.getvalue().count("\r") == 25


def test_a_hook_set_before_training_begins_is_heard() -> None:
    callback, calls = Callback(), []
    callbacks = CallbackList([callback])
    callback.on_train_batch_end = lambda batch, logs=None: calls.append(batch)  # type: ignore[method-assign]
    callbacks.on_train_begin()
    callbacks.on_train_batch_end(5)
    assert calls == [5]


def test_an_end_without_a_beginning_is_an_error() -> None:
    with pytest.raises(ValueError, match="on_train_end was called without on_train_begin before it"):
        CallbackList([]).on_train_end()


def test_a_class_instead_of_an_object_is_an_error() -> None:
    with pytest.raises(
        TypeError, match=r"callbacks\[1\]: expected a callback object, received the class EarlyStopping. "
    ):
        CallbackList([Callback(), EarlyStopping])


def test_a_function_is_no_callback() -> None:
    with pytest.raises(
        TypeError, match=r"callbacks\[0\]: .* of type builtin_function_or_method. Derive it from .*Lambda"
    ):
        CallbackList([print])
