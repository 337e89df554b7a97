"""The numbers behind the pictures of `chainrule.plot`, as arrays and under the same names; matplotlib is not needed."""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.plot.arrays.training import Training as Training
    from chainrule.plot.arrays.training import training as training

_NAMES = {
    "Training": "chainrule.plot.arrays.training",
    "training": "chainrule.plot.arrays.training",
}

__all__ = sorted(_NAMES)
__getattr__ = getter("chainrule.plot.numbers", (), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
