"""Losses, as `keras.losses`: classes with reductions and weights, and the functions of one observation beneath them."""

from typing import TYPE_CHECKING

from chainrule.lazy import refuser
from chainrule.losses.base import Loss as Loss
from chainrule.losses.base import LossFunctionWrapper as LossFunctionWrapper
from chainrule.losses.classification import *

# Keras 2 had short names as attributes too, and scripts still use them: keras.losses.mse
from chainrule.losses.classification import binary_crossentropy as BCE
from chainrule.losses.classification import binary_crossentropy as bce
from chainrule.losses.classification import kl_divergence as KLD
from chainrule.losses.classification import kl_divergence as kld
from chainrule.losses.compile import CompileLoss as CompileLoss
from chainrule.losses.focal import *
from chainrule.losses.hinge import *
from chainrule.losses.lookup import deserialize as deserialize
from chainrule.losses.lookup import get as get
from chainrule.losses.lookup import serialize as serialize
from chainrule.losses.regression import *
from chainrule.losses.regression import mean_absolute_error as MAE
from chainrule.losses.regression import mean_absolute_error as mae
from chainrule.losses.regression import mean_absolute_percentage_error as MAPE
from chainrule.losses.regression import mean_absolute_percentage_error as mape
from chainrule.losses.regression import mean_squared_error as MSE
from chainrule.losses.regression import mean_squared_error as mse
from chainrule.losses.regression import mean_squared_logarithmic_error as MSLE
from chainrule.losses.regression import mean_squared_logarithmic_error as msle
from chainrule.losses.similarity import *

if not TYPE_CHECKING:  # type checkers know what is there
    __getattr__ = refuser("chainrule.losses")
