"""chainrule: feedforward neural networks with Keras's names, every number shown, small and fast.

    import chainrule as keras
    from chainrule import layers

Everything is imported on first use, so that `import chainrule` costs what `import numpy` costs.
"""

from typing import TYPE_CHECKING

import numpy as _numpy  # the one thing that everything here needs

from chainrule.lazy import getter
from chainrule.version import __version__ as __version__

if TYPE_CHECKING:
    from chainrule import activations as activations
    from chainrule import autodiff as autodiff
    from chainrule import backend as backend
    from chainrule import callbacks as callbacks
    from chainrule import config as config
    from chainrule import constraints as constraints
    from chainrule import datasets as datasets
    from chainrule import dtype_policies as dtype_policies
    from chainrule import errors as errors
    from chainrule import extend as extend
    from chainrule import health as health
    from chainrule import initializers as initializers
    from chainrule import inspect as inspect
    from chainrule import layers as layers
    from chainrule import losses as losses
    from chainrule import metrics as metrics
    from chainrule import mixed_precision as mixed_precision
    from chainrule import models as models
    from chainrule import ops as ops
    from chainrule import optimizers as optimizers
    from chainrule import plot as plot
    from chainrule import preprocessing as preprocessing
    from chainrule import random as random
    from chainrule import recording as recording
    from chainrule import regularizers as regularizers
    from chainrule import report as report
    from chainrule import saving as saving
    from chainrule import tree as tree
    from chainrule import utils as utils
    from chainrule import wrappers as wrappers
    from chainrule.autodiff import GradientTape as GradientTape
    from chainrule.autodiff import Tensor as Tensor
    from chainrule.dtype_policies import DTypePolicy as DTypePolicy
    from chainrule.dtype_policies import FloatDTypePolicy as FloatDTypePolicy
    from chainrule.functions import Function as Function
    from chainrule.functions import Operation as Operation
    from chainrule.glassbox.trace import trace as trace
    from chainrule.initializers import Initializer as Initializer
    from chainrule.layers import Input as Input
    from chainrule.layers import InputSpec as InputSpec
    from chainrule.layers import Layer as Layer
    from chainrule.losses import Loss as Loss
    from chainrule.metrics.base import Metric as Metric
    from chainrule.models import Functional as Functional
    from chainrule.models import Model as Model
    from chainrule.models import Sequential as Sequential
    from chainrule.models.many import fit_many as fit_many
    from chainrule.optimizers import Optimizer as Optimizer
    from chainrule.recording.record import record as record
    from chainrule.regularizers import Regularizer as Regularizer
    from chainrule.stateless import StatelessScope as StatelessScope
    from chainrule.stateless import SymbolicScope as SymbolicScope
    from chainrule.stateless import device as device
    from chainrule.symbolic import KerasTensor as KerasTensor
    from chainrule.terms import glossary as glossary
    from chainrule.tuning.finder import find_learning_rate as find_learning_rate
    from chainrule.utils.naming import name_scope as name_scope
    from chainrule.variables import Variable as Variable
    from chainrule.web.open import dashboard as dashboard

_MODULES = (
    "activations", "autodiff", "backend", "callbacks", "config", "constraints", "datasets", "dtype_policies", "errors",
    "extend", "health", "initializers", "inspect", "layers", "losses", "metrics", "mixed_precision", "models", "ops",
    "optimizers", "plot", "preprocessing", "random", "recording", "regularizers", "report", "saving", "tree", "utils",
    "wrappers",
)  # fmt: skip
_NAMES = {
    "DTypePolicy": "chainrule.dtype_policies",
    "FloatDTypePolicy": "chainrule.dtype_policies",
    "Function": "chainrule.functions",
    "Functional": "chainrule.models",
    "GradientTape": "chainrule.autodiff",
    "Initializer": "chainrule.initializers",
    "Input": "chainrule.layers",
    "InputSpec": "chainrule.layers",
    "KerasTensor": "chainrule.symbolic",
    "Layer": "chainrule.layers",
    "Loss": "chainrule.losses",
    "Metric": "chainrule.metrics",
    "Model": "chainrule.models",
    "Operation": "chainrule.functions",
    "Optimizer": "chainrule.optimizers",
    "Regularizer": "chainrule.regularizers",
    "Sequential": "chainrule.models",
    "StatelessScope": "chainrule.stateless",
    "SymbolicScope": "chainrule.stateless",
    "Tensor": "chainrule.autodiff",
    "Variable": "chainrule.variables",
    "dashboard": "chainrule.web.open",
    "device": "chainrule.stateless",
    "find_learning_rate": "chainrule.tuning.finder",
    "fit_many": "chainrule.models.many",
    "glossary": "chainrule.terms",
    "name_scope": "chainrule.utils.naming",
    "record": "chainrule.recording.record",
    "trace": "chainrule.glassbox.trace",
}

__all__ = sorted([*_MODULES, *_NAMES, "__version__", "version"])
__getattr__ = getter("chainrule", _MODULES, _NAMES)


def version() -> str:
    """Return the version of chainrule."""
    return __version__


def __dir__() -> list[str]:
    return list(__all__)
