"""Write what Keras's layers for categories and text compute: needs keras on tensorflow, which they all run on.

    KERAS_BACKEND=tensorflow python tests/parity/make_preprocessing_fixtures.py

writes `fixtures/preprocessing.json`

    cases       for each case of `preprocessing_cases`: outputs, their shape, the vocabulary or the boundaries learnt
    defaults    the configurations of those that other backends of Keras do not have, with few arguments
    described   the configurations of the layers, before any data and with the arguments of the cases
    spaces      for each feature space: outputs by feature, and the shapes and types of its encoded features
    bins        hashes of texts of all lengths up to 140 and some longer ones, and crosses

and `fixtures/preprocessing/*.keras` with `expected.json`: saved models and feature spaces with their predictions.
"""

import json
import os
import random
import sys
import zipfile
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))

import keras
import numpy as np
import tensorflow as tf
from config_arguments import arguments_for
from preprocessing_cases import CASES, COLUMN, FEATURES, FLOATS, NUMBERS, TEXTS, spaces

HERE = Path(__file__).parent / "fixtures"
ALONE = ("HashedCrossing", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization")


def tensor(data):
    """Return lists of text or integers as tensors; a tuple or list of arrays, part by part."""
    if isinstance(data, tuple) or (isinstance(data, list) and isinstance(data[0], np.ndarray)):
        return [tensor(part) for part in data]
    if isinstance(data, np.ndarray):
        return data
    leaf = data
    while isinstance(leaf, list):
        leaf = leaf[0]
    return tf.constant(data, tf.int64) if isinstance(leaf, int) else tf.constant(data)


def listed(value):
    array = np.asarray(value)
    if array.dtype.kind == "O":
        array = np.vectorize(lambda b: b.decode(), otypes=[object])(array)
    return array.tolist()


def make(case):
    name, arguments, seen, data = case
    layer = getattr(keras.layers, name)(**arguments)
    if seen is not None:
        layer.adapt(tensor(seen))
    outputs = layer(tensor(data))
    row = {"outputs": listed(outputs), "shape": list(outputs.shape)}
    if hasattr(layer, "get_vocabulary"):
        row["vocabulary"] = [v if isinstance(v, str) else int(v) for v in layer.get_vocabulary()]
        row["size"] = int(layer.vocabulary_size())
    if seen is not None and name == "Discretization":
        row["boundaries"] = layer.bin_boundaries
    return row


def described(case):
    name, arguments, _, _ = case
    keras.utils.clear_session()
    description = keras.saving.serialize_keras_object(getattr(keras.layers, name)(**arguments))
    return {key: description[key] for key in ("module", "class_name", "config", "registered_name")}


def make_space(space):
    data = {name: FEATURES[name] for name in space.features}
    space.adapt(data)
    outputs, encoded = space({k: tensor(v) for k, v in data.items()}), space.get_encoded_features()
    if isinstance(outputs, dict):
        shapes = {k: [list(v.shape), v.dtype] for k, v in encoded.items()}
        return {"outputs": {k: listed(v) for k, v in outputs.items()}, "encoded": shapes}
    return {"outputs": listed(outputs), "encoded": [list(encoded.shape), encoded.dtype]}


def make_bins():
    random.seed(1)
    letters = "abcdefgh éü日0 "
    texts = ["".join(random.choice(letters) for _ in range(n)) for n in [*range(141), 191, 192, 193, 256, 1000]]
    fast = tf.strings.to_hash_bucket_fast(texts, 2**63 - 1).numpy().tolist()
    strong = tf.strings.to_hash_bucket_strong(texts, 2**63 - 1, key=[7, -3]).numpy().tolist()
    return {"texts": texts, "farmhash": fast, "siphash": strong}


# -- files ------------------------------------------------------------------------------------------------------------


def models():
    """Yield `(name, model, inputs)`; the inputs as lists."""
    layers = keras.layers

    def of(layer, dtype, shape=(1,)):
        x = keras.Input(shape, dtype=dtype)
        return keras.Model(x, layers.Dense(2)(layer(x)))

    lookup = layers.StringLookup(output_mode="tf_idf", num_oov_indices=2)
    lookup.adapt(tensor(COLUMN))
    yield "string_lookup", of(lookup, "string"), COLUMN
    ids = layers.IntegerLookup(output_mode="multi_hot", mask_token=0)
    ids.adapt(np.array(NUMBERS))
    yield "integer_lookup", of(ids, "int64", (4,)), NUMBERS
    text = layers.TextVectorization(output_mode="count", ngrams=2)
    text.adapt(TEXTS)
    yield "text_vectorization", of(text, "string", ()), TEXTS
    given = layers.StringLookup(vocabulary=["a", "b"], output_mode="one_hot", salt=4, num_oov_indices=3)
    yield "given", of(given, "string"), COLUMN
    bins = layers.Discretization(num_bins=4, output_mode="one_hot")
    bins.adapt(FLOATS)
    yield "discretization", of(bins, "float32"), FLOATS.tolist()


def store(name, model):
    """Save a model, with its members deflated: the file is a fixture."""
    path = HERE / "preprocessing" / f"{name}.keras"
    model.save(path)
    with zipfile.ZipFile(path) as archive:
        members = {n: archive.read(n) for n in archive.namelist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for n, data in members.items():
            archive.writestr(zipfile.ZipInfo(n, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)


def main():
    (HERE / "preprocessing").mkdir(exist_ok=True)
    keras.utils.set_random_seed(2)
    expected = {}
    for name, model, data in models():
        store(name, model)
        inputs = np.array(data, "float32") if name == "discretization" else tensor(data)
        expected[name] = {"inputs": data, "outputs": listed(model.predict(inputs, verbose=0))}
    made = {name: (space, make_space(space)) for name, space in spaces(keras.utils.FeatureSpace).items()}
    for name, (space, _) in made.items():
        store(f"space_{name}", space)
    (HERE / "preprocessing" / "expected.json").write_text(json.dumps(expected) + "\n")
    rows = {
        "keras": keras.__version__,
        "cases": {name: make(case) for name, case in CASES.items()},
        "defaults": {name: described((name, arguments_for(f"layers.{name}", keras), None, None)) for name in ALONE},
        "described": {name: described(case) for name, case in CASES.items() if case[2] is None},
        "spaces": {name: row for name, (_, row) in made.items()},
        "bins": make_bins(),
    }
    (HERE / "preprocessing.json").write_text(json.dumps(rows, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
