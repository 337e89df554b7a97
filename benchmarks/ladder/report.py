"""Write docs/benchmarks.md from what is on record, and have the picture drawn.

python -m benchmarks.ladder.report [--results FILE] [--out FOLDER]
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.ladder import results
from benchmarks.ladder.contestants import title
from benchmarks.ladder.picture import draw
from benchmarks.ladder.results import Measured
from benchmarks.ladder.targets import Show, Verdict, three_digits
from benchmarks.ladder.workloads import WORKLOADS, Workload

DOCS = Path(__file__).resolve().parents[2] / "docs"
PICTURE = "benchmarks.svg"
PER = {
    "train": "Time per training step.",
    "many": "Time per training step of one model.",
    "one-row": "Time per call.",
    "all-rows": "Time per call.",
    "script": "From the start of the process to its end.",
}
INTRODUCTION = f"""# Benchmarks

Written by `make bench`; edit `benchmarks/ladder/` instead of this page.

chainrule is measured through `model.fit(..., verbose=0)` of a fresh model, the first epoch included. Peers are warm:
what they compile in their first epoch is not counted, but told. Everything is float32. Each contestant has its own
process and may use every core; the contestants take turns, once per round, for about half a second each. Figures are
medians over rounds, with the least and the greatest.

![How many times chainrule's time each peer takes, by workload]({PICTURE})
"""
METHOD = """## How to read it

- *Times chainrule*: the peer's median by chainrule's; above 1, chainrule is faster.
- Training data are shuffled in each epoch, except where one step sees every row; there nobody shuffles unless named so.
- The sgemm peak is the best rate that NumPy's OpenBLAS reaches on products of 1024 and 2048 rows, on one core and on
  all, measured in the same rounds. The arithmetic of a step counts multiplications and additions of the forward
  products, the weight gradients, and the input gradients of all layers but the first; activations and the optimizer
  count nothing.
- PyTorch trains `nn.Sequential` with batches by index; JAX by hand compiles one `lax.scan` over an epoch; Keras and
  scikit-learn use their own `fit`; ONNX Runtime runs a graph of Gemm, Relu and Sigmoid.
"""


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table whose columns but the first are aligned to the right."""
    lines = [head, ["---", *["--:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def show_of(workload: Workload, measured: Measured) -> Show:
    return Show(workload.unit, workload.network.flops_per_step, measured.run.get("cores", 1))


def verdicts(workload: Workload, measured: Measured) -> list[Verdict]:
    show = show_of(workload, measured)
    return [target.judge(measured.medians, show) for target in workload.targets]


def best_peer(workload: Workload, medians: dict[str, float]) -> str | None:
    """Return the fastest of other systems that does the same thing."""
    aside = ("chainrule", "sgemm", "numpy")
    peers = [name for name in medians if not name.startswith(aside) and not name.endswith((":epochs", ":shuffled"))]
    return min(peers, key=lambda name: medians[name], default=None)


def summary(found: dict[str, Measured]) -> str:
    """Return the table of all workloads: our figure, the best peer's, what is asked and whether it is reached."""
    rows = []
    for workload in WORKLOADS:
        measured = found.get(workload.name, Measured())
        show, medians = show_of(workload, measured), measured.medians
        best = best_peer(workload, medians)
        peer = f"{show.value(medians[best])} ({title(best)})" if best else "not measured"
        for i, verdict in enumerate(verdicts(workload, measured)):
            left = (workload.title, show.value(medians.get("chainrule")), peer) if i == 0 else ("", "", "")
            rows.append(
                (*left, verdict.asked, verdict.came, {True: "yes", False: "**no**", None: "-"}[verdict.reached])
            )
    return "## The ladder\n\n" + table(("workload", "chainrule", "best peer", "asked", "came", "reached"), rows)


def section(workload: Workload, measured: Measured) -> str:
    """Return one workload's heading, all its figures, and what else there is to say about them."""
    parts = [f"## {workload.title[0].upper()}{workload.title[1:]}\n", f"{PER[workload.kind]}\n"]
    parts.append(
        table(
            ("contestant", "median", "least to greatest", "times chainrule", *extra_head(workload)),
            rows_of(workload, measured),
        )
    )
    remarks = [*peak_remarks(workload, measured), *workload.remarks]
    remarks += [f"{title(name)} was left out: {reason}" for name, reason in measured.failed.items()]
    if remarks:
        parts.append("\n".join(f"- {remark}" for remark in remarks) + "\n")
    return "\n".join(parts)


def extra_head(workload: Workload) -> tuple[str, ...]:
    return ("first epoch of the process",) if workload.kind in ("train", "many") else ()


def rows_of(workload: Workload, measured: Measured) -> list[tuple[str, ...]]:
    """Return one row per contestant, the fastest first."""
    show, medians = show_of(workload, measured), measured.medians
    rows = []
    for name in sorted((n for n in medians if not n.startswith("sgemm")), key=lambda n: medians[n]):
        values = measured.samples[name]
        spread = f"{show.value(min(values)).removesuffix(show.unit)}to {show.value(max(values))}"
        ours = medians.get("chainrule")
        ratio = "-" if ours is None else "1" if name == "chainrule" else three_digits(medians[name] / ours)
        first = measured.details.get(name, {}).get("first_epoch_s")
        extra = (f"{three_digits(first * 1e3)} ms" if first is not None else "-",) if extra_head(workload) else ()
        shown = f"**{title(name)}**" if name == "chainrule" else title(name)
        rows.append((shown, show.value(medians[name]), spread, ratio, *extra))
    return rows


def peak_remarks(workload: Workload, measured: Measured) -> list[str]:
    """Return how much arithmetic a step is, what the machine's products reach, and our share of that."""
    medians = measured.medians
    ceilings = [
        (name, cores) for name, cores in (("sgemm:one", "one core"), ("sgemm:all", "all cores")) if name in medians
    ]
    if not ceilings:
        return []
    flops = workload.network.flops_per_step
    said = [f"{medians[name] / 1e9:.0f} GFLOP/s on {cores}" for name, cores in ceilings]
    remark = f"A step is {three_digits(flops / 1e6)} MFLOP; the sgemm peak is {' and '.join(said)}."
    if "chainrule" in medians:
        rate = flops / medians["chainrule"]
        shares = [f"{rate / medians[name]:.0%} of {cores}" for name, cores in ceilings]
        remark += f" chainrule runs at {three_digits(rate / 1e9)} GFLOP/s: {', '.join(shares)}."
    return [remark]


def conditions(found: dict[str, Measured]) -> str:
    """Return the machine, the versions, and when and how busily each workload was measured."""
    runs = {workload.name: found[workload.name].run for workload in WORKLOADS if workload.name in found}
    last: dict[str, Any] = max(runs.values(), key=lambda run: run["date"])
    engines = {str(found[name].details.get("chainrule", {}).get("engine", "")) for name in runs} - {""}
    facts = [
        f"{last['processor']}, {last['cores']} cores, {last['system']}.",
        f"chainrule at commit {last['commit']}, engine: {', '.join(sorted(engines)) or 'unknown'}.",
        ", ".join(f"{name} {version}" for name, version in last["versions"].items()) + ".",
    ]
    if any(run["small"] for run in runs.values()):
        facts.insert(0, "**Small sizes: this run tried the harness; its figures mean nothing.**")
    when = table(
        ("workload", "date", "rounds", "load before", "commit"),
        [(name, run["date"], str(run["rounds"]), f"{run['load']:.2f}", run["commit"]) for name, run in runs.items()],
    )
    return "## Machine and versions\n\n" + "\n".join(f"- {fact}" for fact in facts) + f"\n\n{when}"


def page(found: dict[str, Measured]) -> str:
    sections = [section(workload, found[workload.name]) for workload in WORKLOADS if workload.name in found]
    return "\n".join([INTRODUCTION, summary(found), *sections, METHOD, conditions(found)])


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the page of benchmarks from the figures on record.")
    parser.add_argument("--results", type=Path, default=results.FILE)
    parser.add_argument("--out", type=Path, default=DOCS, help="folder for benchmarks.md and its picture")
    options = parser.parse_args()
    found = results.read(options.results)
    if not found:
        parser.error(f"nothing is on record in {options.results}; measure first")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "benchmarks.md").write_text(page(found))
    draw(found, options.out / PICTURE)
    print(summary(found))


if __name__ == "__main__":
    main()
