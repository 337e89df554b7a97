"""The names of `keras.backend` that scripts use: settings of the process, counted names, types.

>>> import chainrule.backend as K
>>> K.floatx(), K.backend(), K.is_float_dtype("int32")
('float32', 'numpy', False)
"""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.config import backend as backend
from chainrule.config import epsilon as epsilon
from chainrule.config import floatx as floatx
from chainrule.config import image_data_format as image_data_format
from chainrule.config import set_epsilon as set_epsilon
from chainrule.config import set_floatx as set_floatx
from chainrule.config import set_image_data_format as set_image_data_format
from chainrule.symbolic import is_keras_tensor as is_keras_tensor
from chainrule.utils.dtypes import standardize_dtype as standardize_dtype
from chainrule.utils.naming import unique_name
from chainrule.utils.session import clear_session as clear_session


def get_uid(prefix: str = "") -> int:
    """Return how many names with this prefix were given before, plus one, and count on.

    >>> clear_session()
    >>> get_uid("dense"), get_uid("dense")
    (1, 2)
    """
    number = unique_name(prefix).removeprefix(prefix).removeprefix("_")
    return int(number or 0) + 1


def is_float_dtype(dtype: Any) -> bool:
    """Whether a type is a float type."""
    return "float" in standardize_dtype(dtype)


def is_int_dtype(dtype: Any) -> bool:
    """Whether a type is an integer type, signed or not."""
    return "int" in standardize_dtype(dtype)


def result_type(*dtypes: Any) -> str:
    """Return the type that values of these types are computed in together: integers with floats give that float type.

    Python's own `int` and `float` take on the width of the others.

    >>> result_type("int32", "float32"), result_type("float32", "float64"), result_type("int32", "bool")
    ('float32', 'float64', 'int32')
    >>> result_type("int8", int), result_type("float16", float), result_type("int8", float)
    ('int8', 'float16', 'float32')
    """
    names = {standardize_dtype(d) for d in dtypes if d is not int and d is not float}
    if float in dtypes and not any("float" in n for n in names):
        names.add(floatx())
    if int in dtypes and not any("int" in n or "float" in n for n in names):
        names.add("int32")
    names = {n for n in names if "float" in n} or names or {floatx()}
    if "bfloat16" in names and len(names) > 1:
        names = {"float32" if n in ("bfloat16", "float16") else n for n in names}
    return names.pop() if len(names) == 1 else str(np.result_type(*names).name)


__all__ = [
    "backend", "clear_session", "epsilon", "floatx", "get_uid", "image_data_format", "is_float_dtype", "is_int_dtype",
    "is_keras_tensor", "result_type", "set_epsilon", "set_floatx", "set_image_data_format", "standardize_dtype",
]  # fmt: skip
