"""Record what Keras's models do in the scenarios of model_scenarios/. Run with a Python that has Keras 3:

python tests/parity/make_model_fixtures.py [name of a scenario file ...]
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import warnings
from pathlib import Path
from types import FunctionType, SimpleNamespace
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ["COLUMNS"] = "100"

HERE = Path(__file__).parent
FOLDER = HERE / "model_scenarios"


def run(keras: Any, name: str) -> dict[str, Any]:
    """Run all scenarios of one file, each in a fresh session."""
    tools = SimpleNamespace(**runpy.run_path(str(FOLDER / "tools.py")))
    found = {}
    for key, function in runpy.run_path(str(FOLDER / f"{name}.py")).items():
        if isinstance(function, FunctionType) and not key.startswith("_"):
            keras.utils.clear_session()
            found[key] = tools.plain(function(keras, tools))
    return found


def main() -> None:
    import keras  # type: ignore[import-not-found]
    from keras.src import backend  # type: ignore[import-not-found]

    backend.IS_THREAD_SAFE = False  # else hooks of batches run in another thread, whenever it likes
    warnings.simplefilter("ignore")
    for name in sys.argv[1:] or sorted(p.stem for p in FOLDER.glob("*.py") if p.stem != "tools"):
        path = HERE / "fixtures" / f"models_{name}.json"
        path.write_text(json.dumps({"keras": keras.__version__, "scenarios": run(keras, name)}, sort_keys=True) + "\n")
        print(f"{path.name}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
