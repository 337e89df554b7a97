"""Save models here, open the files with Keras, and train on in both: needs keras installed.

    KERAS_BACKEND=jax python tests/parity/check_keras_reads_ours.py
    KERAS_BACKEND=tensorflow python tests/parity/check_keras_reads_ours.py     (the models that look up words, too)

For each model of `architectures.py` and `architectures_wide.py`, and each kind of file, it prints the largest
difference of the predictions, of the losses of the further steps, and of the weights after them, and fails if
predictions differ by more than 1e-6 or the rest by more than 1e-5. The kinds:

    keras      `.keras`: architecture, weights, optimizer
    legacy     `.h5`, in which no version of Keras 3 finds the state of the optimizer: predictions and weights alone
    weights    `.weights.h5` into a model that Keras has built itself
    shards     the same in several files
    folder     `.keras` as a folder
    round      what Keras has saved (the fixtures), read and saved here, opened by Keras, against how Keras went on

The models of `operation_cases.py` go over as JSON text.
"""

import os
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

import architectures_wide as wide
import keras
import numpy as np
from architectures import ARCHITECTURES, STEPS, WARM_UP, custom, data_of, train
from operation_cases import CASES, inputs_of, model_of

import chainrule

HERE = Path(__file__).parent / "fixtures"
TENSORFLOW = keras.backend.backend() == "tensorflow"
MODELS = {**ARCHITECTURES, **{n: a for n, a in wide.WIDE.items() if TENSORFLOW or n not in wide.NEED_TENSORFLOW}}
NO_LEGACY = {
    "shared_with_operations": "operations between layers: Keras does not read its own files of such models",
    "nested": "operations between layers",
    "siamese": "operations between layers",
    "wide_and_deep": "operations between layers",
    "pooled": "Keras reads the two axes of a LayerNormalization as one",
    "lamb": "Keras does not find this optimizer by its name",
    "subclassed": "a model whose `call` is Python code is in no legacy file",
    "functional_class": "Keras builds the class, then looks for the layers in it",
    "own_classes": "Keras does not find the function of a Lambda by its registered name",
}
ENDINGS = {"legacy": ".h5", "weights": ".weights.h5", "shards": ".weights.json", "folder": ""}


def flat(arrays):
    """Return arrays as one vector."""
    return np.concatenate([np.asarray(a, np.float64).reshape(-1) for a in keras.tree.flatten(arrays)])


def data(name):
    """Return inputs and targets."""
    return data_of(name) if name in ARCHITECTURES else wide.wide_data_of(name)


def register(library):
    """Make the classes of one's own known."""
    custom(library)
    wide.own(library)


def ours_and_theirs(name, kind, folder):
    """Return the model saved here, and what Keras reads."""
    chainrule.utils.set_random_seed(3)
    ours = MODELS[name][0](chainrule)
    x, y = data(name)
    train(ours, x, y, 0, WARM_UP)
    path = folder / f"{name}{ENDINGS.get(kind, '.keras')}"
    if kind in ("weights", "shards"):
        most = max(v.numpy().nbytes for v in (*ours.weights, *ours.optimizer.variables)) * 1.5 / 1024**3
        ours.save_weights(path, max_shard_size=most if kind == "shards" else None)
        theirs = MODELS[name][0](keras)
        theirs.optimizer.build(theirs.trainable_variables)
        theirs.load_weights(path)
        return ours, theirs
    ours.save(path, zipped=kind != "folder")
    register(keras)
    return ours, keras.models.load_model(path)


def differences(name, kind, folder):
    """Return the largest differences of predictions, losses and weights between the model here and in Keras."""
    x, y = data(name)
    theirs_x = keras.ops.convert_to_tensor(x) if name == "words" else x
    if kind == "round":
        return differences_of_round_trip(name, folder, theirs_x, y)
    ours, theirs = ours_and_theirs(name, kind, folder)
    if kind == "legacy":
        train(theirs, theirs_x, y, WARM_UP, 1)  # with a fresh optimizer
        theirs = keras.models.load_model(folder / f"{name}.h5", compile=False)
        return [*_apart(ours, theirs, x, theirs_x), 0.0]
    found = [np.abs(flat(ours.predict(x, verbose=0)) - flat(theirs.predict(theirs_x, verbose=0))).max()]
    losses = [np.array(train(m, d, y, WARM_UP, STEPS)) for m, d in ((ours, x), (theirs, theirs_x))]
    found.append(np.abs(losses[0] - losses[1]).max())
    found.append(np.abs(flat(ours.get_weights()) - flat(theirs.get_weights())).max())
    return found


def _apart(ours, theirs, x, theirs_x):
    """Return how far apart predictions and weights are."""
    predictions = np.abs(flat(ours.predict(x, verbose=0)) - flat(theirs.predict(theirs_x, verbose=0))).max()
    return predictions, np.abs(flat(ours.get_weights()) - flat(theirs.get_weights())).max()


def fixture(name):
    """Return the file that Keras saved, and how it went on."""
    if name in ARCHITECTURES:
        return (HERE / "saving" / f"{name}.keras").read_bytes(), np.load(HERE / "saving.npz")
    stem = "saving_words" if name in wide.NEED_TENSORFLOW else "saving_wide"
    with zipfile.ZipFile(HERE / f"{stem}.zip") as archive:
        return archive.read(f"{name}.keras"), np.load(HERE / f"{stem}.npz")


def differences_of_round_trip(name, folder, x, y):
    """Return the largest differences between Keras going on, and Keras going on with the file read and saved here."""
    saved, results = fixture(name)
    first, second = folder / f"{name}_first.keras", folder / f"{name}_second.keras"
    first.write_bytes(saved)
    register(chainrule)
    chainrule.models.load_model(first).save(second)
    register(keras)
    model = keras.models.load_model(second)
    found = [np.abs(flat(model.predict(x, verbose=0)) - results[f"{name}/predictions"]).max()]
    found.append(np.abs(np.array(train(model, x, y, WARM_UP, STEPS)) - results[f"{name}/losses"]).max())
    found.append(np.abs(flat(model.get_weights()) - results[f"{name}/weights"]).max())
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


KINDS = ("keras", "legacy", "weights", "shards", "folder", "round")


def main(asked):
    """Compare the kinds of files, and the models, that are asked for: by default all."""
    kinds = [a for a in asked if a in KINDS] or KINDS
    names = [a for a in asked if a in MODELS] or MODELS
    warnings.simplefilter("ignore")
    bad, count = 0, 0
    print(f"{'model':24}{'file':9}{'predictions':>13}{'losses':>11}{'weights':>11}   (Keras {keras.__version__})")
    with tempfile.TemporaryDirectory() as folder:
        for kind in kinds:
            for name in names:
                if kind == "legacy" and name in NO_LEGACY:
                    continue
                keras.utils.clear_session()
                try:
                    row = differences(name, kind, Path(folder))
                except Exception as error:
                    row = [np.nan] * 3
                    print(f"{name:24}{kind:9}{type(error).__name__}: {str(error)[:200]!r}")
                good = row[0] <= 1e-6 and max(row[1:]) <= 1e-5
                bad, count = bad + (not good), count + 1
                print(f"{name:24}{kind:9}{row[0]:13.1e}{row[1]:11.1e}{row[2]:11.1e}{'' if good else '   DIFFERS'}")
    differing = differing_operations()
    print(f"{count - bad} of {count} files equal, {len(names)} models; not written as legacy files: {len(NO_LEGACY)}")
    print(f"{len(CASES)} operations: {', '.join(differing) or 'all equal'}")
    return int(bad > 0 or bool(differing))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
