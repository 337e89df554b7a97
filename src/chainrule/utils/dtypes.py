"""Names of types."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule import config

_PYTHON: dict[Any, str] = {
    bool: "bool",
    int: "int32",
    str: "string",
    "bool": "bool",
    "int": "int32",
    "string": "string",
}


def standardize_dtype(dtype: Any) -> str:
    """Return the name of a type given as a name, a NumPy type, a Python type or None (`keras.utils.standardize_dtype`).

    Raises:
        ValueError: it is no type.

    >>> import numpy as np
    >>> standardize_dtype(np.dtype("float64")), standardize_dtype(None), standardize_dtype(int)
    ('float64', 'float32', 'int32')
    """
    if dtype is None or dtype is float or (isinstance(dtype, str) and dtype == "float"):
        return config.floatx()
    if isinstance(dtype, str | type) and dtype in _PYTHON:
        return _PYTHON[dtype]
    if str(dtype) == "bfloat16":
        return "bfloat16"
    try:
        return str(np.dtype(str(dtype).removeprefix("torch.") if "torch." in str(dtype) else dtype).name)
    except TypeError:
        raise ValueError(f"Invalid dtype: {dtype!r}. Use a name such as 'float32', or a NumPy type.") from None
