"""What chainrule leaves out: asking for it says so and names Keras as the place."""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.scope import OUT_OF_SCOPE

LEFT_OUT = [(m, name) for m, reasons in OUT_OF_SCOPE.items() for names in reasons.values() for name in names]


def test_a_layer_that_is_out_of_scope() -> None:
    expected = (
        "'chainrule.layers.LSTM' does not exist: it belongs to recurrent networks, out of chainrule's scope "
        "(feedforward networks). Use Keras for it: 'keras.layers.LSTM'."
    )
    with pytest.raises(AttributeError) as error:
        _ = cr.layers.LSTM
    assert str(error.value) == expected
    with pytest.raises(ImportError) as imported:
        exec("from chainrule.layers import LSTM")
    assert str(imported.value) == expected
    assert not hasattr(cr.layers, "LSTM")


def test_a_name_that_is_spelled_wrong() -> None:
    with pytest.raises(ImportError, match=r"'chainrule.layers' has no attribute 'Dens'. Did you mean 'Dense'"):
        exec("from chainrule.layers import Dens")
    with pytest.raises(AttributeError, match="Did you mean 'Sequential'"):
        _ = cr.Sequentail


@pytest.mark.parametrize(("module", "name"), LEFT_OUT)
def test_no_name_is_both_here_and_left_out(module: str, name: str) -> None:
    home = importlib.import_module(module)
    assert not hasattr(home, name)
    assert name not in dir(home)


def test_names_that_are_left_out_are_names_of_keras() -> None:
    known = json.loads((Path(__file__).parents[1] / "parity" / "fixtures" / "keras_names.json").read_text())
    for module, name in LEFT_OUT:
        assert name in known[module.replace("chainrule", "keras", 1)], (module, name)
