"""Write models that Keras saved in the midst of training, and how their training went on: needs keras installed.

    KERAS_BACKEND=jax python tests/parity/make_saving_fixtures.py

For each of `architectures.py` it writes `fixtures/saving/<name>.keras`, saved after a few training steps, and into
`fixtures/saving.npz`, under `<name>/...`:

    predictions   of the saved model for all rows, every output as one vector
    losses        of the further steps
    weights       after them, as one vector

`fixtures/operations.json` has, for each call of `operation_cases.py`, the description of a model that makes it, and
what the model computes.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))

import keras
import numpy as np
from architectures import ARCHITECTURES, STEPS, WARM_UP, data_of, train
from operation_cases import CASES, inputs_of, model_of

HERE = Path(__file__).parent / "fixtures"


def flat(arrays):
    """Return arrays as one vector."""
    return np.concatenate([np.asarray(a).reshape(-1) for a in keras.tree.flatten(arrays)])


def write_operations():
    """Write the models of the operations, and their outputs as lists of vectors."""
    rows = {}
    for name in CASES:
        keras.utils.clear_session()
        model = model_of(keras, name)
        outputs = keras.tree.flatten(model(inputs_of()))
        rows[name] = {
            "model": json.loads(model.to_json()),
            "outputs": [[float(f"{x:.8g}") for x in np.asarray(v, np.float64).reshape(-1)] for v in outputs],
            "shapes": [list(v.shape) for v in outputs],
        }
    text = json.dumps(rows, separators=(",", ":")).replace('},"', '},\n"')
    (HERE / "operations.json").write_text(text + "\n")


def main():
    write_operations()
    (HERE / "saving").mkdir(exist_ok=True)
    results = {}
    for name, (build, _) in ARCHITECTURES.items():
        keras.utils.clear_session()
        keras.utils.set_random_seed(7)
        model = build(keras)
        x, y = data_of(name)
        train(model, x, y, 0, WARM_UP)
        model.save(HERE / "saving" / f"{name}.keras")
        results[f"{name}/predictions"] = flat(model.predict(x, verbose=0))
        results[f"{name}/losses"] = np.array(train(model, x, y, WARM_UP, STEPS))
        results[f"{name}/weights"] = flat(model.get_weights())
    np.savez_compressed(HERE / "saving.npz", **results)
    size = sum(p.stat().st_size for p in [*(HERE / "saving").iterdir(), HERE / "saving.npz"])
    print(f"{len(ARCHITECTURES)} models, {size} bytes")


if __name__ == "__main__":
    main()
