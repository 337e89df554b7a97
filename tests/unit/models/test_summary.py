"""`summary`, beyond the texts that the scenarios compare with Keras's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import chainrule as cr


def model() -> cr.Sequential:
    return cr.Sequential([cr.Input((3,)), cr.layers.Dense(4, name="a"), cr.layers.Dense(1, name="b")], name="m")


def test_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    model().summary()
    text = capsys.readouterr().out
    assert 'Model: "m"' in text
    assert " Total params: 21 (84.00 B)" in text
    assert "\x1b" not in text


def test_print_fn_receives_the_whole_text() -> None:
    texts: list[str] = []
    model().summary(print_fn=texts.append)
    assert len(texts) == 1
    assert "a (Dense)" in texts[0]


def test_columns_may_be_shares_or_characters() -> None:
    texts: list[str] = []
    model().summary(print_fn=texts.append, line_length=60, positions=[0.5, 0.8, 1.0])
    model().summary(print_fn=texts.append, line_length=60, positions=[30, 48, 60])
    assert texts[0] == texts[1]


def test_bad_layouts_are_refused() -> None:
    with pytest.raises(ValueError, match="a line of 10 characters is too short"):
        model().summary(line_length=10)
    with pytest.raises(ValueError, match=r"no layers match layer_range=\['x', 'b'\]; layers are \['a', 'b'\]"):
        model().summary(layer_range=["x", "b"])


def test_the_parameters_of_the_optimizer_count_once_it_is_built() -> None:
    net = model()
    net.compile("adam", "mse")
    net.optimizer.build(net.trainable_variables)
    texts: list[str] = []
    net.summary(print_fn=texts.append)
    assert " Optimizer params: 44 (" in texts[0]
    assert " Total params: 65 (" in texts[0]


def test_a_very_deep_model_of_models() -> None:
    inner = model()
    outer = cr.Sequential([cr.Sequential([inner], name="middle"), cr.layers.Dense(2, name="end")], name="outer")
    texts: list[str] = []
    outer.summary(print_fn=texts.append, expand_nested=True)
    for name in ("middle", "m (Sequential)", "a (Dense)", "end (Dense)"):
        assert name in texts[0]


def test_a_class_of_ones_own_shows_what_its_layers_gave() -> None:
    class Net(cr.Model):
        def __init__(self) -> None:
            super().__init__(name="net")
            self.hidden, self.out = cr.layers.Dense(4, name="hidden"), cr.layers.Dense(1, name="out")
            self.unused = cr.layers.Dense(7, name="unused")

        def call(self, x: Any) -> Any:
            return self.out(self.hidden(self.hidden(x)))

    net = Net()
    net(np.zeros((5, 4)))
    texts: list[str] = []
    net.summary(print_fn=texts.append)
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in texts[0].splitlines() if line.startswith("│")]
    assert rows == [
        ["hidden (Dense)", "(None, 4)", "20"],
        ["out (Dense)", "(None, 1)", "5"],
        ["unused (Dense)", "?", "0 (unbuilt)"],
    ]
    assert net._nodes == []
