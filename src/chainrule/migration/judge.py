"""What chainrule has of one name, argument or method that a Keras script uses."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from typing import Any

from chainrule.migration.keras2 import ARGUMENTS, ARGUMENTS_OF_TRAINING, METHODS, TRAINING, in_keras_3
from chainrule.migration.lookup import look_up
from chainrule.migration.names import Method, Use
from chainrule.records import Record

ARGUMENTS_OF_LAYERS = frozenset(
    {
        *("activity_regularizer", "autocast", "batch_input_shape", "batch_shape", "batch_size", "dtype", "input_dim"),
        *("input_shape", "name", "trainable", "weights"),
    }
)
"""What every layer takes beside its own arguments."""

NOT_SUPPORTED = {
    "lora_rank": "low-rank adaptation is out of chainrule's scope: leave it out, or train that with Keras",
    "quantization_config": "quantised weights are out of chainrule's scope: leave it out, or quantise with Keras",
}
"""Arguments that are accepted as None only."""

_EXPORT = (
    "TensorFlow's format (the default) is not written here: give format='onnx' or format='c', or save a '.keras' file "
    "and export that with Keras"
)


class Finding(Record):
    """One name or argument of the script.

    `state` is here, renamed, left out, missing, unknown, argument or tensorflow.
    """

    name: str
    lines: tuple[int, ...]
    state: str
    advice: str = ""


def name(full: str, uses: list[Use]) -> Finding:
    """Judge a name of Keras: where chainrule has it, if it does."""
    lines = tuple(dict.fromkeys(use.line for use in uses))
    place = in_keras_3(full)
    _, error = look_up(place)
    if error is None and place == full:
        return Finding(full, lines, "here")
    before = f"in Keras 3: {place}" if place != full else ""
    if error is None:
        return Finding(full, lines, "renamed", before)
    instead = _operation(place)
    if instead:
        return Finding(full, lines, "renamed", f"in Keras 3: {instead}")
    state = "left out" if "out of chainrule's scope" in str(error) else "missing"
    return Finding(full, lines, state, f"{before}; {error}" if before else str(error))


def _operation(full: str) -> str:
    """Return the operation of Keras 3 that a function of Keras 2's backend became, or ""."""
    module, _, leaf = full.rpartition(".")
    there = f"keras.ops.{leaf}"
    return there if module == "keras.backend" and look_up(there)[1] is None else ""


def unknown(names: list[tuple[str, int]]) -> list[Finding]:
    """Judge names that nothing in the script defines, which `from keras... import *` may, or nothing."""
    found: dict[str, list[int]] = {}
    for each, line in names:
        found.setdefault(each, []).append(line)
    advice = "defined nowhere in the script, and no name of Keras that check-script knows: import it by name"
    return [Finding(each, tuple(dict.fromkeys(lines)), "unknown", advice) for each, lines in found.items()]


def arguments(use: Use) -> list[Finding]:
    """Judge the keywords of a call: those that are gone, renamed, or not supported."""
    if use.call is None:
        return []
    thing, error = look_up(in_keras_3(use.full))
    if error is not None or not callable(thing):
        return []
    try:
        parameters = inspect.signature(thing).parameters
    except (TypeError, ValueError):
        return []
    anything = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    findings = []
    for keyword in use.call.keywords:
        if keyword.arg in NOT_SUPPORTED and not _is_none(keyword.value):
            findings.append(Finding(_argument(use, keyword.arg), (use.line,), "left out", NOT_SUPPORTED[keyword.arg]))
        if keyword.arg is None or keyword.arg in parameters:
            continue
        advice = _renamed(keyword.arg, use.full, set(parameters))
        if not advice and (not anything or _refuses(thing, keyword.arg)):
            advice = f"unknown argument; {in_keras_3(use.full)} takes {', '.join(parameters)}"
        if advice:
            findings.append(Finding(_argument(use, keyword.arg), (use.line,), "argument", advice))
    return findings


def _argument(use: Use, keyword: str) -> str:
    return f"{use.full}({keyword}=)"


def _renamed(keyword: str, full: str, parameters: set[str]) -> str:
    if keyword not in ARGUMENTS:
        return ""
    if keyword == "init" and "embeddings_initializer" in parameters:
        return "in Keras 3: embeddings_initializer"
    instead = ARGUMENTS[keyword]
    return f"in Keras 3: {instead}" if " " in instead or instead in parameters or full.endswith("Model") else ""


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _refuses(thing: Any, keyword: str) -> bool:
    """Whether a class that takes `**kwargs` would refuse this one."""
    from chainrule.layers import Layer
    from chainrule.models import Model
    from chainrule.optimizers import Optimizer

    if not isinstance(thing, type) or issubclass(thing, Model):  # a model of one's own takes what it likes
        return False
    return issubclass(thing, Optimizer) or (issubclass(thing, Layer) and keyword not in ARGUMENTS_OF_LAYERS)


def method(call: Method) -> list[Finding]:
    """Judge a call of a method of an object that may be a model or a layer."""
    if call.maker == "another" or call.maker.startswith("keras.wrappers."):
        return []
    where = f".{call.name}()"
    if call.name in METHODS:
        return [Finding(where, (call.line,), "renamed", f"not in Keras 3: {METHODS[call.name]}")]
    if call.name in _JUDGED:
        advice = _JUDGED[call.name](call.call)
        return [Finding(where, (call.line,), "left out", advice)] if advice else []
    if call.name not in TRAINING:
        return []
    return [
        Finding(f".{call.name}({k.arg}=)", (call.line,), "argument", f"in Keras 3: {ARGUMENTS_OF_TRAINING[k.arg]}")
        for k in call.call.keywords
        if k.arg in ARGUMENTS_OF_TRAINING
    ]


def _export(call: ast.Call) -> str:
    """Return what is wrong with `model.export(filepath, format)`, or "" if nothing is, or nothing can be told."""
    given = {k.arg: k.value for k in call.keywords}
    path = call.args[0] if call.args else given.get("filepath")
    form = call.args[1] if len(call.args) > 1 else given.get("format")
    if path is None or None in given:
        return ""
    if form is None:
        known = isinstance(path, ast.Constant) and str(path.value).endswith((".onnx", ".c"))
        return "" if known else _EXPORT
    return _EXPORT if isinstance(form, ast.Constant) and form.value not in ("onnx", "c") else ""


def _quantize(call: ast.Call) -> str:
    given = [*call.args, *(k.value for k in call.keywords if k.arg in ("mode", "config"))]
    if given and not isinstance(given[0], ast.Constant):  # decimal.Decimal has a method of this name
        return ""
    return NOT_SUPPORTED["quantization_config"]


def _lora(call: ast.Call) -> str:
    return NOT_SUPPORTED["lora_rank"]


_JUDGED: dict[str, Callable[[ast.Call], str]] = {"export": _export, "quantize": _quantize, "enable_lora": _lora}
