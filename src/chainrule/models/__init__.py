"""Models, by Keras's names (`keras.models`)."""

from chainrule.models.clone import clone_model as clone_model
from chainrule.models.functional import Functional as Functional
from chainrule.models.model import Model as Model
from chainrule.models.sequential import Sequential as Sequential
from chainrule.saving.keras_format import load_model as load_model
from chainrule.saving.keras_format import model_from_json as model_from_json
from chainrule.saving.keras_format import save_model as save_model
