from __future__ import annotations

from typing import Any

from chainrule.callbacks import Callback, LambdaCallback
from chainrule.callbacks.base import is_overridden, listens_to


def test_hooks_of_training_batches_call_their_older_names() -> None:
    calls = []

    class Old(Callback):
        def on_batch_begin(self, batch: int, logs: Any = None) -> None:
            calls.append(("begin", batch, logs))

        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            calls.append(("end", batch, logs))

    Old().on_train_batch_begin(3, {"a": 1})
    Old().on_train_batch_end(4, {"b": 2})
    assert calls == [("begin", 3, {"a": 1}), ("end", 4, {"b": 2})]


def test_model_and_params_are_handed_over() -> None:
    callback = Callback()
    assert (callback.model, callback.params) == (None, None)
    callback.set_model("model")
    callback.set_params({"epochs": 3})
    assert (callback.model, callback.params) == ("model", {"epochs": 3})


def test_a_subclass_need_not_call_the_base_constructor() -> None:
    class Forgetful(Callback):
        def __init__(self) -> None:
            pass

    assert Forgetful().model is None
    assert Forgetful().params is None


def test_an_overridden_hook_is_told_from_an_inherited_one() -> None:
    class Mine(Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            pass

    class Yours(Mine):
        pass

    assert is_overridden(Yours(), "on_epoch_end")
    assert not is_overridden(Yours(), "on_epoch_begin")
    assert is_overridden(LambdaCallback(on_epoch_begin=print), "on_epoch_begin")


def test_an_older_name_counts_as_listening_to_the_newer_one() -> None:
    class Old(Callback):
        def on_batch_end(self, batch: int, logs: Any = None) -> None:
            pass

    assert listens_to(Old(), "on_train_batch_end")
    assert not listens_to(Old(), "on_train_batch_begin")
    assert not listens_to(Old(), "on_test_batch_end")


def test_a_callback_of_another_family_listens_where_it_has_a_hook() -> None:
    class Stranger:
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            pass

    assert listens_to(Stranger(), "on_epoch_end")
    assert not listens_to(Stranger(), "on_epoch_begin")
