"""Layers for categories and text with arguments and data, written once for Keras and chainrule.

A case is `(layer class, arguments, what adapt gets or None, inputs)`. Data are lists of text or integers, or float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Case = tuple[str, dict[str, Any], Any, Any]

_RNG = np.random.default_rng(5)
FLOATS = _RNG.normal(size=(60, 1)).astype("float32")
MANY = _RNG.gamma(2.0, size=(5000, 1)).astype("float32")
PAIRS = _RNG.normal(size=(40, 2)).astype("float32")
LETTERS = [list(row) for row in ("abcd", "dzbz", "aaab", "qqaa")]
COLUMN = [[v] for v in "bacbdaabzzc"]
NUMBERS = [[12, 1138, 42, 42], [42, 7, 36, 7], [-5, 0, 12, 7]]
LONG = [
    "",
    "a",
    "é",
    "日本語",
    "naïve café",
    "x" * 16,
    "y" * 17,
    "z" * 33,
    "w" * 64,
    "v" * 65,
    "größer " * 40,
    "\n",
    "-5",
]
INTEGERS = [0, 1, -1, 7, -12, 2**31, -(2**31) - 1, 2**53 + 1, 2**63 - 1, -(2**63)]
TEXTS = ["The cat sat, on the mat!", "A  dog;\tand a CAT", "", "Émile n'est pas là...", "cat cat dog"]
CHARACTERS = ["abca", "Zürich", ""]
VOCABULARY = ["a", "b", "c", "d"]
IDF = [0.25, 0.75, 0.6, 0.4]
IDS = [12, 36, 1138, 42]
MODES = ("int", "one_hot", "multi_hot", "count")


def column(values: Any) -> list[list[Any]]:
    return [[v] for v in values]


CASES: dict[str, Case] = {
    **{
        f"category_{m}": ("CategoryEncoding", {"num_tokens": 5, "output_mode": m}, None, [[3, 1, 1], [0, 4, 2]])
        for m in MODES[1:]
    },
    "category_column": ("CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, None, [[3], [1], [0]]),
    "category_vector": ("CategoryEncoding", {"num_tokens": 5, "output_mode": "one_hot"}, None, [3, 1, 0]),
    "category_sample": ("CategoryEncoding", {"num_tokens": 5}, None, [3, 1, 1]),
    **{
        f"bins_{m}": ("Discretization", {"bin_boundaries": [-1.0, 0.0, 0.5], "output_mode": m}, None, PAIRS)
        for m in MODES
    },
    "bins_on_the_edge": (
        "Discretization",
        {"bin_boundaries": [-1.0, 0.0, 0.5]},
        None,
        np.array([[-1.0, 0.0, 0.5, 9.0]], "float32"),
    ),
    "bins_learnt": ("Discretization", {"num_bins": 4}, FLOATS, FLOATS),
    "bins_of_many": ("Discretization", {"num_bins": 7, "epsilon": 0.02}, MANY, MANY[:50]),
    "bins_of_batches": ("Discretization", {"num_bins": 5}, [MANY[:900], MANY[900:2000], MANY[2000:]], MANY[:50]),
    "bins_of_few": ("Discretization", {"num_bins": 3, "output_mode": "one_hot"}, FLOATS[:2], FLOATS[:4]),
    **{f"hash_{m}": ("Hashing", {"num_bins": 6, "output_mode": m}, None, LETTERS) for m in MODES},
    "hash_texts": ("Hashing", {"num_bins": 1000003}, None, column(LONG)),
    "hash_texts_salted": ("Hashing", {"num_bins": 1000003, "salt": [133, 137]}, None, column(LONG)),
    "hash_texts_negative_salt": ("Hashing", {"num_bins": 1000003, "salt": -1}, None, column(LONG)),
    "hash_integers": ("Hashing", {"num_bins": 1000003}, None, column(INTEGERS)),
    "hash_integers_salted": ("Hashing", {"num_bins": 1000003, "salt": 9}, None, column(INTEGERS)),
    "hash_floats": ("Hashing", {"num_bins": 11}, None, np.array([[1.5], [-2.9], [0.0]], "float32")),
    "hash_masked": ("Hashing", {"num_bins": 4, "mask_value": "a"}, None, LETTERS),
    "hash_masked_integers": ("Hashing", {"num_bins": 4, "mask_value": 42, "output_mode": "count"}, None, NUMBERS),
    **{f"lookup_{m}": ("StringLookup", {"vocabulary": VOCABULARY, "output_mode": m}, None, LETTERS) for m in MODES},
    **{f"lookup_learnt_{m}": ("StringLookup", {"output_mode": m}, COLUMN, LETTERS) for m in (*MODES, "tf_idf")},
    "lookup_of_rows": ("StringLookup", {"output_mode": "tf_idf"}, LETTERS, LETTERS),
    "lookup_masked": ("StringLookup", {"vocabulary": VOCABULARY, "mask_token": "z"}, None, LETTERS),
    "lookup_learnt_masked": ("StringLookup", {"mask_token": "z", "num_oov_indices": 2}, COLUMN, LETTERS),
    "lookup_masked_count": ("StringLookup", {"mask_token": "a", "output_mode": "count"}, COLUMN, LETTERS),
    "lookup_few": ("StringLookup", {"max_tokens": 3}, COLUMN, LETTERS),
    "lookup_padded": (
        "StringLookup",
        {"max_tokens": 9, "pad_to_max_tokens": True, "output_mode": "tf_idf"},
        COLUMN,
        LETTERS,
    ),
    "lookup_many_oov": ("StringLookup", {"vocabulary": VOCABULARY, "num_oov_indices": 5}, None, column(LONG)),
    "lookup_many_oov_salted": (
        "StringLookup",
        {"vocabulary": VOCABULARY, "num_oov_indices": 5, "salt": 3},
        None,
        column(LONG),
    ),
    "lookup_idf": (
        "StringLookup",
        {"vocabulary": VOCABULARY, "idf_weights": IDF, "output_mode": "tf_idf"},
        None,
        LETTERS,
    ),
    "lookup_idf_with_oov": (
        "StringLookup",
        {"vocabulary": ["[UNK]", *VOCABULARY], "idf_weights": [0.9, *IDF], "output_mode": "tf_idf"},
        None,
        LETTERS,
    ),
    "lookup_inverse": ("StringLookup", {"vocabulary": VOCABULARY, "invert": True}, None, [[1, 3, 4], [4, 0, 99]]),
    "lookup_inverse_masked": (
        "StringLookup",
        {"vocabulary": VOCABULARY, "invert": True, "mask_token": ""},
        None,
        [[1, 3, 0]],
    ),
    "lookup_unicode": ("StringLookup", {}, column([*LONG, "é", "日本語"]), column(LONG)),
    "lookup_column_one_hot": (
        "StringLookup",
        {"vocabulary": VOCABULARY, "output_mode": "one_hot"},
        None,
        column("abz"),
    ),
    **{f"ids_{m}": ("IntegerLookup", {"vocabulary": IDS, "output_mode": m}, None, NUMBERS) for m in MODES},
    **{f"ids_learnt_{m}": ("IntegerLookup", {"output_mode": m}, NUMBERS, NUMBERS) for m in (*MODES, "tf_idf")},
    "ids_masked": ("IntegerLookup", {"mask_token": 42, "num_oov_indices": 2}, NUMBERS, [[42, 12, 13, -8]]),
    "ids_many_oov": ("IntegerLookup", {"vocabulary": IDS, "num_oov_indices": 3}, None, column(INTEGERS)),
    "ids_farmhash": (
        "IntegerLookup",
        {"vocabulary": IDS, "num_oov_indices": 30, "oov_method": "farmhash"},
        None,
        column(INTEGERS),
    ),
    "ids_salted": (
        "IntegerLookup",
        {"vocabulary": IDS, "num_oov_indices": 30, "oov_method": "farmhash", "salt": [1, 2]},
        None,
        column(INTEGERS),
    ),
    "ids_inverse": ("IntegerLookup", {"vocabulary": IDS, "invert": True}, None, [[1, 3, 4], [4, 0, 2]]),
    "cross_int": ("HashedCrossing", {"num_bins": 50}, None, (COLUMN, column(range(-5, 6)))),
    "cross_texts": ("HashedCrossing", {"num_bins": 1000003}, None, (column(LONG), column(LONG[::-1]))),
    "cross_one_hot": (
        "HashedCrossing",
        {"num_bins": 5, "output_mode": "one_hot"},
        None,
        (column([1, 2, 3]), column([4, 5, 6])),
    ),
    "cross_vectors": ("HashedCrossing", {"num_bins": 50}, None, (["a", "b"], [1, 2])),
    "cross_three": ("HashedCrossing", {"num_bins": 50}, None, (["a", "b"], [1, 2], ["x", "y"])),
    **{
        f"text_{m}": ("TextVectorization", {"output_mode": m}, TEXTS, TEXTS)
        for m in ("int", "multi_hot", "count", "tf_idf")
    },
    "text_cut": ("TextVectorization", {"output_sequence_length": 2}, TEXTS, TEXTS),
    "text_long": ("TextVectorization", {"output_sequence_length": 9, "max_tokens": 5}, TEXTS, column(TEXTS)),
    "text_padded": (
        "TextVectorization",
        {"output_mode": "tf_idf", "max_tokens": 30, "pad_to_max_tokens": True},
        TEXTS,
        TEXTS,
    ),
    "text_as_it_is": ("TextVectorization", {"standardize": None}, TEXTS, TEXTS),
    "text_lower": ("TextVectorization", {"standardize": "lower"}, TEXTS, TEXTS),
    "text_without_punctuation": ("TextVectorization", {"standardize": "strip_punctuation"}, TEXTS, TEXTS),
    "text_characters": ("TextVectorization", {"split": "character"}, CHARACTERS, CHARACTERS),
    "text_whole": ("TextVectorization", {"split": None}, TEXTS, column(TEXTS)),
    "text_whole_count": (
        "TextVectorization",
        {"split": None, "output_mode": "count", "standardize": None},
        VOCABULARY,
        LETTERS,
    ),
    "text_pairs": ("TextVectorization", {"ngrams": 2}, TEXTS, TEXTS),
    "text_pairs_only": ("TextVectorization", {"ngrams": (2, 3), "output_mode": "count"}, TEXTS, TEXTS),
    "text_given": ("TextVectorization", {"vocabulary": ["cat", "dog"]}, None, TEXTS),
    "text_given_idf": (
        "TextVectorization",
        {"vocabulary": ["cat", "dog"], "idf_weights": [0.5, 0.25], "output_mode": "tf_idf"},
        None,
        TEXTS,
    ),
    "text_one": ("TextVectorization", {"vocabulary": ["cat", "dog"]}, None, "a cat, a dog"),
}

FEATURES: dict[str, Any] = {
    "plain": _RNG.normal(size=70).astype("float32"),
    "scaled": _RNG.normal(3.0, 2.0, 70).astype("float32"),
    "binned": _RNG.normal(size=70).astype("float32"),
    "id": _RNG.integers(-3, 4, 70).tolist(),
    "color": _RNG.choice(["red", "grün", "blue"], 70).tolist(),
    "id_hashed": _RNG.integers(0, 99, 70).tolist(),
    "word": _RNG.choice(["one", "two", "drei"], 70).tolist(),
}
KINDS = {
    "plain": "float",
    "scaled": "float_normalized",
    "binned": "float_discretized",
    "id": "integer_categorical",
    "color": "string_categorical",
    "id_hashed": "integer_hashed",
    "word": "string_hashed",
}


def spaces(space: Any) -> dict[str, Any]:
    """Return feature spaces of one of the two libraries, given its class."""
    own = {
        "plain": space.float_rescaled(2.0, -1.0),
        "binned": space.float_discretized(num_bins=3, output_mode="int"),
        "id": space.integer_categorical(max_tokens=4, num_oov_indices=2, output_mode="int"),
        "color": space.string_categorical(max_tokens=3),
        "word": space.string_hashed(num_bins=5, output_mode="int"),
    }
    return {
        "concat": space(KINDS, crosses=[("id", "color")], crossing_dim=11, hashing_dim=7, num_discretization_bins=5),
        "dict": space(own, crosses=[space.cross(("color", "word"), 13, output_mode="int")], output_mode="dict"),
    }
