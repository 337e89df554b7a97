"""Runs the programs of this folder with Keras and with chainrule, one after the other, and writes the comparison.

    python tests/programs/compare.py --keras KERAS_PYTHON [--rounds 3] [NAME ...]

`KERAS_PYTHON` is the Python of an environment with Keras, JAX, TensorFlow and scikit-learn. Written are
`keras_results.json` (what Keras gave, for the test beside it) and the rows of the named programs in `docs/programs.md`.
"""

import argparse
import json
import os
import subprocess
import sys

from runner import FOLDER, PROGRAMS, differences, largest

BACKENDS = dict.fromkeys(
    ("06_custom_training_loop", "08_feature_space", "custom_parts", "custom_steps"), "tensorflow"
)  # else JAX
RESULTS = FOLDER / "keras_results.json"
PAGE = FOLDER.parents[1] / "docs" / "programs.md"

HEAD = """# Ten programs

Written by `tests/programs/compare.py`; edit that script instead of this page.

The programs in `tests/programs/` are written as users of Keras write them, for Keras. They run with chainrule after the
import lines are changed (`import keras` to `import chainrule as keras`, `from keras` to `from chainrule`; in one of
them, `from tensorflow import GradientTape` to `from chainrule import GradientTape`) and nothing else. What each calls
`results`, histories of training, scores, predictions, is compared number by number with what Keras 3.15.1 gives.

Initial weights come from NumPy, rows keep the order that the program gives them, and nothing is dropped at random:
libraries draw different numbers from one seed, and that is the only thing taken out of the comparison.

| program | lines | numbers | difference | Keras on | script: Keras | chainrule | `fit`: Keras | chainrule | times |
| --- | --: | --: | --: | --- | --: | --: | --: | --: | --: |
"""
TAIL = """
- Numbers: how many are compared. Difference: absolute, or relative where Keras's number is greater than 1.
- Script: the whole program in a fresh process, imports (scikit-learn's and pandas', too) included. `fit`: the time
  within `fit` and `train_on_batch`, and within the program's own `train_step`; it includes what Keras compiles in the
  first epoch, which is most of it in programs as short as these. [benchmarks.md](benchmarks.md) compares warm peers.
- Times: Keras's time in `fit`, divided by chainrule's. Least of @ROUNDS@, on @CORES@ cores@LOAD@.
- A model whose `call` is Python code (05, 10) and a loop over a tape (06) run on NumPy, without the native engine.
- Keras on TensorFlow differs from Keras on JAX in 04 and 10, from the third digit on: it has a way of its own with the
  gradients of embeddings. chainrule gives what Keras on JAX gives.
"""


def measure(python, name, library, rounds):
    """Run a program in processes of its own; return what the first gave, with the least times of all."""
    environment = {**os.environ, "KERAS_BACKEND": BACKENDS.get(name, "jax"), "TF_CPP_MIN_LOG_LEVEL": "3"}
    found = None
    for _ in range(rounds):
        done = subprocess.run(
            [python, str(FOLDER / "runner.py"), name, library], env=environment, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(f"{name} with {library}:\n{done.stderr}")
        row = json.loads(done.stdout.splitlines()[-1])
        if found is None:
            found = row
        for key in ("total_s", "fit_s"):
            found[key] = min(found[key], row[key])
    return found


def count(value):
    """Return how many numbers and words there are in results."""
    if isinstance(value, dict | list):
        return sum(count(v) for v in (value.values() if isinstance(value, dict) else value))
    return 1


def line(name, theirs, ours):
    """Return a row of the table."""
    backend = {"jax": "JAX", "tensorflow": "TensorFlow"}[BACKENDS.get(name, "jax")]
    lines = len((FOLDER / f"{name}.py").read_text(encoding="utf-8").splitlines())
    cells = [
        f"[{name}](../tests/programs/{name}.py)", lines, count(theirs["results"]),
        f"{largest(ours['results'], theirs['results']):.1e}", backend,
        f"{theirs['total_s']:.1f} s", f"{ours['total_s']:.1f} s", f"{theirs['fit_s']:.2f} s", f"{ours['fit_s']:.2f} s",
        f"{theirs['fit_s'] / ours['fit_s']:.0f}",
    ]  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--keras", required=True, help="the Python of an environment with Keras")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("names", nargs="*", default=PROGRAMS)
    arguments = parser.parse_args()
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    known_rows = (
        [row for row in PAGE.read_text("utf-8").splitlines(True) if row.startswith("| [")] if PAGE.exists() else []
    )
    rows = {row[3:].partition("]")[0]: row for row in known_rows}
    for name in arguments.names:
        theirs = measure(arguments.keras, name, "keras", arguments.rounds)
        known[name] = theirs["results"]
        parts = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(known.items()))
        RESULTS.write_text(f"{{\n{parts}\n}}\n", "utf-8")
        ours = measure(sys.executable, name, "chainrule", arguments.rounds)
        wrong = list(differences(ours["results"], theirs["results"]))
        if wrong:
            raise SystemExit("\n".join([name, *wrong[:20]]))
        if name not in PROGRAMS:  # a collection of cases, without a row of its own
            continue
        rows[name] = line(name, theirs, ours)
        print(rows[name], end="", flush=True)
        PAGE.write_text(HEAD + "".join(rows[n] for n in sorted(rows)) + tail(arguments.rounds), "utf-8")


def tail(rounds):
    """Return what is said below the table."""
    busy = os.getloadavg()[0]
    return (
        TAIL.replace("@ROUNDS@", f"{rounds} rounds" if rounds > 1 else "one round")
        .replace("@CORES@", str(os.cpu_count()))
        .replace("@LOAD@", f" that other work kept busy (load {busy:.0f})" if busy > 3 else "")
    )


if __name__ == "__main__":
    main()
