"""The table that `model.summary()` prints: layers, output shapes, numbers of parameters, and totals."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from chainrule import tree


@dataclass(frozen=True)
class _Column:
    title: str
    justify: str
    end: float  # where the column ends, as a share of the line


_PLAIN = (
    _Column("Layer (type)", "left", 0.45),
    _Column("Output Shape", "left", 0.80),
    _Column("Param #", "right", 1.0),
)
_WIRED = (
    _Column("Layer (type)", "left", 0.3), _Column("Output Shape", "left", 0.56), _Column("Param #", "right", 0.74),
    _Column("Connected to", "left", 1.0),
)  # fmt: skip


def print_summary(
    model: Any,
    line_length: int | None = None,
    positions: list[float] | None = None,
    print_fn: Callable[[str], Any] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
) -> None:
    """Print the summary of a model, or give the whole text to `print_fn`; see `Model.summary`."""
    text = render(model, line_length, positions, expand_nested, show_trainable, layer_range, colour=print_fn is None)
    if print_fn is not None:
        print_fn(text)
    else:
        sys.stdout.write(text)


def render(
    model: Any,
    line_length: int | None = None,
    positions: list[float] | None = None,
    expand_nested: bool = False,
    show_trainable: bool = False,
    layer_range: Any = None,
    colour: bool = False,
) -> str:
    """Return the summary as text."""
    import io

    from rich.console import Console
    from rich.markup import escape
    from rich.table import Column, Table

    wired = _is_wired(model)
    columns = list(_WIRED if wired else _PLAIN)
    width = 108 if wired else 88
    if show_trainable:
        width += 12
        columns = [_Column(c.title, c.justify, c.end * 0.9) for c in columns] + [_Column("Trainable", "center", 1.0)]
    width = line_length or min(width, shutil.get_terminal_size().columns - 4)
    ends = positions or [c.end for c in columns]
    scale = width if ends[-1] <= 1 else 1  # shares of the line, or characters
    widths = np.diff([0, *(int(end * scale) for end in ends)])
    if min(widths) < 4:
        raise ValueError(f"summary: a line of {width} characters is too short; pass a larger line_length.")
    table = Table(
        *(Column(c.title, justify=c.justify, width=int(w)) for c, w in zip(columns, widths, strict=False)),  # type: ignore[arg-type]
        width=width, show_lines=True,
    )  # fmt: skip
    for cells in rows(model, expand_nested, show_trainable, layer_range):
        table.add_row(*(escape(cell) for cell in cells))
    terminal = colour and sys.stdout.isatty()
    out = io.StringIO()
    console = Console(file=out, highlight=False, force_terminal=terminal, width=max(width, 80), legacy_windows=False)
    console.print(f'[bold]Model: "{escape(model.name)}"[/bold]')
    console.print(table)
    for label, numbers in totals(model):
        console.print(f"[bold] {label}: [/bold]{numbers}")
    return out.getvalue()


# -- rows -------------------------------------------------------------------------------------------------------------


def headers(model: Any) -> list[str]:
    """Return the titles of the table's columns."""
    return [c.title for c in (_WIRED if _is_wired(model) else _PLAIN)]


def rows(
    model: Any, expand_nested: bool = False, show_trainable: bool = False, layer_range: Any = None
) -> Iterator[list[str]]:
    """Yield the cells of each line of the table; the arguments are those of `Model.summary`."""
    wired, seen = _is_wired(model), _shapes_seen(model)
    for member, depth in _rows(_chosen(_members(model), layer_range), expand_nested):
        cells = [_title(member, depth), _output_shape(member, seen), _parameters(member)]
        if wired:
            cells.append(_connections(member, model))
        if show_trainable:
            cells.append(("Y" if member.trainable else "N") if getattr(member, "weights", []) else "-")
        yield cells


def _members(model: Any) -> list[Any]:
    return list(model._graph.operations) if _is_drawn(model) else model.layers


def _is_drawn(model: Any) -> bool:
    """Whether a model was made of symbolic inputs and outputs, rather than of a list of layers."""
    from chainrule.models.sequential import Sequential

    return model._graph is not None and not isinstance(model, Sequential)


def _rows(members: Iterable[Any], expand: bool, depth: int = 0) -> Iterable[tuple[Any, int]]:
    for member in members:
        yield member, depth
        if expand and getattr(member, "layers", None):
            yield from _rows(member.layers, expand, depth + 1)


def _chosen(members: list[Any], layer_range: Any) -> list[Any]:
    if layer_range is None:
        return members
    first, last = layer_range
    start = [i for i, m in enumerate(members) if re.match(first, m.name)]
    stop = [i for i, m in enumerate(members) if re.match(last, m.name)]
    if not start or not stop:
        raise ValueError(
            f"summary: no layers match layer_range={list(layer_range)}; layers are {[m.name for m in members]}."
        )
    ends = (min(start), max(stop)) if min(start) <= max(stop) else (min(stop), max(start))
    return members[ends[0] : ends[1] + 1]


def _is_wired(model: Any) -> bool:
    """Whether the layers do more than follow one another."""
    if not _is_drawn(model):
        return False
    graph = model._graph
    used = [id(n.operation) for n in graph.nodes]
    outputs_used: dict[int, int] = {}
    for node in graph.nodes:
        for t in node.inputs:
            outputs_used[id(t)] = outputs_used.get(id(t), 0) + 1
    return len(graph.inputs) > 1 or len(graph.outputs) > 1 or len(set(used)) < len(used) or any(
        len(n.inputs) > 1 for n in graph.nodes
    ) or any(count > 1 for count in outputs_used.values())  # fmt: skip


def _title(member: Any, depth: int) -> str:
    prefix = "   " * depth + "└ " if depth else ""
    return f"{prefix}{member.name} ({getattr(member, 'class_name', type(member).__name__)})"


def _shapes_seen(model: Any) -> dict[int, list[str]]:
    """Return the output shapes of the layers of a model that is Python code, by trying it as it was built."""
    if model._graph is not None or not model._build_shapes:
        return {}
    from chainrule.layers import context
    from chainrule.layers.drawing import output_spec, symbolic_inputs

    arguments = {k.removesuffix("_shape"): symbolic_inputs(model, s) for k, s in model._build_shapes.items()}
    try:
        with context.observed() as calls:
            output_spec(model, (), arguments)
    except Exception:  # a `call` that zeros do not please: the table does without shapes
        return {}
    found: dict[int, list[list[tuple[int, ...]]]] = {}
    for call in calls:  # once for each of two batch sizes, so that the axes that differ are unknown
        found.setdefault(id(call.layer), []).append([np.shape(t) for t in tree.flatten(call.outputs)])
    return {key: [_common(a, b) for a, b in zip(shapes[0], shapes[-1], strict=True)] for key, shapes in found.items()}


def _common(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    return str(tuple(n if n == m else None for n, m in zip(a, b, strict=True)))


def _output_shape(member: Any, seen: dict[int, list[str]]) -> str:
    nodes = getattr(member, "_nodes", [])
    if id(member) in seen:
        return ", ".join(seen[id(member)])
    if nodes:
        shapes = [str(t.shape) for t in tree.flatten(nodes[0].outputs)]
    else:
        graph = member._graph_or_none() if hasattr(member, "_graph_or_none") else None
        shapes = [str(t.shape) for t in graph.outputs] if graph is not None else []
    return ", ".join(shapes) if shapes else "?"


def _parameters(member: Any) -> str:
    if not hasattr(member, "built"):
        return "0"
    return f"{member.count_params():,}" if member.built else "0 (unbuilt)"


def _connections(member: Any, model: Any) -> str:
    known = {id(n) for n in model._graph.nodes}
    parts = [
        f"{t.operation.name}[{t.operation._nodes.index(t.node)}][{t.index}]"
        for node in member._nodes
        if id(node) in known
        for t in node.inputs
    ]
    return ", ".join(parts) or "-"


# -- totals -----------------------------------------------------------------------------------------------------------


def totals(model: Any) -> list[tuple[str, str]]:
    """Return what stands below the table: a label, and how many parameters that are."""
    parts = [("Trainable params", model.trainable_weights), ("Non-trainable params", model.non_trainable_weights)]
    if model.compiled and model.optimizer is not None and model.optimizer.built:
        parts.append(("Optimizer params", model.optimizer.variables))
    total = [v for _, variables in parts for v in variables]
    return [(label, _count(variables)) for label, variables in [("Total params", total), *parts]]


def _count(variables: list[Any]) -> str:
    count = sum(int(v.size) for v in variables)
    size = float(sum(v.size * v.dtype.itemsize for v in variables))
    for unit in ("B", "KB", "MB", "GB", "TB"):
        if size < 1024 or unit == "TB":
            break
        size /= 1024
    return f"{count:,} ({size:.2f} {unit})"
