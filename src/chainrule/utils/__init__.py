"""Small tools around models, under the names of `keras.utils`; each is imported on first use."""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.callbacks.progbar import Progbar as Progbar
    from chainrule.config import disable_interactive_logging as disable_interactive_logging
    from chainrule.config import enable_interactive_logging as enable_interactive_logging
    from chainrule.config import is_interactive_logging_enabled as is_interactive_logging_enabled
    from chainrule.data.py_dataset import PyDataset as PyDataset
    from chainrule.data.py_dataset import PyDataset as Sequence
    from chainrule.random.seeds import set_random_seed as set_random_seed
    from chainrule.saving.serialization import CustomObjectScope as CustomObjectScope
    from chainrule.saving.serialization import custom_object_scope as custom_object_scope
    from chainrule.saving.serialization import deserialize_keras_object as deserialize_keras_object
    from chainrule.saving.serialization import get_custom_objects as get_custom_objects
    from chainrule.saving.serialization import get_registered_name as get_registered_name
    from chainrule.saving.serialization import get_registered_object as get_registered_object
    from chainrule.saving.serialization import register_keras_serializable as register_keras_serializable
    from chainrule.saving.serialization import serialize_keras_object as serialize_keras_object
    from chainrule.symbolic import is_keras_tensor as is_keras_tensor
    from chainrule.utils.config_dict import Config as Config
    from chainrule.utils.datasets import split_dataset as split_dataset
    from chainrule.utils.diagram import model_to_dot as model_to_dot
    from chainrule.utils.diagram import plot_model as plot_model
    from chainrule.utils.dtypes import standardize_dtype as standardize_dtype
    from chainrule.utils.feature_space import FeatureSpace as FeatureSpace
    from chainrule.utils.files import get_file as get_file
    from chainrule.utils.numerical import normalize as normalize
    from chainrule.utils.numerical import to_categorical as to_categorical
    from chainrule.utils.packing import pack_x_y_sample_weight as pack_x_y_sample_weight
    from chainrule.utils.packing import unpack_x_y_sample_weight as unpack_x_y_sample_weight
    from chainrule.utils.sequences import pad_sequences as pad_sequences
    from chainrule.utils.session import clear_session as clear_session
    from chainrule.utils.sources import get_source_inputs as get_source_inputs
    from chainrule.utils.timeseries import timeseries_dataset_from_array as timeseries_dataset_from_array

_SERIALIZATION = (
    "CustomObjectScope", "custom_object_scope", "deserialize_keras_object", "get_custom_objects", "get_registered_name",
    "get_registered_object", "register_keras_serializable", "serialize_keras_object",
)  # fmt: skip
_LOGGING = ("disable_interactive_logging", "enable_interactive_logging", "is_interactive_logging_enabled")
_NAMES = {
    **dict.fromkeys(_SERIALIZATION, "chainrule.saving.serialization"),
    **dict.fromkeys(_LOGGING, "chainrule.config"),
    "Config": "chainrule.utils.config_dict",
    "FeatureSpace": "chainrule.utils.feature_space",
    "Progbar": "chainrule.callbacks.progbar",
    "PyDataset": "chainrule.data.py_dataset",
    "Sequence": "chainrule.data.py_dataset:PyDataset",
    "clear_session": "chainrule.utils.session",
    "get_file": "chainrule.utils.files",
    "get_source_inputs": "chainrule.utils.sources",
    "is_keras_tensor": "chainrule.symbolic",
    "model_to_dot": "chainrule.utils.diagram",
    "normalize": "chainrule.utils.numerical",
    "pack_x_y_sample_weight": "chainrule.utils.packing",
    "pad_sequences": "chainrule.utils.sequences",
    "plot_model": "chainrule.utils.diagram",
    "set_random_seed": "chainrule.random.seeds",
    "split_dataset": "chainrule.utils.datasets",
    "standardize_dtype": "chainrule.utils.dtypes",
    "timeseries_dataset_from_array": "chainrule.utils.timeseries",
    "to_categorical": "chainrule.utils.numerical",
    "unpack_x_y_sample_weight": "chainrule.utils.packing",
}

__all__ = sorted(_NAMES)
__getattr__ = getter("chainrule.utils", (), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
