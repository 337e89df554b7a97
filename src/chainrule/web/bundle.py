"""The page's modules as one script without imports, so that a file can hold them.

The modules import and export by name only, one statement a line, without cycles. Each becomes a function that gives
its exports; an import takes what it needs from them. `import("./tour.js")` within a function gives a promise of them,
as in the modules. Comments and space that only readers need are left out.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path, PurePosixPath

from chainrule.web.squeeze import squeeze, without_comments

STATIC = Path(__file__).parent / "static"
_IMPORT = re.compile(r'^import \{ ([\w, ]+) \} from "(\.[^"]+)";$', re.MULTILINE)
_EXPORT = re.compile(r"^export (?:async )?(function|const|class|let) (\w+)", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export \{ ([\w, ]+) \};$", re.MULTILINE)
_LATER = re.compile(r'\bimport\("(\.[^"]+)"\)')
_UNSAFE = re.compile(r"<!--|</?script", re.IGNORECASE)


@functools.cache
def bundle(entry: str, folder: Path = STATIC) -> str:
    """Return a script that does what the module `entry` does when a page loads it.

    Args:
        entry: file name within the folder.
        folder: where the modules lie.

    Raises:
        ValueError: the modules import each other in a circle, or in a way that is not known here.
    """
    sources: dict[str, str] = {}
    _visit(entry, folder, sources, [])
    made = "\n".join(squeeze(_as_function(name, source)) for name, source in sources.items())
    whole = f'"use strict";\n(() => {{\nconst modules = {{}};\n{made}\n}})();\n'
    if _UNSAFE.search(whole):
        raise ValueError("the script has what would end or hide it within a page.")
    return whole


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


def _as_function(name: str, source: str) -> str:
    exported = [found[1] for found in _EXPORT.findall(source)]
    exported += [n.strip() for names in _EXPORT_LIST.findall(source) for n in names.split(",")]
    source = _IMPORT.sub(lambda m: f"const {{ {_renamed(m[1])} }} = modules[{_resolved(name, m[2])!r}];", source)
    source = _LATER.sub(lambda m: f"Promise.resolve(modules[{_resolved(name, m[1])!r}])", source)
    source = _EXPORT_LIST.sub("", source)
    source = re.sub(r"^export ", "", source, flags=re.MULTILINE)
    if re.search(r"^(import|export)\b|\bimport\(", source, re.MULTILINE):
        raise ValueError(f"{name}: imports and exports go by name, one statement a line.")
    return f"modules[{name!r}] = (() => {{\n{source}\nreturn {{ {', '.join(exported)} }};\n}})();"


def _renamed(names: str) -> str:
    """Return imported names as a pattern: `a as b` becomes `a: b`."""
    return ", ".join(n.strip().replace(" as ", ": ") for n in names.split(","))


__all__ = ["bundle"]
