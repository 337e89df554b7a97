"""Which names a script binds to Keras, and what each use of them is called in full."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Callable, Iterator
from typing import NamedTuple

from chainrule.migration.imports import Import, TensorFlow, as_keras, from_module, import_of, plain, without
from chainrule.migration.keras2 import moved
from chainrule.migration.lookup import public_names

_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Use(NamedTuple):
    """One place where a script uses something of Keras, `keras.layers.Dense`, perhaps in a call."""

    full: str
    line: int
    call: ast.Call | None


class Method(NamedTuple):
    """A call of a method, `model.fit(...)`; `maker` is the call that made `model`, "" where that is not known."""

    name: str
    line: int
    call: ast.Call
    maker: str


class Names(ast.NodeVisitor):
    """Collects a script's uses of Keras.

    `uses`, `imports`, `methods`; `tensorflow`, uses of TensorFlow beside it; `unknown`, names that may come from
    `from keras... import *`, but are none of Keras's.
    """

    def __init__(self, tree: ast.Module) -> None:
        self.bound: dict[str, str] = {}
        self.uses: list[Use] = []
        self.imports: list[Import] = []
        self.tensorflow: list[tuple[str, int]] = []
        self.methods: list[Method] = []
        self.unknown: list[tuple[str, int]] = []
        self._scope = self.bound  # of the nearest function or the module: methods do not see a class's names
        self._makers: dict[str, str] = {}
        self._foreign: set[str] = set()
        self._stars: list[str] = []
        self._other_stars = False
        self._roots: list[TensorFlow] = []
        self._through: set[str] = set()
        self._renamed: set[str] = set()
        self._later: list[Callable[[], None]] = []
        self._defined = _defined(tree)
        self._read(tree)

    def _read(self, tree: ast.Module) -> None:
        self.visit(tree)
        while self._later:  # bodies of functions, which see all names of what is around them
            self._later.pop(0)()
        for node, name in self._roots:
            if name in self._through:
                self.imports.append(Import(node.lineno, ast.unparse(node), plain(node, tensorflow=True)))
            elif name in self._renamed and not self.tensorflow:
                self.imports.append(Import(node.lineno, ast.unparse(node), without(node, name)))
        last = {(each.line, each.text): each for each in self.imports}  # one for `import tensorflow as tf, keras`
        self.imports = sorted(last.values(), key=lambda each: each.line)
        self.uses.sort(key=lambda use: use.line)

    # imports

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            full, top = as_keras(alias.name), alias.name.partition(".")[0]
            if full is None and top != "tensorflow":
                self.bound.pop(alias.asname or top, None)
                self._foreign.add(alias.asname or top)
                continue
            self.bound[alias.asname or top] = moved(full or alias.name) if alias.asname else as_keras(top) or top
            if full is None:
                self._roots.append(TensorFlow(node, alias.asname or top))
                continue
            if moved(full) != "keras":
                self.uses.append(Use(moved(full), node.lineno, None))
            self.imports.append(Import(node.lineno, ast.unparse(node), plain(node)))

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        module = node.module or ""
        if module == "tensorflow" and not node.level:
            self._from_tensorflow(node)
            return
        full = None if node.level else as_keras(module)
        if full is None:
            self._other_stars |= any(alias.name == "*" for alias in node.names)
            self._foreign.update(alias.asname or alias.name for alias in node.names if not node.level)
            return
        for alias in node.names:
            if alias.name == "*":
                self._stars.insert(0, moved(full))
            else:
                place = moved(f"{full}.{alias.name}")
                self.bound[alias.asname or alias.name] = place
                self.uses.append(Use(place, node.lineno, None))
        self.imports.append(Import(node.lineno, ast.unparse(node), from_module(full, node.names)))

    def _from_tensorflow(self, node: ast.ImportFrom) -> None:
        for alias in node.names:
            if alias.name == "keras":
                name = alias.asname or "keras"
                self.bound[name] = "keras"
                self.imports.append(Import(node.lineno, ast.unparse(node), f"import chainrule as {name}"))
            else:
                self.tensorflow.append((f"tensorflow.{alias.name}", node.lineno))

    # other ways to give a name to something of Keras

    def visit_Assign(self, node: ast.Assign) -> None:
        if self._is_import(node):
            return
        self.visit(node.value)
        for target in node.targets:
            self.visit(target)
            self._bind(target, node.value)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        self.generic_visit(node)
        if node.value is not None:
            self._bind(node.target, node.value)

    def visit_NamedExpr(self, node: ast.NamedExpr) -> None:
        self.generic_visit(node)
        self._bind(node.target, node.value)

    def visit_For(self, node: ast.For) -> None:
        self.visit(node.iter)
        self._bind(node.target, node.iter, itself=False)
        for part in (*node.body, *node.orelse):
            self.visit(part)

    def _is_import(self, node: ast.Assign) -> bool:
        """Treat `keras = tf.keras` as what it is, the import of a module under a name."""
        target, value = node.targets[0], node.value
        root = _root(value)
        if len(node.targets) > 1 or not isinstance(target, ast.Name) or self.bound.get(root) != "tensorflow":
            return False
        full = self.resolve(value)
        if full is None or not (full == "keras" or full.startswith("keras.")):
            return False
        self.bound[target.id] = moved(full)
        self._renamed.add(root)
        if moved(full) != "keras":
            self.uses.append(Use(moved(full), node.lineno, None))
        self.imports.append(Import(node.lineno, ast.unparse(node), import_of(moved(full), target.id)))
        return True

    def _bind(self, target: ast.expr, value: ast.expr, itself: bool = True) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            values = value.elts if isinstance(value, ast.Tuple | ast.List) and itself else []
            same = len(values) == len(target.elts)
            for i, part in enumerate(target.elts):
                self._bind(part, values[i] if same else value, itself=same)
        if not isinstance(target, ast.Name):
            return
        full = self.resolve(value) if itself else None
        if full is not None:
            self.bound[target.id] = full
        elif not isinstance(value, ast.Constant):  # `except ImportError: keras = None` says nothing
            self.bound.pop(target.id, None)
        if isinstance(value, ast.Call):
            self._makers[target.id] = self._called(value)

    # scopes

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        self._function(node, [*node.decorator_list, *([node.returns] if node.returns else [])])

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        self._function(node, [*node.decorator_list, *([node.returns] if node.returns else [])])

    def visit_Lambda(self, node: ast.Lambda) -> None:
        self._function(node, [])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        around, self.bound = self.bound, dict(self.bound)
        self.generic_visit(node)
        self.bound = around

    def _function(self, node: _Function, outside: list[ast.expr]) -> None:
        for part in outside:
            self.visit(part)
        self.visit(node.args)
        around, given = self._scope, self._parameters(node.args)
        body = node.body if isinstance(node.body, list) else [node.body]

        def read() -> None:
            self.bound = self._scope = {name: full for name, full in around.items() if name not in given}
            self.bound.update({name: full for name, full in given.items() if full is not None})
            for part in body:
                self.visit(part)

        self._later.append(read)

    def _parameters(self, args: ast.arguments) -> dict[str, str | None]:
        """Return each parameter, with what of Keras it stands for by default."""
        places = [*args.posonlyargs, *args.args]
        defaults: list[ast.expr | None] = [*[None] * (len(places) - len(args.defaults)), *args.defaults]
        pairs = [*zip(places, defaults, strict=True), *zip(args.kwonlyargs, args.kw_defaults, strict=True)]
        found = {place.arg: self.resolve(value) if value is not None else None for place, value in pairs}
        return {**found, **{rest.arg: None for rest in (args.vararg, args.kwarg) if rest is not None}}

    # uses

    def visit_Call(self, node: ast.Call) -> None:
        full = self.resolve(node.func)
        if full is not None:
            self._use(full, node.func, node)
            for part in (*node.args, *(k.value for k in node.keywords)):
                self.visit(part)
            return
        if isinstance(node.func, ast.Attribute):
            self.methods.append(Method(node.func.attr, node.lineno, node, self._maker(node.func.value)))
        self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        full = self.resolve(node)
        if full is None:
            self.generic_visit(node)
        else:
            self._use(full, node, None)

    def visit_Name(self, node: ast.Name) -> None:
        full = self.resolve(node)
        if not isinstance(node.ctx, ast.Load):
            return
        if full is not None and full.startswith("keras."):
            self._use(full, node, None)
        elif full is None and self._stars and not self._other_stars and node.id not in self._defined:
            self.unknown.append((node.id, node.lineno))

    def _use(self, full: str, node: ast.expr, call: ast.Call | None) -> None:
        line = node.lineno
        if full == "tensorflow" or full.startswith("tensorflow."):
            self.tensorflow.append((full, line))
            return
        root = _root(node)
        if self.bound.get(root, "").partition(".")[0] == "tensorflow":
            self._through.add(root)
        if full != "keras":
            self.uses.append(Use(full, line, call))

    def _maker(self, receiver: ast.expr) -> str:
        if isinstance(receiver, ast.Name):
            return self._makers.get(receiver.id, "")
        return self._called(receiver) if isinstance(receiver, ast.Call) else ""

    def _called(self, call: ast.Call) -> str:
        """Return what of Keras a call calls, "another" for something of another package, "" for the script's own."""
        return self.resolve(call.func) or ("another" if _root(call.func) in self._foreign else "")

    def resolve(self, node: ast.expr) -> str | None:
        """Return the full name that an expression stands for: `keras.layers.Dense` for `L.Dense`."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name):
            return None
        start = self.bound.get(node.id) or self._from_star(node.id)
        if start is None:
            return None
        full = ".".join([start, *reversed(parts)])
        return as_keras(full) or full

    def _from_star(self, name: str) -> str | None:
        if name in self._defined:
            return None
        return next((f"{module}.{name}" for module in self._stars if name in public_names(module)), None)


def _root(node: ast.expr) -> str:
    """Return the name that a dotted name starts with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _defined(tree: ast.Module) -> frozenset[str]:
    """Return all names that a script gives to anything, and Python's own."""
    names = {*dir(builtins), "__file__", "__name__", "__doc__", "__spec__", "__class__"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.arg):
            names.add(node.arg)
        elif isinstance(node, ast.alias):
            names.add(node.asname or node.name.partition(".")[0])
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest:
            names.add(node.rest)
    return frozenset(names)


def read(text: str) -> Names:
    """Return what a script says about Keras.

    Raises:
        SyntaxError: it is not Python.
    """
    return Names(ast.parse(text))


def distinct(uses: list[Use]) -> Iterator[tuple[str, list[Use]]]:
    """Yield each full name once, in order of appearance, with its uses."""
    found: dict[str, list[Use]] = {}
    for use in uses:
        found.setdefault(use.full, []).append(use)
    yield from found.items()
