"""The weights of a model as one vector, and the way of an optimizer as several of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ChainruleError, DataError, ShapeError, unknown_name
from chainrule.utils.naming import unique_paths


class Parameters:
    """The trainable weights of a model as one vector.

    Attributes:
        variables: in the order of the model.
        paths: of the variables, unique.
        size: how many numbers there are.

    Raises:
        ChainruleError: the model has fewer than two numbers to train.
    """

    def __init__(self, model: Any) -> None:
        paths = unique_paths(model.weights)
        self.model = model
        self.variables = [v for v in model.trainable_variables if v.dtype.kind == "f"]
        self.paths = [paths.get(id(v), v.path) for v in self.variables]
        self.size = sum(v.size for v in self.variables)
        if self.size < 2:
            found = "one trainable number" if self.size else "no trainable numbers"
            raise ChainruleError(f"Model '{model.name}' has {found}; a surface needs two.")
        self._starts = np.cumsum([0, *(v.size for v in self.variables)])

    def vector(self) -> Array:
        """Return the present weights in float64."""
        return np.concatenate([np.asarray(v.value, np.float64).ravel() for v in self.variables])

    def parts(self, vectors: Array) -> list[Array]:
        """Take vectors (..., size) apart: one array (..., *shape) for each variable."""
        return [
            vectors[..., a:b].reshape(*vectors.shape[:-1], *v.shape)
            for v, a, b in zip(self.variables, self._starts[:-1], self._starts[1:], strict=True)
        ]

    def put(self, vector: Array) -> None:
        """Give the model these weights (size,)."""
        for variable, part in zip(self.variables, self.parts(vector), strict=True):
            variable.assign(part)

    def position(self, weight: str) -> int:
        """Return the place in the vector of a number such as `'dense/kernel[0,1]'`; names before it may be left out.

        Raises:
            UnknownNameError, DataError: there is no such weight or number.
        """
        found = re.fullmatch(r"(.+?)(?:\[([\d\s,]*)\])?", weight.strip())
        name, index = (found[1], found[2]) if found else (weight, None)
        matching = [i for i, path in enumerate(self.paths) if path == name or path.endswith(f"/{name}")]
        if not matching:
            raise unknown_name("weight", name, [*self.paths, *(p.partition("/")[2] for p in self.paths)])
        if len(matching) > 1:
            raise DataError(f"{name!r} is the end of several weights: {', '.join(self.paths[i] for i in matching)}.")
        i = matching[0]
        shape = self.variables[i].shape
        place = (
            tuple(int(n) for n in index.split(","))
            if index
            else (0,) * len(shape)
            if self.variables[i].size == 1
            else ()
        )
        if len(place) != len(shape) or any(n >= m for n, m in zip(place, shape, strict=True)):
            raise DataError(f"{weight!r}: expected an index into shape {shape}, such as '{self.name_of(i)}'.")
        return int(self._starts[i]) + int(np.ravel_multi_index(place, shape)) if shape else int(self._starts[i])

    def name_of(self, variable: int, number: int = 0) -> str:
        """Return the name of a number of a variable."""
        shape = self.variables[variable].shape
        index = ",".join(map(str, np.unravel_index(number, shape)))
        return f"{self.paths[variable]}[{index}]" if shape else self.paths[variable]

    def path(self, given: Any) -> Array:
        """Return the moments of a training as vectors (moments, size).

        Args:
            given: a recording, or a sequence of weights: each as `model.get_weights()` or as a dict by path.

        Raises:
            ShapeError, DataError: they are not the weights of this model.
        """
        moments = given.path_of_weights() if hasattr(given, "path_of_weights") else given
        vectors = [self.vector_of(moment) for moment in moments]
        if not vectors:
            raise DataError("The path has no moments: record a training first.")
        return np.stack(vectors)

    def vector_of(self, moment: Any) -> Array:
        """Return the weights of one moment, as `model.get_weights()` or as a dict by path, as a vector (size,).

        Raises:
            ShapeError, DataError: they are not the weights of this model.
        """
        if isinstance(moment, Mapping):
            lacking = [p for p in self.paths if p not in moment]
            if lacking:
                raise DataError(f"The path has no weight {lacking[0]!r}; it has {', '.join(map(str, moment))}.")
            arrays: Iterable[Any] = [moment[p] for p in self.paths]
        else:
            every = list(moment)
            weights = list(self.model.weights)
            if len(every) != len(weights):
                raise ShapeError(
                    f"A moment of the path has {len(every)} arrays, but the model has {len(weights)} weights."
                )
            by_id = {id(v): a for v, a in zip(weights, every, strict=True)}
            arrays = [by_id[id(v)] for v in self.variables]
        flat = []
        for v, a, name in zip(self.variables, arrays, self.paths, strict=True):
            if np.shape(a) != v.shape:
                raise ShapeError(f"The path has '{name}' of shape {np.shape(a)}, but in the model it has {v.shape}.")
            flat.append(np.asarray(a, np.float64).ravel())
        return np.concatenate(flat)
