"""Record what the tools of keras.utils give, and the signatures of keras.random. Run with a Python that has Keras 3:

python tests/parity/make_utils_fixtures.py
"""

from __future__ import annotations

import inspect
import itertools
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras  # type: ignore[import-not-found]
import numpy as np
from keras.src.utils.dataset_utils import _rescale_dataset_split_sizes  # type: ignore[import-not-found]

SEQUENCES = [[1], [2, 3], [], [4, 5, 6, 7]]
PAIRS = [[[1, 2]], [[3, 4], [5, 6], [7, 8]]]
UTILS = [
    "to_categorical", "set_random_seed", "normalize", "PyDataset", "Sequence", "register_keras_serializable",
    "get_custom_objects", "custom_object_scope", "CustomObjectScope", "clear_session", "split_dataset",
    "serialize_keras_object", "deserialize_keras_object", "pad_sequences", "pack_x_y_sample_weight",
    "unpack_x_y_sample_weight", "get_registered_name", "get_registered_object",
]  # fmt: skip
RANDOM = ["SeedGenerator", "normal", "uniform", "randint", "truncated_normal", "categorical", "shuffle", "dropout",
          "gamma", "beta", "binomial"]  # fmt: skip


def padded() -> list[dict[str, Any]]:
    rows = []
    for maxlen, padding, truncating in itertools.product((None, 2, 3, 6), ("pre", "post"), ("pre", "post")):
        arguments = {"maxlen": maxlen, "padding": padding, "truncating": truncating, "value": -1}
        for sequences in (SEQUENCES, PAIRS):
            result = keras.utils.pad_sequences(sequences, **arguments)
            rows.append({"sequences": sequences, "arguments": arguments, "result": result.tolist()})
    return rows


def sizes() -> list[list[Any]]:
    parts = (None, 1, 3, 0.25, 0.5, 0.05, 0.95)
    rows = []
    for left, right, n in itertools.product(parts, parts, (4, 10)):
        try:
            result = list(_rescale_dataset_split_sizes(left, right, n)) if (left, right) != (None, None) else None
        except (ValueError, TypeError):
            result = None
        rows.append([left, right, n, result])
    return rows


def main() -> None:
    x = np.random.default_rng(0).normal(size=(3, 4))
    classes = [[0, 2, 1], [[1], [0]], [[0, 1], [2, 2]]]
    fixture = {
        "padded": padded(),
        "sizes": sizes(),
        "categorical": [[c, n, keras.utils.to_categorical(c, n).tolist()] for c in classes for n in (None, 4)],
        "normalized": {"x": x.tolist(), "rows": keras.utils.normalize(x).tolist(),
                       "l1": keras.utils.normalize(x, axis=1, order=1).tolist()},
        "utils": {n: str(inspect.signature(getattr(keras.utils, n))) for n in UTILS},
        "random": {n: str(inspect.signature(getattr(keras.random, n))) for n in RANDOM},
    }  # fmt: skip
    path = Path(__file__).parent / "fixtures" / "utils.json"
    path.write_text(json.dumps(fixture, indent=0) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
