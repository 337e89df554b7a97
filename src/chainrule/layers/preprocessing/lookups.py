"""`StringLookup` and `IntegerLookup`: categories to numbers by a vocabulary, and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule._typing import Array, Config
from chainrule.data.texts import to_text
from chainrule.errors import DataError
from chainrule.layers.preprocessing.base import plain
from chainrule.layers.preprocessing.index_lookup import IndexLookup
from chainrule.saving.serialization import public

__all__ = ["IntegerLookup", "StringLookup"]


@public("keras.layers")
class StringLookup(IndexLookup):
    """Numbers from strings: 0 for the mask token (if any), then those out of vocabulary, then the terms.

    Args:
        max_tokens: largest size of the vocabulary, special tokens included.
        num_oov_indices: how many numbers there are for what is not in the vocabulary; several share by hash; 0 forbids.
        mask_token: the string that stands for "nothing": number 0 in mode `'int'`, left out in the others.
        oov_token: what `invert` returns for numbers out of vocabulary.
        vocabulary: the terms in order, or a text file with one per line; else `adapt` finds them.
        idf_weights: a weight per term, for mode `'tf_idf'`.
        invert: strings from numbers.
        output_mode: `'int'`, `'one_hot'`, `'multi_hot'`, `'count'` or `'tf_idf'`.
        pad_to_max_tokens: make vectors `max_tokens` long even if there are fewer terms.
        sparse: not supported.
        encoding: of bytes.
        salt: one or two integers: another hash for what is out of vocabulary.

    Raises:
        DataError: the input is not text; or out of vocabulary where `num_oov_indices` is 0.

    >>> import chainrule as cr
    >>> layer = cr.layers.StringLookup()
    >>> layer.adapt(["a", "b", "b"])
    >>> layer.get_vocabulary(), layer([["a", "z"]]).numpy().tolist()
    (['[UNK]', 'b', 'a'], [[2, 0]])
    """

    vocabulary_dtype = "string"
    text_input = True
    _term = str

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: str | None = None,
        oov_token: str | None = "[UNK]",
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        pad_to_max_tokens: bool = False,
        sparse: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        salt: Any = None,
        **kwargs: Any,
    ) -> None:
        self.encoding = encoding
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=mask_token,
            oov_token=oov_token,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            pad_to_max_tokens=pad_to_max_tokens,
            sparse=sparse,
            name=name,
            salt=salt,
            **kwargs,
        )

    def _as_terms(self, vocabulary: Any) -> list[str]:
        array = plain(vocabulary, f"the vocabulary of '{self.name}'")
        if array.dtype.kind != "O" and array.size:
            raise DataError(f"StringLookup '{self.name}': the vocabulary must be text, but holds {array.dtype} values.")
        return [str(t) for t in array.ravel().tolist()]

    def _keys(self, values: Any) -> Array:
        array = values if isinstance(values, np.ndarray) else plain(values, f"the input of '{self.name}'")
        if array.dtype.kind not in "OUST":
            if not array.size:
                return array.astype(object)
            raise DataError(
                f"StringLookup '{self.name}' takes text, but received {array.dtype} values such as "
                f"{array.ravel()[0].item()!r}. Use IntegerLookup for integers."
            )
        return to_text(array, f"the input of '{self.name}'", self.encoding)

    def get_config(self) -> Config:
        settings = {**super().get_config(), "encoding": self.encoding}
        del settings["vocabulary_dtype"]
        return settings


@public("keras.layers")
class IntegerLookup(IndexLookup):
    """Numbers from integers, as `StringLookup` from strings.

    Args:
        max_tokens, num_oov_indices, vocabulary, idf_weights, invert, output_mode, sparse, pad_to_max_tokens: see
            `StringLookup`.
        mask_token: the integer that stands for "nothing".
        oov_token: what `invert` returns for numbers out of vocabulary.
        vocabulary_dtype: `'int64'`.
        oov_method: how several numbers out of vocabulary are shared: `'floormod'` (the value modulo their number) or
            `'farmhash'`.
        salt: one or two integers: another hash, with `'farmhash'`.

    >>> import chainrule as cr
    >>> cr.layers.IntegerLookup(vocabulary=[12, 36, 42])([[36, 7]]).numpy().tolist()
    [[2, 0]]
    """

    vocabulary_dtype = "int64"
    _term = int

    def __init__(
        self,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        mask_token: int | None = None,
        oov_token: int | None = -1,
        vocabulary: Any = None,
        vocabulary_dtype: str = "int64",
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        salt: Any = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if vocabulary_dtype != "int64":
            raise ValueError(f"IntegerLookup: vocabulary_dtype must be 'int64', but is {vocabulary_dtype!r}.")
        super().__init__(
            max_tokens=max_tokens,
            num_oov_indices=num_oov_indices,
            mask_token=None if mask_token is None else int(mask_token),
            oov_token=None if oov_token is None else int(oov_token),
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            invert=invert,
            output_mode=output_mode,
            sparse=sparse,
            pad_to_max_tokens=pad_to_max_tokens,
            oov_method=oov_method,
            salt=salt,
            name=name,
            **kwargs,
        )

    def _as_terms(self, vocabulary: Any) -> list[int]:
        return [int(t) for t in self._integers(vocabulary, "the vocabulary").ravel()]

    def _keys(self, values: Any) -> Array:
        return self._integers(values, "the input")

    def _integers(self, values: Any, what: str) -> Array:
        array = plain(values, f"{what} of '{self.name}'")
        if array.dtype.kind not in "iufb":
            raise DataError(
                f"IntegerLookup '{self.name}': {what} must be integers, but holds text such as "
                f"{array.ravel()[0]!r:.60}. Use StringLookup for text."
            )
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise DataError(f"IntegerLookup '{self.name}': {what} holds NaN or infinity. Fill or drop it first.")
        return array.astype(np.int64)
