"""Record what Keras's initializers give. Run with a Python that has Keras 3:

python tests/parity/make_initializer_fixtures.py
"""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

import keras  # type: ignore[import-not-found]
import numpy as np
from keras.src.initializers.random_initializers import compute_fans  # type: ignore[import-not-found]

SHAPES = [(400, 300), (100_000,), (5, 4, 60, 100), (100_000, 2)]
RANDOM: list[tuple[str, dict[str, Any]]] = [
    ("RandomNormal", {}),
    ("RandomNormal", {"mean": 1.0, "stddev": 2.0}),
    ("TruncatedNormal", {}),
    ("TruncatedNormal", {"mean": -1.0, "stddev": 0.5}),
    ("RandomUniform", {}),
    ("RandomUniform", {"minval": 1.0, "maxval": 3.0}),
    ("VarianceScaling", {}),
    ("VarianceScaling", {"scale": 2.0, "mode": "fan_out", "distribution": "untruncated_normal"}),
    ("VarianceScaling", {"scale": 0.3, "mode": "fan_avg", "distribution": "uniform"}),
    ("VarianceScaling", {"distribution": "normal"}),
    ("GlorotUniform", {}),
    ("GlorotNormal", {}),
    ("HeUniform", {}),
    ("HeNormal", {}),
    ("LecunUniform", {}),
    ("LecunNormal", {}),
]
FANS = [((), None, None), ((3,), None, None), ((3, 4), None, None), ((2, 3, 4), None, None),
        ((5, 5, 3, 4), None, None), ((2, 3, 4), [0, 1], [2]),
        ((2, 3, 4), [0], [1, 2]), ((2, 3, 4), [0], None)]  # fmt: skip
STRINGS = """glorot_normal glorot_uniform he_normal he_uniform identity lecun_normal lecun_uniform normal one ones
orthogonal random_normal random_uniform truncated_normal uniform variance_scaling zero zeros IdentityInitializer
OrthogonalInitializer Zeros Ones GlorotUniform"""


def moments() -> list[dict[str, Any]]:
    rows = []
    for name, arguments in RANDOM:
        for shape in SHAPES:
            values = np.asarray(getattr(keras.initializers, name)(seed=1, **arguments)(shape), np.float64)
            rows.append(
                {
                    "class": name,
                    "arguments": arguments,
                    "shape": shape,
                    "mean": values.mean(),
                    "std": values.std(),
                    "min": values.min(),
                    "max": values.max(),
                }
            )
    return rows


def exact() -> list[dict[str, Any]]:
    cases: list[tuple[str, dict[str, Any], tuple[int, ...]]] = [
        ("Zeros", {}, (2, 3)),
        ("Ones", {}, (2,)),
        ("Constant", {"value": 2.5}, (2, 2)),
        ("Constant", {"value": [1.0, 2.0]}, (3, 2)),
        ("Identity", {}, (2, 3)),
        ("Identity", {"gain": 3.0}, (3, 2)),
    ]
    return [
        {"class": n, "arguments": a, "shape": s, "values": np.asarray(getattr(keras.initializers, n)(**a)(s)).tolist()}
        for n, a, s in cases
    ]


def classes() -> list[str]:
    return [
        n
        for n in dir(keras.initializers)
        if inspect.isclass(getattr(keras.initializers, n)) and "STFT" not in n.upper()
    ]


def main() -> None:
    fixture = {
        "moments": moments(),
        "exact": exact(),
        "fans": [[list(s), i, o, list(compute_fans(s, i, o))] for s, i, o in FANS],
        "strings": {s: type(keras.initializers.get(s)).__name__ for s in STRINGS.split()},
        "signatures": {n: str(inspect.signature(getattr(keras.initializers, n).__init__)) for n in classes()},
        "serialized": {n: keras.initializers.serialize(getattr(keras.initializers, n)())
                       for n in classes() if n not in ("Initializer",)},
    }  # fmt: skip
    path = Path(__file__).parent / "fixtures" / "initializers.json"
    path.write_text(json.dumps(fixture, indent=0) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
