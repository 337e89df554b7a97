"""The data sets of `keras.datasets`, read from the caches that Keras leaves; nothing is ever downloaded here.

A missing file gives one error with its name, the folder where it is looked for, and the call that gets it.
"""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.datasets import boston_housing as boston_housing
    from chainrule.datasets import california_housing as california_housing
    from chainrule.datasets import cifar10 as cifar10
    from chainrule.datasets import cifar100 as cifar100
    from chainrule.datasets import fashion_mnist as fashion_mnist
    from chainrule.datasets import imdb as imdb
    from chainrule.datasets import mnist as mnist
    from chainrule.datasets import reuters as reuters

_MODULES = (
    "boston_housing", "california_housing", "cifar10", "cifar100", "fashion_mnist", "imdb", "mnist", "reuters",
)  # fmt: skip

__all__ = sorted(_MODULES)
__getattr__ = getter("chainrule.datasets", _MODULES, {})


def __dir__() -> list[str]:
    return list(__all__)
