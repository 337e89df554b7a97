"""Objects that occur twice in a model are one object again after loading."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

import chainrule as cr
from chainrule.saving import sharing


def there_and_back(model: Any) -> Any:
    buffer = io.BytesIO()
    model.save(buffer)
    buffer.seek(0)
    return cr.models.load_model(buffer)


def test_a_layer_in_two_nested_models() -> None:
    shared = cr.layers.Dense(3, name="shared")
    one = cr.Sequential([shared, cr.layers.Dense(2)], name="one")
    two = cr.Sequential([shared, cr.layers.Dense(2)], name="two")
    x = cr.Input((4,))
    model = cr.Model(x, one(x) + two(x))
    again = there_and_back(model)
    assert len(again.weights) == len(model.weights) == 6
    assert again.get_layer("one").layers[0] is again.get_layer("two").layers[0]
    np.testing.assert_array_equal(again(np.eye(4)), model(np.eye(4)))


def test_a_nested_model_in_two_places() -> None:
    inner = cr.Sequential([cr.Input((2,)), cr.layers.Dense(2)], name="inner")
    a = cr.Sequential([cr.Input((2,)), inner], name="a")
    x = cr.Input((2,))
    model = cr.Model(x, a(x) * inner(x))
    again = there_and_back(model)
    assert again.get_layer("a").layers[0] is again.get_layer("inner")
    np.testing.assert_array_equal(again(np.eye(2)), model(np.eye(2)))


def test_numbers_are_small_and_only_where_needed() -> None:
    shared, single = cr.initializers.HeNormal(1), cr.initializers.HeNormal(2)
    with sharing.scope():
        written = [cr.saving.serialize_keras_object(i) for i in (shared, single, shared)]
        written = sharing.drop_singles(written)
    assert [d.get(sharing.KEY) for d in written] == [1, None, 1]
    with sharing.scope():
        read = [cr.saving.deserialize_keras_object(d) for d in written]
    assert read[0] is read[2]
    assert read[0] is not read[1]


def test_outside_of_files_nothing_is_numbered() -> None:
    written = cr.saving.serialize_keras_object(cr.layers.Dense(1))
    assert sharing.KEY not in written
    numbered = {**written, sharing.KEY: 1}
    assert cr.saving.deserialize_keras_object(numbered) is not cr.saving.deserialize_keras_object(numbered)


def test_a_scope_ends() -> None:
    with sharing.scope():
        cr.saving.serialize_keras_object(cr.layers.Dense(1))
    assert sharing.KEY not in cr.saving.serialize_keras_object(cr.layers.Dense(1))
