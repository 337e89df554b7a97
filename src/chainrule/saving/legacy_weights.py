"""Weights in the layout of legacy `.h5` files: one group per layer by name, its arrays listed in an attribute.

Each group has an attribute `weight_names`, whose entries are paths of arrays below the group; the group above has
`layer_names`. Arrays belong to variables by their order: a layer's trainable variables first, then the others.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from chainrule._typing import Array
from chainrule.errors import ModelFileError
from chainrule.saving.hdf5 import File

TOP_LEVEL = "top_level_model_weights"
OPTIMIZER = "optimizer_state"
_MOST_IN_HEADER = 64512  # bytes of an attribute that HDF5 keeps in the header of a group

# -- writing ----------------------------------------------------------------------------------------------------------


def write_weights(group: Any, model: Any, keras_version: str) -> None:
    """Write the weights of a model, layer by layer, into a group of an open h5py file."""
    _write_names(group, "layer_names", [layer.name for layer in model.layers])
    group.attrs["backend"] = b"chainrule"
    group.attrs["keras_version"] = keras_version.encode()
    for layer in sorted(model.layers, key=lambda layer: str(layer.name)):
        write_variables(group.create_group(layer.name), ordered_weights(layer))
    write_variables(group.create_group(TOP_LEVEL), _own_weights(model))


def write_variables(group: Any, variables: Sequence[Any]) -> None:
    """Write variables under their paths, and list the paths in the attribute `weight_names`."""
    names: list[str] = []
    for variable in variables:
        name = free = str(variable.path)
        while free in names:
            free = f"{name}_{names.count(name)}" if f"{name}_{names.count(name)}" not in names else f"{free}_"
        names.append(free)
    _write_names(group, "weight_names", names)
    for name, variable in zip(names, variables, strict=True):
        group.create_dataset(name, data=variable.numpy())


def _write_names(group: Any, key: str, names: Sequence[str]) -> None:
    data = [name.encode() for name in names]
    parts = 1
    while any(np.asarray(p).nbytes > _MOST_IN_HEADER for p in np.array_split(np.asarray(data), parts)):
        parts += 1
    if parts == 1:
        group.attrs[key] = data
        return
    for i, part in enumerate(np.array_split(np.asarray(data), parts)):
        group.attrs[f"{key}{i}"] = part


def ordered_weights(layer: Any) -> list[Any]:
    """Return the variables of a layer in the order of these files: trainable ones first."""
    return [*layer.trainable_weights, *layer.non_trainable_weights]


def _own_weights(model: Any) -> list[Any]:
    return [*model._variables_trainable, *model._variables_fixed]


# -- reading ----------------------------------------------------------------------------------------------------------


class Stored:
    """An array of a file that has not been read yet."""

    def __init__(self, file: File, group: str, name: str) -> None:
        folder, _, last = f"{group}/{name}".rpartition("/")
        store = file.group(folder)
        if store is None or last not in store:
            raise ModelFileError(f"'{file.source}': '{group}' lists an array {name!r:.80} that is not there.")
        self._store, self._last = store, last
        self.name = name

    @property
    def shape(self) -> tuple[int, ...]:
        return self._store.shape(self._last)

    def read(self) -> Array:
        return self._store[self._last]


def listed(file: File, group: str, key: str) -> list[str]:
    """Return the names that an attribute of a group lists, whole or in numbered parts.

    Raises:
        ModelFileError: they are no names.
    """
    attributes = file.attributes(group)
    values = attributes.get(key)
    if values is None:
        parts = [attributes[f"{key}{i}"] for i in range(len(attributes)) if f"{key}{i}" in attributes]
        values = [name for part in parts for name in list(part)]
    result = [value.decode() if isinstance(value, bytes) else value for value in list(values)]
    if any(not isinstance(name, str) for name in result):
        raise ModelFileError(f"'{file.source}': attribute '{key}' of '{group}' must be a list of names.")
    return result


def stored_arrays(file: File, group: str) -> list[Stored]:
    """Return the arrays that a group lists in `weight_names`."""
    return [Stored(file, group, name) for name in listed(file, group, "weight_names")]


def root_of(file: File) -> str:
    """Return the group of the weights: that of a file of weights alone is the file itself.

    Raises:
        ModelFileError: there are none.
    """
    for root in ("", "model_weights"):
        attributes = file.attributes(root)
        if "layer_names" in attributes or "layer_names0" in attributes:
            return root
    raise ModelFileError(
        f"'{file.source}' holds no weights of the legacy HDF5 form (no 'layer_names'). Weights in the form of Keras 3 "
        "have names that end in '.weights.h5'."
    )


def read_in_order(file: File, root: str, model: Any, skip_mismatch: bool = False) -> None:
    """Give the layers that have weights those of the file, first to first, whatever their names.

    Raises:
        ModelFileError: the numbers of layers or weights differ, or a shape does.
    """
    layers = [layer for layer in model.layers if ordered_weights(layer)]
    saved = [(name, stored_arrays(file, _join(root, name))) for name in listed(file, root, "layer_names")]
    saved = [(name, arrays) for name, arrays in saved if arrays]
    if len(saved) != len(layers):
        raise ModelFileError(
            f"'{file.source}' does not fit the model: it has weights of {len(saved)} layers "
            f"({_some(name for name, _ in saved)}), the model has {len(layers)} ({_some(x.name for x in layers)})."
        )
    for (name, arrays), layer in zip(saved, layers, strict=True):
        _fill(file, f"layer '{layer.name}' ('{name:.60}' in the file)", ordered_weights(layer), arrays, skip_mismatch)
    _fill_own(file, root, model, skip_mismatch)


def read_by_name(file: File, root: str, model: Any, skip_mismatch: bool = False) -> None:
    """Give each layer the weights that the file has under its name; layers without any are left as they are.

    Raises:
        ModelFileError: the number or a shape of a layer's weights differs.
    """
    saved = listed(file, root, "layer_names")
    for layer in model.layers:
        if layer.name in saved:
            arrays = stored_arrays(file, _join(root, layer.name))
            _fill(file, f"layer '{layer.name}'", ordered_weights(layer), arrays, skip_mismatch, skip_count=True)
    _fill_own(file, root, model, skip_mismatch)


def _fill_own(file: File, root: str, model: Any, skip_mismatch: bool) -> None:
    if TOP_LEVEL in file.names(root):
        arrays = stored_arrays(file, _join(root, TOP_LEVEL))
        _fill(file, "the model itself", _own_weights(model), arrays, skip_mismatch)


def _fill(
    file: File, where: str, variables: list[Any], arrays: list[Stored], skip_mismatch: bool, skip_count: bool = False
) -> None:
    if len(arrays) != len(variables):
        problem = f"{where} has {len(variables)} variables, the file {len(arrays)}"
        _misfit(file, problem, skip_mismatch and skip_count)
        return
    for variable, array in zip(variables, arrays, strict=True):
        if array.shape != variable.shape:
            problem = f"{where}: variable '{variable.name}' has shape {variable.shape}, in the file {array.shape}"
            _misfit(file, problem, skip_mismatch)
        else:
            variable.assign(array.read())


def _misfit(file: File, problem: str, skip: bool) -> None:
    text = f"'{file.source}' does not fit the model: {problem}."
    if not skip:
        raise ModelFileError(text[:500])
    warnings.warn(f"{text} It is left as it was.", stacklevel=6)


def _join(root: str, name: str) -> str:
    return f"{root}/{name}" if root else name


def _some(names: Iterable[str]) -> str:
    every = list(names)
    return ", ".join(f"{n:.30}" for n in every[:4]) + (", ..." if len(every) > 4 else "")


# -- the optimizer's state --------------------------------------------------------------------------------------------

_SLOTS = {  # names of moments in Keras 2, where they differ
    "accum_grad": "accumulated_grad",
    "accum_var": "accumulated_delta_var",
    "m": "momentum",
    "mg": "average_gradient",
    "rms": "velocity",
    "u": "norm",
    "v": "velocity",
    "vhat": "velocity_hat",
}
_ITERATIONS = ("iter", "iteration", "iterations")


def read_optimizer(file: File, model: Any) -> None:
    """Load the state of the optimizer; what does not fit is not loaded, with a warning, and training starts anew."""
    optimizer = model.optimizer
    group = next((name for name in (OPTIMIZER, "optimizer_weights") if name in file.names()), None)
    if optimizer is None or group is None:
        return
    optimizer.build(model.trainable_variables)
    arrays = stored_arrays(file, group)
    pairs = list(_by_order(optimizer, arrays) or _by_slot(optimizer, arrays) or ())
    if not arrays:
        return
    if not pairs:
        warnings.warn(
            f"'{file.source}': the state of {type(optimizer).__name__} is not loaded, training starts anew: the file "
            f"has {len(arrays)} arrays for it ({_some(a.name for a in arrays)}), which do not fit its "
            f"{len(optimizer.variables)} variables.",
            stacklevel=4,
        )
    for variable, value in pairs:
        variable.assign(value)
    if not any(variable.name == "u_product" for variable, _ in pairs):
        for variable, value in product_of_nadam(optimizer):
            variable.assign(value)


def _by_order(optimizer: Any, arrays: list[Stored]) -> list[tuple[Any, Array]] | None:
    """Return variables with their values in a file of Keras 3."""
    variables = optimizer.variables
    same = len(arrays) == len(variables) and all(a.shape == v.shape for a, v in zip(arrays, variables, strict=True))
    of_keras_2 = any(array.name.endswith(":0") for array in arrays)
    return None if of_keras_2 or not same else [(v, a.read()) for v, a in zip(variables, arrays, strict=True)]


def _by_slot(optimizer: Any, arrays: list[Stored]) -> list[tuple[Any, Array]] | None:
    """Return variables with their values in a file of Keras 2: `Adam/m/dense/kernel:0` or `Adam/dense/kernel/m:0`."""
    iteration: Stored | None = None
    scalars: dict[str, Stored] = {}
    slots: dict[str, list[Stored]] = {}
    for array in arrays:
        parts = array.name.removesuffix(":0").split("/")
        if parts[-1] in _ITERATIONS:
            iteration = array
        elif len(parts) <= 2:
            scalars[parts[-1]] = array
        else:
            slots.setdefault(_slot(optimizer, parts), []).append(array)
    if iteration is None or iteration.shape != ():
        return None
    pairs: list[tuple[Any, Array]] = [(optimizer.iterations, iteration.read())]
    for row in _rows(optimizer):
        found = slots.get(row, [])
        moments = optimizer.moment_variables(row)
        if [a.shape for a in found] != [m.shape for m in moments]:
            return None
        pairs += [(m, a.read()) for m, a in zip(moments, found, strict=True)]
    product = getattr(optimizer, "_u_product", None)
    cached = scalars.get("momentum_cache")
    if product is not None and cached is not None and cached.shape == ():
        pairs.append((product, cached.read()))
    return pairs


def _slot(optimizer: Any, parts: list[str]) -> str:
    """Return the moment that the parts of a name speak of: the second one, or the last one in older files."""
    rows = _rows(optimizer)
    for part in (parts[1], parts[-1]):
        for name in (_SLOTS.get(part, part), "norm" if part == "v" else part):
            if name in rows:
                return str(name)
    return parts[1]


def _rows(optimizer: Any) -> tuple[str, ...]:
    return (*("average",) * bool(optimizer.use_ema), *optimizer.moments)


def product_of_nadam(optimizer: Any) -> list[tuple[Any, Array]]:
    """Return the product of momenta that Nadam keeps, and its value after so many steps: most files leave it out."""
    product = getattr(optimizer, "_u_product", None)
    if product is None:
        return []
    t = np.arange(1, int(optimizer.iterations) + 1, dtype=np.float64)
    return [(product, np.asarray(np.prod(optimizer.beta_1 * (1 - 0.5 * 0.96**t))))]
