"""`chainrule doctor`: what is installed, how many threads there are, and whether the library works here."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from chainrule.cli.common import FAILED, Output, foreseen

_PACKAGES = ("numpy", "h5py", "narwhals", "rich", "typer", "polars", "matplotlib", "sklearn")
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@foreseen
def doctor(
    json_output: Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")] = False,
) -> None:
    """Print versions, BLAS and threads, and test the library on this machine."""
    facts = {**_versions(), **_machine()}
    lines = [f"{name:<22} {value}" for name, value in facts.items()]
    checks = {name: _outcome(check) for name, check in _CHECKS.items()}
    lines += [
        "",
        *(
            f"{'ok    ' if outcome.startswith('ok') else 'FAILED'} {name}: {outcome}"
            for name, outcome in checks.items()
        ),
    ]
    good = all(outcome.startswith("ok") for outcome in checks.values())
    lines += ["", "All is well." if good else "Something does not work here: see the lines marked FAILED."]
    Output(json_output).result({**facts, "checks": checks, "ok": good}, "\n".join(lines))
    if not good:
        raise typer.Exit(FAILED)


def _versions() -> dict[str, str]:
    from importlib import metadata

    from chainrule.version import __version__

    found = {"chainrule": __version__, "python": platform.python_version(), "platform": platform.platform()}
    for package in _PACKAGES:
        name = _DISTRIBUTIONS.get(package, package)
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _machine() -> dict[str, str]:
    import numpy as np

    built: Any = np.show_config(mode="dicts")
    blas = built.get("Build Dependencies", {}).get("blas", {})
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    limits = [f"{name}={os.environ[name]}" for name in _THREADS if name in os.environ]
    return {
        "BLAS": f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(),
        "cores": str(cores),
        "thread limits": ", ".join(limits) or "none set",
        "byte order": sys.byteorder,
    }


def _outcome(check: Callable[[], str]) -> str:
    """Return what a check says, beginning with "ok" if all is well."""
    try:
        return check()
    except Exception as error:  # whatever goes wrong is the finding
        return f"{type(error).__name__}: {error}"


def _check_gradients() -> str:
    import numpy as np

    import chainrule as cr
    from chainrule.autodiff.check import check_vjp

    rng = np.random.default_rng(0)
    x, w = rng.normal(size=(5, 4)), rng.normal(size=(4, 3))
    result = check_vjp(lambda x, w: cr.ops.mean(cr.ops.square(cr.ops.tanh(cr.ops.matmul(x, w)))), x, w)
    if not result.ok:
        raise ArithmeticError(f"backward pass and central differences differ: {result}")
    return f"ok, {result}"


def _check_training() -> str:
    model, x, y = _or_perceptron()
    before = float(model.evaluate(x, y, verbose=0))
    model.fit(x, y, batch_size=4, epochs=1, shuffle=False, verbose=0)
    after = float(model.evaluate(x, y, verbose=0))
    if not (abs(before - 0.3352) < 5e-5 and abs(after - 0.2873) < 5e-5):
        raise ArithmeticError(f"the loss went from {before:.4f} to {after:.4f}, but 0.3352 to 0.2873 is right")
    return f"ok, the OR perceptron's loss {before:.4f} -> {after:.4f} in one step ({model.engine})"


def _check_files() -> str:
    import numpy as np

    from chainrule.saving.keras_format import load_model, save_model

    model, x, _ = _or_perceptron()
    with tempfile.TemporaryDirectory() as folder:
        save_model(model, Path(folder) / "model.keras")
        again = load_model(Path(folder) / "model.keras")
    if not np.array_equal(model.predict(x, verbose=0), again.predict(x, verbose=0)):
        raise ArithmeticError("a saved model predicts something else after loading")
    return "ok, a saved model predicts the same after loading"


def _or_perceptron() -> tuple[Any, Any, Any]:
    """The lecture's perceptron on the OR table."""
    import numpy as np

    import chainrule as cr

    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, activation="sigmoid")])
    model.set_weights([np.array([[1.0], [-1.0]]), np.array([-0.5])])
    model.compile(cr.optimizers.SGD(1.0), "mean_squared_error")
    return model, np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32), np.array([[0], [1], [1], [1]], np.float32)


_CHECKS = {"gradients": _check_gradients, "training": _check_training, "model files": _check_files}
