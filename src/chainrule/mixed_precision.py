"""The names of `keras.mixed_precision`: accepted, so that programs run; arithmetic is float32 or float64.

>>> import chainrule as cr
>>> cr.mixed_precision.set_global_policy("float64")
>>> cr.mixed_precision.global_policy(), cr.layers.Dense(1).compute_dtype
(<DTypePolicy "float64">, 'float64')
>>> cr.utils.clear_session()  # forgets the global policy
"""

from chainrule.config import dtype_policy as dtype_policy
from chainrule.config import set_dtype_policy as set_dtype_policy
from chainrule.dtype_policies import DTypePolicy as DTypePolicy
from chainrule.optimizers.loss_scale_optimizer import LossScaleOptimizer as LossScaleOptimizer

Policy = DTypePolicy
global_policy = dtype_policy
set_global_policy = set_dtype_policy

__all__ = [
    "DTypePolicy",
    "LossScaleOptimizer",
    "Policy",
    "dtype_policy",
    "global_policy",
    "set_dtype_policy",
    "set_global_policy",
]
