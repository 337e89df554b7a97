"""Runs one program of this folder, with Keras or with chainrule, and writes what came out and how long it took.

    python tests/programs/runner.py 01_tabular_binary chainrule

For chainrule the import lines are changed, as docs/migrating.md says, and nothing else. Written to standard output, as
the last line: JSON with `results` (what the program calls so), `total_s` (the whole script, imports included) and
`fit_s` (within `fit`, `train_on_batch` and, in a loop of the program's own, its function `train_step`).
"""

import importlib
import json
import re
import sys
from pathlib import Path
from time import perf_counter

FOLDER = Path(__file__).parent
PROGRAMS = sorted(path.stem for path in FOLDER.glob("[0-9][0-9]_*.py"))


def swapped(text):
    """Return a program with the imports of Keras and of TensorFlow's tape replaced by those of chainrule."""
    text = re.sub(r"^import keras$", "import chainrule as keras", text, flags=re.M)
    text = re.sub(r"^from keras\b", "from chainrule", text, flags=re.M)
    return re.sub(r"^from tensorflow import GradientTape$", "from chainrule import GradientTape", text, flags=re.M)


def run(name, library, decorate=""):
    """Run a program and return its global names; `decorate` is a line put above its function `train_step`."""
    path = FOLDER / f"{name}.py"
    text = path.read_text(encoding="utf-8")
    if library == "chainrule":
        text = swapped(text)
    names = {"__name__": "program", "__file__": str(path), "around": STOPWATCH.around}
    exec(compile(text.replace("\ndef train_step(", f"{decorate}\ndef train_step("), str(path), "exec"), names)
    return names


class Stopwatch:
    """Adds up the time within functions; of one that is called by another, only the outer one counts."""

    def __init__(self):
        self.seconds = 0.0
        self.running = False

    def around(self, function):
        def timed(*args, **kwargs):
            if self.running:
                return function(*args, **kwargs)
            self.running, start = True, perf_counter()
            try:
                return function(*args, **kwargs)
            finally:
                self.running = False
                self.seconds += perf_counter() - start

        return timed


STOPWATCH = Stopwatch()


def plain(value):
    """Return results as JSON has them."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value.item() if hasattr(value, "item") else value


def differences(ours, theirs, tolerance=1e-4, where="results"):
    """Yield a line for each place where results differ: numbers by more than `tolerance`, absolute or relative."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        if list(ours) != list(theirs):
            yield f"{where}: the keys are {list(ours)}, not {list(theirs)}"
        for key in ours.keys() & theirs.keys():
            yield from differences(ours[key], theirs[key], tolerance, f"{where}[{key!r}]")
    elif isinstance(theirs, list) and isinstance(ours, list):
        if len(ours) != len(theirs):
            yield f"{where}: {len(ours)} entries, not {len(theirs)}"
        for i, (a, b) in enumerate(zip(ours, theirs, strict=False)):
            yield from differences(a, b, tolerance, f"{where}[{i}]")
    elif isinstance(theirs, bool | str | type(None)) or isinstance(ours, bool | str | type(None)):
        if ours != theirs:
            yield f"{where}: {ours!r}, not {theirs!r}"
    elif not distance(ours, theirs) <= tolerance:
        yield f"{where}: {ours!r}, not {theirs!r}"


def distance(a, b):
    """Return how far two numbers are apart, relative to the second one where that is greater than 1."""
    return abs(a - b) / max(1.0, abs(b))


def largest(ours, theirs):
    """Return the greatest distance between numbers of two results of one structure."""
    if isinstance(theirs, dict):
        return max((largest(ours[k], v) for k, v in theirs.items()), default=0.0)
    if isinstance(theirs, list):
        return max((largest(a, b) for a, b in zip(ours, theirs, strict=True)), default=0.0)
    return 0.0 if isinstance(theirs, str | bool | type(None)) else distance(ours, theirs)


def main():
    name, library = sys.argv[1:]
    start = perf_counter()
    keras = importlib.import_module(library)
    for method in ("fit", "train_on_batch"):
        setattr(keras.Model, method, STOPWATCH.around(getattr(keras.Model, method)))
    results = plain(run(name, library, decorate="\n@around")["results"])
    total = perf_counter() - start
    print(json.dumps({"results": results, "total_s": total, "fit_s": STOPWATCH.seconds}))


if __name__ == "__main__":
    main()
