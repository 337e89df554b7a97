"""Run the examples in Keras's own documentation with the import changed: needs keras installed.

    KERAS_BACKEND=jax python tests/parity/check_keras_examples.py [NAME ...]

Each example in the docstrings of Keras's public classes and functions is run twice, in fresh name spaces: with Keras,
and with `chainrule` in its place. Those that run with Keras (many only sketch) have to run with chainrule, too. The
examples themselves are read from the installed Keras; none is kept here.
"""

from __future__ import annotations

import ast
import contextlib
import inspect
import io
import json
import os
import re
import signal
import sys
import tempfile
import textwrap
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "src"))
PRIORITIES = json.loads((Path(__file__).parent / "surface_priorities.json").read_text())
SECONDS = 60
SKETCHES = r"\.\.\.|keras\.src|tensorflow|tf\.|torch|jax\.|datasets|get_file|http"


def examples(text: str) -> Iterator[str]:
    """Yield the code in a docstring: fenced blocks, and runs of `>>>` lines."""
    for block in re.findall(r"```(?:python)?\n(.*?)```", text, re.S):
        yield statements(block)
    rest = re.sub(r"```.*?```", "\n\n", text, flags=re.S)
    run: list[str] = []
    for line in [*rest.splitlines(), ""]:
        found = re.match(r"\s*(?:>>>|\.\.\.) ?(.*)", line)
        if found:
            run.append(found[1])
        elif not line.strip() and run:
            continue
        elif run and re.match(r"\s*(Args|Returns|Example|Reference|Call arguments|Input shape)", line):
            yield "\n".join(run)
            run = []
    if run:
        yield "\n".join(run)


def statements(block: str) -> str:
    """Return a block's statements, those behind `>>>` if it has such."""
    block = textwrap.dedent(block)
    prompted = [m[1] for m in re.finditer(r"^\s*(?:>>>|\.\.\.) ?(.*)$", block, re.M)]
    return "\n".join(prompted) if ">>>" in block else block


def documented() -> Iterator[tuple[str, str]]:
    """Yield `keras.layers.Dense` and an example for it."""
    import keras

    seen = set()
    for module, names in PRIORITIES.items():
        home: Any = keras
        for part in module.split(".")[1:]:
            home = getattr(home, part)
        for name in names:
            thing = getattr(home, name, None)
            if thing is None or inspect.ismodule(thing):
                continue
            texts = [inspect.getdoc(thing) or ""]
            if isinstance(thing, type):
                texts += [
                    inspect.getdoc(member) or "" for key, member in vars(thing).items() if not key.startswith("_")
                ]
            for text in texts:
                for code in examples(text):
                    if code.strip() and code not in seen:
                        seen.add(code)
                        yield f"{module}.{name}", code


def outcome(code: str, library: str) -> str:
    """Run an example and return '' or what went wrong."""
    import numpy

    text = re.sub(r"(?<!\.)\bkeras\b", "chainrule", code) if library == "chainrule" else code
    try:
        ast.parse(text)
    except SyntaxError:
        return "no Python"
    module = __import__(library)
    space: dict[str, Any] = {"np": numpy, "numpy": numpy, library: module}
    for name in ("Model", "Sequential", "Input", "layers", "losses", "metrics", "optimizers", "ops", "initializers"):
        space.setdefault(name, getattr(module, name))
    signal.alarm(SECONDS)
    before = os.getcwd()
    try:
        with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
            os.chdir(folder)
            try:
                exec(compile(text, "<example>", "exec"), space)
            finally:
                os.chdir(before)
    except BaseException as error:
        return f"{type(error).__name__}: {str(error)[:160]}"
    finally:
        signal.alarm(0)
        module.utils.clear_session()
    return ""


def timed_out(*_: Any) -> None:
    raise TimeoutError(f"took longer than {SECONDS} seconds")


def main() -> None:
    signal.signal(signal.SIGALRM, timed_out)
    warnings.simplefilter("ignore")
    wanted, failed, ran, sketches, beyond = set(sys.argv[1:]), [], 0, 0, 0
    for full, code in documented():
        if wanted and not any(w in full for w in wanted):
            continue
        if re.search(SKETCHES, code) or outcome(code, "keras"):
            sketches += 1
            continue
        problem = outcome(code, "chainrule")
        if "out of chainrule's scope" in problem:
            beyond += 1
            continue
        ran += 1
        if problem:
            failed.append((full, problem, code))
    for full, problem, code in failed:
        print(f"{full}: {problem}")
        if wanted:
            print(textwrap.indent(code, "    "))
    print(f"{ran - len(failed)} of {ran} examples that run with Keras run with chainrule, too.")
    print(f"Left aside: {sketches} that only sketch, {beyond} that need convolution, recurrence or attention.")


if __name__ == "__main__":
    main()
