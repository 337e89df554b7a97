"""Layers for categories and text against Keras 3.15.1: what they learn, compute, and how they are described.

`tests/parity/make_preprocessing_fixtures.py` wrote what Keras computes.
"""

from __future__ import annotations

import json
import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.layers.preprocessing.base import CategoryLayer
from chainrule.layers.preprocessing.buckets import buckets
from chainrule.saving import deserialize_keras_object, serialize_keras_object
from chainrule.saving.serialization import names_of
from chainrule.utils.naming import reset_names

PARITY = Path(__file__).parents[3] / "parity"
SHARED = runpy.run_path(str(PARITY / "preprocessing_cases.py"))
CASES, FEATURES = SHARED["CASES"], SHARED["FEATURES"]
KERAS = json.loads((PARITY / "fixtures" / "preprocessing.json").read_text())


def make(name: str) -> Any:
    kind, arguments, _, _ = CASES[name]
    return getattr(cr.layers, kind)(**arguments)


def adapted(name: str) -> Any:
    layer, seen = make(name), CASES[name][2]
    if seen is not None:
        layer.adapt(seen)
    return layer


def test_every_layer_of_the_kind_has_a_case() -> None:
    kinds = names_of("keras.layers", CategoryLayer)
    assert set(kinds) == {kind for kind, _, _, _ in CASES.values()}
    assert set(CASES) == set(KERAS["cases"])


@pytest.mark.parametrize("name", CASES)
def test_outputs(name: str) -> None:
    wanted, y = KERAS["cases"][name], adapted(name)(CASES[name][3])
    assert list(y.shape) == wanted["shape"]
    if y.dtype.kind == "f":
        np.testing.assert_allclose(y.numpy(), wanted["outputs"], rtol=1e-6, atol=1e-7)
    else:
        assert y.numpy().tolist() == wanted["outputs"]


@pytest.mark.parametrize("name", [n for n, row in KERAS["cases"].items() if "vocabulary" in row])
def test_vocabularies(name: str) -> None:
    layer, wanted = adapted(name), KERAS["cases"][name]
    assert layer.get_vocabulary() == wanted["vocabulary"]
    assert layer.vocabulary_size() == wanted["size"]


@pytest.mark.parametrize("name", [n for n, row in KERAS["cases"].items() if "boundaries" in row])
def test_boundaries(name: str) -> None:
    assert adapted(name).bin_boundaries == KERAS["cases"][name]["boundaries"]


@pytest.mark.parametrize("name", KERAS["described"])
def test_descriptions(name: str) -> None:
    reset_names()
    ours = json.loads(json.dumps(serialize_keras_object(make(name))))
    assert {k: ours[k] for k in KERAS["described"][name]} == KERAS["described"][name]


@pytest.mark.parametrize("name", [n for n in CASES if n != "lookup_unicode"])  # a term of it is a line break
def test_described_and_read_again_it_computes_the_same(name: str) -> None:
    layer = adapted(name)
    copy = deserialize_keras_object(json.loads(json.dumps(serialize_keras_object(layer))))
    if CASES[name][2] is not None and hasattr(layer, "get_vocabulary"):  # which files hold beside the description
        layer.save_own_variables(store := {})
        copy.load_own_variables(store)
        copy.take_assets(layer.assets())
    data = CASES[name][3]
    assert copy(data).numpy().tolist() == layer(data).numpy().tolist()


@pytest.mark.parametrize("name", [n for n in CASES if n not in ("category_sample", "text_one")])
def test_symbolic_shapes_and_types_are_those_of_the_numbers(name: str) -> None:
    layer, data = adapted(name), CASES[name][3]
    parts = [np.asarray(p) for p in (data if isinstance(data, tuple) else (data,))]
    entries = [cr.Input(p.shape[1:], dtype="string" if p.dtype.kind == "U" else p.dtype.name) for p in parts]
    symbolic = layer(entries if isinstance(data, tuple) else entries[0])
    y = layer(data)
    assert len(symbolic.shape) == y.ndim
    assert all(s in (None, n) for s, n in zip(symbolic.shape, y.shape, strict=True))
    wanted = "string" if y.dtype.kind == "O" else y.dtype.name
    of_counts = y.dtype.name == "int64" and symbolic.dtype == "float32"  # Keras says so, and gives integers
    assert symbolic.dtype == wanted or of_counts


def test_hashes_of_texts_of_every_length() -> None:
    rows = KERAS["bins"]
    texts = np.array(rows["texts"], object)
    assert buckets(texts, 2**63 - 1).tolist() == rows["farmhash"]
    assert buckets(texts, 2**63 - 1, [7, -3]).tolist() == rows["siphash"]


# -- FeatureSpace -----------------------------------------------------------------------------------------------------


def space(name: str) -> Any:
    return SHARED["spaces"](cr.utils.FeatureSpace)[name]


@pytest.mark.parametrize("name", KERAS["spaces"])
def test_feature_spaces(name: str) -> None:
    made, wanted = space(name), KERAS["spaces"][name]
    data = {k: FEATURES[k] for k in made.features}
    made.adapt(data)
    outputs, encoded = made(data), made.get_encoded_features()
    if name == "concat":
        np.testing.assert_allclose(outputs.numpy(), wanted["outputs"], rtol=1e-5, atol=1e-6)
        assert [list(encoded.shape), encoded.dtype] == wanted["encoded"]
        return
    assert outputs.keys() == wanted["outputs"].keys()
    for key, value in wanted["outputs"].items():
        np.testing.assert_allclose(outputs[key].numpy(), value, rtol=1e-5, atol=1e-6)
    assert {k: [list(v.shape), v.dtype] for k, v in encoded.items()} == wanted["encoded"]
