"""The inputs behind a symbolic tensor."""

import chainrule as cr
from chainrule.utils import get_source_inputs


def test_inputs_in_the_order_of_the_calls_each_once() -> None:
    a, b, c = (cr.Input((2,), name=name) for name in "abc")
    hidden = cr.layers.Dense(2)(b)
    total = cr.layers.Concatenate()([hidden, a, hidden, b])
    assert [t.name for t in get_source_inputs(total)] == ["b", "a"]
    assert get_source_inputs(c)[0] is c
    assert get_source_inputs(3) == 3


def test_deep_graphs() -> None:
    x = a = cr.Input((1,))
    for _ in range(3000):
        x = x + 1.0
    assert get_source_inputs(x)[0] is a
