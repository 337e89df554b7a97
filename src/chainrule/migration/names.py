"""Which names a script's imports bind to Keras, and what each use of them is called in full."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

ROOTS = ("tensorflow.python.keras", "tensorflow.keras", "tf_keras", "keras_core", "keras.api", "keras")
"""Packages that are Keras; the longer ones first."""


class Use(NamedTuple):
    """One place where a script uses something of Keras, `keras.layers.Dense`, perhaps in a call."""

    full: str
    line: int
    call: ast.Call | None


class Import(NamedTuple):
    """One line that imports Keras, and what to write in its place."""

    line: int
    text: str
    instead: str


def as_keras(dotted: str) -> str | None:
    """Return the name of a module or object in Keras 3, or None if it is none of Keras's.

    >>> as_keras("tensorflow.keras.layers"), as_keras("numpy")
    ('keras.layers', None)
    """
    for root in ROOTS:
        if dotted == root or dotted.startswith(f"{root}."):
            return "keras" + dotted[len(root) :]
    return None


class Names(ast.NodeVisitor):
    """Collects a script's uses of Keras: `uses`, `imports`, and uses of TensorFlow beside it, `tensorflow`."""

    def __init__(self) -> None:
        self.bound: dict[str, str] = {}
        self.uses: list[Use] = []
        self.imports: list[Import] = []
        self.tensorflow: list[tuple[str, int]] = []
        self.methods: list[tuple[str, int]] = []

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            full = as_keras(alias.name)
            if full is None:
                if alias.name == "tensorflow":
                    self.bound[alias.asname or "tensorflow"] = "tensorflow"
                continue
            self.bound[alias.asname or alias.name.partition(".")[0]] = full if alias.asname else _top(alias.name)
            ours = full.replace("keras", "chainrule", 1)
            name = f" as {alias.asname}" if alias.asname else " as keras" if full == "keras" else ""
            self.imports.append(Import(node.lineno, ast.unparse(node), f"import {ours}{name}"))
            if full != "keras":
                self.uses.append(Use(full, node.lineno, None))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if module == "tensorflow" and not node.level:
            self._from_tensorflow(node)
            return
        full = None if node.level else as_keras(module)
        if full is None:
            return
        for alias in node.names:
            if alias.name != "*":
                self.bound[alias.asname or alias.name] = f"{full}.{alias.name}"
                self.uses.append(Use(f"{full}.{alias.name}", node.lineno, None))
        names = ", ".join(f"{a.name} as {a.asname}" if a.asname else a.name for a in node.names)
        instead = f"from {full.replace('keras', 'chainrule', 1)} import {names}"
        self.imports.append(Import(node.lineno, ast.unparse(node), instead))

    def _from_tensorflow(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "keras":
                name = alias.asname or "keras"
                self.bound[name] = "keras"
                self.imports.append(Import(node.lineno, ast.unparse(node), f"import chainrule as {name}"))
            else:
                self.tensorflow.append((f"tensorflow.{alias.name}", node.lineno))

    def visit_Call(self, node: ast.Call) -> None:
        full = self.resolve(node.func)
        if full is not None:
            self._use(full, node.lineno, node)
            for part in (*node.args, *(k.value for k in node.keywords)):
                self.visit(part)
            return
        if isinstance(node.func, ast.Attribute):
            self.methods.append((node.func.attr, node.lineno))
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        full = self.resolve(node)
        if full is None:
            self.generic_visit(node)
        else:
            self._use(full, node.lineno, None)

    def visit_Name(self, node: ast.Name) -> None:
        full = self.bound.get(node.id)
        if full is not None and full.startswith("keras.") and isinstance(node.ctx, ast.Load):
            self._use(full, node.lineno, None)

    def _use(self, full: str, line: int, call: ast.Call | None) -> None:
        if full == "tensorflow" or full.startswith("tensorflow."):
            self.tensorflow.append((full, line))
        elif full != "keras":
            self.uses.append(Use(full, line, call))

    def resolve(self, node: ast.expr) -> str | None:
        """Return the full name that an expression stands for: `keras.layers.Dense` for `L.Dense`."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id not in self.bound:
            return None
        full = ".".join([self.bound[node.id], *reversed(parts)])
        return as_keras(full) or full


def _top(name: str) -> str:
    """Return what `import a.b.c` binds, in Keras's names."""
    return as_keras(name.partition(".")[0]) or name.partition(".")[0]


def read(text: str) -> Names:
    """Return what a script says about Keras.

    Raises:
        SyntaxError: it is not Python.
    """
    names = Names()
    names.visit(ast.parse(text))
    return names


def distinct(uses: list[Use]) -> Iterator[tuple[str, list[Use]]]:
    """Yield each full name once, in order of appearance, with its uses."""
    found: dict[str, list[Use]] = {}
    for use in uses:
        found.setdefault(use.full, []).append(use)
    yield from found.items()
