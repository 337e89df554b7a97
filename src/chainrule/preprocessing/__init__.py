"""The names of `keras.preprocessing` that concern numbers and sequences."""

from typing import TYPE_CHECKING

from chainrule.lazy import getter

if TYPE_CHECKING:
    from chainrule.preprocessing import sequence as sequence
    from chainrule.utils.timeseries import timeseries_dataset_from_array as timeseries_dataset_from_array

_NAMES = {"timeseries_dataset_from_array": "chainrule.utils.timeseries"}

__all__ = ["sequence", "timeseries_dataset_from_array"]
__getattr__ = getter("chainrule.preprocessing", ("sequence",), _NAMES)


def __dir__() -> list[str]:
    return list(__all__)
