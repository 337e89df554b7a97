"""`IndexLookup`: what `StringLookup` and `IntegerLookup` have in common: terms to numbers by a vocabulary, and back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from chainrule import config
from chainrule._typing import Array, Config, Shape
from chainrule.errors import DataError, ModelFileError, unknown_name
from chainrule.layers.context import on_trial
from chainrule.layers.preprocessing.base import CategoryLayer, batches, nothing, plain, result
from chainrule.layers.preprocessing.buckets import buckets
from chainrule.layers.preprocessing.encoding import DROPPED, check_mode, encode, encoded_shape
from chainrule.layers.preprocessing.hashing import check_salt
from chainrule.layers.preprocessing.vocabulary import Counts, Table, read_terms, read_vocabulary_file, write_terms
from chainrule.variables import claim

_FILE = "vocabulary.txt"


class IndexLookup(CategoryLayer):
    """Numbers from terms; see `StringLookup`. The numbers are: the mask token, those out of vocabulary, the terms."""

    _not_parts = CategoryLayer._not_parts | {"input_vocabulary", "input_idf_weights", "salt"}
    vocabulary_dtype: ClassVar[str]
    _term: ClassVar[Callable[[str], Any]]

    def __init__(
        self,
        max_tokens: int | None,
        num_oov_indices: int,
        mask_token: Any,
        oov_token: Any,
        vocabulary: Any = None,
        idf_weights: Any = None,
        invert: bool = False,
        output_mode: str = "int",
        sparse: bool = False,
        pad_to_max_tokens: bool = False,
        oov_method: str = "floormod",
        name: str | None = None,
        salt: Any = None,
        vocabulary_size: int | None = None,
        has_input_vocabulary: bool | None = None,
        trainable: bool = True,
        dtype: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(name=name, autocast=False, **kwargs)
        self.max_tokens = max_tokens
        self.num_oov_indices = num_oov_indices
        self.mask_token = mask_token
        self.oov_token = oov_token
        self.invert = invert
        self.output_mode = check_mode(
            type(self), output_mode, ("int", "one_hot", "multi_hot", "count", "tf_idf"), sparse
        )
        self.sparse = sparse
        self.pad_to_max_tokens = pad_to_max_tokens
        self.oov_method = oov_method
        self.salt = check_salt(self, salt)
        self.input_vocabulary = None if isinstance(vocabulary, str | Path) else vocabulary
        self.input_idf_weights = idf_weights
        self._has_input_vocabulary = vocabulary is not None if has_input_vocabulary is None else has_input_vocabulary
        self._frozen_vocab_size = vocabulary_size
        self._table = Table(start=self._token_start_index())
        self._known = False
        self._idf: Array | None = None
        self._counts = Counts()
        self._check_arguments()
        if vocabulary is not None:
            self.set_vocabulary(vocabulary, idf_weights)

    def _check_arguments(self) -> None:
        who = f"{type(self).__name__} '{self.name}'"
        if self.max_tokens is not None and self.max_tokens <= 1:
            raise ValueError(f"{who}: max_tokens must be greater than 1, but is {self.max_tokens}.")
        if self.pad_to_max_tokens and self.max_tokens is None:
            raise ValueError(f"{who}: pad_to_max_tokens=True needs max_tokens.")
        if self.num_oov_indices < 0:
            raise ValueError(f"{who}: num_oov_indices must not be negative, but is {self.num_oov_indices}.")
        if self.oov_method not in ("floormod", "farmhash"):
            raise unknown_name(f"oov_method of {who}:", self.oov_method, ("floormod", "farmhash"))
        if self.salt is not None and self.vocabulary_dtype != "string" and self.oov_method != "farmhash":
            raise ValueError(f"{who}: salt goes with oov_method='farmhash', but that is {self.oov_method!r}.")
        if self.invert and self.output_mode != "int":
            raise ValueError(f"{who}: invert=True goes with output_mode='int', but that is {self.output_mode!r}.")
        if self.input_idf_weights is not None and self.output_mode != "tf_idf":
            raise ValueError(f"{who}: idf_weights go with output_mode='tf_idf', but that is {self.output_mode!r}.")
        if self.output_mode == "tf_idf" and self._has_input_vocabulary and self.input_idf_weights is None:
            raise ValueError(f"{who}: with a vocabulary, output_mode='tf_idf' needs idf_weights too.")

    # -- the vocabulary -----------------------------------------------------------------------------------------------

    def _oov_start_index(self) -> int:
        return 1 if self.mask_token is not None and self.output_mode == "int" else 0

    def _token_start_index(self) -> int:
        return self._oov_start_index() + self.num_oov_indices

    def _special(self) -> list[Any]:
        return [self.mask_token] * self._oov_start_index() + [self.oov_token] * self.num_oov_indices

    def vocabulary_size(self) -> int:
        """Return how many numbers there are: those of the terms, of the mask and of what is out of vocabulary."""
        return len(self._table) + self._token_start_index()

    def get_vocabulary(self, include_special_tokens: bool = True) -> list[Any]:
        """Return the terms by number; `include_special_tokens=False` leaves mask and out-of-vocabulary tokens out."""
        return [*(self._special() if include_special_tokens else ()), *self._table.terms]

    @property
    def idf_weights(self) -> Array | None:
        """The weight of each number in mode `'tf_idf'`, once known."""
        return self._idf

    def set_vocabulary(self, vocabulary: Any, idf_weights: Any = None) -> None:
        """Set the terms, in the order of their numbers, with or without the special tokens in front of them.

        Args:
            vocabulary: a list, an array, or the name of a text file with one term per line.
            idf_weights: one weight per term, for mode `'tf_idf'` alone.

        Raises:
            ValueError: no terms, or more than `max_tokens`; terms twice; a special token among them.
        """
        who = f"{type(self).__name__} '{self.name}'"
        if (idf_weights is None) == (self.output_mode == "tf_idf"):
            raise ValueError(f"{who}: idf_weights must be given with output_mode='tf_idf', and only then.")
        if isinstance(vocabulary, str | Path):
            if self.output_mode == "tf_idf":
                raise ValueError(f"{who}: output_mode='tf_idf' does not take a vocabulary file; pass the list.")
            self._install(read_vocabulary_file(str(vocabulary), type(self)._term, self.name))
            return
        terms = self._as_terms(vocabulary)
        if not terms:
            raise ValueError(f"{who}: the vocabulary is empty.")
        start = self._token_start_index()
        special = terms[:start] == self._special()
        tokens = terms[start:] if special else terms
        self._check_terms(tokens, who)
        weights = None if idf_weights is None else self._padded(idf_weights, len(terms), special, who)
        self._install(tokens)
        self._idf = weights

    def _as_terms(self, vocabulary: Any) -> list[Any]:
        raise TypeError(f"{type(self).__name__} must say what its terms are.")

    def _check_terms(self, tokens: list[Any], who: str) -> None:
        repeated = [t for t, n in Counter(tokens).items() if n > 1]
        if repeated:
            raise ValueError(f"{who}: the vocabulary holds terms twice: {repeated[:10]}. Leave each in once.")
        for token, role in ((self.mask_token, "mask"), (self.oov_token if self.invert else None, "out-of-vocabulary")):
            if token is not None and token in tokens:
                raise ValueError(
                    f"{who}: the {role} token {token!r} is term {tokens.index(token)} of the vocabulary. Leave the "
                    f"special tokens out, or put all of them in front, as {self._special()}."
                )
        size = self._token_start_index() + len(tokens)
        if self.max_tokens is not None and size > self.max_tokens:
            raise ValueError(
                f"{who}: a vocabulary of {size} (special tokens included) exceeds max_tokens={self.max_tokens}."
            )

    def _padded(self, idf_weights: Any, terms: int, special: bool, who: str) -> Array:
        """Return a weight for each number: special tokens get the mean of all, and missing ones up to the size 0."""
        weights = np.asarray(idf_weights, np.float64)
        if weights.shape != (terms,):
            raise ValueError(f"{who}: idf_weights must be one per term, ({terms},), but have shape {weights.shape}.")
        front = 0 if special else self._token_start_index()
        return self._pad(np.concatenate([np.full(front, weights.mean()), weights]))

    def _pad(self, weights: Array) -> Array:
        back = max((self.max_tokens or 0) - len(weights), 0) if self.pad_to_max_tokens else 0
        claim((back,), np.float64)  # the length may come from a file
        return np.pad(weights, (0, back)).astype(config.floatx())

    def _install(self, tokens: list[Any]) -> None:
        size = self._token_start_index() + len(tokens)
        fixed = self.output_mode != "int" and not self.pad_to_max_tokens
        if fixed and self._frozen_vocab_size not in (None, size):
            raise RuntimeError(
                f"{type(self).__name__} '{self.name}': with output_mode={self.output_mode!r} the vocabulary has a "
                f"fixed size of {self._frozen_vocab_size}, so it cannot become one of {size}. Use "
                "pad_to_max_tokens=True, or a new layer."
            )
        self._table = Table(tokens, self._token_start_index())
        self._known = True
        self._frozen_vocab_size = size

    # -- learning it --------------------------------------------------------------------------------------------------

    def adapt(self, data: Any, steps: int | None = None) -> None:
        """Make the vocabulary of the terms in some data: the most frequent first.

        Args:
            data: an array or a list (of rows, or one column), or an iterable of batches, in which a vector is one row.
            steps: batches to take.

        Raises:
            DataError: no data, or values of the wrong type.
            ValueError: the vocabulary was given.
        """
        self.reset_state()
        who = f"{type(self).__name__} '{self.name}'"
        for batch in batches(data, who, steps):
            values = self._keys(batch)
            self.update_state(values[:, None] if batch is data and values.ndim == 1 else values)
        if not self._counts.terms:
            raise nothing(who)
        self.finalize_state()

    def update_state(self, data: Any) -> None:
        """Count the terms of one batch."""
        self._check_adaptable()
        values = np.atleast_1d(self._keys(data))
        if values.dtype.kind != "O" and not self._tf_idf:
            self._counts.add_integers(values)
        elif values.size:
            self._counts.add(values.reshape(len(values) if values.ndim > 1 else 1, -1).tolist(), self._tf_idf)

    def count_rows(self, rows: Sequence[Sequence[Any]]) -> None:
        """Count the terms of rows of different lengths."""
        self._check_adaptable()
        self._counts.add(rows, self._tf_idf)

    @property
    def _tf_idf(self) -> bool:
        return self.output_mode == "tf_idf"

    def _check_adaptable(self) -> None:
        if self._has_input_vocabulary:
            raise ValueError(
                f"{type(self).__name__} '{self.name}': the vocabulary was given, so there is nothing to adapt."
            )

    def finalize_state(self) -> None:
        """Make the vocabulary of what was counted."""
        counts = self._counts
        if self._has_input_vocabulary or not counts.terms:
            return
        start = self._token_start_index()
        most = None if self.max_tokens is None else self.max_tokens - start
        tokens = counts.ordered((self.mask_token, self.oov_token), most)
        weights = None
        if self._tf_idf:
            known = counts.weights(tokens).astype(config.floatx())
            front = np.full(start, known.mean() if len(known) else 0.0, known.dtype)
            weights = self._pad(np.concatenate([front, known]))
        self._install(tokens)
        self._idf = weights
        self.reset_state()

    def reset_state(self) -> None:
        """Forget what was counted."""
        self._counts = Counts()

    # -- computing ----------------------------------------------------------------------------------------------------

    def _keys(self, values: Any) -> Array:
        raise TypeError(f"{type(self).__name__} must say how it reads its input.")

    def call(self, inputs: Any) -> Any:
        if self.invert:
            self._check_known()
            return result(self._terms_of(plain(inputs, f"the input of '{self.name}'")))
        return result(self.encode_numbers(self.numbers(self._keys(inputs))))

    def numbers(self, values: Array) -> Array:
        """Return the number of each term."""
        self._check_known()
        found = self._table.numbers(values, -1)
        missing = found < 0
        if self.mask_token is not None:
            masked = values == self.mask_token
            found = np.where(masked, 0 if self.output_mode == "int" else DROPPED, found)
            missing &= ~masked
        if missing.any():
            found[missing] = self._out_of_vocabulary(values[missing])
        return found

    def _out_of_vocabulary(self, values: Array) -> Any:
        if self.num_oov_indices == 0:
            raise DataError(
                f"{type(self).__name__} '{self.name}': {values.tolist()[:10]} are not in the vocabulary, and "
                "num_oov_indices is 0. Set it to 1 or more to allow such values."
            )
        if self.num_oov_indices == 1:
            return self._oov_start_index()
        if values.dtype.kind != "O" and self.oov_method != "farmhash":
            return values % self.num_oov_indices + self._oov_start_index()
        return buckets(values, self.num_oov_indices, self.salt) + self._oov_start_index()

    def encode_numbers(self, numbers: Array) -> Array:
        """Return numbers of terms in the layer's output mode."""
        if self.output_mode == "int":
            return numbers
        mode = "count" if self._tf_idf else self.output_mode
        encoded = encode(numbers, mode, self._depth() or 0, np.int64)
        return encoded.astype(config.floatx()) * self._idf if self._tf_idf else encoded

    def _terms_of(self, numbers: Array) -> Array:
        if numbers.dtype.kind not in "iuf":
            raise DataError(f"{type(self).__name__} '{self.name}' with invert=True takes integers, received text.")
        dtype = object if self.vocabulary_dtype == "string" else np.int64
        found = self._table.of_numbers(numbers.astype(np.int64), self.oov_token, dtype)
        return found if self.mask_token is None else np.where(numbers == 0, self.mask_token, found).astype(dtype)

    def _check_known(self) -> None:
        sized = self.output_mode == "int" or self.pad_to_max_tokens  # then graphs can be drawn before there are terms
        if not (self._known or on_trial()) if sized and not self._tf_idf else not sized and self._depth() is None:
            raise RuntimeError(
                f"{type(self).__name__} '{self.name}' has no vocabulary yet: call adapt(data), or give `vocabulary`."
            )
        if self._tf_idf and self._idf is None:
            raise RuntimeError(f"{type(self).__name__} '{self.name}' has no idf_weights yet: call adapt(data).")

    def _depth(self) -> int | None:
        return self.max_tokens if self.pad_to_max_tokens else self._frozen_vocab_size

    @property
    def output_dtype(self) -> str:  # type: ignore[override]
        if self.invert:
            return self.vocabulary_dtype
        return "int64" if self.output_mode == "int" else config.floatx()

    @property
    def compute_dtype(self) -> str:
        return self.vocabulary_dtype

    @property
    def variable_dtype(self) -> str:
        return self.vocabulary_dtype

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return encoded_shape(input_shape, self.output_mode, self._depth())

    # -- files --------------------------------------------------------------------------------------------------------

    def get_config(self) -> Config:
        names = (
            *("invert", "max_tokens", "num_oov_indices", "oov_token", "mask_token", "output_mode", "sparse"),
            *("pad_to_max_tokens", "vocabulary_dtype", "oov_method", "salt"),
        )
        given = self.input_vocabulary
        return {
            **self._base_config(),
            **{name: getattr(self, name) for name in names},
            "idf_weights": _listed(self.input_idf_weights),
            "vocabulary": None if given is None else self._as_terms(given),
            "vocabulary_size": self._frozen_vocab_size,
        }

    @classmethod
    def from_config(cls, config: Config) -> Any:
        """Make the layer. The name of a vocabulary file is refused: a model file reads only itself."""
        refuse_path(config, cls)
        return cls(**config)

    def get_build_config(self) -> Config:
        return {}

    def save_own_variables(self, store: Any) -> None:
        if self._tf_idf and self._idf is not None:
            store["idf_weights"] = self._idf

    def memento(self) -> Callable[[], None]:
        """Return a function that puts back what `load_own_variables` may change."""
        before = self._idf

        def put_back() -> None:
            self._idf = before

        return put_back

    def learnt(self) -> tuple[list[Any], Array | None]:
        """Return the terms and their weights, for copies of the layer: they are not in its configuration."""
        return list(self._table.terms), self._idf

    def take_learnt(self, learnt: tuple[list[Any], Array | None]) -> None:
        """Take what `learnt` gave."""
        terms, self._idf = learnt
        if terms:
            self._install(terms)

    def load_own_variables(self, store: Mapping[str, Array]) -> None:
        if self._tf_idf and "idf_weights" in store:
            weights = np.asarray(store["idf_weights"], config.floatx())
            depth = self._depth()
            if weights.ndim != 1 or (depth is not None and weights.shape != (depth,)):
                raise ValueError(f"idf_weights have shape {weights.shape}, expected ({depth},)")
            self._idf = weights

    def assets(self) -> dict[str, bytes]:
        """Return the files that belong to the layer in a `.keras` file: the vocabulary, unless it was given."""
        if self.input_vocabulary is not None:
            return {}
        return {_FILE: write_terms(self.get_vocabulary(), self.name)}

    def take_assets(self, files: Mapping[str, bytes]) -> None:
        """Take the vocabulary from such files.

        Raises:
            ModelFileError: it is missing, or does not fit.
        """
        if self.input_vocabulary is not None:
            return
        if _FILE not in files:
            raise ModelFileError(f"the vocabulary of layer '{self.name}' is missing: expected a member '{_FILE}'.")
        terms = read_terms(files[_FILE], type(self)._term, self.name)
        if not terms:
            return
        try:
            # weights are kept with the zeros that pad them; Keras refuses its own files then
            self.set_vocabulary(terms, None if self._idf is None else self._idf[: len(terms)])
            self._known = len(self._table) > 0  # a layer saved before `adapt` wrote its special tokens alone
        except (ValueError, RuntimeError) as error:
            raise ModelFileError(f"the vocabulary of layer '{self.name}' does not fit: {error}"[:400]) from None

    def save_assets(self, dir_path: Any) -> None:
        """Write the vocabulary into a folder (`keras.layers.Layer.save_assets`)."""
        for name, data in self.assets().items():
            Path(dir_path, name).write_bytes(data)

    def load_assets(self, dir_path: Any) -> None:
        """Read the vocabulary from a folder."""
        path = Path(dir_path, _FILE)
        self.take_assets({_FILE: path.read_bytes()} if path.exists() else {})


def refuse_path(config: Config, cls: type) -> None:
    """Refuse a configuration that names a vocabulary file.

    Raises:
        ModelFileError: it does.
    """
    if isinstance(config.get("vocabulary"), str | Path):
        raise ModelFileError(
            f"the configuration of a {cls.__name__} names a vocabulary file, {str(config['vocabulary'])!r:.80}, which "
            "is not read: a model file reads only itself. Pass the file to set_vocabulary() in your program."
        )


def _listed(value: Any) -> Any:
    return None if value is None else np.asarray(value).tolist()
