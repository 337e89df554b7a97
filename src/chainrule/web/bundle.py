"""The page's modules as one script without imports, so that a file can hold them.

The modules import and export by name only, one statement a line, without cycles. Each becomes a function that gives
its exports; an import takes what it needs from them.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(function|const|class|let) (\w+)", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export \{ ([\w, ]+) \};$", re.MULTILINE)
_COMMENT = re.compile(r"^\s*(?:/\*\*?[^*]*(?:\*(?!/)[^*]*)*\*/|//[^\n]*)\n", re.MULTILINE)


def bundle(entry: str, folder: Path = STATIC) -> str:
    """Return a script that does what the module `entry` does when a page loads it.

    Args:
        entry: file name within the folder.
        folder: where the modules lie.

    Raises:
        ValueError: the modules import each other in a circle, or in a way that is not known here.
    """
    order: list[str] = []
    _visit(entry, folder, order, [])
    parts = [_as_function(name, folder) for name in order]
    return '"use strict";\n(() => {\nconst modules = {};\n' + "".join(parts) + "})();\n"


def _visit(name: str, folder: Path, order: list[str], above: list[str]) -> None:
    """Put a module behind those that it imports."""
    if name in above:
        raise ValueError(f"modules in a circle: {' -> '.join([*above, name])}")
    if name in order:
        return
    for _, path in _IMPORT.findall(_source(name, folder)):
        _visit(_resolved(name, path), folder, order, [*above, name])
    order.append(name)


def _source(name: str, folder: Path) -> str:
    return (folder / name).read_text(encoding="utf-8")


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


def _as_function(name: str, folder: Path) -> str:
    source = _COMMENT.sub("", _source(name, folder))
    exported = [found[1] for found in _EXPORT.findall(source)]
    exported += [n.strip() for names in _EXPORT_LIST.findall(source) for n in names.split(",")]
    source = _IMPORT.sub(lambda m: f"const {{ {_renamed(m[1])} }} = modules[{_resolved(name, m[2])!r}];", source)
    source = _EXPORT_LIST.sub("", source)
    source = re.sub(r"^export ", "", source, flags=re.MULTILINE)
    if re.search(r"^(import|export)\b|\bimport\(", source, re.MULTILINE):
        raise ValueError(f"{name}: imports and exports go by name, one statement a line.")
    lines = "\n".join(line.strip() for line in source.splitlines() if line.strip())
    return f"modules[{name!r}] = (() => {{\n{lines}\nreturn {{ {', '.join(exported)} }};\n}})();\n"


def _renamed(names: str) -> str:
    """Return imported names as a pattern: `a as b` becomes `a: b`."""
    return ", ".join(n.strip().replace(" as ", ": ") for n in names.split(","))


__all__ = ["bundle"]
