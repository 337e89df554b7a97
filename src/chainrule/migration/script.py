"""What of a Keras script chainrule has: each name, each argument, and the lines to change. The script is never run."""

from __future__ import annotations

import importlib
import inspect
import tokenize
from pathlib import Path
from typing import Any

from chainrule.errors import DataError
from chainrule.migration import names as found_names
from chainrule.migration.names import Names, Use
from chainrule.records import Record, field

_MOST_BYTES = 8 << 20

METHODS_OF_KERAS_2 = {
    "fit_generator": "model.fit takes generators",
    "evaluate_generator": "model.evaluate takes generators",
    "predict_generator": "model.predict takes generators",
    "predict_classes": "model.predict(x).argmax(-1), or (model.predict(x) > 0.5).astype(int) for one sigmoid",
    "predict_proba": "model.predict",
    "save_model_hdf5": "model.save",
}
"""Methods that Keras 3 does not have either, and what replaces them."""

NAMES_OF_KERAS_2 = {
    "keras.utils.np_utils": "keras.utils",
    "keras.utils.np_utils.to_categorical": "keras.utils.to_categorical",
    "keras.layers.core": "keras.layers",
    "keras.layers.advanced_activations": "keras.layers",
    "keras.layers.normalization": "keras.layers",
    "keras.layers.merge": "keras.layers",
    "keras.layers.experimental.preprocessing": "keras.layers",
    "keras.wrappers.scikit_learn": "keras.wrappers",
    "keras.wrappers.scikit_learn.KerasClassifier": "keras.wrappers.SKLearnClassifier",
    "keras.wrappers.scikit_learn.KerasRegressor": "keras.wrappers.SKLearnRegressor",
    "keras.engine": "keras",
    "keras.optimizers.legacy": "keras.optimizers",
    "keras.losses.cosine_proximity": "keras.losses.cosine_similarity",
}
"""Names of Keras 2 and their places in Keras 3."""

RENAMED_ARGUMENTS = {"lr": "learning_rate", "decay": "a schedule, or weight_decay", "nb_epoch": "epochs"}


ARGUMENTS_OF_LAYERS = frozenset(
    {
        *("activity_regularizer", "autocast", "batch_input_shape", "batch_shape", "batch_size", "dtype", "input_dim"),
        *("input_shape", "name", "trainable", "weights"),
    }
)
"""What every layer takes beside its own arguments."""


class Finding(Record):
    """One name or argument of the script; `state` is here, renamed, left out, missing, argument or tensorflow."""

    name: str
    lines: tuple[int, ...]
    state: str
    advice: str = ""


class Report(Record):
    """What a script uses: `findings` name by name, and `changes`, lines with what to write in their place."""

    findings: list[Finding]
    changes: list[tuple[int, str, str]]
    tensorflow: list[Finding] = field(default_factory=list)

    @property
    def available(self) -> list[Finding]:
        return [f for f in self.findings if f.state == "here"]

    @property
    def problems(self) -> list[Finding]:
        return [f for f in (*self.findings, *self.tensorflow) if f.state != "here"]


def check_script(path: str | Path) -> Report:
    """Read a Keras script and say what of it runs on chainrule, without running it.

    Args:
        path: the `.py` file.

    Raises:
        DataError: it cannot be read, or is not Python.

    >>> import tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "script.py"
    >>> _ = file.write_text("from keras.layers import Dense, LSTM\\nDense(8, activation='relu')\\n")
    >>> [(f.name, f.state) for f in check_script(file).findings]
    [('keras.layers.Dense', 'here'), ('keras.layers.LSTM', 'left out')]
    """
    return check_text(_text(Path(path)), str(path))


def check_text(text: str, source: str = "<script>") -> Report:
    """Do the same for a script's text.

    Raises:
        DataError: it is not Python.
    """
    try:
        names = found_names.read(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        reason = error.msg if isinstance(error, SyntaxError) else type(error).__name__
        raise DataError(f"'{source}'{where}: not a Python script: {reason}.") from None
    findings = [_judge(full, uses) for full, uses in found_names.distinct(names.uses)]
    for use in names.uses:
        findings += _wrong_arguments(use)
    findings += [
        Finding(f".{name}()", (line,), "renamed", f"gone since Keras 2.6: {METHODS_OF_KERAS_2[name]}")
        for name, line in names.methods
        if name in METHODS_OF_KERAS_2
    ]
    changes = [(i.line, i.text, i.instead) for i in names.imports]
    return Report(findings, changes, _tensorflow(names))


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"'{path}' has more than {_MOST_BYTES >> 20} MB: expected a Python script.")
        with tokenize.open(path) as file:
            return file.read()
    except (OSError, SyntaxError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not text in the encoding that it names"
        raise DataError(f"Cannot read '{path}': {reason}. Give the name of a Python script.") from None


def _judge(full: str, uses: list[Use]) -> Finding:
    lines = tuple(dict.fromkeys(use.line for use in uses))
    if full in NAMES_OF_KERAS_2:
        return Finding(full, lines, "renamed", f"in Keras 3: {NAMES_OF_KERAS_2[full]}")
    _, error = _look_up(full)
    if error is None:
        return Finding(full, lines, "here")
    return Finding(full, lines, "left out" if "out of chainrule's scope" in str(error) else "missing", str(error))


def _look_up(full: str) -> tuple[Any, Exception | None]:
    """Return our object for a name of Keras, or why there is none. Only modules of ours are imported."""
    import chainrule

    thing: Any = chainrule
    path = "chainrule"
    for part in full.split(".")[1:]:
        try:
            thing = getattr(thing, part)
        except AttributeError as error:
            if not inspect.ismodule(thing):
                return None, error
            try:
                thing = importlib.import_module(f"{path}.{part}")
            except ImportError:
                return None, error
        path = f"{path}.{part}"
    return thing, None


def _wrong_arguments(use: Use) -> list[Finding]:
    """Return the keywords of a call that the thing called does not take."""
    if use.call is None:
        return []
    thing, error = _look_up(use.full)
    if error is not None or not callable(thing):
        return []
    try:
        parameters = inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return []
    wrong = [k.arg for k in use.call.keywords if k.arg and k.arg not in parameters]
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    findings = []
    for name in wrong:
        if name in RENAMED_ARGUMENTS:
            advice = f"in Keras 3: {RENAMED_ARGUMENTS[name]}"
        elif anything and not _refuses(thing, name):
            continue
        else:
            advice = f"unknown argument; {use.full} takes {', '.join(parameters)}"
        findings.append(Finding(f"{use.full}({name}=)", (use.line,), "argument", advice))
    return findings


def _refuses(thing: Any, name: str) -> bool:
    """Whether a class that takes `**kwargs` would refuse this one."""
    from chainrule.layers import Layer
    from chainrule.optimizers import Optimizer

    if not isinstance(thing, type):
        return False
    return issubclass(thing, Optimizer) or (issubclass(thing, Layer) and name not in ARGUMENTS_OF_LAYERS)


def _tensorflow(names: Names) -> list[Finding]:
    """Return the uses of TensorFlow itself, with what takes their place."""
    found: dict[str, list[int]] = {}
    for full, line in names.tensorflow:
        if full != "tensorflow":
            found.setdefault(full, []).append(line)
    return [
        Finding(full, tuple(dict.fromkeys(lines)), "tensorflow", _INSTEAD.get(full, _advice(full)))
        for full, lines in found.items()
    ]


_INSTEAD = {
    "tensorflow.GradientTape": "chainrule.GradientTape",
    "tensorflow.Variable": "chainrule.Variable",
    "tensorflow.function": "leave it out: there is nothing to compile",
    "tensorflow.constant": "numpy.asarray",
    "tensorflow.convert_to_tensor": "chainrule.ops.convert_to_tensor",
    "tensorflow.cast": "chainrule.ops.cast",
    "tensorflow.random.set_seed": "chainrule.utils.set_random_seed",
    "tensorflow.data.Dataset": "arrays, a generator or chainrule.utils.PyDataset",
    "tensorflow.reduce_mean": "chainrule.ops.mean",
    "tensorflow.reduce_sum": "chainrule.ops.sum",
    "tensorflow.matmul": "chainrule.ops.matmul",
}


def _advice(full: str) -> str:
    from chainrule import ops

    name = full.rpartition(".")[2]
    if hasattr(ops, name):
        return f"chainrule.ops.{name}"
    return "TensorFlow itself is not here: use NumPy or chainrule.ops"
