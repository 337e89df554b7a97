"""Lines that import Keras, and what to write in their place."""

from __future__ import annotations

import ast
from typing import NamedTuple

from chainrule.migration.keras2 import in_keras_3, moved

ROOTS = (
    *("tensorflow.compat.v1.keras", "tensorflow.compat.v2.keras", "tensorflow.python.keras", "tensorflow.keras"),
    *("tf_keras", "keras_core", "keras.api", "keras"),
)
"""Packages that are Keras; the longer ones first."""


class Import(NamedTuple):
    """One line that imports Keras, and what to write in its place."""

    line: int
    text: str
    instead: str


class TensorFlow(NamedTuple):
    """A line that imports TensorFlow, and the name that it gives it."""

    node: ast.Import
    name: str


def as_keras(dotted: str) -> str | None:
    """Return the name of a module or object in Keras, or None if it is none of Keras's.

    >>> as_keras("tensorflow.keras.layers"), as_keras("numpy")
    ('keras.layers', None)
    """
    for root in ROOTS:
        if dotted == root or dotted.startswith(f"{root}."):
            return "keras" + dotted[len(root) :]
    return None


def ours(full: str) -> str:
    """Return the name in chainrule of a name in Keras."""
    return full.replace("keras", "chainrule", 1)


def import_of(full: str, name: str) -> str:
    """Return the line that binds a module or object of Keras 3 to a name.

    >>> import_of("keras", "keras"), import_of("keras.layers", "L")
    ('import chainrule as keras', 'from chainrule import layers as L')
    """
    parent, _, leaf = full.rpartition(".")
    if not parent:
        return f"import {ours(full)} as {name}"
    return f"from {ours(parent)} import {leaf}" + (f" as {name}" if name != leaf else "")


def plain(node: ast.Import, tensorflow: bool = False) -> str:
    """Return what to write for `import ...`; names that are not Keras's stay.

    Args:
        tensorflow: whether the script reaches Keras through the TensorFlow imported here.
    """
    parts, notes = [], []
    for alias in node.names:
        full, root = as_keras(alias.name), alias.name.partition(".")[0]
        if full is not None and alias.asname:
            place = moved(full)
            part = f"import {ours(place)} as {alias.asname}"
        elif full is not None:
            part = "import chainrule as keras"
            root = alias.name[: len(alias.name) - len(full) + len("keras")]
            notes += [f"and write keras. for {root}."] * (root != "keras")
        elif root == "tensorflow" and tensorflow:
            part = "import chainrule as keras"
            notes.append(f"and write keras. for {alias.asname or 'tensorflow'}.keras.")
        else:
            part = ast.unparse(ast.Import([alias]))
        parts.append(part)
    line = "; ".join(dict.fromkeys(parts))
    return f"{line}  # {', '.join(dict.fromkeys(notes))}" if notes else line


def without(node: ast.Import, name: str) -> str:
    """Return `import ...` without TensorFlow, of which only Keras was used."""
    rest = [alias for alias in node.names if (alias.asname or alias.name.partition(".")[0]) != name]
    return ast.unparse(ast.Import(rest)) if rest else "# nothing: leave this line out"


def from_module(full: str, names: list[ast.alias]) -> str:
    """Return what to write for `from full import names`, `full` being a module of Keras.

    >>> from_module("keras.layers.core", [ast.alias("Dense"), ast.alias("Dropout", "D")])
    'from chainrule.layers import Dense, Dropout as D'
    """
    groups: dict[str, list[str]] = {}
    for alias in names:
        place = moved(full) + ".*" if alias.name == "*" else in_keras_3(f"{full}.{alias.name}")
        parent, _, leaf = place.rpartition(".")
        name = alias.asname or alias.name
        groups.setdefault(parent, []).append(leaf if leaf == name else f"{leaf} as {name}")
    return "; ".join(
        f"from {ours(parent)} import {', '.join(leaves)}"
        if parent
        else f"import chainrule{leaves[0].removeprefix('keras')}"
        for parent, leaves in groups.items()
    )
