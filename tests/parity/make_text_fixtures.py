"""Record what Keras prints in the runs of text_scenario.py. Run with a Python that has Keras 3:

python tests/parity/make_text_fixtures.py
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(Path(__file__).parent))

import keras  # type: ignore[import-not-found]
import text_scenario as scenario  # type: ignore[import-not-found]
from keras.src import backend  # type: ignore[import-not-found]


def main() -> None:
    backend.IS_THREAD_SAFE = False  # else hooks of batches run in another thread, whenever it likes
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        record = scenario.play(keras, Path(folder), terminal=False)
    path = Path(__file__).parent / "fixtures" / "training_text.json"
    path.write_text(json.dumps({"keras": keras.__version__, "runs": record}, ensure_ascii=False, indent=0) + "\n")
    print(f"{path}: {path.stat().st_size} bytes, {len(record)} runs")


if __name__ == "__main__":
    main()
