"""`FeatureSpace`: the columns of a table to one vector per row, each column in its own way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from chainrule import layers, ops, tree
from chainrule._typing import Array, Config
from chainrule.data.frames import is_frame
from chainrule.errors import DataError, unknown_name
from chainrule.layers.base import Layer
from chainrule.layers.preprocessing.base import plain
from chainrule.layers.preprocessing.data_sets import is_planned, planned, shape_of
from chainrule.saving.serialization import deserialize_keras_object, public, serialize_keras_object
from chainrule.symbolic import is_symbolic
from chainrule.utils.features import Cross, Feature, TFDConcat, TFDIdentity
from chainrule.utils.naming import unique_name

__all__ = ["Cross", "Feature", "FeatureSpace"]

Number: TypeAlias = float
_BATCH = 32


@public("keras.utils")
class FeatureSpace(Layer):
    """The columns of a table turned into numbers, each in its own way, and joined (`keras.utils.FeatureSpace`).

    Args:
        features: by column name, what it is: `'float'`, `'float_normalized'`, `'float_rescaled'`,
            `'float_discretized'`, `'integer_categorical'`, `'string_categorical'`, `'integer_hashed'`,
            `'string_hashed'`, or what the class methods of these names return.
        output_mode: `'concat'` for one vector per row, `'dict'` for each feature by itself.
        crosses: tuples of names of features that are also taken together.
        crossing_dim: number of bins of a cross.
        hashing_dim: number of bins of a hashed feature.
        num_discretization_bins: number of bins of a discretized feature.

    >>> import chainrule as cr
    >>> space = cr.utils.FeatureSpace({"size": "float_normalized", "color": "string_categorical"})
    >>> space.adapt({"size": [1.0, 3.0], "color": ["red", "blue"]})
    >>> space({"size": [3.0], "color": ["blue"]}).numpy().tolist()
    [[0.0, 0.0, 1.0, 1.0]]
    """

    def __init__(
        self,
        features: Mapping[str, Any],
        output_mode: str = "concat",
        crosses: Iterable[Any] | None = None,
        crossing_dim: int = 32,
        hashing_dim: int = 32,
        num_discretization_bins: int = 32,
        name: str | None = None,
    ) -> None:
        super().__init__(name=name, autocast=False)
        if not features:
            raise ValueError(f"FeatureSpace '{self.name}': `features` must not be empty.")
        if output_mode not in ("dict", "concat"):
            raise unknown_name(f"output_mode of FeatureSpace '{self.name}':", output_mode, ("dict", "concat"))
        self.crossing_dim = crossing_dim
        self.hashing_dim = hashing_dim
        self.num_discretization_bins = num_discretization_bins
        self.features: dict[str, Feature] = {n: self._as_feature(n, kind) for n, kind in features.items()}
        self.crosses: list[Cross] = [self._as_cross(cross) for cross in crosses or ()]
        self.crosses_by_name = {cross.name: cross for cross in self.crosses}
        self.output_mode = output_mode
        self.inputs = {n: layers.Input(shape=(1,), dtype=f.dtype, name=n) for n, f in self.features.items()}
        self.preprocessors = {n: feature.preprocessor for n, feature in self.features.items()}
        self.crossers = {c.name: layers.HashedCrossing(c.crossing_dim, name=c.name) for c in self.crosses}
        self.one_hot_encoders: dict[str, Any] = {}
        self.concat: Any = None
        self.encoded_features: Any = None
        self._is_adapted = False

    # -- kinds of features --------------------------------------------------------------------------------------------

    @classmethod
    def cross(cls, feature_names: Iterable[str], crossing_dim: int, output_mode: str = "one_hot") -> Cross:
        """Several features taken together, hashed into `crossing_dim` bins."""
        return Cross(feature_names, crossing_dim, output_mode=output_mode)

    @classmethod
    def feature(cls, dtype: str, preprocessor: Any, output_mode: str) -> Feature:
        """A feature that a layer of your choice turns into numbers."""
        return Feature(dtype, preprocessor, output_mode)

    @classmethod
    def float(cls, name: str | None = None) -> Feature:
        """Numbers as they are."""
        return Feature("float32", TFDIdentity(dtype="float32", name=_named(name, "float")), "float")

    @classmethod
    def float_rescaled(cls, scale: Number = 1.0, offset: Number = 0.0, name: str | None = None) -> Feature:
        """Numbers times `scale` plus `offset`."""
        layer = layers.Rescaling(scale=scale, offset=offset, name=_named(name, "float_rescaled"))
        return Feature("float32", layer, "float")

    @classmethod
    def float_normalized(cls, name: str | None = None) -> Feature:
        """Numbers with mean 0 and variance 1."""
        return Feature("float32", layers.Normalization(axis=-1, name=_named(name, "float_normalized")), "float")

    @classmethod
    def float_discretized(
        cls,
        num_bins: int | None,
        bin_boundaries: Sequence[Number] | None = None,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """The bins that numbers fall into."""
        layer = layers.Discretization(
            num_bins=num_bins, bin_boundaries=bin_boundaries, name=_named(name, "float_discretized")
        )
        return Feature("float32", layer, output_mode)

    @classmethod
    def integer_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Integers that name categories, looked up in a vocabulary."""
        layer = layers.IntegerLookup(
            name=_named(name, "integer_categorical"), max_tokens=max_tokens, num_oov_indices=num_oov_indices
        )
        return Feature("int32", layer, output_mode)

    @classmethod
    def string_categorical(
        cls,
        max_tokens: int | None = None,
        num_oov_indices: int = 1,
        output_mode: str = "one_hot",
        name: str | None = None,
    ) -> Feature:
        """Strings that name categories, looked up in a vocabulary."""
        layer = layers.StringLookup(
            name=_named(name, "string_categorical"), max_tokens=max_tokens, num_oov_indices=num_oov_indices
        )
        return Feature("string", layer, output_mode)

    @classmethod
    def string_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Strings hashed into bins."""
        return Feature("string", layers.Hashing(name=_named(name, "string_hashed"), num_bins=num_bins), output_mode)

    @classmethod
    def integer_hashed(cls, num_bins: int, output_mode: str = "one_hot", name: str | None = None) -> Feature:
        """Integers hashed into bins."""
        return Feature("int32", layers.Hashing(name=_named(name, "integer_hashed"), num_bins=num_bins), output_mode)

    def _as_feature(self, name: str, kind: Any) -> Feature:
        if isinstance(kind, dict):
            kind = deserialize_keras_object(kind)
        if isinstance(kind, Feature):
            return kind
        plain_kinds = (
            *("float", "float_normalized", "float_rescaled", "integer_categorical", "string_categorical"),
            *("float_discretized", "integer_hashed", "string_hashed"),
        )
        if not isinstance(kind, str) or kind not in plain_kinds:
            raise unknown_name(f"kind of feature '{name}':", kind, plain_kinds)
        make: Callable[..., Feature] = getattr(self, kind)
        if kind == "float_discretized":
            return make(num_bins=self.num_discretization_bins, name=name)
        return make(self.hashing_dim, name=name) if kind.endswith("hashed") else make(name=name)

    def _as_cross(self, cross: Any) -> Cross:
        if isinstance(cross, dict):
            cross = deserialize_keras_object(cross)
        made = cross if isinstance(cross, Cross) else Cross(cross, crossing_dim=self.crossing_dim)
        unknown = [n for n in made.feature_names if n not in self.features]
        if unknown:
            raise unknown_name(f"feature in a cross of FeatureSpace '{self.name}':", unknown[0], self.features)
        if not made.crossing_dim:
            raise ValueError(f"FeatureSpace '{self.name}': crosses need crossing_dim, the number of their bins.")
        return made

    # -- learning -----------------------------------------------------------------------------------------------------

    def adapt(self, dataset: Any) -> None:
        """Let the layers of all features see the data: vocabularies, means, boundaries of bins.

        Args:
            dataset: a dict of columns, a data frame, or an iterable of dicts (batches, or single rows).

        Raises:
            DataError: something else, a feature that is missing in the data, or values that do not suit it.
        """
        if isinstance(dataset, Iterator):
            dataset = list(dataset)
        for name in self._adaptable():
            self.preprocessors[name].adapt(_batches(self._columns_of(dataset, name), name))
        self._is_adapted = True
        self.get_encoded_features()

    def _adaptable(self) -> list[str]:
        """Return the features whose layers have something to learn."""
        return [n for n, p in self.preprocessors.items() if hasattr(p, "adapt") and not _settled(p)]

    def _columns_of(self, dataset: Any, name: str) -> Iterator[Any]:
        """Yield the values of a feature: rows of a table, or what an iterable of dicts holds."""
        if isinstance(dataset, Mapping) or is_frame(dataset):
            if name not in dataset:
                raise DataError(f"FeatureSpace '{self.name}': adapt: the data have no column '{name}'.")
            yield from plain(dataset[name], f"column '{name}'")
            return
        if isinstance(dataset, str | np.ndarray) or not hasattr(dataset, "__iter__"):
            raise DataError(
                f"FeatureSpace '{self.name}': adapt takes a dict of columns, a data frame or an iterable of dicts, "
                f"received a {type(dataset).__name__}."
            )
        for part in dataset:
            row = part[0] if isinstance(part, tuple) else part
            if not isinstance(row, Mapping) or name not in row:
                raise DataError(
                    f"FeatureSpace '{self.name}': adapt: expected dicts with '{name}', received {row!r:.80}."
                )
            yield plain(row[name], f"feature '{name}'")

    # -- the symbolic side --------------------------------------------------------------------------------------------

    def get_inputs(self) -> dict[str, Any]:
        """Return the features' inputs by name, for a functional model on raw columns."""
        self._check_if_adapted()
        self.get_encoded_features()
        return self.inputs

    def get_encoded_features(self) -> Any:
        """Return what the features of `get_inputs` become, symbolically: one tensor, or a dict of them."""
        self._check_if_adapted()
        if self.encoded_features is None:
            preprocessed = self._preprocess(self.inputs)
            self.encoded_features = self._merge(preprocessed, self._cross(preprocessed))
            self.built = True
        return self.encoded_features

    def _check_if_adapted(self) -> None:
        if not self._is_adapted and self._adaptable():
            raise ValueError(f"FeatureSpace '{self.name}' knows no data yet: call adapt(dataset) before using it.")
        self._is_adapted = True

    def _preprocess(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self.preprocessors[name](values[name]) for name in self.features}

    def _cross(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {c.name: self.crossers[c.name]([values[n] for n in c.feature_names]) for c in self.crosses}

    def _merge(self, preprocessed: dict[str, Any], crossed: dict[str, Any]) -> Any:
        """Encode features and crosses, each family in the order of the alphabet, and join them."""
        encoded: dict[str, Any] = {}
        for values, specs in ((preprocessed, self.features), (crossed, self.crosses_by_name)):
            for name in sorted(values):
                encoded[name] = self._encode(name, values[name], specs[name].output_mode)
        if self.output_mode == "dict":
            return encoded
        if self.concat is None:
            self.concat = TFDConcat(axis=-1)
        return self.concat(list(encoded.values()))

    def _encode(self, name: str, value: Any, mode: str) -> Any:
        if self.encoded_features is None:  # symbolic, the first time: make the encoders
            kind = str(tree.flatten(value)[0].dtype)
            if mode == "one_hot":
                categories = self._categories(name, kind)
                if categories is not None:
                    encoder = layers.CategoryEncoding(num_tokens=categories, output_mode="multi_hot")
                    self.one_hot_encoders = {**self.one_hot_encoders, name: encoder}
                    kind = "float32"
            if self.output_mode == "concat" and (kind.startswith("int") or kind == "string"):
                raise ValueError(
                    f"FeatureSpace '{self.name}': feature '{name}' is of type {kind}, which cannot be joined with the "
                    "others. Use output_mode='dict', or encode it."
                )
        return self.one_hot_encoders[name](value) if name in self.one_hot_encoders else value

    def _categories(self, name: str, kind: str) -> int | None:
        """Return the number of categories of a feature or cross that is to be one-hot."""
        layer = self.preprocessors.get(name) or self.crossers.get(name)
        if not kind.startswith("int"):
            raise ValueError(
                f"FeatureSpace '{self.name}': feature '{name}' has output_mode='one_hot', so its layer must give "
                f"integers, but gives {kind}."
            )
        if isinstance(layer, layers.IntegerLookup | layers.StringLookup):
            return layer.vocabulary_size()
        if isinstance(layer, layers.CategoryEncoding):
            return layer.num_tokens
        if isinstance(layer, layers.Discretization | layers.HashedCrossing | layers.Hashing):
            edges = getattr(layer, "bin_boundaries", None)
            return layer.num_bins if layer.num_bins is not None else len(edges or ()) + 1
        raise ValueError(
            f"FeatureSpace '{self.name}': feature '{name}' has output_mode='one_hot', but how many categories its "
            "layer gives is not known. Use output_mode='int' or 'float'."
        )

    # -- on data ------------------------------------------------------------------------------------------------------

    def __call__(self, data: Any) -> Any:
        """Encode rows.

        Args:
            data: a dict of columns, (rows,) or (rows, 1), or of single values; or a data frame.

        Raises:
            DataError: something else, or other features.
        """
        encoded = self.get_encoded_features()
        if isinstance(data, Mapping) and any(map(is_planned, data.values())):
            return self._in_data_set(data, encoded)
        columns = self._arrays(data)
        single = any(v.ndim == 0 for v in columns.values())
        shaped = {n: v.reshape(1, 1) if v.ndim == 0 else v[:, None] if v.ndim == 1 else v for n, v in columns.items()}
        preprocessed = self._preprocess({n: _single_precision(v) for n, v in shaped.items()})
        merged = self._merge(preprocessed, self._cross(preprocessed))
        return tree.map_structure(lambda t: ops.squeeze(t, 0), merged) if single else merged

    def _in_data_set(self, data: Mapping[str, Any], encoded: Any) -> Any:
        """Encode what TensorFlow's data sets hand over: rows, or batches of them."""
        rows = all(len(shape_of(t)) == 0 for t in data.values())
        specs = [(t.shape[1:] if rows else t.shape, t.dtype) for t in tree.flatten(encoded)]

        def compute(*arrays: Any) -> list[Any]:
            return tree.flatten(self(dict(zip(data, arrays, strict=True))))

        return tree.pack_sequence_as(encoded, planned(compute, list(data.values()), specs))

    def _arrays(self, data: Any) -> dict[str, Any]:
        if is_frame(data):
            data = {n: data[n] for n in self.features if n in data}
        if not isinstance(data, Mapping) or is_symbolic(data):
            raise DataError(
                f"FeatureSpace '{self.name}' is called on a dict of columns, received a {type(data).__name__}. For "
                "symbolic inputs, use get_inputs() and get_encoded_features()."
            )
        missing = [n for n in self.features if n not in data]
        foreign = [n for n in data if n not in self.features]
        if missing or foreign:
            what = f"feature '{missing[0]}' is missing" if missing else f"'{foreign[0]}' is no feature"
            raise DataError(f"FeatureSpace '{self.name}': {what}; expected {list(self.features)}.")
        return {name: plain(value, f"feature '{name}'") for name, value in data.items()}

    # -- files --------------------------------------------------------------------------------------------------------

    def get_config(self) -> Config:
        return {
            "features": serialize_keras_object(self.features),
            "output_mode": self.output_mode,
            "crosses": serialize_keras_object(self.crosses),
            "crossing_dim": self.crossing_dim,
            "hashing_dim": self.hashing_dim,
            "num_discretization_bins": self.num_discretization_bins,
        }

    def get_build_config(self) -> Config:
        return {name: feature.preprocessor.get_build_config() for name, feature in self.features.items()}

    def build_from_config(self, config: Config) -> None:
        for name, shapes in config.items():
            layer = self.preprocessors[name]
            if not layer.built and shapes:
                layer.build_from_config(shapes)
        self._is_adapted = True

    def save(self, filepath: Any) -> None:
        """Write to a `.keras` file, which `chainrule.models.load_model` reads."""
        from chainrule.saving.keras_format import save_model

        save_model(self, filepath)


def _single_precision(values: Array) -> Array:
    return values.astype(np.float32) if values.dtype.kind == "f" else values


def _named(name: str | None, kind: str) -> str:
    return f"{name or unique_name(kind)}_preprocessor"


def _settled(layer: Any) -> bool:
    """Whether a layer was given what `adapt` would learn."""
    if isinstance(layer, layers.Normalization):
        return layer.mean_given is not None
    if isinstance(layer, layers.Discretization):
        return layer.num_bins is None
    inner = getattr(layer, "_lookup_layer", layer)
    return bool(getattr(inner, "_has_input_vocabulary", False))


def _batches(values: Iterator[Any], name: str) -> Iterator[Any]:
    """Yield the values of a feature in batches, (rows, 1) or of more axes: single ones 32 at a time, as Keras does."""
    waiting: list[Any] = []
    for value in values:
        array = (
            value if isinstance(value, np.ndarray) else np.asarray(value, object if isinstance(value, str) else None)
        )
        if array.ndim:
            yield array[:, None] if array.ndim == 1 else array
            continue
        waiting.append(array.item())
        if len(waiting) == _BATCH:
            yield plain(waiting, f"column '{name}'")[:, None]
            waiting = []
    if waiting:
        yield plain(waiting, f"column '{name}'")[:, None]
