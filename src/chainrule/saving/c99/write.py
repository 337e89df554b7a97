"""From a model to one C99 file that needs nothing but `math.h`: for small devices, and for anything that speaks C."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

from chainrule import tree
from chainrule._typing import Array
from chainrule.engines.plan import CannotLower, Embed
from chainrule.errors import ModelFileError
from chainrule.saving.c99.functions import finished
from chainrule.saving.c99.memory import Places
from chainrule.saving.c99.steps import Place, Source, literal, write_step
from chainrule.saving.exporting import write_bytes
from chainrule.saving.network import Network, Port, network_of, size_of
from chainrule.version import __version__

_TAKEN = """
    auto break case char const continue default do double else enum extern float for goto if inline int long register
    restrict return short signed sizeof static struct switch typedef union unsigned void volatile while main x y work
    exp expf tanh tanhf log logf sqrt sqrtf erf erff fabs fabsf expm1 expm1f log1p log1pf printf
"""
_MOST = 1 << 31


def export_c(model: Any, filepath: Any, function: str = "predict") -> None:
    """Write a model as one C99 file: weights as constants, and a function that predicts one observation.

    The function is `void predict(const float *x, float *y)`: the numbers of all inputs one after another in `x`, those
    of all outputs in `y`; for a float64 model, `double`. It allocates nothing and keeps no state. Compiled with
    `-DPREDICT_SELF_TEST`, the file is a program that compares itself with the model's own predictions.

    Args:
        model: built; Sequential, functional or nested, with inputs of known shape.
        filepath: the file, `.c` by custom.
        function: the name of the function, and the prefix of every other name in the file.

    Raises:
        ModelFileError: a layer is Python code or has no form in C, the name is no name in C, or the disk refuses.

    >>> import chainrule as cr, tempfile
    >>> model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    >>> path = Path(tempfile.mkdtemp()) / "m.c"
    >>> export_c(model, path)
    >>> "void predict(const float *x, float *y)" in path.read_text()
    True
    """
    text = c_source(model, function)
    write_bytes(Path(filepath), text.encode())


def c_source(model: Any, function: str = "predict") -> str:
    """Return the text of the C file of a model.

    Raises:
        ModelFileError: as for `export_c`.
    """
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,60}", function) or function in _TAKEN.split():
        raise ModelFileError(
            f"export_c: function={function!r:.80} is no free name in C; expected letters, digits and underscores."
        )
    network = network_of(model, "C")
    try:
        places = Places(network)
        source = Source(network, places)
        for now in network.operations:
            before = len(source.lines)
            write_step(now.step, Place(source, now))
            if len(source.lines) > before:
                source.lines[before] += f"  /* {_comment(now.layer)} */"
        for root, target, size in places.copies:
            source.call("copy", places.of[root], target, size, 1, size)
        if sum(a.size for a in source.constants.values()) > _MOST:
            raise CannotLower("it has more parameters than an int can count")
    except CannotLower as reason:
        raise ModelFileError(f"Cannot export '{network.name}' to C: {reason}."[:500]) from None
    return _file(model, network, source, function)


def _file(model: Any, network: Network, source: Source, name: str) -> str:
    real = "float" if network.dtype == "float32" else "double"
    upper = name.upper()
    inputs, outputs = (sum(size_of(p.shape, p.name) for p in ports) for ports in (network.inputs, network.outputs))
    width = 4 if real == "float" else 8
    head = [
        "/*",
        f" * {_comment(network.name)}: a neural network, written by chainrule {__version__}.",
        " *",
        *_ports("x", "input", network.inputs),
        *_ports("y", "output", network.outputs),
        " *",
        *(f" *   {type(o.step).__name__:<16} {_comment(o.layer):<24} {_shape(o.shape)}" for o in network.operations),
        " *",
        f" * {sum(a.size for a in source.constants.values())} constants. No memory is allocated, no state is kept; "
        f"{name} needs some",
        f" * {width * max(source.places.size, 1) + 200} bytes of stack. x and y must not overlap. "
        "C99; link with the library of math.h (-lm).",
        f" * With -D{upper}_SELF_TEST the file is a program that tests itself.",
        " */",
        "#include <math.h>",
        "",
        f"#define {upper}_INPUTS {inputs}",
        f"#define {upper}_OUTPUTS {outputs}",
        "",
        f"void {name}(const {real} *x, {real} *y);",
        "",
    ]
    constants = [_array(n, a, network.dtype) for n, a in source.constants.items()]
    constants += [_rows(f"static const int {n}[{len(v)}]", [str(i) for i in v]) for n, v in source.indices.items()]
    work = [f"    {real} work[{source.places.size}];", ""] if source.places.size else []
    body = [f"void {name}(const {real} *x, {real} *y)", "{", *work, *(f"    {line}" for line in source.lines), "}", ""]
    parts = ["\n".join(constants), *(t.lstrip("\n") for t in source.functions.values()), "\n".join(body)]
    text = "\n".join(p for p in parts if p) + "\n" + _self_test(model, network, name)
    return "\n".join(head) + "\n" + finished(text, name, real)


def _ports(array: str, kind: str, ports: tuple[Port, ...]) -> list[str]:
    lines, at = [], 0
    for port in ports:
        size = size_of(port.shape, port.name)
        note = ", whole numbers" if kind == "input" and "int" in port.dtype else ""
        end = at + size - 1
        lines.append(f" * {array}[{at}]{f' to {array}[{end}]' if size > 1 else ''}: {kind} {_comment(port.name)}"
                     f" {_shape(port.shape)}{note}")  # fmt: skip
        at += size
    return lines


def _shape(shape: tuple[int | None, ...]) -> str:
    return f"({', '.join(map(str, shape))}{',' if len(shape) == 1 else ''})"


def _comment(text: str) -> str:
    """Return a name as a comment may hold it."""
    return re.sub(r"[^\w .,:+=()\[\]-]", "_", text, flags=re.ASCII)[:80]


def _array(name: str, array: Array, dtype: str) -> str:
    return _rows(f"static const real {name}[{array.size}]", [literal(v, dtype) for v in array.tolist()])


def _rows(declaration: str, words: list[str]) -> str:
    """Return the definition of an array, in lines of some length."""
    lines, line = [], ""
    for word in words:
        if line and len(line) + len(word) > 110:
            lines.append(line)
            line = ""
        line += f"{word}, "
    lines.append(line)
    inside = "\n".join(f"    {one.rstrip()}" for one in lines).rstrip(",")
    return f"{declaration} = {{\n{inside}\n}};\n"


def _looked_up(network: Network) -> dict[int, int]:
    """Return the inputs that an Embedding reads, and for each what its numbers must be less than.

    That is the length of the shortest table where only Embeddings read the input, and otherwise 1: a 0 is a row of any
    table, whatever slices and joins it passes on its way. Layers that compute with it may also make other numbers.
    """
    limits: dict[int, int] = {}
    sources = {port.value: {port.value} for port in network.inputs}
    for now in network.operations:
        reached = set[int]().union(*(sources.get(value, ()) for value in now.inputs))
        if not isinstance(now.step, Embed):
            sources[now.output] = reached
            continue
        direct = set(now.inputs) & sources.keys()
        for value in reached:
            limit = now.step.table.shape[0] if value in direct else 1
            limits[value] = min(limit, limits.get(value, limit))
    return limits


def _self_test(model: Any, network: Network, name: str) -> str:
    """Return a `main` that compares a prediction with the model's own."""
    rng, limits = np.random.default_rng(0), _looked_up(network)
    rows: list[Array] = []
    for port in network.inputs:
        shape = tuple([n or 0 for n in port.shape])
        limit = limits.get(port.value, 1 if "int" in port.dtype else None)
        numbers = rng.normal(size=shape) if limit is None else rng.integers(limit, size=shape)
        rows.append(numbers.astype(port.dtype)[None])
    given = tree.pack_sequence_as(model._need_graph().input_structure, rows)
    found = tree.flatten(model.predict(given, verbose=0))
    x, y = (np.concatenate([np.asarray(a).reshape(-1) for a in arrays]) for arrays in (rows, found))
    upper = name.upper()
    tolerance = "1e-5R" if network.dtype == "float32" else "1e-12R"
    return f"""
#ifdef {upper}_SELF_TEST
#include <stdio.h>

{_array("P_test_x", x, network.dtype)}
{_array("P_test_y", y, network.dtype)}
int main(void)
{{
    real y[{upper}_OUTPUTS], worst = 0.0R;
    {name}(P_test_x, y);
    for (int i = 0; i < {upper}_OUTPUTS; i++) {{
        real d = fabsR(y[i] - P_test_y[i]) / (1.0R + fabsR(P_test_y[i]));
        worst = d > worst || d != d ? d : worst;
    }}
    printf("largest difference: %g\\n", (double)worst);
    return worst <= {tolerance} ? 0 : 1;
}}
#endif
"""
