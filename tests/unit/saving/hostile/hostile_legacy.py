"""Whole models in the form of Keras 2, with what must not be in them."""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import h5py
from hostile_classes import BY_VALUE, CODE, OLD_LAMBDA
from hostile_parts import Cases, Make

import chainrule as cr

SUFFIX = ".h5"


@cache
def good_legacy() -> bytes:
    from chainrule.saving.legacy_h5 import pack_legacy

    cr.utils.set_random_seed(1)
    model = cr.Sequential(
        [cr.Input((2,)), cr.layers.Dense(3, "relu", name="a"), cr.layers.Dense(1, name="b")], name="m"
    )
    model.compile("sgd", "mse")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pack_legacy(model, "m.h5", "3.15.1")


GOOD = [good_legacy]


def file(change: Callable[[Any], Any]) -> Make:
    def make() -> bytes:
        buffer = io.BytesIO(good_legacy())
        with h5py.File(buffer, "r+") as opened:
            change(opened)
        return buffer.getvalue()

    return make


def config(change: Callable[[Any], Any], key: str = "model_config") -> Make:
    def apply(opened: Any) -> None:
        value = json.loads(opened.attrs[key])
        returned = change(value)
        opened.attrs[key] = json.dumps(value if returned is None else returned)

    return file(apply)


def layer(class_name: str, settings: Any) -> Make:
    def change(value: Any) -> None:
        value["config"]["layers"][1] = {"class_name": class_name, "config": settings}

    return config(change)


def text(value: Any, key: str = "model_config") -> Make:
    return file(lambda opened: opened.attrs.__setitem__(key, value))


def setting(key: str, value: Any) -> Make:
    return config(lambda c: c["config"]["layers"][1]["config"].__setitem__(key, value))


CASES: Cases = {
    "a lambda": layer("Lambda", OLD_LAMBDA),
    "a lambda of Keras 3": layer("Lambda", {"name": "l", "function": BY_VALUE}),
    "a lambda as a text": layer("Lambda", {"name": "l", "function": CODE, "function_type": "lambda"}),
    "a lambda of a module": layer("Lambda", {"name": "l", "function": "system", "module": "os"}),
    "a lambda within TimeDistributed": layer(
        "TimeDistributed", {"name": "t", "layer": {"class_name": "Lambda", "config": OLD_LAMBDA}}
    ),
    "a lambda within Sequential": layer(
        "Sequential", {"name": "s", "layers": [{"class_name": "Lambda", "config": OLD_LAMBDA}]}
    ),
    "a layer of a module": layer("os>system", {"name": "x"}),
    "a layer that is not known": layer("Evil", {"name": "x"}),
    "a vocabulary that is a file": layer("StringLookup", {"name": "s", "vocabulary": "/etc/passwd"}),
    "a SavedModel elsewhere": layer("TFSMLayer", {"name": "t", "filepath": "/tmp/elsewhere"}),
    "an activation that is code": setting("activation", BY_VALUE),
    "an activation of a module": setting("activation", "os.system"),
    "10^9 units": setting("units", 10**9),
    "units below zero": setting("units", -3),
    "a field that is not known": setting("evil", 3),
    "a loss that is code": config(lambda c: c.__setitem__("loss", BY_VALUE), "training_config"),
    "an optimizer of a module": config(
        lambda c: c.__setitem__("optimizer_config", {"class_name": "os.system", "config": {}}), "training_config"
    ),
    "compile settings that are a list": text("[1]", "training_config"),
    "compile settings that are no JSON": text("{", "training_config"),
    "a configuration that is no JSON": text("{"),
    "a configuration that is a number": text(3),
    "a configuration that is a list of texts": text(["{", "}"]),
    "a configuration that is deep": text("[" * 10_000),
    "a configuration with a name twice": text('{"class_name": "Sequential", "class_name": "Lambda", "config": {}}'),
    "a configuration that is a list": text("[]"),
    "a configuration of nothing": text("{}"),
    "a configuration in YAML": text("!!python/object/apply:os.system ['echo executed']"),
    "no configuration": file(lambda f: f.attrs.__delitem__("model_config")),
    "no weights": file(lambda f: f.__delitem__("model_weights")),
    "weights elsewhere": file(
        lambda f: (f.__delitem__("model_weights"), f.__setitem__("model_weights", h5py.ExternalLink("x.h5", "/")))
    ),
    "a soft link among the weights": file(
        lambda f: (f["model_weights"].__delitem__("a"), f["model_weights"].__setitem__("a", h5py.SoftLink("/")))
    ),
    "names of layers that are not there": file(
        lambda f: f["model_weights"].attrs.__setitem__("layer_names", ["ghost", "b"])
    ),
    "names of layers that lead upwards": file(
        lambda f: f["model_weights"].attrs.__setitem__("layer_names", ["../a", "b"])
    ),
    "names of layers that are numbers": file(lambda f: f["model_weights"].attrs.__setitem__("layer_names", [1, 2])),
    "no names of layers": file(lambda f: f["model_weights"].attrs.__delitem__("layer_names")),
    "names of weights that are not there": file(
        lambda f: f["model_weights/a"].attrs.__setitem__("weight_names", ["a/ghost", "a/bias"])
    ),
    "names of weights that are one text": file(lambda f: f["model_weights/a"].attrs.__setitem__("weight_names", "abc")),
    "weights for one layer only": file(lambda f: f["model_weights"].attrs.__setitem__("layer_names", ["a"])),
    "cut in half": lambda: good_legacy()[: len(good_legacy()) // 2],
    "a .keras file by this name": lambda: __import__("hostile_parts").good_keras(),
}
