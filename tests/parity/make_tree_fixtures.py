"""Write what `keras.tree` says of many structures into `fixtures/tree.json`: needs keras with jax.

KERAS_BACKEND=jax python tests/parity/make_tree_fixtures.py
"""

import json
from pathlib import Path

import keras
from tree_cases import answers

if __name__ == "__main__":
    path = Path(__file__).parent / "fixtures" / "tree.json"
    path.write_text(json.dumps(answers(keras.tree), indent=0) + "\n", encoding="utf-8")
