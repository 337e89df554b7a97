"""Models with layers for categories and text, saved here and opened in Keras, and the other way round.

    KERAS_BACKEND=tensorflow PYTHONPATH=src python tests/parity/check_preprocessing_files.py

needs keras on tensorflow. Prints one line per model, and the number of models that predict the same on both sides.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))

import keras
import numpy as np
import tensorflow as tf
from preprocessing_cases import CASES, FEATURES, spaces

import chainrule

NOT_BY_KERAS = {  # Keras 3.15.1 cannot open its own files of these
    "lookup_padded": "pads the weights of terms, and then refuses their number",
    "text_padded": "the same",
    "lookup_unicode": "a term is a line break",
}


def as_arrays(data: Any) -> list[Any]:
    """Return inputs as arrays, a tuple as several."""
    parts = data if isinstance(data, tuple) else (data,)
    arrays = [np.asarray(p) for p in parts]
    return [a.astype("float32") if a.dtype.kind == "f" else a for a in arrays]


def given(library: Any, arrays: list[Any]) -> Any:
    """Return arrays as a library takes them."""
    made = [tf.constant(a) if library is keras else a for a in arrays]
    return made if len(made) > 1 else made[0]


def model_of(library: Any, name: str) -> Any:
    """Return the layer of a case in a model, followed by a `Dense` where its output is one vector per row."""
    kind, arguments, seen, data = CASES[name]
    layer = getattr(library.layers, kind)(**arguments)
    if seen is not None:
        layer.adapt(seen)
    inputs = [
        library.Input(a.shape[1:], dtype="string" if a.dtype.kind == "U" else a.dtype.name) for a in as_arrays(data)
    ]
    outputs = layer(inputs if len(inputs) > 1 else inputs[0])
    return library.Model(inputs if len(inputs) > 1 else inputs[0], outputs)


def predict(library: Any, model: Any, data: Any) -> Any:
    outputs = np.asarray(model(given(library, as_arrays(data))))
    return np.char.decode(outputs.astype(bytes)) if outputs.dtype.kind == "O" and library is keras else outputs


def same(ours: Any, theirs: Any) -> bool:
    if ours.dtype.kind in "OU":
        return ours.tolist() == theirs.tolist()
    return ours.shape == theirs.shape and bool(np.allclose(ours, theirs, rtol=1e-6, atol=1e-6))


def check(name: str, folder: Path, writer: Any, reader: Any) -> bool:
    path = folder / f"{writer.__name__}_{name}.keras"
    model = model_of(writer, name)
    model.save(path)
    data = CASES[name][3]
    return same(predict(writer, model, data), predict(reader, reader.models.load_model(path), data))


def check_space(name: str, folder: Path, writer: Any, reader: Any) -> bool:
    path = folder / f"{writer.__name__}_{name}.keras"
    space = spaces(writer.utils.FeatureSpace)[name]
    data = {k: FEATURES[k] for k in space.features}
    space.adapt(data)
    space.save(path)
    results = []
    for library, made in ((writer, space), (reader, reader.models.load_model(path))):
        outputs = made({k: given(library, [np.asarray(v)]) for k, v in data.items()})
        results.append(outputs if isinstance(outputs, dict) else {"all": outputs})
    first, second = results
    return first.keys() == second.keys() and all(same(np.asarray(first[k]), np.asarray(second[k])) for k in first)


def main() -> None:
    good = total = 0
    names = [n for n in CASES if n not in ("category_sample", "category_vector", "text_one", *NOT_BY_KERAS)]
    tasks = [(check, n) for n in names if n != "cross_three"] + [(check_space, n) for n in ("concat", "dict")]
    with tempfile.TemporaryDirectory() as folder:
        for act, name in tasks:
            for writer, reader in ((chainrule, keras), (keras, chainrule)):
                try:
                    said = "same" if act(name, Path(folder), writer, reader) else "DIFFERENT"
                except Exception as error:
                    said = f"{type(error).__name__}: {error}"[:200]
                total, good = total + 1, good + (said == "same")
                if said != "same":
                    print(f"{name}: {writer.__name__} -> {reader.__name__}: {said}")
    print(f"{good} of {total} the same")


if __name__ == "__main__":
    main()
