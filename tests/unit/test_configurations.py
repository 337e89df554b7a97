"""Laws for every class of the closed table, found by introspection.

An object described and read again has the same description; the description is the one Keras 3.15.1 gives, which
`tests/parity/make_surface_fixtures.py` wrote down, and so are the arguments of constructors and functions.
"""

from __future__ import annotations

import importlib
import inspect
import json
import runpy
from pathlib import Path
from typing import Any

import pytest

import chainrule as cr
from chainrule.saving import deserialize_keras_object, serialize_keras_object
from chainrule.saving.names import iterate_known
from chainrule.utils.naming import reset_names

PARITY = Path(__file__).parents[1] / "parity"
SURFACE = json.loads((PARITY / "fixtures" / "surface.json").read_text())
TENSORFLOW = json.loads((PARITY / "fixtures" / "preprocessing.json").read_text())["defaults"]
for _name, _description in TENSORFLOW.items():  # layers that Keras has on one of its backends only
    SURFACE["keras.layers"][_name]["described"] = _description
arguments_for = runpy.run_path(str(PARITY / "config_arguments.py"))["arguments_for"]

# -- what differs from Keras, and why ---------------------------------------------------------------------------------

ABSTRACT = {  # bases: nothing to make, or nothing of their own to describe
    "keras.Model",
    "keras.Functional",
    "keras.KerasTensor",
    "keras.FloatDTypePolicy",  # the older name of DTypePolicy
    "keras.constraints.Constraint",
    "keras.initializers.Initializer",
    "keras.losses.LossFunctionWrapper",
    "keras.metrics.MeanMetricWrapper",
}
EXTRA_KEYS = {  # Keras leaves these arguments out, and so forgets them in its files; its constructors take them
    "keras.initializers.Identity": {"gain"},
    "keras.initializers.identity": {"gain"},
    "keras.initializers.IdentityInitializer": {"gain"},
    "keras.losses.CosineSimilarity": {"axis"},
    "keras.losses.Huber": {"delta"},
    "keras.losses.SparseCategoricalCrossentropy": {"axis"},
    "keras.metrics.CosineSimilarity": {"axis"},
}
NOT_COMPARED = {
    "keras.dtype_policies.FloatDTypePolicy": "the older name of DTypePolicy",
    "keras.layers.InputSpec": "Keras describes it without its arguments; it occurs in no file",
    "keras.layers.Layer": "Keras adds what an abstract layer has no use for",
    "keras.saving.CustomObjectScope": "it occurs in no file",
    "keras.initializers.Initializer": "an abstract class",
    "keras.losses.Loss": "the base, which Keras also exports as keras.Loss; files hold its subclasses",
    "keras.metrics.Metric": "the base, which Keras also exports as keras.Metric; files hold its subclasses",
}


def known_classes() -> dict[str, type]:
    return {f"{module}.{name}": thing for module, name, thing in iterate_known() if isinstance(thing, type)}


CLASSES = known_classes()
CONCRETE = sorted(set(CLASSES) - ABSTRACT)


def make(full: str) -> Any:
    arguments = arguments_of(full)
    if full == "keras.layers.Lambda":
        arguments["function"] = cr.activations.relu
    return CLASSES[full](**arguments)


def described(thing: Any) -> Any:
    return json.loads(json.dumps(serialize_keras_object(thing)))


# -- the laws ---------------------------------------------------------------------------------------------------------


def test_every_abstract_class_is_there() -> None:
    assert set(CLASSES) >= ABSTRACT - {"keras.initializers.Initializer"}
    assert len(CONCRETE) > 140


@pytest.mark.parametrize("full", CONCRETE)
def test_described_and_read_again_it_is_the_same(full: str) -> None:
    thing = make(full)
    copy = deserialize_keras_object(described(thing))
    assert type(copy) is type(thing)
    assert described(copy) == described(thing)


@pytest.mark.parametrize("full", CONCRETE)
def test_from_config_takes_what_get_config_gives(full: str) -> None:
    thing = make(full)
    assert type(thing).from_config(thing.get_config()).get_config() == thing.get_config()


@pytest.mark.parametrize("full", [f for f in CONCRETE if f != "keras.DTypePolicy"])  # which files hold by its type
def test_a_subclass_without_a_word_of_its_own_is_described_alike(full: str) -> None:
    cls = type("Mine", (CLASSES[full],), {"__module__": __name__})
    thing = make(full)
    own = cls.from_config(thing.get_config())
    assert own.get_config() == thing.get_config()
    description = described(own)
    assert description["module"] == __name__
    assert description["registered_name"] == "Mine"
    assert type(deserialize_keras_object(description, custom_objects={"Mine": cls})) is cls


def compared() -> list[str]:
    return [
        f"{module}.{name}"
        for module, names in SURFACE.items()
        for name, row in names.items()
        if "described" in row and f"{module}.{name}" not in NOT_COMPARED
    ]


@pytest.mark.parametrize("full", compared())
def test_the_description_is_that_of_keras(full: str) -> None:
    module, name = full.rsplit(".", 1)
    theirs = SURFACE[module][name]["described"]
    reset_names()
    ours = described(getattr(importlib.import_module(f"chainrule.{module[6:]}"), name)(**arguments_of(full)))
    config = {k: v for k, v in ours["config"].items() if k not in EXTRA_KEYS.get(full, ())}
    assert set(ours["config"]) - set(config) == EXTRA_KEYS.get(full, set())
    assert rounded(config) == rounded(theirs["config"])
    assert {k: ours[k] for k in theirs if k != "config"} == {k: v for k, v in theirs.items() if k != "config"}


def arguments_of(full: str) -> Any:
    return arguments_for(full.removeprefix("keras."), cr)


def rounded(value: Any) -> Any:
    """Return a configuration with floats to 6 digits: Keras has rounded some of them to float32."""
    if isinstance(value, dict):
        return {k: rounded(v) for k, v in value.items()}
    if isinstance(value, list):
        return [rounded(v) for v in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def test_everything_of_the_table_is_compared() -> None:
    """What has a description here and a namesake in Keras must be in the fixture: make it anew after adding a class."""
    missing = {full for full in CONCRETE if full not in {*compared(), *NOT_COMPARED}}
    elsewhere = {
        "keras.DTypePolicy",
        "keras.DTypePolicyMap",
        "keras.Sequential",
        "keras.utils.FeatureSpace",
        *(n for n in CONCRETE if n.startswith("keras.src.layers.preprocessing.feature_space.")),
    }  # in the fixtures of others
    # Keras describes a Lambda by its code, unless it has a function that is registered
    assert missing == {"keras.layers.Lambda", *elsewhere}


# -- signatures -------------------------------------------------------------------------------------------------------


def arguments(thing: Any) -> list[list[str]]:
    function = thing.__init__ if isinstance(thing, type) else thing
    rows = []
    for p in inspect.signature(function).parameters.values():
        default = "required" if p.default is p.empty else repr(p.default)
        if p.name != "self" and (p.name, p.kind) != ("max_bytes", p.KEYWORD_ONLY):  # a limit of ours for loaders
            rows.append([p.name, p.kind.name, default])
    return [] if [row[0] for row in rows] == ["args", "kwargs"] else rows  # no constructor of its own


SIGNATURES = [f"{module}.{name}" for module, names in SURFACE.items() for name in names]


@pytest.mark.parametrize("full", SIGNATURES)
def test_names_order_and_defaults_of_arguments_are_those_of_keras(full: str) -> None:
    module, name = full.rsplit(".", 1)
    ours = arguments(getattr(importlib.import_module(f"chainrule.{module[6:]}"), name))
    theirs = SURFACE[module][name]["signature"]
    assert ours == ([] if [row[0] for row in theirs] == ["args", "kwargs"] else theirs)
