"""The page's modules as one script without imports, so that a file can hold them.

The modules import and export by name only, one statement a line, without cycles. Each becomes a function that gives
its exports; an import takes what it needs from them. `import("./tour.js")` within a function gives a promise of them,
as in the modules. Comments and space that only readers need are left out.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from chainrule.web.shorten import shorten
from chainrule.web.squeeze import without_comments

STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(function|const|class|let) (\w+)", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export \{ ([\w, ]+) \};$", re.MULTILINE)
_LATER = re.compile(r'\bimport\("(\.[^"]+)"\)')
_UNSAFE = re.compile(r"<!--|</?script", re.IGNORECASE)


_MODULES = "$"  # the name of the array of all modules' exports, which `shorten` gives to nothing else


@functools.cache
def bundle(entry: str, folder: Path = STATIC) -> str:
    """Return a script that does what the module `entry` does when a page loads it.

    Args:
        entry: file name within the folder.
        folder: where the modules lie.

    Raises:
        ValueError: the modules import each other in a circle, or in a way that is not known here.
    """
    sources = modules_of(entry, folder)
    modules = {name: _Module(number, source) for number, (name, source) in enumerate(sources.items())}
    made = "\n".join(shorten(module.as_function(name, modules)) for name, module in modules.items())
    whole = f'"use strict";\n(() => {{\nconst {_MODULES} = [];\n{made}\n}})();\n'
    if _UNSAFE.search(whole):
        raise ValueError("the script has what would end or hide it within a page.")
    return whole


def modules_of(entry: str, folder: Path = STATIC) -> dict[str, str]:
    """Return the text without comments of every module that one needs, those that it imports before itself.

    >>> list(modules_of("icons.js"))
    ['dom.js', 'icons.js']
    """
    sources: dict[str, str] = {}
    _visit(entry, folder, sources, [])
    return sources


def _visit(name: str, folder: Path, sources: dict[str, str], above: list[str]) -> None:
    """Put a module's text, without comments, behind those of the modules that it imports."""
    if name in above:
        raise ValueError(f"modules in a circle: {' -> '.join([*above, name])}")
    if name in sources:
        return
    try:
        source = without_comments((folder / name).read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    for path in [*(path for _, path in _IMPORT.findall(source)), *_LATER.findall(source)]:
        _visit(_resolved(name, path), folder, sources, [*above, name])
    sources[name] = source


def _resolved(name: str, path: str) -> str:
    """Return the file that a module means by a relative path.

    >>> _resolved("tabs/surface.js", "../charts.js"), _resolved("app.js", "./tabs/runs.js")
    ('charts.js', 'tabs/runs.js')
    """
    parts: list[str] = list(PurePosixPath(name).parent.parts)
    for part in path.split("/"):
        if part == "..":
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


class _Module:
    """One module: its place among the others, its text, and what it exports, in order.

    Args:
        number: its place.
        source: its text without comments.
    """

    def __init__(self, number: int, source: str) -> None:
        self.number = number
        self.source = source
        self.exports = [found[1] for found in _EXPORT.findall(source)]
        self.exports += [n.strip() for names in _EXPORT_LIST.findall(source) for n in names.split(",")]

    def as_function(self, name: str, modules: Mapping[str, _Module]) -> str:
        """Return the statement that puts the exports, in order, into their place."""
        source = _IMPORT.sub(lambda m: modules[_resolved(name, m[2])].imported(m[1]), self.source)
        source = source.replace("];\nconst [", "], [")
        source = _LATER.sub(lambda m: modules[_resolved(name, m[1])].promised(), source)
        source = re.sub(r"^export ", "", _EXPORT_LIST.sub("", source), flags=re.MULTILINE)
        if re.search(r"^(import|export)\b|\bimport\(", source, re.MULTILINE):
            raise ValueError(f"{name}: imports and exports go by name, one statement a line.")
        return f"{_MODULES}[{self.number}] = (() => {{\n{source}\nreturn [{', '.join(self.exports)}];\n}})();"

    def imported(self, names: str) -> str:
        """Return the statement that takes some exports: of `b, d as e` from a, b, c, d it is `[, b, , e] = ...`."""
        pairs = [n.strip().split(" as ") for n in names.split(",")]
        wanted = {pair[0]: pair[-1] for pair in pairs}
        taken = ", ".join(wanted.pop(n, "") for n in self.exports)
        if wanted:
            raise ValueError(f"there is no export {', '.join(wanted)}.")
        return f"const [{taken.rstrip(', ')}] = {_MODULES}[{self.number}];"

    def promised(self) -> str:
        """Return a promise of all exports by their names."""
        found = ", ".join(f"{n}: {_MODULES}[{self.number}][{i}]" for i, n in enumerate(self.exports))
        return f"Promise.resolve({{ {found} }})"


__all__ = ["STATIC", "bundle", "modules_of"]
