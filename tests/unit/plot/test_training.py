"""Training curves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import DataError, UnknownNameError
from chainrule.plot import numbers


def fitted() -> tuple[cr.Model, cr.callbacks.History]:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    x = np.ones((8, 2), np.float32)
    return model, model.fit(x, x[:, 0], epochs=3, validation_split=0.25, verbose=0)


def test_curves_of_a_fit() -> None:
    _, history = fitted()
    curves = numbers.training(history)
    assert [c.name for c in curves.curves] == ["loss", "mae"]
    assert curves.epochs.tolist() == [1, 2, 3]
    assert curves.curve("loss").validation.tolist() == history.history["val_loss"]
    assert curves.curve("mae").training.tolist() == history.history["mae"]


def test_a_history_a_dict_and_the_model_give_the_same() -> None:
    model, history = fitted()
    for form in (history.history, model):
        assert str(numbers.training(form)) == str(numbers.training(history))


def test_epochs_are_numbered_as_they_were_trained() -> None:
    model, _ = fitted()
    x = np.ones((8, 2), np.float32)
    later = model.fit(x, x[:, 0], initial_epoch=3, epochs=5, verbose=0)
    found = numbers.training(later)
    assert found.epochs.tolist() == [4, 5]
    assert found.curve("loss").best == 5, "the loss falls, so the last epoch is the best one"


@pytest.mark.parametrize(
    ("name", "values", "validation", "best"),
    [
        ("loss", [3.0, 1.0, 2.0], [], 2),
        ("loss", [3.0, 1.0, 2.0], [3.0, 2.0, 1.0], 3),
        ("accuracy", [0.1, 0.9, 0.5], [0.2, 0.1, 0.1], 1),
        ("loss", [3.0, np.nan, 2.0], [], 3),
        ("loss", [np.nan, np.nan], [], None),
        ("learning_rate", [0.1, 0.01], [], None),
        ("loss", [3.0, 2.0, 1.0], [2.0], None),
    ],
)
def test_the_best_epoch(name: str, values: list[float], validation: list[float], best: int | None) -> None:
    logs = {name: values} | ({f"val_{name}": validation} if validation else {})
    assert numbers.training(logs).curve(name).best == best


def test_a_wide_range_is_drawn_on_a_logarithmic_scale() -> None:
    assert cr.plot.training({"loss": [100.0, 1.0, 0.1]}).get_yscale() == "log"
    assert cr.plot.training({"loss": [2.0, 1.0]}).get_yscale() == "linear"
    assert cr.plot.training({"loss": [2.0, 1.0]}, log=True).get_yscale() == "log"
    assert cr.plot.training({"loss": [0.0, -1.0]}, log=True).get_yscale() == "linear"


def test_what_is_drawn_is_what_was_measured() -> None:
    ax: Any = cr.plot.training({"loss": [3.0, 1.0, 2.0], "val_loss": [3.0, 2.5, 4.0]})
    assert ax.lines[0].get_ydata().tolist() == [3.0, 1.0, 2.0]
    assert ax.lines[1].get_ydata().tolist() == [3.0, 2.5, 4.0]
    assert ax.lines[1].get_linestyle() == "--"
    assert ax.lines[2].get_xydata().tolist() == [[2.0, 2.5]]
    assert ax.get_title(loc="right") == "best 2.5 in epoch 2"


def test_history_draws_itself() -> None:
    _, history = fitted()
    ax: Any = history.plot("loss")
    assert ax.get_title(loc="left") == "loss"
    assert history.plot(["loss", "mae"], theme="dark").figure.axes[1].get_title(loc="left") == "loss"


def test_wrong_histories_are_named() -> None:
    with pytest.raises(DataError, match="holds no epoch yet"):
        cr.plot.training({})
    with pytest.raises(DataError, match="but received an int"):
        cr.plot.training(3)
    with pytest.raises(UnknownNameError, match="Did you mean 'loss'"):
        cr.plot.training({"loss": [1.0]}, ["los"])
