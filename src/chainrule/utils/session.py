"""What the process remembers between models."""

from __future__ import annotations

import gc

from chainrule import config
from chainrule.utils.naming import reset_names


def clear_session(free_memory: bool = True) -> None:
    """Count the names of layers and models from the start again (`dense`, `dense_1`, ...); forget the dtype policy.

    Args:
        free_memory: also collect garbage, so that models no longer used are freed at once.

    >>> clear_session()
    """
    reset_names()
    config.forget_dtype_policy()
    if free_memory:
        gc.collect()
