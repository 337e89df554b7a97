"""The picture: one row per workload, each peer where its time lies in multiples of chainrule's, on a log scale."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from benchmarks.ladder.contestants import SYSTEMS
from benchmarks.ladder.results import Measured
from benchmarks.ladder.targets import Show, three_digits
from benchmarks.ladder.workloads import WORKLOADS, Workload
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullLocator

STYLES = {
    "torch": ("#D55E00", "s"),
    "keras-jax": ("#0072B2", "^"),
    "keras-tensorflow": ("#E69F00", "v"),
    "keras-torch": ("#7A3E9D", "<"),
    "jax-scan": ("#009E73", "D"),
    "scikit-learn": ("#8C8C8C", "P"),
    "onnxruntime": ("#CC79A7", "X"),
}
"""Colours that people with colour blindness can tell apart, and a shape each."""

NAMES = {
    "or": "OR perceptron",
    "table": "table, batch 32",
    "narrow": "narrow, full batch",
    "wide": "wide table, batch 256",
    "fashion": "Fashion-MNIST shape",
    "large": "large, batch 512",
    "one-row": "predict one row",
    "all-rows": "predict 200,000 rows",
    "models": "32 models at once",
    "script": "whole script on Iris",
    "memory": "its peak memory",
}


def draw(found: dict[str, Measured], file: Path) -> None:
    """Draw the workloads on record and save them to `file`; its name says the format."""
    shown = [w for w in WORKLOADS if "chainrule" in found.get(w.name, Measured()).samples]
    with mpl.rc_context({"svg.hashsalt": "chainrule", "svg.fonttype": "none", "font.family": "sans-serif"}):
        figure = Figure(figsize=(9, 1.6 + 0.5 * len(shown)), layout="constrained")
        axes = figure.add_subplot()
        systems: dict[str, None] = {}
        for row, workload in enumerate(shown):
            systems.update(dict.fromkeys(draw_row(axes, row, found[workload.name])))
        finish(axes, [label(w, found[w.name]) for w in shown])
        legend(figure, [name for name in STYLES if name in systems])
        figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)


def fastest(measured: Measured) -> dict[str, str]:
    """Return each peer system's fastest contestant."""
    best: dict[str, str] = {}
    medians = measured.medians
    for name in sorted(medians, key=lambda name: medians[name]):
        system = name.partition(":")[0]
        if system in STYLES and not name.endswith((":epochs", ":shuffled")):
            best.setdefault(system, name)
    return best


def draw_row(axes: Axes, row: int, measured: Measured) -> list[str]:
    """Draw one workload's peers with their spread; return the systems drawn."""
    ours = measured.medians["chainrule"]
    best = fastest(measured)
    for system, name in best.items():
        colour, marker = STYLES[system]
        values = [value / ours for value in measured.samples[name]]
        axes.plot([min(values), max(values)], [row, row], color=colour, linewidth=2, alpha=0.5, zorder=2)
        axes.plot(
            measured.medians[name] / ours, row, marker, color=colour, markersize=8, markeredgecolor="white", zorder=3
        )
    own = [value / ours for value in measured.samples["chainrule"]]
    axes.plot([min(own), max(own)], [row, row], color="black", linewidth=2, alpha=0.5, zorder=2)
    axes.plot(1, row, "o", color="black", markersize=8, markeredgecolor="white", zorder=4)
    return list(best)


def label(workload: Workload, measured: Measured) -> str:
    value = Show(workload.unit, 0.0, 1).value(measured.medians["chainrule"]).replace("us", "\N{MICRO SIGN}s")
    return f"{NAMES[workload.name]}\n{value}"


def finish(axes: Axes, labels: list[str]) -> None:
    axes.set_xscale("log")
    axes.axvline(1, color="black", linewidth=1, zorder=1)
    axes.set_yticks(range(len(labels)), labels, fontsize=9)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    axes.xaxis.set_major_formatter(
        FuncFormatter(
            lambda value, _: f"{three_digits(value).rstrip('0').rstrip('.') if value < 1 else f'{value:,.0f}'}x"
        )
    )
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel("times chainrule's figure (given at the left); further right is slower, or larger")
    axes.grid(axis="x", color="#DDDDDD", zorder=0)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def legend(figure: Figure, systems: list[str]) -> None:
    from matplotlib.lines import Line2D

    def entry(name: str, colour: str, marker: str) -> Line2D:
        return Line2D([], [], color=colour, marker=marker, linestyle="", markersize=8, label=name)

    entries = [entry("chainrule", "black", "o")]
    entries += [entry(SYSTEMS[s].title.replace("`", ""), *STYLES[s]) for s in systems]
    figure.legend(handles=entries, loc="outside upper center", ncols=4, frameon=False, fontsize=9)
