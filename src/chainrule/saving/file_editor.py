"""`KerasFileEditor`: look into a file of weights, change what is in it, and write it anew."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from chainrule._typing import Array, Config
from chainrule.errors import ModelFileError
from chainrule.saving.archive import parse_json, read_archive, write_atomically
from chainrule.saving.hdf5 import File, open_file
from chainrule.saving.legacy_h5 import read_bytes
from chainrule.saving.limits import at_most

Tree = dict[str, Any]
"""Objects by name: each a mapping of further objects, and of arrays."""

_DEEPEST = 100


class KerasFileEditor:
    """Inspect and edit the weights of a `.weights.h5` or `.keras` file (`keras.saving.KerasFileEditor`).

    Args:
        filepath: the file. It is read once, and never changed: `save` writes another one.

    Raises:
        ModelFileError: the file cannot be read.

    >>> import os, tempfile
    >>> import chainrule as cr
    >>> path = os.path.join(tempfile.mkdtemp(), "m.weights.h5")
    >>> cr.Sequential([cr.Input((2,)), cr.layers.Dense(1, name="only")]).save_weights(path)
    >>> editor = cr.saving.KerasFileEditor(path)  # doctest: +ELLIPSIS
    Keras model file '...m.weights.h5'
    >>> editor.rename_object("dense", "dense_7")
    >>> editor.summary()
    Weights structure
      └─ layers
         └─ dense_7 ('only')
            ├─ 0: shape=(2, 1), dtype=float32
            └─ 1: shape=(1,), dtype=float32
    """

    def __init__(self, filepath: Any, *, max_bytes: int | None = None) -> None:
        with at_most(max_bytes):
            self._open(filepath)

    def _open(self, filepath: Any) -> None:
        self.filepath = str(filepath)
        self.metadata, self.config, data = _read(Path(filepath))
        self.model: Any = None
        self.object_metadata: dict[str, Config] = {}
        with open_file(data, self.filepath) as file:
            self.weights_dict: Tree = self._tree(file, "", 0)
        print(f"Keras model file '{self.filepath}'")
        if self.metadata is not None:
            version, date = (str(self.metadata.get(k))[:40] for k in ("keras_version", "date_saved"))
            print(f"Saved with Keras {version} - date: {date}")

    def _tree(self, file: File, path: str, depth: int) -> Tree:
        """Return what is below a group; the arrays in its `vars` count as its own."""
        if depth > _DEEPEST:
            raise ModelFileError(f"'{self.filepath}' is nested deeper than {_DEEPEST} levels.")
        group = file.group(path)
        if group is None:
            return {}
        result: Tree = {}
        for name in file.names(path):
            inner = f"{path}/{name}" if path else name
            if file.is_group(inner):
                below = self._tree(file, inner, depth + 1)
                if name == "vars":
                    result.update(below)
                    self._note(path, file.attributes(inner))
                elif below:
                    result[name] = below
            else:
                result[name] = group[name]
        return result

    def _note(self, path: str, attributes: Config) -> None:
        if attributes:
            self.object_metadata[path] = attributes

    # -- looking ------------------------------------------------------------------------------------------------------

    def summary(self) -> None:
        """Print the objects of the file, and the shapes and types of their weights."""
        print("Weights structure")
        self._print(self.weights_dict, "  ", "")

    def _print(self, tree: Tree, indent: str, path: str) -> None:
        for i, (name, value) in enumerate(tree.items()):
            last = i == len(tree) - 1
            sign, deeper = ("└─ ", "   ") if last else ("├─ ", "│  ")
            inner = f"{path}/{name}" if path else name
            if isinstance(value, dict):
                own = self.object_metadata.get(inner, {}).get("name")
                print(f"{indent}{sign}{name}" + (f" ('{own:.80}')" if isinstance(own, str) else ""))
                self._print(value, indent + deeper, inner)
            else:
                print(f"{indent}{sign}{name}: shape={value.shape}, dtype={value.dtype}")

    def compare(self, reference_model: Any) -> Config:
        """Compare the file with the weights of a model, print what differs, and return the counts.

        Returns:
            `status` (`'success'` or `'error'`), `error_count` and `match_count`.
        """
        print("Running comparison")
        wanted = _tree_of(reference_model)
        errors, matches = self._differences(self.weights_dict, wanted, "")
        print("─" * 21)
        if errors:
            word = "error" if errors == 1 else "errors"
            print(f"Found {errors} {word}: saved file is not compatible with the reference model")
        else:
            word = "weight" if matches == 1 else "weights"
            print("Comparison successful: saved file is compatible with the reference model")
            print(f"    Found {matches} matching {word}")
        return {"status": "error" if errors else "success", "error_count": errors, "match_count": matches}

    def _differences(self, saved: Tree, wanted: Tree, path: str) -> tuple[int, int]:
        errors = matches = 0
        for name in (*wanted, *(n for n in saved if n not in wanted)):
            inner, ours, theirs = f"{path}/{name}", saved.get(name), wanted.get(name)
            if ours is None or theirs is None:
                errors += 1
                here, there = ("reference model", "saved file")[:: 1 if ours is None else -1]
                there_is = ours if theirs is None else theirs
                print(f"...{_kind(there_is)} {inner} present in {here}, missing from {there}")
                if isinstance(there_is, dict):
                    print(f"    In {here}, {inner} contains the following keys: {list(there_is)}")
            elif isinstance(ours, dict) != isinstance(theirs, dict):
                errors += 1
                print(f"...{inner} is {_kind(theirs).lower()} in reference model, {_kind(ours).lower()} in saved file")
            elif isinstance(ours, dict):
                below = self._differences(ours, theirs, inner)
                errors, matches = errors + below[0], matches + below[1]
            elif ours.shape != theirs.shape:
                errors += 1
                print(f"...Weight shape mismatch for {inner}")
                print(f"    In reference model: shape={theirs.shape}")
                print(f"    In saved file: shape={ours.shape}")
            else:
                matches += 1
        return errors, matches

    # -- changing -----------------------------------------------------------------------------------------------------

    def rename_object(self, object_name: str, new_name: str) -> None:
        """Give an object (a layer, for example) another name.

        Args:
            object_name: its name, if only one has it, or its path: `'dense_2'` or `'layers/dense_2'`.
            new_name: the last part of its new path.
        """
        if "/" in new_name or not new_name:
            raise ValueError(f"rename_object: new_name must be a name without '/', but is {new_name!r}.")

        def rename(path: str, holder: Tree, name: str) -> None:
            holder[new_name] = holder.pop(name)
            renamed = f"{path}/{new_name}" if path else new_name
            before = f"{path}/{name}" if path else name
            for known in [k for k in self.object_metadata if k == before or k.startswith(f"{before}/")]:
                self.object_metadata[renamed + known[len(before) :]] = self.object_metadata.pop(known)

        self._edit(object_name, rename)

    def delete_object(self, object_name: str) -> None:
        """Remove an object, given by its name or path."""
        self._edit(object_name, lambda path, holder, name: holder.pop(name) and None)

    def add_object(self, object_path: str, weights: dict[str, Any]) -> None:
        """Add an object with weights.

        Args:
            object_path: its whole path, `'layers/dense_2'`, of which all but the last part exists.
            weights: arrays by name, `{'0': kernel, '1': bias}`.
        """
        arrays = _arrays("add_object", weights)
        holder, name = self._holder(object_path, object_path.rpartition("/")[0])
        holder[name] = arrays

    def delete_weight(self, object_name: str, weight_name: str) -> None:
        """Remove one weight of an object."""

        def delete(_: str, holder: Tree, name: str) -> None:
            if not isinstance(holder[name], dict) or weight_name not in holder[name]:
                found = list(holder[name]) if isinstance(holder[name], dict) else []
                raise ValueError(f"Weight {weight_name!r} not found in object '{object_name}'. Weights found: {found}.")
            del holder[name][weight_name]

        self._edit(object_name, delete)

    def add_weights(self, object_name: str, weights: dict[str, Any]) -> None:
        """Add weights to an object, or put others in their places."""
        arrays = _arrays("add_weights", weights)
        self._edit(object_name, lambda path, holder, name: holder[name].update(arrays))

    def _edit(self, name: str, change: Callable[[str, Tree, str], None]) -> None:
        if "/" in name:
            holder, last = self._holder(name, name)
            if last not in holder:
                raise ValueError(f"Path '{name}' not found in '{self.filepath}'.")
            change(name.rpartition("/")[0], holder, last)
            return
        places = list(_places(self.weights_dict, name, ""))
        if len(places) != 1:
            problem = "does not occur" if not places else f"occurs {len(places)} times"
            advice = "summary() lists all objects" if not places else "give the whole path"
            raise ValueError(f"The name '{name}' {problem} in '{self.filepath}': {advice}.")
        change(places[0][0], places[0][1], name)

    def _holder(self, path: str, named: str) -> tuple[Tree, str]:
        """Return the object that holds, or will hold, the last part of a path."""
        *parts, last = path.split("/")
        holder = self.weights_dict
        for part in parts:
            if not isinstance(holder.get(part), dict):
                raise ValueError(f"Path '{named}' not found in '{self.filepath}'.")
            holder = holder[part]
        return holder, last

    # -- writing ------------------------------------------------------------------------------------------------------

    def save(self, filepath: Any) -> None:
        """Write the weights to a `.weights.h5` file.

        Raises:
            ModelFileError: the name ends otherwise, or the disk refuses.
        """
        import h5py

        path = Path(filepath)
        if not path.name.endswith(".weights.h5"):
            raise ModelFileError(f"Cannot save to '{path}': the name must end in '.weights.h5'.")
        buffer = io.BytesIO()
        with h5py.File(buffer, "w") as file:
            self._write(file, self.weights_dict, "")
        data = buffer.getvalue()

        def write(target: Any) -> None:
            target.write(data)

        write_atomically(path, write)

    def resave_weights(self, filepath: Any) -> None:
        """Write the weights to a `.weights.h5` file, as `save`."""
        self.save(filepath)

    def _write(self, file: Any, tree: Tree, path: str) -> None:
        arrays = {name: value for name, value in tree.items() if not isinstance(value, dict)}
        if arrays:
            group = file.create_group(f"{path}/vars" if path else "vars")
            for name, value in arrays.items():
                group.create_dataset(name, data=value)
            own = self.object_metadata.get(path, {}).get("name")
            if isinstance(own, str):
                group.attrs["name"] = own
        for name, value in tree.items():
            if isinstance(value, dict):
                self._write(file, value, f"{path}/{name}" if path else name)


def _read(path: Path) -> tuple[Config | None, Config | None, bytes]:
    """Return metadata and configuration, if the file has them, and the weights."""
    if path.name.endswith(".weights.h5"):
        return None, None, read_bytes(path)
    if not path.name.endswith(".keras"):
        raise ModelFileError(f"Cannot edit '{path}': expected a '.weights.h5' or '.keras' file.")
    members = read_archive(path)
    if "model.weights.h5" not in members:
        raise ModelFileError(f"'{path}' has no member 'model.weights.h5': it is not a Keras model file.")
    metadata, config = (_mapping(path, name, members) for name in ("metadata.json", "config.json"))
    return metadata, config, members["model.weights.h5"]


def _mapping(path: Path, member: str, members: dict[str, bytes]) -> Config:
    value = parse_json(path, member, members.get(member, b"{}"))
    if not isinstance(value, dict):
        raise ModelFileError(f"'{path}': {member} does not hold an object.")
    return value


def _arrays(method: str, weights: Any) -> dict[str, Array]:
    if not isinstance(weights, dict):
        raise ValueError(f"{method}: weights must be a dict of arrays by name ('0', '1', ...), but is {type(weights)}.")
    return {str(name): np.asarray(value) for name, value in weights.items()}


def _kind(value: Any) -> str:
    return "Object" if isinstance(value, dict) else "Weight"


def _places(tree: Tree, name: str, path: str) -> Iterable[tuple[str, Tree]]:
    """Yield the objects that hold something of that name, with their paths."""
    if name in tree:
        yield path, tree
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _places(value, name, f"{path}/{key}" if path else key)


def _tree_of(model: Any) -> Tree:
    """Return the weights of a model as a file would have them."""
    from chainrule.saving.state import owners

    tree: Tree = {}
    for path, thing in owners(model):
        store: dict[str, Array] = {}
        thing.save_own_variables(store)
        here = tree
        for part in filter(None, path.split("/")) if store else ():
            here = here.setdefault(part, {})
        here.update({name: np.asarray(value) for name, value in store.items()} if store else {})
    return tree
