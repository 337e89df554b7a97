"""What `chainrule doctor` tries out: gradients, one training step, the engines against each other, model files.

Each trial returns a sentence, or raises if something is wrong.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any


def outcomes() -> dict[str, str]:
    """Run all trials; what each says begins with "ok" if all is well."""
    import logging

    logger = logging.getLogger("chainrule")
    level = logger.level
    logger.setLevel(logging.ERROR)  # the verdict says what a note on stderr would say
    try:
        return {name: _outcome(trial) for name, trial in TRIALS.items()}
    finally:
        logger.setLevel(level)


def _outcome(trial: Callable[[], str]) -> str:
    try:
        return f"ok, {trial()}"
    except Exception as error:  # whatever goes wrong is the finding
        return f"{type(error).__name__}: {error}"


def _gradients() -> str:
    import numpy as np

    import chainrule as cr
    from chainrule.autodiff.check import check_vjp

    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(5, 4)), rng.normal(size=(4, 3))
    result = check_vjp(lambda x, w: cr.ops.mean(cr.ops.square(cr.ops.tanh(cr.ops.matmul(x, w)))), x, w)
    if not result.ok:
        raise ArithmeticError(f"backward pass and central differences differ: {result}")
    return str(result)


def _training() -> str:
    model, x, y = _or_perceptron()
    before = float(model.evaluate(x, y, verbose=0))
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    after = float(model.evaluate(x, y, verbose=0))
    if not (abs(before - 0.3352) < 5e-5 and abs(after - 0.2873) < 5e-5):
        raise ArithmeticError(f"the loss went from {before:.4f} to {after:.4f}, but 0.3352 to 0.2873 is right")
    return f"the OR perceptron's loss {before:.4f} -> {after:.4f} in one step ({model.engine})"


def _engines() -> str:
    import numpy as np

    from chainrule.cli.facts import engines

    ends = {}
    for engine in [name for name, finding in engines().items() if finding == "available"]:
        model, x, y = _or_perceptron(engine)
        model.fit(x, y, batch_size=3, epochs=20, shuffle=False, verbose=0)
        ends[engine] = np.concatenate([w.ravel() for w in model.get_weights()])
    for engine, weights in ends.items():
        difference = float(np.max(np.abs(weights - ends["reference"])))
        if not difference < 1e-5:
            raise ArithmeticError(f"after 40 steps, engine {engine!r} is {difference:.1e} away from 'reference'")
    return f"{', '.join(ends)}: the same weights after 40 steps"


def _model_files() -> str:
    import numpy as np

    from chainrule.saving.keras_format import load_model, save_model

    model, x, _ = _or_perceptron()
    with tempfile.TemporaryDirectory() as folder:
        save_model(model, Path(folder) / "model.keras")
        again = load_model(Path(folder) / "model.keras")
    if not np.array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0)):
        raise ArithmeticError("a saved model predicts something else after loading")
    return "a saved model predicts the same after loading"


def _or_perceptron(engine: str = "auto") -> tuple[Any, Any, Any]:
    """The lecture's perceptron on the OR table."""
    import numpy as np

    import chainrule as cr

    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    model.set_weights([np.array([[1.0], [-1.0]]), np.array([-0.5])])
    model.compile(cr.optimizers.SGD(1.0), "mean_squared_error", engine=engine)
    return model, np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([[0], [1], [1], [1]], np.float32)


TRIALS = {"gradients": _gradients, "training": _training, "engines": _engines, "model files": _model_files}
