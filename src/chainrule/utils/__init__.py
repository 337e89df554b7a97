"""Small tools around models, under the names of `keras.utils`."""

from chainrule.data.py_dataset import PyDataset as PyDataset
from chainrule.random.seeds import set_random_seed as set_random_seed
from chainrule.saving.serialization import CustomObjectScope as CustomObjectScope
from chainrule.saving.serialization import custom_object_scope as custom_object_scope
from chainrule.saving.serialization import deserialize_keras_object as deserialize_keras_object
from chainrule.saving.serialization import get_custom_objects as get_custom_objects
from chainrule.saving.serialization import get_registered_name as get_registered_name
from chainrule.saving.serialization import get_registered_object as get_registered_object
from chainrule.saving.serialization import register_keras_serializable as register_keras_serializable
from chainrule.saving.serialization import serialize_keras_object as serialize_keras_object
from chainrule.utils.datasets import split_dataset as split_dataset
from chainrule.utils.numerical import normalize as normalize
from chainrule.utils.numerical import to_categorical as to_categorical
from chainrule.utils.packing import pack_x_y_sample_weight as pack_x_y_sample_weight
from chainrule.utils.packing import unpack_x_y_sample_weight as unpack_x_y_sample_weight
from chainrule.utils.sequences import pad_sequences as pad_sequences
from chainrule.utils.session import clear_session as clear_session

Sequence = PyDataset

__all__ = [
    "CustomObjectScope",
    "PyDataset",
    "Sequence",
    "clear_session",
    "custom_object_scope",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "register_keras_serializable",
    "serialize_keras_object",
    "set_random_seed",
    "split_dataset",
    "to_categorical",
    "unpack_x_y_sample_weight",
]
