"""Record what Keras's TensorBoard callback writes in tensorboard_scenario.py. Run with a Python that has Keras 3,
TensorFlow, TensorBoard and Pillow:

python tests/parity/make_tensorboard_fixtures.py
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["KERAS_BACKEND"] = "tensorflow"
sys.path.insert(0, str(Path(__file__).parent))

import keras  # type: ignore[import-not-found]
import tensorboard_scenario as scenario  # type: ignore[import-not-found]
from keras.src import backend  # type: ignore[import-not-found]


def main() -> None:
    backend.IS_THREAD_SAFE = False  # else hooks of batches run in another thread, whenever it likes
    record = {}
    for name, arguments in scenario.CASES.items():
        with tempfile.TemporaryDirectory() as folder:
            scenario.train(keras, Path(folder), **arguments)
            record[name] = scenario.read(Path(folder))
    path = Path(__file__).parent / "fixtures" / "tensorboard.json"
    path.write_text(json.dumps(record) + "\n")
    print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
