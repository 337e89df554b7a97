"""Write a model as older versions of Keras 3 save it: needs those versions, in folders named after them.

    KERAS_BACKEND=jax python tests/parity/make_older_fixtures.py FOLDER_OF_KERAS_3_0_5 ...

Each folder holds one version (`pip install --no-deps --target FOLDER keras==3.0.5`). `fixtures/older.zip` gets
`<version>.keras`, `<version>.h5` and `<version>.weights.h5`, and `<version>.json` with inputs, predictions and what
follows.
"""

import io
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).parent / "fixtures"
ROWS = 8


def build(keras):
    """Return a model of the usual layers."""
    layers = keras.layers
    a, b = keras.Input((3,), name="a"), keras.Input((1,), dtype="int32", name="b")
    inner = keras.Sequential(
        [keras.Input((3,)), layers.Dense(4, "relu", kernel_regularizer="l2"), layers.BatchNormalization()], name="inner"
    )
    x = layers.Concatenate()([inner(a), layers.Flatten()(layers.Embedding(3, 2)(b))])
    x = layers.Dropout(0.0)(layers.LayerNormalization()(x))
    x = layers.LeakyReLU(negative_slope=0.1)(layers.Dense(5, kernel_initializer="he_normal")(x))
    outputs = [layers.Dense(1, "sigmoid", name="p")(x), layers.Dense(2, name="q")(x)]
    model = keras.Model([a, b], outputs, name="older")
    losses = ["binary_crossentropy", keras.losses.Huber()]
    rate = keras.optimizers.schedules.ExponentialDecay(0.01, 2, 0.5)
    model.compile(keras.optimizers.Adam(rate, clipnorm=1.0), losses, metrics=[["accuracy"], ["mae"]])
    return model


def write(folder):
    """Train and save a model with the version that is imported."""
    import keras
    import numpy as np

    keras.utils.set_random_seed(5)
    rng = np.random.default_rng(5)
    x = [rng.normal(size=(ROWS, 3)).astype("float32"), rng.integers(0, 3, (ROWS, 1)).astype("int32")]
    y = [rng.integers(0, 2, (ROWS, 1)).astype("float32"), rng.normal(size=(ROWS, 2)).astype("float32")]
    model = build(keras)
    for _ in range(2):
        model.train_on_batch(x, y)
    stem = Path(folder) / keras.__version__
    for ending, save in ((".keras", model.save), (".h5", model.save), (".weights.h5", model.save_weights)):
        save(f"{stem}{ending}")
    found = {"x": [v.tolist() for v in x], "y": [v.tolist() for v in y]}
    found["predictions"] = [v.tolist() for v in model.predict(x, verbose=0)]
    losses = []
    for _ in range(3):
        model.reset_metrics()
        losses.append(float(model.train_on_batch(x, y, return_dict=True)["loss"]))
    Path(f"{stem}.json").write_text(json.dumps({**found, "losses": losses}))


def main(versions):
    buffer = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(buffer, "w") as archive:
        for version in versions:
            environment = {**os.environ, "PYTHONPATH": version, "KERAS_BACKEND": os.environ.get("KERAS_BACKEND", "jax")}
            subprocess.run([sys.executable, __file__, "--write", folder], env=environment, check=True)
        for path in sorted(Path(folder).iterdir()):
            archive.writestr(zipfile.ZipInfo(path.name), path.read_bytes(), zipfile.ZIP_DEFLATED, 9)
    (HERE / "older.zip").write_bytes(buffer.getvalue())
    print(f"{len(versions)} versions, {len(buffer.getvalue())} bytes")


if __name__ == "__main__":
    write(sys.argv[2]) if sys.argv[1] == "--write" else main(sys.argv[1:])
