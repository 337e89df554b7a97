"""Write the models of `architectures_wide.py` as Keras saves them, and how their training goes on: needs Keras.

    KERAS_BACKEND=jax python tests/parity/make_wide_fixtures.py
    KERAS_BACKEND=tensorflow python tests/parity/make_wide_fixtures.py

The second command makes the files of the models that look up strings and integers, which Keras leaves to TensorFlow;
in all else the two differ in rounding, and in how sparse gradients and `ScheduleFreeAdamW` are computed.

`fixtures/saving_wide.zip` (and `saving_words.zip`) gets `<name>.keras`, saved after a few training steps, and for most
models the legacy `<name>.h5` and `<name>.weights.h5`. `fixtures/saving_wide.npz` gets under `<name>/...` what
`saving.npz` has: `predictions`, `losses` of the further steps, and `weights` after them.
"""

import io
import os
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(Path(__file__).parent))

import keras
import numpy as np
from architectures_wide import NEED_TENSORFLOW, STEPS, WARM_UP, WIDE, train, wide_data_of

HERE = Path(__file__).parent / "fixtures"
NO_LEGACY = ("siamese", "wide_and_deep", "words", "integers_looked_up", "functional_class", "layers_within")
"""Keras cannot read its own legacy files of these back, or has no weights to tell by."""


def flat(arrays):
    """Return arrays as one vector."""
    return np.concatenate([np.asarray(a).reshape(-1) for a in keras.tree.flatten(arrays)])


def add(archive, name, save, folder, ending):
    """Save a file and put it into the archive."""
    path = Path(folder) / f"{name}{ending}"
    save(path)
    archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED, 9)


def main():
    warnings.simplefilter("ignore")
    results, buffer = {}, io.BytesIO()
    with_words = keras.backend.backend() == "tensorflow"
    stem = "saving_words" if with_words else "saving_wide"
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, tempfile.TemporaryDirectory() as folder:
        for name, (build, _) in WIDE.items():
            if (name in NEED_TENSORFLOW) != with_words:
                continue
            keras.utils.clear_session()
            keras.utils.set_random_seed(7)
            model = build(keras)
            x, y = wide_data_of(name)
            x = keras.ops.convert_to_tensor(x) if name == "words" else x
            train(model, x, y, 0, WARM_UP)
            add(archive, name, model.save, folder, ".keras")
            if name not in NO_LEGACY:
                try:
                    add(archive, name, model.save, folder, ".h5")
                except ValueError as error:
                    print(f"{name}: Keras does not write a legacy file ({error})")
                add(archive, name, model.save_weights, folder, ".weights.h5")
            results[f"{name}/predictions"] = flat(model.predict(x, verbose=0))
            results[f"{name}/losses"] = np.array(train(model, x, y, WARM_UP, STEPS))
            results[f"{name}/weights"] = flat(model.get_weights())
    (HERE / f"{stem}.zip").write_bytes(buffer.getvalue())
    np.savez_compressed(HERE / f"{stem}.npz", **results)
    sizes = [(HERE / f"{stem}.{kind}").stat().st_size for kind in ("zip", "npz")]
    print(f"{len(results) // 3} models, {sizes} bytes (Keras {keras.__version__}, {keras.backend.backend()})")


if __name__ == "__main__":
    main()
