"""What scripts import, and what importing costs."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import chainrule as cr

SOURCE = Path(cr.__file__).parent

IMPORTS = """
import chainrule as keras
import chainrule.ops as ops
import chainrule.backend as K
from chainrule import Sequential, Model, Input, layers, losses, metrics, optimizers, callbacks, models, utils
from chainrule import regularizers, initializers, activations, constraints, ops, saving, random, config, backend, tree
from chainrule import Layer, Loss, Metric, Optimizer, Initializer, Regularizer, Variable, KerasTensor, InputSpec
from chainrule import GradientTape, Tensor, trace, extend, errors, version, __version__
from chainrule.models import Sequential, Model, Functional, load_model, save_model, model_from_json, clone_model
from chainrule.layers import Dense, Dropout, Activation, BatchNormalization, Flatten, Input, InputLayer, Layer
from chainrule.utils import to_categorical, set_random_seed, PyDataset, Sequence, Progbar, clear_session
from chainrule.utils import is_keras_tensor, standardize_dtype, disable_interactive_logging, split_dataset, normalize
from chainrule.utils import plot_model, model_to_dot, get_file, get_source_inputs, Config, timeseries_dataset_from_array
from chainrule import datasets, preprocessing
from chainrule.datasets import mnist, fashion_mnist, boston_housing, california_housing, imdb, reuters, cifar100
from chainrule.datasets.mnist import load_data
import chainrule.datasets.cifar10
import chainrule.preprocessing.sequence
from chainrule.preprocessing import sequence, timeseries_dataset_from_array
from chainrule.preprocessing.sequence import pad_sequences
from chainrule.callbacks import EarlyStopping, ModelCheckpoint, ReduceLROnPlateau, Callback, History
from chainrule.optimizers import Adam, SGD, schedules
from chainrule.optimizers.schedules import ExponentialDecay, CosineDecay
from chainrule.losses import MeanSquaredError, BinaryCrossentropy, mean_squared_error
from chainrule.metrics import AUC, Precision, Recall, F1Score
from chainrule.regularizers import l2, L1L2
from chainrule.initializers import GlorotUniform, HeNormal
from chainrule.constraints import MaxNorm
from chainrule.activations import relu, softmax
from chainrule.saving import register_keras_serializable, load_model
from chainrule.random import SeedGenerator
from chainrule.config import floatx, set_floatx
from chainrule.backend import clear_session, epsilon
from chainrule.autodiff import grad, value_and_grad, check_vjp
from chainrule.extend import op, lower, register_engine
from chainrule import inspect, record, recording, report
from chainrule.inspect import permutation_importance, partial_dependence, contributions, worst_errors
from chainrule import *
"""


@pytest.mark.parametrize("line", IMPORTS.strip().splitlines())
def test_every_form_of_import_works(line: str) -> None:
    exec(compile(line, "script", "exec"), {})


def test_every_module_may_be_the_first_to_be_imported() -> None:
    """Imports that go in circles show only if one begins at the right place."""
    names = [
        ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__")
        for path in (*sorted(SOURCE.glob("*.py")), *sorted(SOURCE.glob("*/__init__.py")))
        if path.stem != "__main__"
    ]
    code = f"""
import importlib, sys
import numpy
kept = set(sys.modules)
for name in {names}:
    for loaded in [m for m in sys.modules if m.startswith("chainrule")]:
        del sys.modules[loaded]
    importlib.import_module(name)
print("all")
"""
    assert run(code).endswith("all")


def typed_names(path: Path) -> set[str]:
    """Return the names that a package imports for type checkers only."""
    module = ast.parse(path.read_text())
    blocks = [n for n in module.body if isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING"]
    return {
        alias.asname or alias.name
        for block in blocks
        for statement in block.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    }


@pytest.mark.parametrize("package", ["chainrule", "chainrule.utils"])
def test_type_checkers_see_what_is_imported_on_first_use(package: str) -> None:
    module = importlib.import_module(package)
    assert module.__file__ is not None
    own = {"__version__", "version"} & set(module.__all__)
    assert typed_names(Path(module.__file__)) == set(module.__all__) - own
    assert sorted(module.__all__) == module.__all__
    assert set(dir(module)) >= set(module.__all__)
    for name in module.__all__:
        assert getattr(module, name) is not None


def test_lazy_names_are_those_of_their_modules() -> None:
    assert cr.Sequential is cr.models.Sequential
    assert cr.Input is cr.layers.Input
    assert cr.utils.PyDataset is cr.utils.Sequence
    assert callable(cr.trace)
    assert cr.version() == cr.__version__


def test_all_that_a_module_lists_exists() -> None:
    for module in (cr.backend, cr.extend):
        for name in module.__all__:
            assert hasattr(module, name)


def run(code: str) -> str:
    """Run code in a process of its own and return what it prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


LOADED = """
import sys
before = set(sys.modules)
{code}
import sysconfig
roots = {{name.partition(".")[0] for name in set(sys.modules) - before}}
print(sorted(roots - sys.stdlib_module_names - {{"chainrule"}}))
"""


def test_importing_loads_numpy_and_nothing_else_of_others() -> None:
    assert run(LOADED.format(code="import chainrule")) == "['numpy']"


def test_training_loads_numpy_and_nothing_else_of_others() -> None:
    code = """
import numpy as np
import chainrule as cr
net = cr.Sequential([cr.Input((3,)), cr.layers.Dense(4, activation="relu"), cr.layers.Dropout(0.5), cr.layers.Dense(1)])
net.compile("adam", "mse", metrics=["mae"])
x = np.ones((8, 3))
net.fit(x, x[:, 0], epochs=2, verbose=2, validation_split=0.25, callbacks=[cr.callbacks.EarlyStopping()])
net.evaluate(x, x[:, 0], verbose=1)
net.predict(x, verbose=0)
"""
    assert run(LOADED.format(code=code)).splitlines()[-1] == "['numpy']"


def test_importing_loads_no_slow_part_of_the_standard_library() -> None:
    slow = {"asyncio", "unittest", "urllib.request", "email", "http", "concurrent.futures", "multiprocessing"}
    code = "import sys, numpy; before = set(sys.modules); import chainrule; print(set(sys.modules) - before)"
    assert not slow & ast.literal_eval(run(code))


def test_the_version_is_known_to_the_installed_package() -> None:
    from importlib.metadata import version

    assert version("chainrule") == cr.__version__


def test_no_file_of_the_library_is_too_long() -> None:
    mine = ["models", "engines", "layers/base.py", "layers/state.py", "symbolic.py", "variables.py"]
    for entry in mine:
        path = SOURCE / entry
        for file in path.glob("*.py") if path.is_dir() else [path]:
            assert len(file.read_text().splitlines()) <= 500, file
