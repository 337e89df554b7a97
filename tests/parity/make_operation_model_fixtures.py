"""Write fixtures/operation_models.json with real Keras in float64. Run with a Python that has Keras 3 and PyTorch."""

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
from operation_models import between, trained

if __name__ == "__main__":
    keras.config.set_floatx("float64")
    found = {name: trained(keras, name, jit_compile=False)[1] for name in between(keras)}
    lines = ",\n".join(f'"{name}": {json.dumps(values)}' for name, values in found.items())
    (Path(__file__).parent / "fixtures" / "operation_models.json").write_text(f"{{\n{lines}\n}}\n")
