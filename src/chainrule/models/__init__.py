"""Models, by Keras's names (`keras.models`)."""

from chainrule.models.functional import Functional as Functional
from chainrule.models.model import Model as Model
from chainrule.models.sequential import Sequential as Sequential
