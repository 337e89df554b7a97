"""Write fixtures/policy_map.json with real Keras. Run with a Python that has Keras 3 and PyTorch."""

from __future__ import annotations

import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
from policy_map_scenario import run

if __name__ == "__main__":
    lines = ",\n".join(f'"{case}": {json.dumps(found)}' for case, found in run(keras).items())
    (Path(__file__).parent / "fixtures" / "policy_map.json").write_text(f"{{\n{lines}\n}}\n")
