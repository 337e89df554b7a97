"""How weights start, as `keras.initializers`.

An initializer is called with a shape and gives an array. `seed=None` draws one seed when the initializer is made, so
the same object gives the same values for the same shape each time; a `SeedGenerator` as seed gives new ones.
Any function `(shape, dtype=None)` serves as an initializer too.
"""

from typing import TYPE_CHECKING

from chainrule.initializers.base import Initializer as Initializer
from chainrule.initializers.constants import Constant as Constant
from chainrule.initializers.constants import Identity as Identity
from chainrule.initializers.constants import Ones as Ones
from chainrule.initializers.constants import Zeros as Zeros
from chainrule.initializers.distributions import Orthogonal as Orthogonal
from chainrule.initializers.distributions import RandomNormal as RandomNormal
from chainrule.initializers.distributions import RandomUniform as RandomUniform
from chainrule.initializers.distributions import TruncatedNormal as TruncatedNormal
from chainrule.initializers.lookup import deserialize as deserialize
from chainrule.initializers.lookup import get as get
from chainrule.initializers.lookup import serialize as serialize
from chainrule.initializers.scaling import GlorotNormal as GlorotNormal
from chainrule.initializers.scaling import GlorotUniform as GlorotUniform
from chainrule.initializers.scaling import HeNormal as HeNormal
from chainrule.initializers.scaling import HeUniform as HeUniform
from chainrule.initializers.scaling import LecunNormal as LecunNormal
from chainrule.initializers.scaling import LecunUniform as LecunUniform
from chainrule.initializers.scaling import VarianceScaling as VarianceScaling
from chainrule.lazy import refuser

constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = IdentityInitializer = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = OrthogonalInitializer = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "IdentityInitializer",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "OrthogonalInitializer",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

if not TYPE_CHECKING:  # type checkers know what is there
    __getattr__ = refuser("chainrule.initializers")
