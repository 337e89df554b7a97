"""Vocabularies in model files: those of Keras are read, ours come back, and none reaches outside of its file."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import ModelFileError

L = cr.layers
FIXTURES = Path(__file__).parents[3] / "parity" / "fixtures"
FILES = FIXTURES / "preprocessing"
EXPECTED = json.loads((FILES / "expected.json").read_text())
SPACES = json.loads((FIXTURES / "preprocessing.json").read_text())["spaces"]
WORDS = np.array([["red"], ["blue"], ["red"], ["größer"], ["two words"]])


def model_of(layer: Any, dtype: str = "string", units: int = 2) -> Any:
    x = cr.Input((1,), dtype=dtype)
    return cr.Model(x, L.Dense(units)(layer(x)))


def adapted(layer: Any, data: Any = WORDS) -> Any:
    layer.adapt(data)
    return layer


# -- of Keras ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPECTED)
def test_models_of_keras(name: str) -> None:
    row, model = EXPECTED[name], cr.models.load_model(FILES / f"{name}.keras")
    np.testing.assert_allclose(model.predict(np.array(row["inputs"]), verbose=0), row["outputs"], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", SPACES)
def test_feature_spaces_of_keras(name: str) -> None:
    import runpy

    features = runpy.run_path(str(FIXTURES.parent / "preprocessing_cases.py"))["FEATURES"]
    space = cr.models.load_model(FILES / f"space_{name}.keras")
    outputs, wanted = space({k: features[k] for k in space.features}), SPACES[name]["outputs"]
    pairs = [(outputs, wanted)] if name == "concat" else [(outputs[k], wanted[k]) for k in wanted]
    for found, value in pairs:
        np.testing.assert_allclose(found.numpy(), value, rtol=1e-6, atol=1e-6)


# -- there and back ---------------------------------------------------------------------------------------------------

LAYERS = {
    "int": lambda: L.StringLookup(output_mode="one_hot"),
    "tf_idf": lambda: L.StringLookup(output_mode="tf_idf", num_oov_indices=2),
    "padded": lambda: L.StringLookup(output_mode="tf_idf", max_tokens=9, pad_to_max_tokens=True),
    "masked": lambda: L.StringLookup(output_mode="count", mask_token="red"),
    "text": lambda: L.TextVectorization(output_mode="tf_idf"),
    "text_padded": lambda: L.TextVectorization(output_mode="count", max_tokens=12, pad_to_max_tokens=True),
}


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize("zipped", [True, False])
def test_there_and_back(name: str, zipped: bool, tmp_path: Path) -> None:
    model = model_of(adapted(LAYERS[name]()))
    path = tmp_path / ("model.keras" if zipped else "model")
    model.save(path, zipped=zipped)
    copy = cr.models.load_model(path)
    assert copy.layers[1].get_vocabulary() == model.layers[1].get_vocabulary()
    assert copy.predict(WORDS, verbose=0).tolist() == model.predict(WORDS, verbose=0).tolist()


def test_members(tmp_path: Path) -> None:
    model_of(adapted(L.StringLookup(output_mode="one_hot"))).save(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        text = archive.read("assets/layers/string_lookup/vocabulary.txt")
    assert text.decode() == "[UNK]\nred\ntwo words\ngrößer\nblue"


def test_a_vocabulary_that_was_given_is_in_the_configuration(tmp_path: Path) -> None:
    model_of(L.StringLookup(vocabulary=["a\nb", "red"], output_mode="one_hot")).save(tmp_path / "a.keras")
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        assert not [n for n in archive.namelist() if n.startswith("assets")]
    assert cr.models.load_model(tmp_path / "a.keras").layers[1].get_vocabulary() == ["[UNK]", "a\nb", "red"]


def test_a_vocabulary_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(b"red\r\nblue\n")
    layer = L.StringLookup(vocabulary=str(path), output_mode="one_hot")
    assert layer.get_vocabulary() == ["[UNK]", "red", "blue"]
    assert layer.get_config()["vocabulary"] is None
    model = model_of(layer)
    model.save(tmp_path / "a.keras")
    path.unlink()
    assert cr.models.load_model(tmp_path / "a.keras").layers[1].get_vocabulary() == ["[UNK]", "red", "blue"]


def test_feature_space_there_and_back(tmp_path: Path) -> None:
    space = cr.utils.FeatureSpace({"n": "float_normalized", "s": "string_categorical", "f": "float"}, crosses=None)
    data = {"n": [1.0, 2.0, 4.0], "s": ["a", "b", "a"], "f": [1, 2, 3]}
    space.adapt(data)
    space.save(tmp_path / "space.keras")
    copy = cr.models.load_model(tmp_path / "space.keras")
    assert isinstance(copy, cr.utils.FeatureSpace)
    assert copy(data).numpy().tolist() == space(data).numpy().tolist()


def test_a_folder_of_assets_by_hand(tmp_path: Path) -> None:
    adapted(L.TextVectorization()).save_assets(tmp_path)
    layer = L.TextVectorization()
    layer.load_assets(tmp_path)
    assert layer.get_vocabulary() == ["", "[UNK]", "red", "words", "two", "größer", "blue"]


# -- refused ----------------------------------------------------------------------------------------------------------


def saved(layer: Any) -> dict[str, bytes]:
    buffer = io.BytesIO()
    model_of(adapted(layer)).save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        return {n: archive.read(n) for n in archive.namelist()}


def load(members: dict[str, bytes]) -> Any:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    buffer.seek(0)
    return cr.models.load_model(buffer)


def lookup(mode: str = "one_hot") -> Any:
    return L.StringLookup(output_mode=mode, name="lookup")


PLACE = "assets/layers/string_lookup/vocabulary.txt"


def test_missing() -> None:
    members = saved(lookup())
    del members[PLACE]
    with pytest.raises(ModelFileError, match="the vocabulary of layer 'lookup' is missing"):
        load(members)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"[UNK]\nred", "a fixed size of 5, so it cannot become one of 2"),
        (b"[UNK]\nred\nred\na\nb", "holds terms twice"),
    ],
)
def test_other_vocabularies(text: bytes, message: str) -> None:
    members = saved(lookup())
    with pytest.raises(ModelFileError, match=message) as caught:
        load({**members, PLACE: text})
    assert len(str(caught.value)) <= 500
    assert "\n" not in str(caught.value)


def test_no_integers() -> None:
    buffer = io.BytesIO()
    model_of(adapted(L.IntegerLookup(output_mode="one_hot"), [1, 2]), "int64").save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    with pytest.raises(ModelFileError, match="cannot be read: invalid literal"):
        load({**members, "assets/layers/integer_lookup/vocabulary.txt": b"-1\nred\n2"})


def test_weights_of_another_length() -> None:
    members, others = saved(lookup("tf_idf")), L.StringLookup(output_mode="tf_idf", name="lookup")
    buffer = io.BytesIO()
    model_of(adapted(others, np.array([["one"], ["two"]]))).save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        weights = archive.read("model.weights.h5")
    metadata = json.dumps({"keras_version": "3.15.1"}).encode()
    with pytest.raises(ModelFileError, match=r"idf_weights have shape \(3,\), expected \(5,\)"):
        load({**members, "metadata.json": metadata, "model.weights.h5": weights})


@pytest.mark.parametrize("kind", ["StringLookup", "IntegerLookup", "TextVectorization"])
def test_the_path_of_a_vocabulary_in_a_file(kind: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    layer = getattr(L, kind)()
    description = cr.layers.serialize(layer)
    description["config"]["vocabulary"] = str(secret)
    with pytest.raises(ModelFileError, match="names a vocabulary file"):
        cr.layers.deserialize(description)
    with pytest.raises(ModelFileError, match="a model file reads only itself"):
        type(layer).from_config(description["config"])


def test_a_length_that_a_file_only_claims() -> None:
    layer = L.StringLookup(
        vocabulary=["a"], idf_weights=[1.0], output_mode="tf_idf", max_tokens=50, pad_to_max_tokens=True, name="lookup"
    )
    buffer = io.BytesIO()
    model_of(layer).save(buffer)
    with zipfile.ZipFile(buffer) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    config = members["config.json"].decode()
    assert config.count('"max_tokens": 50') == 1
    config = config.replace('"max_tokens": 50', '"max_tokens": 5000000000')
    with pytest.raises(ModelFileError, match="far more than there are weights in the file"):
        load({**members, "config.json": config.encode()})


def test_hooks_that_work_on_folders(tmp_path: Path) -> None:
    class Mine(L.Layer):
        def call(self, x: Any) -> Any:
            return x

        def save_assets(self, dir_path: str) -> None:
            Path(dir_path, "mine.txt").write_text("mine")

    model = cr.Sequential([cr.Input((1,)), Mine()])
    with pytest.raises(ModelFileError, match="Define assets"):
        model.save(tmp_path / "a.keras")


def test_files_of_a_layer_of_ones_own(tmp_path: Path) -> None:
    class Mine(L.Layer):
        note = b""

        def call(self, x: Any) -> Any:
            return x

        def assets(self) -> dict[str, bytes]:
            return {"note.bin": self.note}

        def take_assets(self, files: Any) -> None:
            self.note = files["note.bin"]

    model = cr.Sequential([cr.Input((1,)), Mine()])
    model.layers[0].note = b"\0mine"
    model.save(tmp_path / "a.keras")
    copy = cr.models.load_model(tmp_path / "a.keras", custom_objects={"Mine": Mine})
    assert copy.layers[0].note == b"\0mine"


def test_terms_with_line_breaks_cannot_be_written(tmp_path: Path) -> None:
    model = model_of(adapted(lookup(), np.array([["a\u2028b"]])))
    with pytest.raises(ModelFileError, match="holds a line break"):
        model.save(tmp_path / "a.keras")
    assert not list(tmp_path.iterdir())


def test_a_failed_load_leaves_the_weights_of_terms(tmp_path: Path) -> None:
    good, other = model_of(adapted(lookup("tf_idf"))), adapted(lookup("tf_idf"), WORDS[::-1].repeat(2, 0)[1:])
    before = good.predict(WORDS, verbose=0)
    bad = model_of(other, units=3)
    assert not np.array_equal(other._idf, good.layers[1]._idf)
    bad.save_weights(tmp_path / "bad.weights.h5")
    with pytest.raises(ModelFileError, match="has shape"):
        good.load_weights(tmp_path / "bad.weights.h5")
    assert np.array_equal(good.predict(WORDS, verbose=0), before)
