from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from chainrule.callbacks import CallbackList, ProgbarLogger


def train(
    callbacks: CallbackList, epochs: int = 2, steps: int = 3, tick: Callable[[float], None] | None = None
) -> None:
    callbacks.on_train_begin()
    for epoch in range(epochs):
        callbacks.on_epoch_begin(epoch)
        for batch in range(steps):
            if tick is not None:
                tick(0.002)
            callbacks.on_train_batch_end(batch, {"loss": 2.0})
        callbacks.on_epoch_end(epoch, {"val_loss": 0.5, "loss": 1.0})
    callbacks.on_train_end()


@pytest.mark.parametrize("steps", [3, None])
@pytest.mark.parametrize("verbose", [1, "auto", 2])
def test_a_file_gets_two_lines_an_epoch(
    capsys: pytest.CaptureFixture[str], clock: Callable[[float], None], verbose: Any, steps: int | None
) -> None:
    callbacks = CallbackList([], add_progbar=True, verbose=verbose, epochs=2, steps=steps)
    train(callbacks, tick=clock)
    line = {
        1: "3/3 ━━━━━━━━━━━━━━━━━━━━ 0s 2ms/step - loss: 1.0000 - val_loss: 0.5000\n",
        2: "3/3 - 0s - 2ms/step - loss: 1.0000 - val_loss: 0.5000\n",
    }[1 if verbose == "auto" else verbose]
    assert capsys.readouterr().out == f"Epoch 1/2\n{line}Epoch 2/2\n{line}"


def test_a_single_epoch_has_no_headline(capsys: pytest.CaptureFixture[str]) -> None:
    train(CallbackList([], add_progbar=True, verbose=2, epochs=1, steps=3), epochs=1)
    assert capsys.readouterr().out.startswith("3/3 - 0s")


def test_batches_are_wanted_only_where_they_are_shown_or_counted(
    capsys: pytest.CaptureFixture[str], make_terminal: Callable[..., Any]
) -> None:
    def wants(verbose: int, steps: int | None) -> bool:
        return CallbackList([], add_progbar=True, verbose=verbose, epochs=1, steps=steps).wants_train_batches

    assert [wants(v, 5) for v in (0, 1, 2)] == [False, False, False]
    assert [wants(v, None) for v in (0, 1, 2)] == [False, True, True]
    make_terminal()
    assert [wants(v, 5) for v in (0, 1, 2)] == [False, True, False]


def test_validation_within_fit_is_silent_and_unheard(make_terminal: Callable[..., Any]) -> None:
    terminal = make_terminal()
    callbacks = CallbackList([], add_progbar=True, verbose=1, epochs=1, steps=3)
    wanted = [callbacks.wants_test_batches]
    callbacks.on_train_begin()
    assert [*wanted, callbacks.wants_test_batches] == [True, False]
    callbacks.on_test_begin()
    callbacks.on_test_batch_end(0, {"loss": 1.0})
    callbacks.on_test_end({"loss": 1.0})
    assert terminal.getvalue() == ""


def test_a_subclass_hears_what_it_overrides(capsys: pytest.CaptureFixture[str]) -> None:
    heard = []

    class Mine(ProgbarLogger):
        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            heard.append(batch)

    callbacks = CallbackList([Mine()], add_progbar=True, verbose=2, epochs=1, steps=3)
    assert len(callbacks.callbacks) == 1
    train(callbacks, epochs=1)
    assert heard == [0, 1, 2]


def test_short_epochs_are_drawn_once(make_terminal: Callable[..., Any], clock: Callable[[float], None]) -> None:
    terminal = make_terminal(NO_COLOR="1")
    train(CallbackList([], add_progbar=True, verbose=1, epochs=50, steps=3), epochs=50, tick=clock)
    written = terminal.getvalue()
    assert written.count("\n") == 100  # a headline and a line each
    assert written.count("\r") <= 50 + 20 * 0.3 + 1


def test_prediction_shows_no_metrics(capsys: pytest.CaptureFixture[str], clock: Callable[[float], None]) -> None:
    callbacks = CallbackList([], add_progbar=True, verbose=1, epochs=1, steps=2)
    callbacks.on_predict_begin()
    for batch in range(2):
        clock(0.5)
        callbacks.on_predict_batch_end(batch, {"outputs": [1, 2]})
    callbacks.on_predict_end()
    assert capsys.readouterr().out == "2/2 ━━━━━━━━━━━━━━━━━━━━ 1s 500ms/step\n"
