"""Write what Keras computes in the scenarios of `layer_scenarios.py`: needs keras and torch installed.

    python tests/parity/make_layer_scenario_fixtures.py

`fixtures/layer_scenarios.npz` holds each result under `<scenario>/<name>`; a mask that is not there is an empty array.
"""

import os
import sys
import warnings
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"  # whose float64 is one throughout
sys.path.insert(0, str(Path(__file__).parent))

import keras
import numpy as np
from keras.src.backend.common import dtypes
from layer_scenarios import SCENARIOS, run


def main():
    keras.config.set_floatx("float64")
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # else Keras rounds the results of many ops to float32
    warnings.simplefilter("ignore")
    found = {f"{name}/{key}": value for name in SCENARIOS for key, value in run(keras, name).items()}
    path = Path(__file__).parent / "fixtures" / "layer_scenarios.npz"
    np.savez_compressed(path, **found)
    print(f"{len(SCENARIOS)} scenarios, {len(found)} results, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
