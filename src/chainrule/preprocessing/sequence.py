"""The names of `keras.preprocessing.sequence`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainrule.lazy import refuser
from chainrule.utils.sequences import pad_sequences as pad_sequences

if not TYPE_CHECKING:  # type checkers know what is there
    __getattr__ = refuser("chainrule.preprocessing.sequence")
