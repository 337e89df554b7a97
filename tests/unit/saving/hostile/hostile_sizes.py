"""A few bytes that ask for much memory or time."""

from __future__ import annotations

import zipfile
from typing import Any

from hostile_parts import Cases, Make, good_keras, with_class, with_config, with_setting

SUFFIX = ".keras"
GOOD = [good_keras]


def units(number: Any, **settings: Any) -> Make:
    def change(config: Any) -> None:
        layer = config["config"]["layers"][1]
        layer["config"].update({"units": number, **settings})
        config["config"]["layers"][2]["build_config"] = None

    return lambda: with_config(change)


def instead(class_name: str, **settings: Any) -> Make:
    return lambda: with_class(class_name, {"name": "a", **settings})


def two(first: int, second: int, initializer: str = "GlorotUniform") -> Make:
    """Two layers, whose matrix between them is large."""

    def change(config: Any) -> None:
        made = {"module": "keras.initializers", "class_name": initializer, "config": {}, "registered_name": None}
        for layer, number in zip(config["config"]["layers"][1:], (first, second), strict=True):
            layer["config"].update(units=number, kernel_initializer=made)
            layer["build_config"] = None

    return lambda: with_config(change)


def input_shape(shape: Any) -> Make:
    def change(config: Any) -> None:
        config["config"]["layers"][0]["config"]["batch_shape"] = shape
        config["build_config"] = None
        for layer in config["config"]["layers"]:
            layer["build_config"] = None

    return lambda: with_config(change)


CASES: Cases = {
    **{f"{n} units": units(n) for n in (10**6, 10**7, 10**8, 10**9, 2**31, 2**32, 2**53)},
    "-2^53 units": units(-(2**53)),
    "two layers of 3,900": two(3900, 3900),
    "two layers of 3,900, orthogonal": two(3900, 3900, "Orthogonal"),
    "two layers of 3,900, identity": two(3900, 3900, "Identity"),
    "two layers of 3,900, truncated": two(3900, 3900, "TruncatedNormal"),
    "two layers of 10^5": two(10**5, 10**5),
    "two layers of 2^40": two(2**40, 2**40),
    "many layers that are just small enough": lambda: with_config(
        lambda c: c["config"]["layers"].__setitem__(
            slice(1, None),
            [
                {
                    **c["config"]["layers"][1],
                    "build_config": None,
                    "config": {**c["config"]["layers"][1]["config"], "name": f"d{i}", "units": 1000},
                }
                for i in range(200)
            ],
        ),
        compression=zipfile.ZIP_DEFLATED,
    ),
    "an embedding of 2^40": instead("Embedding", input_dim=2**40, output_dim=2**40),
    "an embedding of 10^7": instead("Embedding", input_dim=10**7, output_dim=100),
    "inputs of 2^53": input_shape([None, 2**53]),
    "inputs of 10^8": input_shape([None, 10**8]),
    "inputs below zero": input_shape([None, -5]),
    "inputs that are fractions": input_shape([None, 2.5]),
    "inputs that are texts": input_shape([None, "2"]),
    "inputs that are a number": input_shape(3),
    "inputs of 300 axes": input_shape([None] + [2] * 300),
    "inputs with batches of 2^50": input_shape([2**50, 3]),
    "a reshape to 2^60": instead("Reshape", target_shape=[2**30, 2**30]),
    "a reshape to nothing": instead("Reshape", target_shape=[0]),
    "repeated 10^12 times": instead("RepeatVector", n=10**12),
    "repeated 10^9 times over time": instead(
        "TimeDistributed",
        layer={"module": "keras.layers", "class_name": "RepeatVector", "config": {"name": "r", "n": 10**9}},
    ),
    "10^9 categories over time": instead(
        "TimeDistributed",
        layer={
            "module": "keras.layers",
            "class_name": "CategoryEncoding",
            "config": {"name": "r", "num_tokens": 10**9},
        },
    ),
    "flattened 2^53": instead("Flatten", data_format=2**53),
    "padding of 2^40": instead("ZeroPadding1D", padding=2**40),
    "an identity of 10^6": lambda: with_setting(
        "kernel_initializer",
        {"module": "keras.initializers", "class_name": "Identity", "config": {"gain": 1e308}, "registered_name": "X"},
    ),
    "a constant of many numbers": lambda: with_setting(
        "kernel_initializer",
        {"module": "keras.initializers", "class_name": "Constant", "config": {"value": list(range(100_000))}},
    ),
    "hashing into 2^53": instead("CategoryEncoding", num_tokens=2**53),
    "a normalization by 10^6 numbers": instead("Normalization", mean=list(range(10**5)), variance=list(range(10**5))),
    "bins that are texts": instead("Discretization", bin_boundaries=["a", "b"]),
    "a vocabulary of objects": instead("StringLookup", vocabulary=[{"a": 1}]),
    "a crossing of 2^53": instead("HashedCrossing", num_bins=2**53, output_mode="one_hot"),
    "an einsum of a thousand letters": instead(
        "EinsumDense", equation="a" * 1000 + "->" + "b" * 1000, output_shape=[1]
    ),
    "groups of 2^53": instead("GroupNormalization", groups=2**53),
}
