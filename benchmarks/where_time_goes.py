"""Where the time of one training step goes, part by part: writes docs/where_time_goes.md and its picture.

    python -m benchmarks.where_time_goes [--rounds 15]

There is no clock inside the engine. Each workload is trained by a row of programs, each with one part more than the one
before (`LADDER`); what a program takes longer than the one before it is the time of that part. All take turns, and the
least of all rounds counts; of one thread its own time, so that other processes disturb little. The last one is
`model.fit`, so the parts add up to what users see.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from math import inf, isfinite, nan
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from benchmarks.ladder import machine
from benchmarks.ladder.data import arrays
from benchmarks.ladder.ours import build
from benchmarks.ladder.targets import three_digits
from benchmarks.ladder.workloads import BY_NAME, Network

import chainrule as cr
from chainrule.engines.compiled import compiled
from chainrule.engines.lower import lower
from chainrule.engines.native.activations import kernel_of
from chainrule.engines.native.losses import loss_options
from chainrule.engines.native.optimizer import describe_step
from chainrule.engines.plan import Part

DOCS = Path(__file__).resolve().parents[1] / "docs"
SAMPLE_S = 0.03
CACHED_BYTES = 512 << 10
"""Of rows that are read again and again where gathering them is not what is measured."""

CASES = (("table", 1), ("fashion", 1), ("fashion", 2))
"""Workloads of the ladder, and with how many threads."""

Clock = Callable[[], float]


class Program(NamedTuple):
    """One rung: what the program has in it, and the part it has that the one before has not."""

    part: str
    layers: bool = True
    activations: bool = False
    loss: bool = True
    trains: Literal["nothing", "last bias", "first bias", "all"] = "nothing"
    updates: bool = False
    gathers: bool = False


LADDER = (
    Program("bookkeeping", layers=False, loss=False),
    Program("forward products", loss=False),
    Program("loss", trains="last bias"),
    Program("input gradients", trains="first bias"),
    Program("activations", activations=True, trains="first bias"),
    Program("weight gradients", activations=True, trains="all"),
    Program("optimizer", activations=True, trains="all", updates=True),
    Program("gather", activations=True, trains="all", updates=True, gathers=True),
)
SHOWN = {
    "gather": ("#B8B8B8", "rows brought together in the order of the epoch"),
    "forward products": ("#0072B2", "with bias, and with ReLU, which costs nothing there"),
    "activations": ("#56B4E9", "forward (but for ReLU) and backward"),
    "loss": ("#E69F00", "its value, its gradient, the sums for the logs"),
    "input gradients": ("#009E73", "the products; the first layer has none"),
    "weight gradients": ("#66C2A4", "with biases, and the kernels' transposes for the next step"),
    "optimizer": ("#D55E00", "Adam's update of weights and moments"),
    "bookkeeping": ("#777777", "of the engine, per step"),
    "around the steps": ("#444444", "Python, the order of the rows, making the program"),
}
"""The parts as they are shown: colours that people with colour blindness can tell apart, and what belongs to each."""


class Runner:
    """Runs one program on a workload's rows.

    Args:
        model: compiled, whose parameters and optimizer are worked on.
        clock: gives seconds.
    """

    def __init__(self, network: Network, model: cr.Model, x: Any, y: Any, program: Program, clock: Clock) -> None:
        native: Any = compiled()
        self.clock = clock
        self.learns, self.gathers, self.batch = program.trains != "nothing", program.gathers, network.batch
        self.buffer, self.optimizer = model.pack(), model.optimizer
        rows = len(x) if program.gathers else cached_rows(network)
        self.steps = rows // network.batch
        self.order = np.random.default_rng(1).permutation(rows) if program.gathers else None
        self.sources = [x[:rows], y[:rows], None] if program.loss else [x[:rows]]
        variables = model.trainable_variables
        moved = [program.updates] * len(variables)
        description = describe_step(lower(model), model.optimizer, self.buffer, variables, moved)
        self.native_optimizer = native.Optimizer32(description) if self.learns else None
        self.trainer = native.Trainer32(
            made(native, network, variables, program), network.batch, self.buffer.array, native.Penalties32(description)
        )
        self.begin = self.buffer.array.copy()
        self.next = 0

    def seconds(self) -> float:
        """Return the least seconds per step of calls that take some time together, each from the same weights."""
        least, spent = inf, 0.0
        at_once = min(self.steps, cached_steps(self.batch, self.sources[0].shape[1]))
        losses, totals, rates = np.zeros(at_once), np.zeros(self.trainer.n_totals()), np.full(at_once, 1e-3)
        while spent < SAMPLE_S:
            self.buffer.array[:] = self.begin
            self.optimizer.state[:] = 0
            self.optimizer.iterations.assign(0)
            first = self.next if self.next + at_once <= self.steps else 0
            self.next = first + at_once if self.gathers else 0
            start = self.clock()
            ran = self.trainer.run(
                self.native_optimizer, self.sources, self.order, self.steps * self.batch, self.batch, first,
                first + at_once, 0, (1, 2), rates, losses, totals, [],
            )  # fmt: skip
            taken = self.clock() - start
            assert ran == at_once
            assert isfinite(losses.sum())
            spent += taken
            least = min(least, taken / at_once)
        return least


def cached_steps(batch: int, features: int) -> int:
    return max(CACHED_BYTES // (4 * batch * (features + 1)), 16)


def cached_rows(network: Network) -> int:
    return min(cached_steps(network.batch, network.features), network.rows // network.batch) * network.batch


def made(native: Any, network: Network, variables: Any, wanted: Program) -> Any:
    """Return a program on the model's parameters, as `translate` makes it, but with parts left out."""
    size = sum(v.size for v in variables)
    program = native.Program32(size, size)
    value = program.feed(network.features)
    last = len(network.widths) - 1
    for i, (kernel, bias) in enumerate(zip(variables[::2], variables[1::2], strict=True)):
        if not wanted.layers:
            break
        name, options = kernel_of(network.head if i == last else network.activation, {})
        name, options = (name, options) if wanted.activations and name != "linear" else ("", ())
        trains_bias = wanted.trains in ("all", "first bias" if i == 0 else "", "last bias" if i == last else "")
        value = program.affine(
            value, *kernel.shape, kernel.slot.offset, bias.slot.offset, wanted.trains == "all", trains_bias, name,
            list(options), name == "relu",
        )  # fmt: skip
    if wanted.loss:
        target, weight = program.feed(1), program.feed(1)
        program.loss(
            network.loss, list(loss_options(Part(network.loss, {}))), value, target, weight, network.widths[-1], 1,
            "sum_over_batch_size", 1.0, nan,
        )  # fmt: skip
    program.finish()
    return program


def fit_seconds(network: Network, x: Any, y: Any, clock: Clock) -> float:
    """Return the seconds per step of a `fit` of a fresh model."""
    model = build(network, "native")
    start = clock()
    model.fit(x, y, batch_size=network.batch, epochs=network.epochs, verbose=0)
    return (clock() - start) / network.epochs / network.steps


def measure(network: Network, threads: int, rounds: int) -> dict[str, float]:
    """Return the seconds per step of each part, in the order in which they are shown."""
    cr.config.set_num_threads(threads)
    compiled().set_threads(threads)  # type: ignore[union-attr]
    x, y = arrays(network)
    model = build(network, "native")
    clock = time.thread_time if threads == 1 else time.perf_counter
    contestants: list[Callable[[], float]] = [Runner(network, model, x, y, p, clock).seconds for p in LADDER]
    contestants.append(lambda: fit_seconds(network, x, y, clock))
    least = [inf] * len(contestants)
    for _ in range(rounds):
        least = [min(before, run()) for before, run in zip(least, contestants, strict=True)]
    parts = {p.part: now - before for p, before, now in zip(LADDER, [0.0, *least[:-2]], least[:-1], strict=True)}
    parts["around the steps"] = least[-1] - least[-2]
    return {name: parts[name] for name in SHOWN}


# -- what is written --------------------------------------------------------------------------------------------------


class Bar(NamedTuple):
    """One case: its name, and its parts in seconds per step."""

    name: str
    network: Network
    threads: int
    parts: dict[str, float]

    @property
    def total(self) -> float:
        return sum(self.parts.values())


def draw(bars: list[Bar], file: Path) -> None:
    """Draw each case as a bar of 100% and save them to `file`; its name says the format."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({"svg.hashsalt": "chainrule", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure = Figure(figsize=(9, 1.3 + 0.75 * len(bars)), layout="constrained", facecolor="white")
        axes = figure.add_subplot()
        for row, bar in enumerate(bars):
            left = 0.0
            for name, (colour, _) in SHOWN.items():
                share = 100 * max(bar.parts[name], 0.0) / sum(max(s, 0.0) for s in bar.parts.values())
                axes.barh(row, share, 0.62, left, color=colour, edgecolor="white", label=name if row == 0 else None)
                if share >= 3.5:
                    dark = colour in ("#0072B2", "#009E73", "#D55E00", "#777777", "#444444")
                    axes.text(
                        left + share / 2, row, f"{share:.0f}%", ha="center", va="center", fontsize=9,
                        color="white" if dark else "black",
                    )  # fmt: skip
                left += share
        axes.set_yticks(range(len(bars)), [f"{b.name}\n{shown(b.total)} a step" for b in bars], fontsize=9)
        axes.set_xlim(0, 100)
        axes.set_ylim(len(bars) - 0.5, -0.5)
        axes.set_xticks([])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        figure.legend(loc="outside upper center", ncols=5, frameon=False, fontsize=9)
        figure.savefig(file, dpi=150, metadata={"Date": None} if file.suffix == ".svg" else None)


def shown(seconds: float) -> str:
    return f"{three_digits(seconds * 1e6)} \N{MICRO SIGN}s" if seconds < 1e-3 else f"{three_digits(seconds * 1e3)} ms"


def rate(part: str, bar: Bar) -> str:
    """Return how fast the products of a part are, or nothing where a part has none."""
    products = [inputs * outputs for inputs, outputs in bar.network.shapes]
    if part not in ("forward products", "input gradients", "weight gradients") or bar.parts[part] <= 0:
        return ""
    sums = sum(products) - (products[0] if part == "input gradients" else 0)
    return f" ({2 * sums * bar.network.batch / bar.parts[part] / 1e9:.0f} GFLOP/s)"


PAGE = """# Where the time of one step goes

Written by `python -m benchmarks.where_time_goes`; edit that script instead of this page.

![The parts of one training step as shares of its time]({picture})

{table}

- The engine has no clock inside. Each workload is trained by a row of programs, each with one part more than the one
  before; what a program takes longer than the one before it is the time of that part. The row ends with `model.fit` of
  a fresh model, so the parts add up to what users see.
- All programs take turns; of {rounds} rounds the least time counts. With one thread that is the thread's own time, with
  two the time on the wall. A part that takes less than the noise between two programs may come out slightly below 0.
- Parts disturb each other in the caches; that counts for the part that came last. Rows lie in a cache until *gather*,
  which so has all reading of the data in it.
- float32, Adam, {date}, commit {commit}, {processor}, usable cores: {cores}, instruction set {isa}, load {load} at the
  beginning.
"""


def page(bars: list[Bar], facts: dict[str, Any], rounds: int) -> str:
    lines = [
        f"| part | what belongs to it | {' | '.join(b.name for b in bars)} |",
        "| --- | --- |" + " --: |" * len(bars),
    ]
    for name, (_, what) in SHOWN.items():
        cells = [f"{shown(b.parts[name])}{rate(name, b)}" for b in bars]
        lines.append(f"| {name} | {what} | {' | '.join(cells)} |")
    lines.append(f"| **one step** | | {' | '.join(f'**{shown(b.total)}**' for b in bars)} |")
    native: Any = compiled()
    return PAGE.format(
        picture="where_time_goes.svg", table="\n".join(lines), rounds=rounds, isa=native.isa(), **facts
    )  # fmt: skip


def case(name: str, threads: int, rounds: int) -> Bar:
    network = BY_NAME[name].network
    title = f"{'-'.join(str(n) for n in (network.features, *network.widths))}, batch {network.batch}"
    bar = Bar(f"{title}, {threads} thread{'s' * (threads > 1)}", network, threads, measure(network, threads, rounds))
    print(bar.name, {part: shown(seconds) for part, seconds in bar.parts.items()}, shown(bar.total), flush=True)
    return bar


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure where the time of one training step goes.")
    parser.add_argument("--rounds", type=int, default=15, help="how often every program has a turn")
    parser.add_argument("--out", type=Path, default=DOCS, help="folder for the page and the picture")
    options = parser.parse_args()
    if isinstance(compiled(), str):
        parser.exit(1, f"{compiled()}\n")
    facts = machine.describe()
    cases = [c for c in CASES if c[1] <= machine.cores()]
    bars = [case(name, threads, options.rounds) for name, threads in cases]
    draw(bars, options.out / "where_time_goes.svg")
    (options.out / "where_time_goes.md").write_text(page(bars, facts, options.rounds), encoding="utf-8")


if __name__ == "__main__":
    main()
