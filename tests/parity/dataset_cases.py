"""Small caches in the formats of Keras's data sets, and what is asked of them; used by the maker and by the test."""

import gzip
import io
import json
import pickle
import struct
from pathlib import Path
from typing import ClassVar

import numpy as np

CASES = {
    "mnist": ("mnist", "load_data", {}),
    "fashion_mnist": ("fashion_mnist", "load_data", {}),
    "boston": ("boston_housing", "load_data", {}),
    "boston, other split": ("boston_housing", "load_data", {"test_split": 0.35, "seed": 7}),
    "boston, no test": ("boston_housing", "load_data", {"test_split": 0.0}),
    "california": ("california_housing", "load_data", {}),
    "california, small": ("california_housing", "load_data", {"version": "small", "test_split": 0.1, "seed": 1}),
    "imdb": ("imdb", "load_data", {}),
    "imdb, frequent words": ("imdb", "load_data", {"num_words": 40, "skip_top": 5, "seed": 3}),
    "imdb, nothing in their place": ("imdb", "load_data", {"num_words": 40, "oov_char": None, "start_char": None}),
    "imdb, as it is": ("imdb", "load_data", {"start_char": None, "index_from": 0, "maxlen": 9}),
    "imdb, words": ("imdb", "get_word_index", {}),
    "reuters": ("reuters", "load_data", {}),
    "reuters, short": ("reuters", "load_data", {"maxlen": 8, "test_split": 0.5, "num_words": 30, "seed": 5}),
    "reuters, as it is": ("reuters", "load_data", {"start_char": None, "index_from": None, "oov_char": None}),
    "reuters, words": ("reuters", "get_word_index", {}),
    "reuters, names": ("reuters", "get_label_names", {}),
    "cifar100": ("cifar100", "load_data", {}),
    "cifar100, groups": ("cifar100", "load_data", {"label_mode": "coarse"}),
}


class PickledByPython2(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings: CIFAR's files are that old."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_bytes(self, value):
        short = len(value) < 256
        self.write(b"U" + bytes([len(value)]) if short else b"T" + struct.pack("<i", len(value)))
        self.write(value)
        self.memoize(value)

    dispatch[bytes] = save_bytes


def pickled(value):
    """Return a value as Python 2 pickled it."""
    file = io.BytesIO()
    PickledByPython2(file, 2).dump(value)
    return file.getvalue()


def lists(random, count, low=2, high=14):
    """Return an array of lists of word numbers of different lengths."""
    found = np.empty(count, object)
    for i in range(count):
        found[i] = random.integers(1, 60, random.integers(low, high)).tolist()
    return found


def write_caches(folder):
    """Write small files as Keras leaves them in `<folder>/datasets`."""
    random = np.random.default_rng(11)
    datasets = Path(folder) / "datasets"
    fashion, cifar10, cifar100 = (
        datasets / "fashion-mnist",
        datasets / "cifar-10-batches-py-target" / "cifar-10-batches-py",
        datasets / "cifar-100-python-target" / "cifar-100-python",
    )
    for path in (fashion, cifar10, cifar100):
        path.mkdir(parents=True)

    def pictures(n):
        return random.integers(0, 256, (n, 28, 28)).astype(np.uint8), random.integers(0, 10, n).astype(np.uint8)

    (x, y), (u, v) = pictures(9), pictures(4)
    np.savez(datasets / "mnist.npz", x_train=x, y_train=y, x_test=u, y_test=v)
    for name, (x, y) in {"train": pictures(7), "t10k": pictures(3)}.items():
        (fashion / f"{name}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(bytes(8) + y.tobytes()))
        (fashion / f"{name}-images-idx3-ubyte.gz").write_bytes(gzip.compress(bytes(16) + x.tobytes()))
    np.savez(datasets / "boston_housing.npz", x=random.normal(size=(41, 13)), y=random.normal(size=41))
    x = random.normal(size=(640, 8)).astype(np.float32)
    np.savez(datasets / "california_housing.npz", x=x, y=random.normal(size=640).astype(np.float32))
    np.savez(
        datasets / "imdb.npz", x_train=lists(random, 25), y_train=random.integers(0, 2, 25), x_test=lists(random, 12),
        y_test=random.integers(0, 2, 12),
    )  # fmt: skip
    np.savez(datasets / "reuters.npz", x=lists(random, 33), y=random.integers(0, 46, 33))
    (datasets / "imdb_word_index.json").write_text(json.dumps({"film": 1, "the": 2}))
    (datasets / "reuters_word_index.json").write_text(json.dumps({"mdbl": 10, "earn": 3}))
    for i in range(1, 7):
        batch = {b"data": random.integers(0, 256, (2 + i, 3072)).astype(np.uint8), b"batch_label": b"a batch"}
        batch[b"labels"] = random.integers(0, 10, 2 + i).tolist()
        (cifar10 / (f"data_batch_{i}" if i < 6 else "test_batch")).write_bytes(pickled(batch))
    for i, name in enumerate(("train", "test")):
        batch = {b"data": random.integers(0, 256, (5 + i, 3072)).astype(np.uint8)}
        batch[b"fine_labels"] = random.integers(0, 100, 5 + i).tolist()
        batch[b"coarse_labels"] = random.integers(0, 20, 5 + i).tolist()
        (cifar100 / name).write_bytes(pickled(batch))


def described(value):
    """Return a value as JSON has it: arrays of numbers by type, shape and digest, arrays of lists in full."""
    import hashlib

    if isinstance(value, tuple | list):
        return [described(part) for part in value]
    if isinstance(value, np.ndarray):
        if value.dtype == object:
            return ["object", list(value.shape), value.tolist()]
        return [value.dtype.name, list(value.shape), hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()]
    return value
