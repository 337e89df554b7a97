"""Configurations that ask for code, for modules, for files: everything that has been a hole in Keras, and more."""

from __future__ import annotations

import base64
import marshal
import pickle
from typing import Any

from hostile_parts import Cases, Make, good_functional, good_keras, with_class, with_config, with_layer, with_setting

SUFFIX = ".keras"
GOOD = [good_keras, good_functional]

CODE = base64.b64encode(marshal.dumps(compile("raise SystemExit('executed')", "x", "exec"))).decode()
BY_VALUE = {"class_name": "__lambda__", "config": {"code": CODE, "defaults": None, "closure": None}}
OLD_LAMBDA = {"name": "l", "function": [CODE, None, None], "function_type": "lambda", "arguments": {}}
LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "l", "function": BY_VALUE}}
PICKLE = base64.b64encode(pickle.dumps(print)).decode()


def setting(key: str, value: Any) -> Make:
    return lambda: with_setting(key, value)


def instead(class_name: Any, config: Any, module: Any = "keras.layers", registered: Any = None) -> Make:
    return lambda: with_class(class_name, config, module, registered)


def function(name: Any, module: str = "builtins") -> dict[str, Any]:
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


def an_object(module: str, class_name: str, config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": class_name, "config": config, "registered_name": None}


def compiled(key: str, value: Any) -> Make:
    return lambda: with_config(lambda config: config["compile_config"].__setitem__(key, value))


def whole(class_name: str, config: Any, module: Any = "keras") -> Make:
    return lambda: with_config(lambda _: {"module": module, "class_name": class_name, "config": config})


def argument(value: Any) -> Make:
    """A value among the arguments of a call in a functional model."""

    def change(config: Any) -> None:
        next(m for m in config["config"]["layers"] if m["name"] == "c")["inbound_nodes"][0]["kwargs"]["mask"] = value

    return lambda: with_config(change, good_functional)


GADGETS = [
    *[("builtins", name) for name in ("exec", "eval", "compile", "open", "__import__", "getattr", "print", "type")],
    *[("os", name) for name in ("system", "popen", "remove", "execv", "path")],
    *[("subprocess", name) for name in ("Popen", "run", "call")],
    *[("keras.utils", name) for name in ("get_file", "Sequence", "PyDataset", "image_dataset_from_directory")],
    *[("keras.models", name) for name in ("load_model", "model_from_json", "save_model")],
    *[("keras.saving", name) for name in ("load_model", "load_weights", "KerasFileEditor")],
    *[("keras.config", name) for name in ("enable_unsafe_deserialization", "set_backend", "set_floatx")],
    ("keras.src.saving.serialization_lib", "enable_unsafe_deserialization"),
    ("keras.src.backend.common.global_state", "set_global_attribute"),
    *[("chainrule.saving", name) for name in ("load_model", "register_keras_serializable")],
    ("chainrule.saving.hdf5", "open_file"),
    ("chainrule.cli", "main"),
    ("numpy", "load"),
    ("numpy.ctypeslib", "load_library"),
    ("pickle", "loads"),
    ("shutil", "rmtree"),
    ("ctypes", "CDLL"),
    ("importlib", "import_module"),
    ("a_module_that_is_not_there", "Thing"),
]

CASES: Cases = {
    # code by value
    "a lambda": instead("Lambda", {"name": "l", "function": BY_VALUE}),
    "a lambda of Keras 2": instead("Lambda", OLD_LAMBDA),
    "a lambda of Keras 2 as output shape": instead(
        "Lambda", {"name": "l", "function": "relu", "output_shape": [CODE, None, None], "output_shape_type": "lambda"}
    ),
    "a lambda as output shape": instead("Lambda", {"name": "l", "function": "relu", "output_shape": BY_VALUE}),
    "a lambda as mask": instead("Lambda", {"name": "l", "function": "relu", "mask": BY_VALUE}),
    "a lambda by code alone": instead("Lambda", {"name": "l", "function": CODE, "function_type": "lambda"}),
    "a lambda within TimeDistributed": instead("TimeDistributed", {"name": "t", "layer": LAMBDA}),
    "a lambda within a nested model": instead("Sequential", {"name": "s", "layers": [LAMBDA]}, module="keras"),
    "a lambda as activation": setting("activation", BY_VALUE),
    "a lambda as initializer": setting("kernel_initializer", BY_VALUE),
    "a lambda as regularizer": setting("kernel_regularizer", BY_VALUE),
    "a lambda as constraint": setting("bias_constraint", BY_VALUE),
    "a lambda as units": setting("units", BY_VALUE),
    "a lambda as name": setting("name", BY_VALUE),
    "a lambda as loss": compiled("loss", BY_VALUE),
    "a lambda as metric": compiled("metrics", [BY_VALUE]),
    "a lambda as optimizer": compiled("optimizer", BY_VALUE),
    "a lambda as learning rate": compiled(
        "optimizer", an_object("keras.optimizers", "SGD", {"learning_rate": BY_VALUE})
    ),
    "a lambda as an argument of a call": argument(BY_VALUE),
    "a lambda as a field that nobody knows": setting("extra", BY_VALUE),
    "a pickle of torch": instead("TorchModuleWrapper", {"name": "t", "module": PICKLE}),
    "a SavedModel elsewhere": instead("TFSMLayer", {"name": "t", "filepath": "/tmp/elsewhere"}),
    "a layer of jax": instead("JaxLayer", {"name": "j", "call_fn": BY_VALUE}),
    "a layer of flax": instead("FlaxLayer", {"name": "j", "module": PICKLE}),
    # names of things that are no part of a model
    **{f"{m}.{n} as a layer": instead(n, {"name": "x"}, module=m) for m, n in GADGETS},
    **{f"{m}.{n} as activation": setting("activation", function(n, m)) for m, n in GADGETS[:8] + GADGETS[13:20]},
    "exec as initializer": setting("kernel_initializer", an_object("builtins", "exec", {"source": "1"})),
    "os.system with an argument": setting("kernel_regularizer", an_object("os", "system", "echo executed")),
    "a class by a path": instead("os.system", {"name": "x"}, module="keras.layers"),
    "a class with dunders": instead("__class__", {"name": "x"}),
    "a class of the base": instead("Layer.__subclasses__", {"name": "x"}),
    "a registered name that is not": instead("Dense", {"units": 3, "name": "a"}, registered="os>system"),
    "a registered class that is not": instead("Mine", {"name": "a"}, module="my_package", registered="Custom>Mine"),
    "a module of the current folder": instead("Evil", {"name": "a"}, module="evil"),
    "a module with a path": instead("Evil", {"name": "a"}, module="../evil"),
    "an activation by a path": setting("activation", "os.system"),
    "an activation by dunder": setting("activation", "__import__"),
    "an activation of 5,000 letters": setting("activation", "x" * 5000),
    "an activation with line breaks": setting("activation", "relu\nERROR: all is lost"),
    "an activation that is a class": setting("activation", an_object("keras.models", "Model", {})),
    "an initializer that is a layer": setting("kernel_initializer", an_object("keras.layers", "Dense", {"units": 1})),
    "a loss that is a layer": compiled("loss", an_object("keras.layers", "Dense", {"units": 1})),
    "an optimizer that is a loss": compiled("optimizer", an_object("keras.losses", "MeanSquaredError", {})),
    "a metric that is a file": compiled("metrics", [function("open", "io")]),
    "a layer that is an initializer": instead("Zeros", {}, module="keras.initializers"),
    "the model is a layer": whole("Dense", {"units": 3}, "keras.layers"),
    "the model is an optimizer": whole("Adam", {}, "keras.optimizers"),
    "the model is a function": whole("function", "system", "os"),
    "the model is load_model": whole("load_model", {"filepath": "x.keras", "safe_mode": False}, "keras.models"),
    # values in special forms
    "a form that is not known": setting("units", {"class_name": "__class__", "config": {}}),
    "a typespec": setting("units", {"class_name": "__typespec__", "spec_name": "x", "config": {"a": 1}}),
    "an array of objects": setting(
        "units", {"class_name": "__numpy__", "config": {"value": [{"a": 1}], "dtype": "object"}}
    ),
    "an array of texts": setting("units", {"class_name": "__numpy__", "config": {"value": ["a"], "dtype": "<U3"}}),
    "an array of a type that is not": setting(
        "units", {"class_name": "__numpy__", "config": {"value": [1], "dtype": "os.system"}}
    ),
    "an array of records": setting("units", {"class_name": "__numpy__", "config": {"value": [1], "dtype": "i4,f8"}}),
    "an array of unequal rows": setting(
        "units", {"class_name": "__numpy__", "config": {"value": [[1], [2, 3]], "dtype": "float32"}}
    ),
    "an array without a type": setting("units", {"class_name": "__tensor__", "config": {"value": [1]}}),
    "an array in place of units": setting(
        "units", {"class_name": "__tensor__", "config": {"value": [3, 4], "dtype": "int32"}}
    ),
    "a slice without ends": setting("units", {"class_name": "__slice__", "config": {}}),
    "a slice in place of units": setting(
        "units", {"class_name": "__slice__", "config": {"start": 0, "stop": 1, "step": 1}}
    ),
    "bytes in place of units": setting("units", {"class_name": "__bytes__", "config": {"value": "3"}}),
    "a tensor of the graph in place of units": setting(
        "units",
        {"class_name": "__keras_tensor__", "config": {"shape": [1], "dtype": "x", "keras_history": ["x", 0, 0]}},
    ),
    # fields
    "a field that is not known": setting("unit", 3),
    "a field with dunders": setting("__class__", "os"),
    "a field called self": setting("self", 3),
    "a field called cls": setting("cls", 3),
    "units as a text": setting("units", "3"),
    "units as a fraction": setting("units", 2.5),
    "units below zero": setting("units", -1),
    "units as true": setting("units", True),
    "units as a list": setting("units", [3]),
    "use_bias as an object": setting("use_bias", {"a": 1}),
    "use_bias as a text": setting("use_bias", "no"),
    "trainable as an object": setting("trainable", {"a": 1}),
    "name as a number": setting("name", 5),
    "name as a list": setting("name", ["a"]),
    "name with a path upwards": setting("name", "../../outside"),
    "dtype that is not": setting("dtype", "float99"),
    "dtype as an object of Python": setting("dtype", an_object("builtins", "object", {})),
    "dtype as a list": setting("dtype", [1]),
    "an activation as a number": setting("activation", 3),
    "an activation as a list": setting("activation", ["relu"]),
    "an initializer as a number": setting("kernel_initializer", 7),
    "an initializer with a field that is not known": setting(
        "kernel_initializer", an_object("keras.initializers", "Zeros", {"path": "/etc/passwd"})
    ),
    "a regularizer with a text": setting("kernel_regularizer", an_object("keras.regularizers", "L2", {"l2": "x"})),
    "a build_config that is none": lambda: with_layer(lambda d: d.__setitem__("build_config", {"input_shape": "abc"})),
    "a build_config with other keys": lambda: with_layer(lambda d: d.__setitem__("build_config", {"path": "/etc"})),
    "build_config with a shape of objects": lambda: with_layer(
        lambda d: d.__setitem__("build_config", {"input_shape": [None, {"a": 1}]})
    ),
    # vocabularies that are files
    "a vocabulary that is a file": instead("StringLookup", {"name": "s", "vocabulary": "/etc/passwd"}),
    "a vocabulary that is an address": instead("StringLookup", {"name": "s", "vocabulary": "http://127.0.0.1:1/v"}),
    "whole numbers from a file": instead("IntegerLookup", {"name": "s", "vocabulary": "/etc/hostname"}),
    "texts from a file": instead("TextVectorization", {"name": "s", "vocabulary": "/etc/passwd"}),
    "weights of texts from a file": instead(
        "TextVectorization", {"name": "s", "vocabulary": ["a"], "idf_weights": "/etc/passwd", "output_mode": "tf_idf"}
    ),
    "a splitter that is code": instead("TextVectorization", {"name": "s", "split": BY_VALUE}),
    "a standardizer that is code": instead("TextVectorization", {"name": "s", "standardize": BY_VALUE}),
    # compile settings
    "compile settings as a list": lambda: with_config(lambda c: c.__setitem__("compile_config", [1])),
    "compile settings as a text": lambda: with_config(lambda c: c.__setitem__("compile_config", "adam")),
    "compile settings with a field that is not known": compiled("callbacks", []),
    "a loss that is not": compiled("loss", "system"),
    "a metric that is not": compiled("metrics", ["exec"]),
    "an optimizer that is not": compiled("optimizer", "Popen"),
    "an optimizer as a number": compiled("optimizer", 3),
    "a learning rate that is a text": compiled(
        "optimizer", an_object("keras.optimizers", "SGD", {"learning_rate": "fast"})
    ),
    "an engine that is a path": compiled("engine", "../engine.so"),
}
