"""Model: its diagram, its layers, its settings, and why its training stopped."""

from __future__ import annotations

from typing import Any

from chainrule.report import pictures
from chainrule.report.facts import Facts
from chainrule.report.html import Html, figure, join, table, tag, term
from chainrule.report.numbers import counted, number, percent
from chainrule.report.section import Section


def section(facts: Facts) -> Section:
    """Return what there is to say of the model."""
    model = facts.run.model
    layers = [_layer(layer) for layer in model.layers]
    rows = [[name, kind, shape, formula, f"{count:,}"] for name, kind, shape, formula, count in layers]
    heads = ["layer", "kind", "gives", "computes", term("parameter", "parameters")]
    diagram = pictures.network(facts)
    body = join(
        [
            tag("p", _sentence(facts)),
            figure(diagram, "The network with the weights it has now. Blue, solid: positive; vermillion, dashed: "
                   "negative; the wider, the larger.", wide=True) if diagram else None,
            tag("h3", "Layers"),
            table(heads, rows, label="the layers of the network", right=(4,)),
            tag("h3", "Settings"),
            table(["setting", "value", "meaning"], _settings(facts), label="the settings of the training"),
            tag("h3", "Why training stopped"),
            tag("p", why_it_stopped(facts)),
        ]
    )  # fmt: skip
    numbers = {
        "parameters": facts.metrics["parameters"],
        "layers": [{"name": n, "kind": k, "gives": s, "parameters": c} for n, k, s, _, c in layers],
    }
    return Section("model", "Model", body, numbers)


def _sentence(facts: Facts) -> Html:
    model = facts.run.model
    sizes = " → ".join(str(n) for n in [model.input_shape[-1], *(_units(layer) for layer in model.layers)] if n)
    count = f"{facts.metrics['parameters']:,}"
    return join(
        [
            "A network ",
            tag("b", sizes),
            f" with {count} ",
            term("weight", "weights"),
            " and ",
            term("bias", "biases"),
            ".",
        ]
    )


def _units(layer: Any) -> int | None:
    return getattr(layer, "units", None)


def _layer(layer: Any) -> tuple[str, str, str, str, int]:
    shape = layer.output.shape[1:] if hasattr(layer, "output") else ()
    gives = " × ".join(map(str, shape))
    return layer.name, type(layer).__name__, gives, _formula(layer), layer.count_params()


def _formula(layer: Any) -> str:
    activation = getattr(getattr(layer, "activation", None), "__name__", "")
    if hasattr(layer, "units"):
        return "x·W + b" if activation in ("", "linear") else f"{activation}(x·W + b)"
    if hasattr(layer, "rate"):
        return f"in training sets {percent(layer.rate, 0)} of its inputs to 0"
    return activation


def _settings(facts: Facts) -> list[list[Any]]:
    s = facts.folder.settings
    optimizer = facts.run.model.optimizer
    name = "AdamW" if optimizer is None else type(optimizer).__name__
    loss = facts.run.model.loss
    return [
        [term("loss"), loss if isinstance(loss, str) else type(loss).__name__, "what training makes small"],
        [term("optimizer"), name, "how a gradient becomes a step"],
        [term("learning rate"), _shown(s.learning_rate), "size of a step, at the start"],
        [term("batch size"), _shown(s.batch_size), "rows per step"],
        [term("dropout"), _shown(s.dropout), "share of hidden outputs set to 0 in a step"],
        [term("weight decay"), _shown(s.weight_decay), "how much weights shrink in each step"],
        [
            term("epoch", "epochs"),
            f"{facts.metrics['epochs']} of at most {s.epochs}",
            "times through the training rows",
        ],
        [term("early stopping", "patience"), s.patience, "epochs without a better validation loss before it stops"],
    ]


def _shown(value: float | int | None) -> str:
    return "–" if value is None else f"{value:g}"


def why_it_stopped(facts: Facts) -> Html:
    """Return the end of the training in a sentence or two."""
    m, s = facts.metrics, facts.folder.settings
    best = min(facts.folder.history.get("val_loss", [float("nan")]))
    kept = f"The weights of epoch {m['best_epoch']} were kept, where the validation loss was lowest ({number(best)})."
    if m["stopped_early"]:
        waited = f"for {s.patience} epochs the validation loss had not become better."
        first = f"It stopped early, after {counted(m['epochs'], 'epoch')}: {waited}"
    else:
        first = f"It ran all {counted(m['epochs'], 'epoch')} that were allowed."
    return join([first, " ", kept, _time(facts)])


def _time(facts: Facts) -> str:
    recording = facts.folder.recording
    seconds = None if recording is None or not recording.epochs else recording.epochs[-1].get("seconds")
    return "" if not seconds else f" Training took {seconds:.1f} s."
