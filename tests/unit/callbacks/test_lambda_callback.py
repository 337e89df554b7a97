from __future__ import annotations

import pytest

from chainrule.callbacks import CallbackList, LambdaCallback
from chainrule.callbacks.lambda_callback import HOOKS
from chainrule.errors import UnknownNameError


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_can_be_given(hook: str) -> None:
    calls = []
    callback = LambdaCallback(**{hook: lambda *arguments, **logs: calls.append((arguments, logs))})
    index = (3,) if "batch" in hook or "epoch" in hook else ()
    callbacks = CallbackList([callback])
    if hook.endswith("_end") and not index:
        getattr(callbacks, hook.replace("_end", "_begin"))()
    getattr(callbacks, hook)(*index, {"loss": 1})
    ((arguments, logs),) = calls
    assert (*arguments, *logs.values()) == (*index, {"loss": 1.0})
    assert len(HOOKS) == 16


def test_a_misspelt_hook_is_an_error() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown callback hook 'on_epochs_end'. Did you mean 'on_epoch_end'"):
        LambdaCallback(on_epochs_end=print)


def test_other_names_become_attributes() -> None:
    assert LambdaCallback(note="mine").note == "mine"  # type: ignore[attr-defined]
