"""Files and configurations, by Keras's names (`keras.saving`)."""

from typing import TYPE_CHECKING, Any

from chainrule.saving.serialization import CustomObjectScope as CustomObjectScope
from chainrule.saving.serialization import custom_object_scope as custom_object_scope
from chainrule.saving.serialization import deserialize_keras_object as deserialize_keras_object
from chainrule.saving.serialization import get_custom_objects as get_custom_objects
from chainrule.saving.serialization import get_registered_name as get_registered_name
from chainrule.saving.serialization import get_registered_object as get_registered_object
from chainrule.saving.serialization import register_keras_serializable as register_keras_serializable
from chainrule.saving.serialization import serialize_keras_object as serialize_keras_object

if TYPE_CHECKING:
    from chainrule.saving.c99 import export_c as export_c
    from chainrule.saving.file_editor import KerasFileEditor as KerasFileEditor
    from chainrule.saving.keras_format import load_model as load_model
    from chainrule.saving.keras_format import save_model as save_model
    from chainrule.saving.onnx import export_onnx as export_onnx
    from chainrule.saving.onnx import import_onnx as import_onnx
    from chainrule.saving.weights_files import load_weights as load_weights
    from chainrule.saving.weights_files import save_weights as save_weights

_PLACES = {
    "KerasFileEditor": "file_editor",
    "export_c": "c99",
    "export_onnx": "onnx",
    "import_onnx": "onnx",
    "load_model": "keras_format",
    "load_weights": "weights_files",
    "save_model": "keras_format",
    "save_weights": "weights_files",
}


def __getattr__(name: str) -> Any:
    # the readers and writers know all layers, and all layers know `serialization`: so they are imported when asked for
    if name in _PLACES:
        from importlib import import_module

        return getattr(import_module(f"chainrule.saving.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'chainrule.saving' has no attribute {name!r}")
