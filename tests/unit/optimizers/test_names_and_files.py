"""`get` by every spelling, and the state of an optimizer out to a store and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule import optimizers
from chainrule.errors import ShapeError, UnknownNameError
from chainrule.utils.naming import reset_names
from chainrule.variables import Variable

NAMES = ["SGD", "RMSprop", "Adagrad", "Adadelta", "Adam", "AdamW", "Adamax", "Nadam", "Ftrl", "Lion"]
NAMES += ["Adafactor", "Muon", "ScheduleFreeAdamW"]


@pytest.mark.parametrize("name", NAMES)
def test_strings(name: str) -> None:
    for spelling in (name, name.lower(), name.upper()):
        assert type(optimizers.get(spelling)) is getattr(optimizers, name)


def test_everything_else_get_takes() -> None:
    adam = optimizers.Adam(0.5)
    assert optimizers.get(adam) is adam
    assert optimizers.get(None) is None
    assert type(optimizers.get(optimizers.Lion)) is optimizers.Lion
    assert optimizers.get(optimizers.serialize(adam)).get_config() == adam.get_config()
    assert float(optimizers.get({"class_name": "sgd", "config": {"learning_rate": 0.5}}).learning_rate) == 0.5


@pytest.mark.parametrize("bad", ["adma", "lamb", 3, lambda: 1, ["adam"]])
def test_what_get_refuses(bad: Any) -> None:
    with pytest.raises(UnknownNameError, match="optimizer"):
        optimizers.get(bad)


def test_the_nearest_name_is_suggested() -> None:
    with pytest.raises(UnknownNameError, match=r"Unknown optimizer 'adma'. Did you mean .*'adam'"):
        optimizers.get("adma")


def test_names_are_numbered() -> None:
    reset_names()
    assert [optimizers.Adam().name, optimizers.Adam().name, optimizers.RMSprop().name] == ["adam", "adam_1", "rm_sprop"]
    assert optimizers.Adam(name="mine").variables[0].path == "mine/iteration"


def test_unknown_argument() -> None:
    with pytest.raises(ValueError, match=r"SGD: argument\(s\) not recognized: {'speed': 1}"):
        optimizers.SGD(speed=1)


def test_old_decay_is_ignored_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="Argument `decay` is no longer supported and will be ignored"):
        optimizers.SGD(decay=0.1)


def test_two_kinds_of_clipping() -> None:
    message = (
        "Only one of `clipnorm`, `clipvalue` and `global_clipnorm` can be set. "
        "Received: clipnorm=1.0, clipvalue=2.0, global_clipnorm=None"
    )
    with pytest.raises(ValueError, match=message):
        optimizers.Adam(clipnorm=1.0, clipvalue=2.0)


def trained() -> tuple[Any, list[Variable]]:
    weights = [Variable([[1.0, 2.0]], name="kernel"), Variable([4.0], name="bias")]
    optimizer = optimizers.Nadam(0.5, use_ema=True)
    optimizer.apply([np.ones((1, 2)), np.ones(1)], weights)
    return optimizer, weights


def test_the_state_goes_out_and_comes_back() -> None:
    optimizer, weights = trained()
    store: dict[str, Any] = {}
    optimizer.save_own_variables(store)
    assert list(store) == [str(i) for i in range(9)]
    assert store["0"].dtype == "int32"
    fresh = optimizers.Nadam(0.1, use_ema=True)
    twins = [Variable(v.numpy()) for v in weights]
    fresh.build(twins)
    fresh.load_own_variables(store)
    for one, ws in ((optimizer, weights), (fresh, twins)):
        one.apply([np.full((1, 2), -0.5), np.ones(1)], ws)
    for a, b in zip([*weights, *optimizer.variables], [*twins, *fresh.variables], strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())


def test_a_state_of_another_size_is_skipped_with_a_warning() -> None:
    fresh = optimizers.SGD(0.5, name="mine")
    with pytest.warns(
        UserWarning, match="'mine': its state is not loaded, because it has 2 variables and the file has 3"
    ):
        fresh.load_own_variables({"0": 1, "1": 2, "2": 3})
    assert float(fresh.learning_rate) == 0.5


def test_set_weights() -> None:
    optimizer, _ = trained()
    values = [v.numpy() + 1 for v in optimizer.variables]
    optimizer.set_weights(values)
    assert int(optimizer.iterations) == 2
    np.testing.assert_array_equal(optimizer.state[0], np.concatenate([v.ravel() for v in values[2:4]]))
    with pytest.raises(ShapeError, match=r"expected a value of shape \(1, 2\), received shape \(3,\)"):
        optimizer.set_weights([values[0], values[1], np.ones(3)])
    with pytest.raises(ValueError, match="set_weights needs a built optimizer"):
        optimizers.SGD().set_weights([])


def test_the_state_is_one_array_with_views() -> None:
    optimizer, _ = trained()
    assert optimizer.state.shape == (3, 3)  # average, momentum, velocity of three parameters
    optimizer.state[1] = [7.0, 8.0, 9.0]
    assert [v.numpy().tolist() for v in optimizer.moment_variables("momentum")] == [[[7.0, 8.0]], [9.0]]
    assert optimizers.Adam().state.shape == (2, 0)


def test_building_twice_keeps_the_state() -> None:
    optimizer, weights = trained()
    before = len(optimizer.variables)
    optimizer.build(weights)
    assert len(optimizer.variables) == before
    assert int(optimizer.iterations) == 1
