"""Operations between layers that cannot be written or read; what can is compared with Keras in tests/parity."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.autodiff import TABLE
from chainrule.errors import ModelFileError
from chainrule.ops.composed import COMPOSED
from chainrule.saving.operations import forms


def drawn(function: Any, **kwargs: Any) -> Any:
    x = cr.Input((4,), **kwargs)
    return cr.Model(x, function(x))


def changed(change: Any) -> str:
    description = json.loads(drawn(lambda x: cr.ops.mean(x, axis=1)).to_json())
    change(description["config"]["layers"][1])
    return json.dumps(description)


def test_every_composed_function_has_a_form_and_every_form_a_function() -> None:
    assert set(COMPOSED) <= set(forms())
    for name, form in forms().items():
        assert form.called, name
        assert name in TABLE or name in COMPOSED or hasattr(cr.ops, name)


def test_composed_functions_are_one_member_of_the_graph() -> None:
    model = drawn(lambda x: cr.ops.std(cr.ops.where(x > 0, x, -x), axis=1))
    assert [o.name.split("_")[0] for o in model._graph.operations] == ["input", "greater", "negative", "where", "std"]
    x = np.array([[1.0, -2.0, 3.0, -4.0]])
    np.testing.assert_allclose(np.asarray(model(x)), np.std(np.abs(x), axis=1), rtol=1e-6)


def test_composed_functions_keep_their_signature_and_words() -> None:
    assert cr.ops.std.__name__ == "std"
    assert cr.ops.std.__doc__
    np.testing.assert_allclose(cr.ops.std(np.array([1.0, 3.0])), 1.0)


def test_an_op_without_a_name_in_files() -> None:
    with pytest.raises(
        ModelFileError, match=r"the model uses ops.mish between its layers, which Keras's files have no"
    ):
        drawn(cr.activations.mish).to_json()


def test_a_symbolic_setting() -> None:
    x = cr.Input((4,))
    model = cr.Model(x, cr.ops.clip(x, cr.ops.min(x), 1.0))
    with pytest.raises(ModelFileError, match=r"operation 'clip.*' takes a symbolic tensor where files hold a number"):
        model.to_json()


@pytest.mark.parametrize("name", ["Nothing", "Exec", "__class__", "mean", "Map", "Cond", "WhileLoop"])
def test_an_unknown_operation(name: str) -> None:
    with pytest.raises(
        ModelFileError, match=f"uses the operation 'keras.src.ops.numpy.{name}', which is not known here"
    ):
        cr.models.model_from_json(changed(lambda d: d.update(class_name=name)))


def test_another_module() -> None:
    with pytest.raises(ModelFileError, match=r"the operation 'keras.src.ops.os.Mean', which is not known here"):
        cr.models.model_from_json(changed(lambda d: d.update(module="keras.src.ops.os")))


def test_an_unknown_setting() -> None:
    with pytest.raises(ModelFileError, match=r"operation 'Mean' has no setting 'speed', only \['axis', 'keepdims'\]"):
        cr.models.model_from_json(changed(lambda d: d["config"].update(speed=1)))
    null = changed(lambda d: d["config"].update(speed=None))
    assert cr.models.model_from_json(null).output_shape == (None,)


def test_too_many_arguments() -> None:
    def change(layer: Any) -> None:
        layer["inbound_nodes"][0]["args"] *= 2

    with pytest.raises(ModelFileError, match=r"operation 'Mean' takes \('x',\), but the file gives it 2 arguments"):
        cr.models.model_from_json(changed(change))
