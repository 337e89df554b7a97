"""Write what `keras.backend` says of types into `fixtures/dtypes.json`: needs keras with tensorflow.

    KERAS_BACKEND=tensorflow python tests/parity/make_dtype_fixtures.py

With jax, 64-bit types would be cut to 32.
"""

import itertools
import json
from pathlib import Path

import keras

NAMES = ["bool", "uint8", "int8", "uint16", "int16", "uint32", "int32", "int64"]
NAMES += ["float16", "bfloat16", "float32", "float64"]
KINDS = {**{name: name for name in NAMES}, "python int": int, "python float": float, "python bool": bool, "None": None}


def answers(backend):
    """Return what `result_type` and the like say, by question."""
    found = {}
    for name, kind in KINDS.items():
        found[f"float {name}"] = backend.is_float_dtype(kind)
        found[f"int {name}"] = backend.is_int_dtype(kind)
    for a, b in itertools.product(KINDS, repeat=2):
        found[f"{a} and {b}"] = backend.result_type(KINDS[a], KINDS[b])
    found["three"] = backend.result_type("int8", "uint8", "bool")
    found["many"] = backend.result_type("int8", int, float, "float16", "bool")
    return found


if __name__ == "__main__":
    path = Path(__file__).parent / "fixtures" / "dtypes.json"
    path.write_text(json.dumps(answers(keras.backend), indent=0) + "\n", encoding="utf-8")
