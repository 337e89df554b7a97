"""Save every model of `architectures.py` here, open the files with Keras, and train on in both: needs keras installed.

    KERAS_BACKEND=jax python tests/parity/check_keras_reads_ours.py

Prints, for each model, the largest difference of the predictions, of the losses of the further steps, and of the
weights after them, and fails if predictions differ by more than 1e-6 or the rest by more than 1e-5. The models of
`operation_cases.py` go over as JSON text.
"""

import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

import keras
import numpy as np
from architectures import ARCHITECTURES, STEPS, WARM_UP, custom, data_of, train
from operation_cases import CASES, inputs_of, model_of

import chainrule


def flat(arrays):
    """Return arrays as one vector."""
    return np.concatenate([np.asarray(a, np.float64).reshape(-1) for a in keras.tree.flatten(arrays)])


def differences(name, folder):
    """Return the largest differences of predictions, losses and weights between the model here and in Keras."""
    chainrule.utils.set_random_seed(3)
    ours = ARCHITECTURES[name][0](chainrule)
    x, y = data_of(name)
    train(ours, x, y, 0, WARM_UP)
    path = folder / f"{name}.keras"
    ours.save(path)
    custom(keras)
    theirs = keras.models.load_model(path)
    found = [np.abs(flat(ours.predict(x, verbose=0)) - flat(theirs.predict(x, verbose=0))).max()]
    losses = [np.array(train(model, x, y, WARM_UP, STEPS)) for model in (ours, theirs)]
    found.append(np.abs(losses[0] - losses[1]).max())
    found.append(np.abs(flat(ours.get_weights()) - flat(theirs.get_weights())).max())
    return found


def differing_operations():
    """Return the operations that Keras reads otherwise than they are computed here."""
    found = []
    for name in CASES:
        ours = model_of(chainrule, name)
        theirs = keras.models.model_from_json(ours.to_json())
        difference = np.abs(flat(ours(inputs_of())) - flat(theirs(inputs_of()))).max()
        if not difference <= 1e-5:
            found.append(f"{name} ({difference:.1e})")
    return found


def main():
    bad = 0
    print(f"{'model':24}{'predictions':>13}{'losses':>11}{'weights':>11}   (Keras {keras.__version__})")
    with tempfile.TemporaryDirectory() as folder:
        for name in ARCHITECTURES:
            row = differences(name, Path(folder))
            good = row[0] <= 1e-6 and max(row[1:]) <= 1e-5
            bad += not good
            print(f"{name:24}{row[0]:13.1e}{row[1]:11.1e}{row[2]:11.1e}{'' if good else '   DIFFERS'}")
    differing = differing_operations()
    print(f"{len(CASES)} operations: {', '.join(differing) or 'all equal'}")
    return int(bad > 0 or bool(differing))


if __name__ == "__main__":
    sys.exit(main())
