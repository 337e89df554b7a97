"""Write what Keras's optimizers that look at whole variables, or wrap others, compute: needs keras, jax and torch.

    python tests/parity/make_whole_optimizer_fixtures.py

runs itself with jax, which writes the configurations and computes ScheduleFreeAdamW (with torch, Keras changes the
moment before it reads its old value), and with torch, which computes the rest (jax can apply a LossScaleOptimizer in
compiled steps only). For float64, jax is told so, and torch gets the change of a table that
`make_optimizer_fixtures.py` explains. Variables are vectors, matrices (wide and tall, with a side of 4, whose root is
exact in float32, in which Keras takes it), an embedding, and one with three axes. The script writes into `fixtures/`:

    whole_optimizers.json
        the cases: description of the optimizer, steps with an infinite gradient, names, shapes and types of its
        variables, `get_config`; bad arguments and Keras's messages
    whole_optimizers_float{32,64}.npz
        start values and gradients, and for each case the variables after the first and the last of 25 steps, followed
        by all variables of the optimizer, as one vector
"""

import copy
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
from make_optimizer_fixtures import COMMON, flat, numpy_of

HERE = Path(__file__).parent / "fixtures"
STEPS = 25
SHAPES = {
    "dense/kernel": (4, 3),
    "dense/bias": (3,),
    "my_embedding/embeddings": (4, 2),
    "block/kernel": (2, 3, 2),
    "out/kernel": (2, 4),
}
VARIANTS = {
    "Lamb": {
        "plain": {"learning_rate": 0.01},
        "short": {"learning_rate": 0.05, "beta_1": 0.5, "beta_2": 0.6, "epsilon": 1e-3},
    },
    "Adafactor": {
        "plain": {"learning_rate": 0.01},
        "large": {"learning_rate": 0.5, "clip_threshold": 0.25, "beta_2_decay": -0.5, "epsilon_1": 1e-6},
        "not_relative": {"learning_rate": 0.3, "relative_step": False, "epsilon_2": 0.75},
    },
    "Muon": {
        "plain": {"learning_rate": 0.01},
        "excluded": {"learning_rate": 0.01, "exclude_layers": ["out"], "exclude_embeddings": False},
        "own": {
            "learning_rate": 0.05,
            "nesterov": False,
            "rms_rate": None,
            "ns_steps": 3,
            "momentum": 0.5,
            "adam_lr_ratio": 0.25,
            "adam_beta_1": 0.5,
            "adam_beta_2": 0.75,
            "adam_weight_decay": None,
            "muon_a": 3.0,
        },
    },
    "ScheduleFreeAdamW": {
        "plain": {"learning_rate": 0.01},
        "warmup": {"learning_rate": 0.05, "warmup_steps": 8, "beta_1": 0.75, "beta_2": 0.9, "epsilon": 1e-4},
    },
}


def described(cls, **config):
    return {"module": "keras.optimizers", "class_name": cls, "config": config, "registered_name": None}


def chosen(default, **others):
    mapping = {path.replace("__", "/").replace("any", ".*"): o for path, o in others.items()}
    return described("OptimizerMap", default_optimizer=default, optimizer_map=mapping)


ADAM, SGD = described("Adam", learning_rate=0.01), described("SGD", learning_rate=0.1, momentum=0.5)
WRAPPED = {
    "LossScaleOptimizer/plain": described(
        "LossScaleOptimizer", inner_optimizer=ADAM, initial_scale=4.0, dynamic_growth_steps=5
    ),
    "LossScaleOptimizer/muon": described(
        "LossScaleOptimizer", inner_optimizer=described("Muon", learning_rate=0.01), initial_scale=0.5
    ),
    "MultiOptimizer/plain": described("MultiOptimizer", optimizer_map=chosen(ADAM, any__bias=SGD)),
    "MultiOptimizer/loss_scale": described(
        "MultiOptimizer", optimizer_map=chosen(SGD, dense__any=ADAM, out__kernel=ADAM), loss_scale_factor=8.0
    ),
    "MultiOptimizer/one": described("MultiOptimizer", optimizer_map=chosen(ADAM)),
}
INFINITE = {"LossScaleOptimizer/plain": [1, 9, 10], "LossScaleOptimizer/muon": [4]}
BAD = [
    ("LossScaleOptimizer", {"inner_optimizer": ADAM, "clipnorm": 1.0}),
    ("LossScaleOptimizer", {"inner_optimizer": ADAM, "use_ema": True}),
    ("LossScaleOptimizer", {"inner_optimizer": ADAM, "speed": 1.0}),
    ("LossScaleOptimizer", {"inner_optimizer": ADAM, "dynamic": False}),
]


def cases():
    """Yield (name, description) of every case."""
    for cls, variants in VARIANTS.items():
        for variant, arguments in variants.items():
            yield f"{cls}/{variant}", described(cls, **arguments)
        for variant, arguments in COMMON.items():
            yield f"{cls}/{variant}", described(cls, **{**variants["plain"], **arguments})
    yield from WRAPPED.items()


def data():
    rng = np.random.default_rng(29)
    start = [rng.normal(size=shape).astype("float32") for shape in SHAPES.values()]
    gradients = [[(rng.normal(size=shape) * 0.1).astype("float32") for shape in SHAPES.values()] for _ in range(STEPS)]
    for step in gradients:
        step[0][0] *= 30.0
        step[1][0] = 0.0
        step[3][1] *= 1e-2
    return start, gradients


def updates(floatx, computed):
    """Return what the optimizers make of the same gradients, and their variables' names, for cases `computed` here."""
    import keras

    start, gradients = data()
    arrays, about = {"start": flat(start), "gradients": np.stack([flat(step) for step in gradients])}, {}
    for name, description in cases():
        if not computed(name):
            continue
        optimizer = keras.saving.deserialize_keras_object(copy.deepcopy(description))
        variables = []
        for path, value in zip(SHAPES, start, strict=True):
            scope, last = path.split("/")
            with keras.name_scope(scope):
                variables.append(keras.Variable(value, dtype=floatx, name=last))
        found = []
        for number, step in enumerate(gradients, 1):
            given = [np.full_like(g, np.inf) if number in INFINITE.get(name, ()) else g for g in step]
            optimizer.apply([keras.ops.convert_to_tensor(g, dtype=floatx) for g in given], variables)
            if number in (2 if name in INFINITE else 1, STEPS):
                found += [numpy_of(v) for v in variables]
        arrays[name] = flat([*found, *optimizer.variables])
        about[name] = [[v.path.split("/")[-1], list(v.shape), str(v.dtype)] for v in optimizer.variables]
    return arrays, about


def configurations():
    import keras

    return {
        name: {
            "described": description,
            "infinite": INFINITE.get(name, []),
            "config": without_names(
                keras.saving.serialize_keras_object(keras.saving.deserialize_keras_object(copy.deepcopy(description)))[
                    "config"
                ]
            ),
        }
        for name, description in cases()
    }


def without_names(value):
    """Return a description without the names, which are numbered."""
    if isinstance(value, dict):
        return {k: without_names(v) for k, v in value.items() if k != "name"}
    return value


def bad():
    import keras

    rows = []
    for cls, arguments in BAD:
        try:
            keras.saving.deserialize_keras_object(described(cls, **copy.deepcopy(arguments)))
        except Exception as error:
            rows.append({"class": cls, "arguments": arguments, "message": str(error)})
        else:
            raise AssertionError(f"Keras accepts {cls}({arguments})")
    return rows


def main(backend):
    import keras
    from keras.src.backend.common import dtypes

    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    warnings.simplefilter("ignore")
    facts = HERE / "whole_optimizers.json"
    if backend == "jax":
        about = {"shapes": SHAPES, "cases": configurations(), "bad": bad()}
    else:
        about = json.loads(facts.read_text(encoding="utf-8"))
    for floatx in ("float64", "float32"):
        keras.config.set_floatx(floatx)
        arrays, names = updates(floatx, lambda name: name.startswith("ScheduleFree") == (backend == "jax"))
        arrays = {k: v.astype(floatx) for k, v in arrays.items()}
        file = HERE / f"whole_optimizers_{floatx}.npz"
        if backend == "torch":
            arrays |= dict(np.load(file))
        np.savez_compressed(file, **arrays)
    for name, rows in names.items():
        about["cases"][name]["variables"] = rows
    facts.write_text(json.dumps(about) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1])
    else:
        for backend in ("jax", "torch"):
            environment = {**os.environ, "KERAS_BACKEND": backend, "JAX_ENABLE_X64": "1"}
            subprocess.run([sys.executable, __file__, backend], env=environment, check=True)
