"""Record what Keras's callbacks do in callback_scenarios.py. Run with a Python that has Keras 3:

python tests/parity/make_callback_fixtures.py
"""

from __future__ import annotations

import contextlib
import inspect
import io
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

os.environ.setdefault("KERAS_BACKEND", "jax")
sys.path.insert(0, str(Path(__file__).parent))

import callback_scenarios as scenarios  # type: ignore[import-not-found]
import keras  # type: ignore[import-not-found]
from keras.src import backend  # type: ignore[import-not-found]


@contextlib.contextmanager
def clock(read: Callable[[], float]) -> Iterator[None]:
    with mock.patch("keras.src.utils.progbar.time.time", read):
        yield


def signatures() -> dict[str, str]:
    names = [n for n in dir(keras.callbacks) if inspect.isclass(getattr(keras.callbacks, n))]
    return {name: str(inspect.signature(getattr(keras.callbacks, name).__init__)) for name in names}


def directions() -> dict[str, str]:
    """Name of each metric class that says whether more is better, to 'up' or 'down'."""
    found = {}
    for name in dir(keras.metrics):
        cls = getattr(keras.metrics, name)
        if inspect.isclass(cls) and name not in ("Metric", "MeanMetricWrapper"):
            direction = getattr(cls(**scenarios.METRIC_ARGUMENTS.get(name, {})), "_direction", None)
            if direction:
                found[name] = direction
    return found


def main() -> None:
    backend.IS_THREAD_SAFE = False  # else hooks of batches run in another thread, whenever it likes
    with tempfile.TemporaryDirectory() as folder:
        fit = scenarios.run_fit(keras, Path(folder))
    record = {
        "keras": keras.__version__,
        "scenarios": scenarios.run(keras.callbacks),
        "bars": scenarios.run_bars(keras.utils.Progbar, clock, io.StringIO),
        "logger": scenarios.run_logger(keras.callbacks, clock, io.StringIO),
        "fit": fit,
        "signatures": signatures(),
        "progbar_signature": str(inspect.signature(keras.utils.Progbar.__init__)),
        "hooks": [name for name in vars(keras.callbacks.Callback) if name.startswith("on_")],
        "directions": directions(),
    }
    # The backspaces with which Keras goes back to the start of the line, which "\r" does as well, would fill the file.
    text = json.dumps(record, indent=1, ensure_ascii=False).replace("\\b", "")
    path = Path(__file__).parent / "fixtures" / "callbacks.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + "\n")
    print(f"{path}: {len(text)} characters")


if __name__ == "__main__":
    main()
