"""Losses by name."""

from __future__ import annotations

import pytest

from chainrule import losses
from chainrule.errors import UnknownNameError

SHORT = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "mape": "mean_absolute_percentage_error",
    "msle": "mean_squared_logarithmic_error",
    "bce": "binary_crossentropy",
    "kld": "kl_divergence",
}


@pytest.mark.parametrize(("short", "long"), SHORT.items())
def test_short_names(short: str, long: str) -> None:
    function = getattr(losses, long)
    for name in (short, short.upper(), long):
        assert losses.get(name) is function
        assert getattr(losses, name) is function
        assert losses.deserialize(name) is function
    assert losses.serialize(function) == long


def test_other_forms() -> None:
    assert losses.get(None) is None
    assert isinstance(losses.get("MeanSquaredError"), losses.MeanSquaredError)
    assert isinstance(losses.get(losses.Huber), losses.Huber)
    huber = losses.Huber(delta=2.0)
    assert losses.get(huber) is huber
    assert losses.get({"class_name": "Huber", "config": {"delta": 2.0}}).delta == 2.0
    assert losses.get(len) is len
    assert losses.deserialize("own", custom_objects={"own": len}) is len


def test_unknown_names() -> None:
    with pytest.raises(UnknownNameError) as error:
        losses.get("binary_crossentropie")
    assert str(error.value).startswith("Unknown loss 'binary_crossentropie'. Did you mean 'binary_crossentropy'")
    with pytest.raises(UnknownNameError, match="Cannot read 5 as loss"):
        losses.get(5)
