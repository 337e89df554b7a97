"""Models, by Keras's names (`keras.models`)."""

from typing import TYPE_CHECKING

from chainrule.lazy import getter
from chainrule.models.functional import Functional as Functional
from chainrule.models.model import Model as Model
from chainrule.models.sequential import Sequential as Sequential

if TYPE_CHECKING:
    from chainrule.models.clone import clone_model as clone_model
    from chainrule.models.many import fit_many as fit_many
    from chainrule.saving.keras_format import load_model as load_model
    from chainrule.saving.keras_format import model_from_json as model_from_json
    from chainrule.saving.keras_format import save_model as save_model

_FILES = ("load_model", "model_from_json", "save_model")
_NAMES = {
    "clone_model": "chainrule.models.clone",
    "fit_many": "chainrule.models.many",
    **dict.fromkeys(_FILES, "chainrule.saving.keras_format"),
}

__all__ = [
    "Functional",
    "Model",
    "Sequential",
    "clone_model",
    "fit_many",
    "load_model",
    "model_from_json",
    "save_model",
]
__getattr__ = getter("chainrule.models", ("evaluate", "fit"), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
