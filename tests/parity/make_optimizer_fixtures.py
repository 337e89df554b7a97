"""Write what Keras's optimizers, schedules and constraints compute: needs keras, jax and torch installed.

    python tests/parity/make_optimizer_fixtures.py

runs itself twice, with jax (updates in float32) and with torch (updates in float64, and training, which jax would
compile anew for each case). With other backends than TensorFlow, Keras computes matrix products and means in float32
even if all is float64; one entry of its table of types is changed to TensorFlow's, so that float64 means float64. The
script writes into `fixtures/`:

    optimizers.json
        the cases: optimizer class and arguments; names and shapes of its variables; `get_config`; signatures; what the
        schedules and constraints were made with; bad arguments and Keras's messages
    optimizers_float{32,64}.npz
        start values and gradients, and for each case the variables after steps 1, 2 and the last, followed by all
        variables of the optimizer, as one vector; values of the schedules and constraints
    trajectories_float{32,64}.npz
        a small network under each loss: its start weights and batches, and for each case the loss of every step,
        then the final weights, as one vector; and the weights after `fit` where they are averaged
"""

import copy
import inspect
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent / "fixtures"
STEPS = 25
UPDATES = 12
DECAY = {
    "module": "keras.optimizers.schedules",
    "class_name": "ExponentialDecay",
    "config": {"initial_learning_rate": 0.05, "decay_steps": 10, "decay_rate": 0.5},
    "registered_name": None,
}
VARIANTS = {
    "SGD": {
        "plain": {"learning_rate": 0.1},
        "momentum": {"learning_rate": 0.1, "momentum": 0.9},
        "nesterov": {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True},
    },
    "RMSprop": {
        "plain": {"learning_rate": 0.01},
        "momentum": {"learning_rate": 0.01, "momentum": 0.8},
        "centered": {"learning_rate": 0.01, "centered": True},
        "centered_momentum": {"learning_rate": 0.01, "rho": 0.7, "momentum": 0.5, "centered": True, "epsilon": 1e-3},
    },
    "Adagrad": {
        "plain": {"learning_rate": 0.1},
        "zero_start": {"learning_rate": 0.1, "initial_accumulator_value": 0.0, "epsilon": 1e-5},
    },
    "Adadelta": {"plain": {"learning_rate": 1.0}, "short": {"learning_rate": 1.0, "rho": 0.5, "epsilon": 1e-4}},
    "Adam": {
        "plain": {"learning_rate": 0.01},
        "amsgrad": {"learning_rate": 0.01, "amsgrad": True},
        "short": {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.6, "epsilon": 1e-3, "amsgrad": True},
    },
    "AdamW": {"plain": {"learning_rate": 0.01}, "amsgrad": {"learning_rate": 0.01, "amsgrad": True}},
    "Adamax": {"plain": {"learning_rate": 0.01}, "short": {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.6}},
    "Nadam": {"plain": {"learning_rate": 0.01}, "short": {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.6}},
    "Ftrl": {
        "plain": {"learning_rate": 0.1},
        "penalties": {
            "learning_rate": 0.1,
            "l1_regularization_strength": 0.01,
            "l2_regularization_strength": 0.02,
            "l2_shrinkage_regularization_strength": 0.03,
            "beta": 0.2,
        },
        "power": {"learning_rate": 0.1, "learning_rate_power": -0.3, "initial_accumulator_value": 0.5},
    },
    "Lion": {"plain": {"learning_rate": 0.01}, "short": {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.6}},
}
# The limits of clipping are exact in float32, to which Keras rounds them with torch even when it computes in float64.
COMMON = {
    "clipnorm": {"clipnorm": 0.125},
    "weight_decay": {"weight_decay": 0.3},
    "clipvalue": {"clipvalue": 0.015625},
    "global_clipnorm": {"global_clipnorm": 0.1875},
    "ema": {"use_ema": True, "ema_momentum": 0.8, "ema_overwrite_frequency": 4},
    "schedule": {"learning_rate": DECAY},
    "accumulation": {"gradient_accumulation_steps": 3},
    "ema_accumulation": {"use_ema": True, "gradient_accumulation_steps": 2, "weight_decay": 0.1},
    "loss_scale": {"loss_scale_factor": 8.0},
}
LOSSES = {
    "mse": ("mean_squared_error", 2, "linear"),
    "bce": ("binary_crossentropy", 1, "sigmoid"),
    "scce": ("sparse_categorical_crossentropy", 3, "softmax"),
}
SCHEDULES = [
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9}),
    ("ExponentialDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.9, "staircase": True}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5}),
    ("InverseTimeDecay", {"initial_learning_rate": 0.1, "decay_steps": 7, "decay_rate": 0.5, "staircase": True}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 20}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 20, "end_learning_rate": 0.01, "power": 0.5}),
    ("PolynomialDecay", {"initial_learning_rate": 0.1, "decay_steps": 8, "power": 2.0, "cycle": True}),
    ("PiecewiseConstantDecay", {"boundaries": [5], "values": [0.1, 0.01]}),
    ("PiecewiseConstantDecay", {"boundaries": [3, 10, 20], "values": [0.3, 0.1, 0.03, 0.01]}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 30}),
    ("CosineDecay", {"initial_learning_rate": 0.1, "decay_steps": 30, "alpha": 0.2}),
    ("CosineDecay", {"initial_learning_rate": 0.01, "decay_steps": 20, "warmup_target": 0.1, "warmup_steps": 8}),
    ("CosineDecay", {"initial_learning_rate": 0.0, "decay_steps": 9, "warmup_target": 0.1, "warmup_steps": 3}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 5}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 4, "t_mul": 1.0, "m_mul": 0.8}),
    ("CosineDecayRestarts", {"initial_learning_rate": 0.1, "first_decay_steps": 3, "t_mul": 1.5, "alpha": 0.1}),
]  # fmt: skip
CONSTRAINTS = [
    ("MaxNorm", {}),
    ("MaxNorm", {"max_value": 0.5, "axis": 1}),
    ("MaxNorm", {"max_value": 1.5, "axis": [0, 1]}),
    ("NonNeg", {}),
    ("UnitNorm", {}),
    ("UnitNorm", {"axis": 1}),
    ("MinMaxNorm", {}),
    ("MinMaxNorm", {"min_value": 1.0, "max_value": 1.5, "rate": 0.3, "axis": 1}),
]
BAD = [
    ("SGD", {"learning_rate": None}),
    ("SGD", {"learning_rate": "fast"}),
    ("SGD", {"speed": 1.0}),
    ("SGD", {"momentum": 1.5}),
    ("Adam", {"clipnorm": 1.0, "clipvalue": 2.0}),
    ("Adam", {"gradient_accumulation_steps": 1}),
    ("Adam", {"use_ema": True, "ema_momentum": 1.5}),
    ("Adam", {"use_ema": True, "ema_overwrite_frequency": -1}),
    ("AdamW", {"weight_decay": None}),
    ("Ftrl", {"learning_rate_power": 0.5}),
    ("Ftrl", {"l1_regularization_strength": -1.0}),
    ("Lion", {"beta_1": 0.0}),
]


def cases():
    """Yield (name, class name, arguments) of every case."""
    for optimizer, variants in VARIANTS.items():
        for variant, arguments in variants.items():
            yield f"{optimizer}/{variant}", optimizer, arguments
        for variant, arguments in COMMON.items():
            yield f"{optimizer}/{variant}", optimizer, {**variants["plain"], **arguments}
    yield "SGD/momentum_global_clipnorm", "SGD", {"learning_rate": 0.1, "momentum": 0.9, "global_clipnorm": 0.1875}
    yield "Adam/amsgrad_weight_decay", "Adam", {"learning_rate": 0.01, "amsgrad": True, "weight_decay": 0.1}


def numpy_of(value):
    import keras

    return np.asarray(keras.ops.convert_to_numpy(value))


def flat(arrays):
    return np.concatenate([numpy_of(a).astype("float64").ravel() for a in arrays])


def updates(floatx):
    """Optimizers alone: the same gradients for every case."""
    import keras

    rng = np.random.default_rng(3)
    shapes = {"dense/kernel": (4, 3), "dense/bias": (3,), "out/kernel": (3, 1)}
    start = [rng.normal(size=shape).astype("float32") for shape in shapes.values()]
    gradients = [
        [(rng.normal(size=shape) * 0.1).astype("float32") for shape in shapes.values()] for _ in range(UPDATES)
    ]
    for step in gradients:
        step[0][0] *= 100.0
        step[0][1] = 0.0
        step[2][0] *= 1e-3
    arrays = {"start": flat(start), "gradients": np.stack([flat(step) for step in gradients])}
    about = {}
    for name, cls, arguments in cases():
        optimizer = getattr(keras.optimizers, cls).from_config(copy.deepcopy(arguments))
        variables = []
        for path, value in zip(shapes, start, strict=True):
            scope, last = path.split("/")
            with keras.name_scope(scope):
                variables.append(keras.Variable(value, dtype=floatx, name=last))
        found = []
        for number, step in enumerate(gradients, 1):
            optimizer.apply([keras.ops.convert_to_tensor(g, dtype=floatx) for g in step], variables)
            if number in (1, 2, UPDATES):
                found += [numpy_of(v) for v in variables]
        arrays[name] = flat([*found, *optimizer.variables])
        config = optimizer.get_config()
        config.pop("name")
        about[name] = {
            "class": cls,
            "arguments": arguments,
            "variables": [[v.path.split("/")[-1], list(v.shape)] for v in optimizer.variables],
            "config": config,
        }
    return arrays, {"shapes": shapes, "cases": about}


def schedules_and_constraints(floatx):
    import keras

    rng = np.random.default_rng(5)
    arrays = {"w": rng.normal(size=(4, 3)).astype("float32")}
    for i, (cls, arguments) in enumerate(CONSTRAINTS):
        constraint = getattr(keras.constraints, cls)(**arguments)
        arrays[f"constraint/{i}"] = numpy_of(constraint(keras.ops.convert_to_tensor(arrays["w"], dtype=floatx)))
    for i, (cls, arguments) in enumerate(SCHEDULES):
        schedule = getattr(keras.optimizers.schedules, cls)(**arguments)
        arrays[f"schedule/{i}"] = np.stack(
            [numpy_of(schedule(keras.ops.convert_to_tensor(s, "int32"))) for s in range(48)]
        )
    return arrays


def about_everything():
    """Signatures, configurations and messages, which no backend changes."""
    import keras

    def signature(thing):
        parameters = inspect.signature(thing).parameters.values()
        return [[p.name, p.kind.name, None if p.default is p.empty else repr(p.default)] for p in parameters]

    bad = []
    for cls, arguments in BAD:
        try:
            getattr(keras.optimizers, cls)(**arguments)
        except ValueError as error:
            bad.append({"class": cls, "arguments": arguments, "message": str(error)})
        else:
            raise AssertionError(f"Keras accepts {cls}({arguments})")
    schedules = [getattr(keras.optimizers.schedules, cls)(**arguments) for cls, arguments in SCHEDULES]
    constraints = [getattr(keras.constraints, cls)(**arguments) for cls, arguments in CONSTRAINTS]
    names = sorted({cls for cls, _ in SCHEDULES}), sorted({cls for cls, _ in CONSTRAINTS})
    return {
        "bad": bad,
        "schedules": [keras.optimizers.schedules.serialize(s) for s in schedules],
        "constraints": [keras.constraints.serialize(c) for c in constraints],
        "defaults": {cls: getattr(keras.optimizers, cls)().get_config() for cls in VARIANTS},
        "signatures": {
            "optimizers": {cls: signature(getattr(keras.optimizers, cls)) for cls in [*VARIANTS, "Optimizer"]},
            "schedules": {cls: signature(getattr(keras.optimizers.schedules, cls)) for cls in names[0]},
            "constraints": {cls: signature(getattr(keras.constraints, cls)) for cls in names[1]},
        },
    }


def batches(loss):
    rng = np.random.default_rng(7)
    x = rng.normal(size=(STEPS, 8, 5)).astype("float32")
    score = np.sin(x[..., :1]) + x[..., 1:2] * x[..., 2:3]
    if loss == "mse":
        return x, np.concatenate([score, score**2 - 1], -1).astype("float32")
    if loss == "bce":
        return x, (score > 0.2).astype("float32")
    return x, np.digitize(score[..., 0], [-0.5, 0.5]).astype("int32")


def start_weights(units):
    rng = np.random.default_rng(11)
    shapes = [(5, 6), (6,), (6, 4), (4,), (4, units), (units,)]
    return [rng.normal(size=shape).astype("float32") * 0.5 for shape in shapes]


def compiled(key, cls, arguments):
    """Return the small network under a loss and an optimizer, at its start weights."""
    import keras

    loss, units, activation = LOSSES[key]
    keras.backend.clear_session()
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(6, "tanh"), keras.layers.Dense(4, "relu")])
    model.add(keras.layers.Dense(units, activation))
    model.set_weights(start_weights(units))
    model.compile(getattr(keras.optimizers, cls).from_config(copy.deepcopy(arguments)), loss)
    return model


def trajectories(floatx):
    """The same small network, from the same weights, over the same batches, with every optimizer."""
    arrays = {}
    for key, (_, units, _) in LOSSES.items():
        x, y = batches(key)
        arrays |= {f"{key}/x": x, f"{key}/y": y, f"{key}/start": flat(start_weights(units)).astype("float32")}
        for name, cls, arguments in cases():
            model, losses = compiled(key, cls, arguments), []
            for inputs, targets in zip(x.astype(floatx), y, strict=True):
                model.reset_metrics()
                model.train_on_batch(inputs, targets)
                mean = model._loss_tracker  # its result is float32 with torch; what it is made of is not
                losses.append(numpy_of(mean.total) / numpy_of(mean.count))
            arrays[f"{key}/{name}"] = flat([np.asarray(losses, "float64"), *model.get_weights()]).astype(floatx)
    return arrays


def fits(floatx):
    """Two epochs of `fit`, at whose end moving averages replace the weights."""
    arrays = {}
    x, y = batches("mse")
    for name, cls, arguments in cases():
        if arguments.get("use_ema"):
            model = compiled("mse", cls, arguments)
            model.fit(x.reshape(-1, 5).astype(floatx), y.reshape(-1, 2), 8, epochs=2, shuffle=False, verbose=0)
            arrays[f"fit/{name}"] = flat(model.get_weights()).astype(floatx)
    return arrays


def main():
    floatx = "float64" if os.environ["KERAS_BACKEND"] == "torch" else "float32"
    import keras
    from keras.src.backend.common import dtypes

    dtypes.BIT64_TO_BIT32_DTYPE["float64"] = "float64"
    keras.config.set_floatx(floatx)
    warnings.simplefilter("ignore")
    arrays, about = updates(floatx)
    arrays |= schedules_and_constraints(floatx)
    arrays = {k: v.astype(floatx) if v.dtype.kind == "f" else v for k, v in arrays.items()}
    np.savez_compressed(HERE / f"optimizers_{floatx}.npz", **arrays)
    if floatx == "float32":
        about |= about_everything()
        (HERE / "optimizers.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
        return
    for floatx in ("float64", "float32"):
        keras.config.set_floatx(floatx)
        np.savez_compressed(HERE / f"trajectories_{floatx}.npz", **trajectories(floatx), **fits(floatx))


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main()
    else:
        for backend in ("jax", "torch"):
            environment = {**os.environ, "KERAS_BACKEND": backend}
            subprocess.run([sys.executable, __file__, backend], env=environment, check=True)
