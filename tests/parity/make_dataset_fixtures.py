"""Write what Keras reads from the small caches of `dataset_cases.py`: needs Keras.

    KERAS_BACKEND=jax python tests/parity/make_dataset_fixtures.py

Its downloads are kept from looking at hashes, which are those of the real files.
"""

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(Path(__file__).parent))

from dataset_cases import CASES, described, write_caches

with tempfile.TemporaryDirectory() as folder:
    write_caches(folder)

    def cached(fname, cache_subdir="datasets", **_):
        return os.path.join(folder, cache_subdir, fname)

    found = {}
    for label, (dataset, function, arguments) in CASES.items():
        module = importlib.import_module(f"keras.src.datasets.{dataset}")
        module.get_file = cached
        found[label] = described(getattr(module, function)(**arguments))
path = Path(__file__).parent / "fixtures" / "datasets.json"
path.write_text(json.dumps(found, separators=(",", ":")) + "\n")
print(path.stat().st_size, "bytes")
