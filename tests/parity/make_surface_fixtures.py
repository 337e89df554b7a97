"""Write the signatures and default configurations of Keras's classes: needs keras installed.

    KERAS_BACKEND=jax python tests/parity/make_surface_fixtures.py

writes `fixtures/surface.json`: for each module and each name that it shares with chainrule

    signature   of the constructor or function: `[name, kind, default]` of each argument
    described   an object made with `config_arguments` as files describe it: module, class, configuration
"""

import importlib
import inspect
import json
import os
import sys
from pathlib import Path

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[2] / "src"))

import keras
from config_arguments import arguments_for

MODULES = (
    "layers",
    "optimizers",
    "optimizers.schedules",
    "losses",
    "metrics",
    "initializers",
    "regularizers",
    "constraints",
    "activations",
    "models",
    "saving",
    "backend",
    "config",
    "dtype_policies",
    "mixed_precision",
    "random",
    "tree",
)


def signature_of(thing):
    """Return the arguments as `[name, kind, default]`, without `self`."""
    function = thing.__init__ if isinstance(thing, type) else thing
    rows = []
    for p in inspect.signature(function).parameters.values():
        if p.name == "self":
            continue
        default = "required" if p.default is inspect.Parameter.empty else repr(p.default)
        rows.append([p.name, p.kind.name, default])
    return rows


def described(module, name, thing):
    """Return the description of a default object, or None if the class has none of its own."""
    try:
        description = keras.saving.serialize_keras_object(thing(**arguments_for(f"{module}.{name}", keras)))
        return {key: description[key] for key in ("module", "class_name", "config", "registered_name")}
    except (TypeError, ValueError, KeyError, NotImplementedError, AttributeError, ImportError):
        return None


def main():
    surface = {}
    for module in MODULES:
        home = keras
        for part in module.split("."):
            home = getattr(home, part)
        rows = surface[f"keras.{module}"] = {}
        ours = importlib.import_module(f"chainrule.{module}")
        for name, thing in sorted(vars(home).items()):
            if name.startswith("_") or not callable(thing) or not hasattr(ours, name):
                continue
            keras.utils.clear_session()
            rows[name] = {"signature": signature_of(thing)}
            description = described(module, name, thing) if isinstance(thing, type) else None
            if description is not None:
                rows[name]["described"] = description
    path = Path(__file__).parent / "fixtures" / "surface.json"
    text = json.dumps(surface, sort_keys=True, separators=(",", ":"))
    path.write_text(text.replace('},"', '},\n"') + "\n")
    print(f"{path.name}: {sum(map(len, surface.values()))} names, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
