"""Write what Keras's layers compute, and the gradients of it: needs keras and torch installed.

    python tests/parity/make_layer_fixtures.py

For each case of `layer_cases.py`, in float64, `fixtures/layers.npz` holds, each under `<name>/...`:

    inference       the output at rest
    training        the output in training, for layers that draw no random numbers
    losses          the sum of what the layer adds to the loss in that call
    weights         the weights after it, as one vector: moving averages have moved
    gradients       of the weighted sum of the output plus the losses, by the inputs and the trainable weights, as one
                    vector; in training, or at rest for layers that draw random numbers

and `fixtures/layer_adapt.json` what `Normalization.adapt` learns.
"""

import json
import os
import sys
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"  # whose float64 is one throughout
sys.path.insert(0, str(Path(__file__).parent))

import keras
import numpy as np
import torch
from keras.src.backend.common import dtypes
from layer_cases import CASES, RANDOM, WITHOUT_KERAS, argument, factors_of, inputs_of, make

HERE = Path(__file__).parent / "fixtures"


def flat(arrays):
    """Return arrays as one vector."""
    return np.concatenate([np.zeros(0), *(np.asarray(a, np.float64).reshape(-1) for a in arrays)])


def numpy_of(value):
    """Return a tensor as an array."""
    return np.asarray(value.detach().cpu().numpy(), np.float64)


def results_of(name):
    """Return what a layer computes, and the gradients."""
    layer = make(keras, name)
    inputs = [torch.tensor(v) for v in inputs_of(name)]
    found = {"inference": numpy_of(layer(argument(name, inputs), training=False))}
    floats = [v.requires_grad_() for v in inputs if v.dtype.is_floating_point]
    training = name not in RANDOM
    output = layer(argument(name, inputs), training=training)
    if training:
        found["training"] = numpy_of(output)
    losses = sum(layer.losses) if layer.losses else torch.zeros(())
    found["losses"] = numpy_of(losses)
    total = (output * torch.tensor(factors_of(name, tuple(output.shape)))).sum() + losses
    gradients = torch.autograd.grad(total, [*floats, *(v.value for v in layer.trainable_weights)])
    found["gradients"] = flat(map(numpy_of, gradients))
    found["weights"] = flat(numpy_of(v.value) for v in layer.weights)
    return found


def write_adapt():
    """Write means and variances that Keras learns."""
    rng = np.random.default_rng(3)
    data = {"vector": rng.normal(5, 2, 20), "table": rng.normal(-1, 3, (20, 3)), "cube": rng.normal(0, 1, (6, 4, 3))}
    rows = []
    for kind, axis in (("vector", None), ("table", -1), ("table", None), ("cube", -1), ("cube", 1), ("cube", [1, 2])):
        layer = keras.layers.Normalization(axis=axis, dtype="float64")
        layer.adapt(data[kind])
        mean, variance = (np.asarray(keras.ops.convert_to_numpy(v), np.float64) for v in (layer.mean, layer.variance))
        rows.append({"data": kind, "axis": axis, "mean": mean.tolist(), "variance": variance.tolist()})
    text = json.dumps({"data": {k: v.tolist() for k, v in data.items()}, "learnt": rows})
    (HERE / "layer_adapt.json").write_text(text + "\n")


def main():
    keras.config.set_floatx("float64")
    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"  # else Keras rounds the results of many ops to float32
    names = [name for name in CASES if name not in WITHOUT_KERAS]
    results = {f"{name}/{key}": value for name in names for key, value in results_of(name).items()}
    np.savez_compressed(HERE / "layers.npz", **results)
    write_adapt()
    print(f"{len(names)} cases, {(HERE / 'layers.npz').stat().st_size} bytes")


if __name__ == "__main__":
    main()
