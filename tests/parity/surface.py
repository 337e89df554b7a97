"""Keras's public names and their arguments beside ours: what is here, what differs, what is left out and why.

    python tests/parity/surface.py                       writes docs/keras-names.md from the fixture
    python tests/parity/surface.py --installed           compares with the Keras that is installed, and prints
    KERAS_BACKEND=jax python tests/parity/surface.py --record    writes the fixture from the installed Keras

`surface_priorities.json` says which names matter to feedforward scripts: 1 nearly every one, 2 many, 3 few.
"""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).parent
FIXTURE = HERE / "fixtures" / "keras_names.json"
PRIORITIES = json.loads((HERE / "surface_priorities.json").read_text())
PAGE = HERE.parents[1] / "docs" / "keras-names.md"
MODULES = (
    *("keras", "keras.activations", "keras.backend", "keras.callbacks", "keras.config", "keras.constraints"),
    *("keras.datasets", "keras.dtype_policies", "keras.initializers", "keras.layers", "keras.losses", "keras.metrics"),
    *("keras.mixed_precision", "keras.models", "keras.ops", "keras.optimizers", "keras.optimizers.schedules"),
    *("keras.preprocessing", "keras.preprocessing.sequence", "keras.random", "keras.regularizers", "keras.saving"),
    *("keras.tree", "keras.utils", "keras.wrappers"),
)

DIFFERENT = {
    "keras.models.load_model": "one argument more, `max_bytes`, a limit for what a file may ask for",
    "keras.models.model_from_json": "one argument more, `max_bytes`, a limit for the weights a text may ask for",
    "keras.saving.load_model": "one argument more, `max_bytes`, a limit for what a file may ask for",
    "keras.saving.KerasFileEditor": "one argument more, `max_bytes`, a limit for what a file may ask for",
    "keras.KerasTensor": "without `record_history`, which only Keras's own code uses",
    "keras.name_scope": "names the arguments that Keras's backends take as `**kwargs`",
    "keras.Variable": "without `synchronization` and `layout`, which place variables on devices",
}
"""Names whose arguments differ on purpose, and why."""


class Row(NamedTuple):
    """One name: `state` is same, different (with `note`), left out (with `note`), or missing."""

    module: str
    name: str
    priority: int | None
    state: str
    note: str = ""


def arguments_of(thing: Any) -> list[list[str]] | None:
    """Return `[name, kind, default]` of each argument, or None for what takes none or cannot tell."""
    if inspect.ismodule(thing) or not callable(thing):
        return None
    try:
        parameters = inspect.signature(thing.__init__ if isinstance(thing, type) else thing).parameters.values()
    except (TypeError, ValueError):
        return None
    rows = [
        [p.name, p.kind.name, "required" if p.default is p.empty else plain(p.default)]
        for p in parameters
        if p.name != "self"
    ]
    return [] if [row[0] for row in rows] == ["args", "kwargs"] else rows


def plain(default: Any) -> str:
    """Return a default as text without addresses and origins."""
    return re.sub(r" at 0x[0-9a-f]+|<(?:function|class) |>", "", repr(default))


def names_of(root: str) -> dict[str, dict[str, Any]]:
    """Return the public names of a library, module by module, with their arguments."""
    found: dict[str, dict[str, Any]] = {}
    for module in MODULES:
        try:
            home = importlib.import_module(module.replace("keras", root, 1))
        except ImportError:
            continue
        names = [name for name in dir(home) if not name.startswith("_") or name == "__version__"]
        found[module] = {name: arguments_of(getattr(home, name)) for name in names}
    return found


def compare(theirs: dict[str, dict[str, Any]]) -> list[Row]:
    """Return a row for each name of Keras."""
    sys.path.insert(0, str(HERE.parents[1] / "src"))
    from chainrule.scope import reason

    rows = []
    for module, names in theirs.items():
        ours = module.replace("keras", "chainrule", 1)
        try:
            home: Any = importlib.import_module(ours)
        except ImportError:
            home = None
        for name, wanted in sorted(names.items()):
            if name == "src":  # private
                continue
            priority = PRIORITIES.get(module, {}).get(name)
            about = reason(ours, name)
            if about is not None:
                rows.append(Row(module, name, priority, "left out", about))
            elif home is None or not hasattr(home, name):
                rows.append(Row(module, name, priority, "missing"))
            else:
                rows.append(judged(module, name, priority, wanted, arguments_of(getattr(home, name))))
    return rows


def judged(module: str, name: str, priority: int | None, wanted: Any, found: Any) -> Row:
    full = f"{module}.{name}"
    if wanted is None or wanted == found or (re.fullmatch("keras(.[a-z_]+)?.[a-z_]+", full) and found is None):
        return Row(module, name, priority, "same")
    if full in DIFFERENT:
        return Row(module, name, priority, "different", DIFFERENT[full])
    return Row(module, name, priority, "unlike", f"{brief(found)}; Keras: {brief(wanted)}")


def brief(rows: Any) -> str:
    if rows is None:
        return "none"
    signs = {"VAR_POSITIONAL": "*", "VAR_KEYWORD": "**"}
    return ", ".join(
        signs.get(kind, "") + name + ("" if default == "required" else f"={default}") for name, kind, default in rows
    )


def page(rows: list[Row]) -> str:
    """Return the table as a page."""
    listed = [row for row in rows if row.priority]
    lines = [
        "# Keras's names in chainrule",
        "",
        "Compared by signature (names, order and defaults of arguments) with Keras 3.15.1; "
        "`python tests/parity/surface.py` writes this page, a test keeps it true.",
        "",
        "Priority 1: nearly every feedforward script uses it; 2: many do; 3: few do. Names without a number were not "
        "selected; most of them belong to other kinds of networks.",
        "",
        "| priority | names | here, same arguments | here, other arguments | left out, with a reason | missing |",
        "|---|---|---|---|---|---|",
    ]
    for priority in (1, 2, 3):
        lines.append(counts(str(priority), [row for row in listed if row.priority == priority]))
    lines.append(counts("none", [row for row in rows if not row.priority]))
    lines += ["", "## What differs", "", "| name | priority | how |", "|---|---|---|"]
    lines += [
        f"| `{row.module}.{row.name}` | {row.priority or ''} | {row.note or row.state} |"
        for row in rows
        if row.state in ("different", "unlike") or (row.state == "missing" and row.priority)
    ]
    lines += ["", "## Left out", "", "| about | names |", "|---|---|"]
    by_reason: dict[str, list[str]] = {}
    for row in rows:
        if row.state == "left out":
            by_reason.setdefault(row.note, []).append(f"`{row.module.removeprefix('keras.')}.{row.name}`")
    lines += [f"| {about} | {', '.join(names)} |" for about, names in sorted(by_reason.items())]
    lines += ["", "## Here", "", "| module | names |", "|---|---|"]
    for module in dict.fromkeys(row.module for row in rows):
        here = [f"`{row.name}`" for row in rows if row.module == module and row.state in ("same", "different")]
        lines.append(f"| `{module}` | {', '.join(here)} |")
    absent = [f"`{row.module.removeprefix('keras.')}.{row.name}`" for row in rows if row.state == "missing"]
    if absent:
        lines += ["", "## Missing", "", ", ".join(absent) + "."]
    return "\n".join(lines) + "\n"


def counts(label: str, rows: list[Row]) -> str:
    number = {s: sum(row.state == s for row in rows) for s in ("same", "different", "unlike", "left out", "missing")}
    other = number["different"] + number["unlike"]
    return f"| {label} | {len(rows)} | {number['same']} | {other} | {number['left out']} | {number['missing']} |"


def main() -> None:
    if {"--installed", "--record"} & set(sys.argv):
        os.environ.setdefault("KERAS_BACKEND", "jax")
        theirs = names_of("keras")
        if "--record" in sys.argv:
            FIXTURE.write_text(json.dumps(theirs, sort_keys=True, separators=(",", ":")).replace('],"', '],\n"') + "\n")
            return
    else:
        theirs = json.loads(FIXTURE.read_text())
    rows = compare(theirs)
    text = page(rows)
    if "--installed" not in sys.argv:
        PAGE.write_text(text)
    print("\n".join(text.splitlines()[6:12]))
    for row in rows:
        if row.state in ("unlike", "missing") and (row.priority or "-v" in sys.argv):
            print(row.state, f"{row.module}.{row.name}", row.priority or "", row.note)


if __name__ == "__main__":
    main()
