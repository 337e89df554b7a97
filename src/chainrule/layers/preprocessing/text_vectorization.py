"""`TextVectorization`: texts to the numbers of their words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from chainrule import config
from chainrule._typing import Array, Config, Shape
from chainrule.data.texts import to_text
from chainrule.errors import DataError, ShapeError, unknown_name
from chainrule.layers.preprocessing.base import CategoryLayer, batches, nothing, plain, result
from chainrule.layers.preprocessing.encoding import check_mode
from chainrule.layers.preprocessing.index_lookup import refuse_path
from chainrule.layers.preprocessing.lookups import StringLookup
from chainrule.layers.preprocessing.tokens import SPLITTERS, STANDARDIZERS, Rows, as_rows, ngrams
from chainrule.saving.serialization import deserialize_keras_object, public, serialize_keras_object

__all__ = ["TextVectorization"]


@public("keras.layers")
class TextVectorization(CategoryLayer):
    """Texts standardised, split into tokens, joined to n-grams, and looked up in a vocabulary.

    Args:
        max_tokens: largest size of the vocabulary, special tokens included.
        standardize: `'lower_and_strip_punctuation'`, `'lower'`, `'strip_punctuation'`, None, or a function of an array
            of strings. Only ASCII letters and punctuation are known.
        split: `'whitespace'`, `'character'`, None, or a function from an array of strings to lists of tokens.
        ngrams: an integer n for runs of 1 to n tokens, or a tuple of lengths.
        output_mode: `'int'` (one number per token, 0 for padding, 1 out of vocabulary), `'multi_hot'`, `'count'` or
            `'tf_idf'` (one vector per text).
        output_sequence_length: in mode `'int'`, cut or pad each text to so many numbers.
        pad_to_max_tokens: make vectors `max_tokens` long even if there are fewer terms.
        vocabulary: the terms in order, or a text file with one per line; else `adapt` finds them.
        idf_weights: a weight per term, for mode `'tf_idf'`.
        sparse, ragged: not supported.
        encoding: of bytes.

    >>> import chainrule as cr
    >>> layer = cr.layers.TextVectorization(output_sequence_length=4)
    >>> layer.adapt(["The cat sat.", "The dog!"])
    >>> layer.get_vocabulary()
    ['', '[UNK]', 'the', 'sat', 'dog', 'cat']
    >>> layer(["the bird sat"]).numpy().tolist()
    [[2, 1, 3, 0]]
    """

    text_input = True

    def __init__(
        self,
        max_tokens: int | None = None,
        standardize: str | Callable[[Any], Any] | None = "lower_and_strip_punctuation",
        split: str | Callable[[Any], Any] | None = "whitespace",
        ngrams: int | tuple[int, ...] | None = None,
        output_mode: str = "int",
        output_sequence_length: int | None = None,
        pad_to_max_tokens: bool = False,
        vocabulary: Any = None,
        idf_weights: Any = None,
        sparse: bool = False,
        ragged: bool = False,
        encoding: str = "utf-8",
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        lookup = {k: kwargs.pop(k) for k in ("has_input_vocabulary", "vocabulary_size") if k in kwargs}
        super().__init__(name=name, autocast=False, **kwargs)
        who = f"TextVectorization '{self.name}'"
        for role, value, known in (("standardize", standardize, STANDARDIZERS), ("split", split, SPLITTERS)):
            if value is not None and not callable(value) and value not in known:
                raise unknown_name(f"{role} of {who}:", value, known)
        if ragged:
            raise ValueError(f"{who}: ragged=True is not supported, as in Keras on all backends but TensorFlow.")
        output_mode = check_mode(type(self), output_mode, ("int", "one_hot", "multi_hot", "count", "tf_idf"), sparse)
        if output_sequence_length is not None and (
            output_mode != "int"
            or isinstance(output_sequence_length, bool)
            or not isinstance(output_sequence_length, int)
        ):
            raise ValueError(
                f"{who}: output_sequence_length is an integer and goes with output_mode='int', but is "
                f"{output_sequence_length!r} with {output_mode!r}."
            )
        self._widths = _widths(ngrams, who)
        self.standardize = standardize
        self.split = split
        self.ngrams = ngrams
        self.output_mode = output_mode
        self.output_sequence_length = output_sequence_length
        self.ragged = ragged
        self.encoding = encoding
        self._lookup_layer = StringLookup(
            max_tokens=max_tokens,
            vocabulary=vocabulary,
            idf_weights=idf_weights,
            pad_to_max_tokens=pad_to_max_tokens,
            mask_token="",
            output_mode=output_mode,
            sparse=sparse,
            encoding=encoding,
            **lookup,
        )
        self._lookup_layer.built = True

    # -- the vocabulary -----------------------------------------------------------------------------------------------

    def adapt(self, data: Any, batch_size: int | None = None, steps: int | None = None) -> None:
        """Make the vocabulary of the tokens in some texts: the most frequent first.

        Args:
            data: an array or list of texts, or an iterable of batches of them.
            batch_size: accepted; nothing depends on it.
            steps: batches to take.

        Raises:
            DataError: no data, or something else than text.
            ValueError: the vocabulary was given.
        """
        self.reset_state()
        who = f"TextVectorization '{self.name}'"
        for batch in batches(data, who, steps):
            texts = self._texts(batch)
            self.update_state(texts[:, None] if batch is data and texts.ndim == 1 else texts)
        if not self._lookup_layer._counts.terms:
            raise nothing(who)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the tokens of one batch."""
        self._lookup_layer.count_rows(self._rows(np.atleast_1d(self._texts(data))))

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        self._lookup_layer.finalize_state()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._lookup_layer.reset_state()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[str]:
        """Return the terms by number; `include_special_tokens=False` leaves padding and `'[UNK]'` out."""
        return self._lookup_layer.get_vocabulary(include_special_tokens)

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the terms, in the order of their numbers; see `StringLookup.set_vocabulary`."""
        self._lookup_layer.set_vocabulary(vocabulary, idf_weights=idf_weights)

    def vocabulary_size(self) -> int:
        """Return how many numbers there are: those of the terms, of padding and of what is out of vocabulary."""
        return self._lookup_layer.vocabulary_size()

    # -- computing ----------------------------------------------------------------------------------------------------

    def _texts(self, inputs: Any) -> Array:
        array = plain(inputs, f"the input of '{self.name}'")
        if array.dtype.kind not in "OUST":
            if not array.size:
                return array.astype(object)
            raise DataError(
                f"TextVectorization '{self.name}' takes text, but received {array.dtype} values such as "
                f"{array.ravel()[0].item()!r}."
            )
        texts = to_text(array, f"the input of '{self.name}'", self.encoding)
        return self._standardized(texts)

    def _standardized(self, texts: Array) -> Array:
        if callable(self.standardize):
            return plain(self.standardize(texts.astype(str)), f"what `standardize` of '{self.name}' made")
        steps = STANDARDIZERS[self.standardize] if self.standardize is not None else ()
        for step in steps:
            texts = _each(step, texts)
        return texts

    def _rows(self, texts: Array) -> Rows:
        """Return the tokens of standardised texts, (texts,) or (texts, 1); without splitting, of rows of them."""
        if self.split is None:
            rows: Rows = texts.reshape(-1, texts.shape[-1]).tolist()
        else:
            if texts.ndim > 1:
                if texts.shape[-1] != 1:
                    raise ShapeError(
                        f"TextVectorization '{self.name}': expected texts of shape (batch,) or (batch, 1), received "
                        f"{texts.shape}. Take one column, or join the columns."
                    )
                texts = texts[..., 0]
            if callable(self.split):
                rows = as_rows(self.split(texts.astype(str)), self.name)
            else:
                rows = [SPLITTERS[self.split](t) for t in texts.ravel()]
        return rows if self._widths is None else [ngrams(row, self._widths) for row in rows]

    def call(self, inputs: Any) -> Any:
        texts = self._texts(inputs)
        if not texts.size and texts.ndim:
            return result(np.zeros(self._empty_shape(texts.shape), self.output_dtype))
        rows = self._rows(np.atleast_1d(texts))
        one = texts.ndim == 0 or (self.split is None and texts.ndim == 1)
        lookup = self._lookup_layer
        flat = np.empty(sum(map(len, rows)), object)
        flat[:] = [t for row in rows for t in row]
        numbers = lookup.numbers(flat)
        lengths = np.fromiter(map(len, rows), np.int64, len(rows))
        padding = 0 if self.output_mode == "int" else np.iinfo(np.int64).max
        padded = _padded(numbers, lengths, self.output_sequence_length, padding)
        encoded = lookup.encode_numbers(padded)
        return result(encoded[0] if one else encoded)

    def _empty_shape(self, shape: Shape) -> tuple[int, ...]:
        return tuple(n or 0 for n in self.compute_output_shape(shape))

    @property
    def batch_matters(self) -> bool:
        """Whether the output of a text depends on the texts beside it, which it is padded to."""
        return self.output_mode == "int" and self.output_sequence_length is None

    @property
    def output_dtype(self) -> str:  # type: ignore[override]
        return "int64" if self.output_mode == "int" else config.floatx()

    @property
    def compute_dtype(self) -> str:
        return "string"

    @property
    def variable_dtype(self) -> str:
        return "string"

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        if self.output_mode == "int":
            return (input_shape[0], self.output_sequence_length)
        if self.split is not None:
            input_shape = (*input_shape[: max(1, len(input_shape) - 1)], None)
        elif len(input_shape) <= 1:
            input_shape = (*input_shape, 1)
        return self._lookup_layer.compute_output_shape(input_shape)

    # -- files --------------------------------------------------------------------------------------------------------

    def get_config(self) -> Config:
        lookup = self._lookup_layer.get_config()
        of_lookup = ("max_tokens", "pad_to_max_tokens", "sparse", "vocabulary", "idf_weights")
        return {
            **self._base_config(),
            **{key: lookup[key] for key in of_lookup},
            "standardize": serialize_keras_object(self.standardize),
            "split": serialize_keras_object(self.split),
            "ngrams": self.ngrams,
            "output_mode": self.output_mode,
            "output_sequence_length": self.output_sequence_length,
            "ragged": self.ragged,
            "encoding": self.encoding,
            "vocabulary_size": self.vocabulary_size(),
        }

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """Make the layer. The name of a vocabulary file is refused: a model file reads only itself."""
        refuse_path(config, cls)
        arguments = dict(config)
        for key in ("standardize", "split"):
            arguments[key] = deserialize_keras_object(arguments.get(key))
        if isinstance(arguments.get("ngrams"), list):
            arguments["ngrams"] = tuple(arguments["ngrams"])
        return cls(**arguments)

    def save_own_variables(self, store: Any) -> None:
        self._lookup_layer.save_own_variables(store)

    def memento(self) -> Callable[[], None]:
        """Return a function that puts back what `load_own_variables` may change."""
        return self._lookup_layer.memento()

    def load_own_variables(self, store: Mapping[str, Array]) -> None:
        self._lookup_layer.load_own_variables(store)

    def assets(self) -> dict[str, bytes]:
        """Return the files that belong to the layer in a `.keras` file: the vocabulary, unless it was given."""
        return self._lookup_layer.assets()

    def take_assets(self, files: Mapping[str, bytes]) -> None:
        """Take the vocabulary from such files."""
        self._lookup_layer.take_assets(files)

    def save_assets(self, dir_path: Any) -> None:
        """Write the vocabulary into a folder (`keras.layers.Layer.save_assets`)."""
        self._lookup_layer.save_assets(dir_path)

    def load_assets(self, dir_path: Any) -> None:
        """Read the vocabulary from a folder."""
        self._lookup_layer.load_assets(dir_path)


def _widths(ngrams: Any, who: str) -> tuple[int, ...] | None:
    if ngrams is None or (isinstance(ngrams, tuple) and all(isinstance(n, int) for n in ngrams)):
        return ngrams
    if isinstance(ngrams, int):
        return tuple(range(1, ngrams + 1))
    raise ValueError(f"{who}: ngrams must be an integer, a tuple of integers or None, but is {ngrams!r}.")


def _each(function: Callable[[str], str], texts: Array) -> Array:
    result = np.empty(texts.size, object)
    result[:] = [function(t) for t in texts.ravel()]
    return result.reshape(texts.shape)


def _padded(numbers: Array, lengths: Array, wanted: int | None, padding: int) -> Array:
    """Return rows of different lengths, which follow each other in `numbers`, as a matrix."""
    width = int(lengths.max(initial=0)) if wanted is None else wanted
    rows = np.repeat(np.arange(len(lengths)), lengths)
    columns = np.arange(len(numbers)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    matrix = np.full((len(lengths), width), padding, np.int64)
    kept = columns < width
    matrix[rows[kept], columns[kept]] = numbers[kept]
    return matrix
