"""Random numbers under the names of `keras.random`; how bits become numbers is told in `chainrule.random.threefry`."""

from chainrule.random.draws import categorical as categorical
from chainrule.random.draws import dropout as dropout
from chainrule.random.draws import normal as normal
from chainrule.random.draws import randint as randint
from chainrule.random.draws import shuffle as shuffle
from chainrule.random.draws import truncated_normal as truncated_normal
from chainrule.random.draws import uniform as uniform
from chainrule.random.gamma import beta as beta
from chainrule.random.gamma import binomial as binomial
from chainrule.random.gamma import gamma as gamma
from chainrule.random.seeds import SeedGenerator as SeedGenerator

__all__ = [
    "SeedGenerator",
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
]
