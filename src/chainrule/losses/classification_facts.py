"""Formulas of the crossentropies for the glass box: they depend on `from_logits` and `label_smoothing`."""

from __future__ import annotations

from typing import Any

from chainrule import config
from chainrule.formulas import Facts, Formula

CLIPPED = "p is clipped to [ε, 1 − ε], ε = {:g}"
_INSIDE = Formula("epsilon < p < 1 - epsilon")
_CLIP = Formula("min(max(p, epsilon), 1 - epsilon)")
SHARES = Formula("[p[k] / sum(p[m] for m in K) for k in K]")
CLIPPED_SHARES = Formula("[min(max(r[k], epsilon), 1 - epsilon) for k in K]")
UNCLIPPED_TARGETS = Formula("[t[k] if epsilon < r[k] < 1 - epsilon else 0 for k in K]")


def binary_crossentropy(from_logits: bool, label_smoothing: float, **_: Any) -> Facts:
    where, display, note = _smooth_binary(label_smoothing)
    if from_logits:
        return Facts(
            Formula("log(1 + exp(h)) - t * h"),
            Formula("1 / (1 + exp(-h)) - t"),
            title="binary crossentropy of logits",
            argument="h",
            combine="mean",
            constants={"s": label_smoothing},
            where=where,
            display=display,
            note=note,
        )
    return Facts(
        Formula("-(t * log(q) + (1 - t) * log(1 - q))"),
        Formula("(q - t) / (q * (1 - q))"),
        title="binary crossentropy",
        argument="p",
        combine="mean",
        constants={"s": label_smoothing, "epsilon": config.epsilon()},
        where={**where, "q": _CLIP},
        inside=_INSIDE,
        display={**display, "q": "p"},
        note="; ".join(filter(None, [CLIPPED.format(config.epsilon()), note])),
    )


def _smooth_binary(s: float) -> tuple[dict[str, Formula], dict[str, str], str]:
    if not s:
        return {"t": Formula("y")}, {"t": "y"}, ""
    return {"t": Formula("y * (1 - s) + 0.5 * s")}, {}, f"t = y(1 − {s:g}) + 0.5·{s:g}: label smoothing"


def _smooth_categorical(s: float) -> tuple[dict[str, Formula], dict[str, str], str]:
    if not s:
        return {"t": Formula("y")}, {"t": "y", "u": "y"}, ""
    smooth = Formula("[y[k] * (1 - s) + s / len(y) for k in K]")
    return {"t": smooth}, {"u": "t"}, f"tₖ = yₖ(1 − {s:g}) + {s:g}/number of classes: label smoothing"


def categorical_crossentropy(from_logits: bool, label_smoothing: float, **_: Any) -> Facts:
    where, display, note = _smooth_categorical(label_smoothing)
    if from_logits:
        return Facts(
            Formula("log(sum(exp(h[k]) for k in K)) * sum(t[k] for k in K) - sum(t[k] * h[k] for k in K)"),
            Formula("exp(h[i]) / sum(exp(h[k]) for k in K) * sum(t[k] for k in K) - t[i]"),
            title="categorical crossentropy of logits",
            argument="h",
            vector=True,
            constants={"s": label_smoothing},
            where=where,
            display=display,
            note=note,
        )
    return Facts(
        Formula("-sum(t[k] * log(q[k]) for k in K)"),
        Formula("(sum(u[k] for k in K) - u[i] / q[i]) / sum(p[k] for k in K)"),
        title="categorical crossentropy",
        argument="p",
        vector=True,
        constants={"s": label_smoothing, "epsilon": config.epsilon()},
        where={**where, "r": SHARES, "q": CLIPPED_SHARES, "u": UNCLIPPED_TARGETS},
        display=display,
        note="; ".join(filter(None, [_shares_note(), note])),
    )


def _shares_note() -> str:
    return f"qₖ = pₖ/Σp, clipped to [ε, 1 − ε], ε = {config.epsilon():g}"


def sparse_categorical_crossentropy(from_logits: bool, ignore_class: int | None, **_: Any) -> Facts:
    note = "c is the class number y" + ("" if ignore_class is None else f"; the loss of class {ignore_class} is 0")
    if from_logits:
        return Facts(
            Formula("log(sum(exp(h[k]) for k in K)) - h[c]"),
            Formula("exp(h[i]) / sum(exp(h[k]) for k in K) - kronecker(i, c)"),
            title="sparse categorical crossentropy of logits",
            argument="h",
            vector=True,
            where={"c": Formula("y")},
            note=note,
        )
    return Facts(
        Formula("-log(q[c])"),
        Formula("(1 - kronecker(i, c) / q[i]) / sum(p[k] for k in K) if epsilon < r[c] < 1 - epsilon else 0"),
        title="sparse categorical crossentropy",
        argument="p",
        vector=True,
        constants={"epsilon": config.epsilon()},
        where={"c": Formula("y"), "r": SHARES, "q": CLIPPED_SHARES},
        note=f"{note}; {_shares_note()}",
    )


def kl_divergence() -> Facts:
    return Facts(
        Formula("t * log(t / q)"),
        Formula("-t / q"),
        title="Kullback–Leibler divergence",
        argument="p",
        combine="sum",
        constants={"epsilon": config.epsilon()},
        where={"t": Formula("min(max(y, epsilon), 1)"), "q": Formula("min(max(p, epsilon), 1)")},
        inside=Formula("epsilon < p < 1"),
        display={"t": "y", "q": "p"},
        note=f"y and p are clipped to [ε, 1], ε = {config.epsilon():g}",
    )


def categorical_generalized_cross_entropy(q: float = 0.5) -> Facts:
    return Facts(
        Formula("(1 - p[c]**q) / q"),
        Formula("-kronecker(i, c) * p[i]**(q - 1)"),
        title="generalized crossentropy",
        argument="p",
        vector=True,
        constants={"q": q},
        where={"c": Formula("y")},
        note="c is the class number y",
    )


def binary_focal_crossentropy(
    apply_class_balancing: bool, alpha: float, gamma: float, from_logits: bool, label_smoothing: float, **_: Any
) -> Facts:
    where, display, note = _smooth_binary(label_smoothing)
    if from_logits:
        where["p"] = Formula("1 / (1 + exp(-h))")
    crossentropy = Formula("-(t * log(q) + (1 - t) * log(1 - q))")
    where |= {"q": _CLIP, "b": crossentropy, "f": Formula("t + p - 2 * t * p")}
    where["w"] = Formula("t * alpha + (1 - t) * (1 - alpha)" if apply_class_balancing else "1")
    where["d"] = Formula("(q - t) / (q * (1 - q)) if epsilon < p < 1 - epsilon else 0")
    weight = "w * " if apply_class_balancing else ""
    slope = f"{weight}(gamma * f**(gamma - 1) * (1 - 2 * t) * b + f**gamma * d)"
    note = "; ".join(
        filter(
            None,
            [
                "b is the binary crossentropy, d its derivative, f = t + p − 2tp the distance from the target t = y",
                "w = α for y = 1, 1 − α for y = 0" if apply_class_balancing else "",
                note,
            ],
        )
    )
    return Facts(
        Formula(f"{weight}f**gamma * b"),
        Formula(f"{slope} * p * (1 - p)" if from_logits else slope),
        title="binary focal crossentropy" + (" of logits" if from_logits else ""),
        argument="h" if from_logits else "p",
        combine="mean",
        constants={"s": label_smoothing, "epsilon": config.epsilon(), "alpha": alpha, "gamma": gamma},
        where=where,
        display=display,
        note=note,
    )


def categorical_focal_crossentropy(
    alpha: float, gamma: float, from_logits: bool, label_smoothing: float, **_: Any
) -> Facts:
    """The derivative is written with e_k, that of the loss with respect to the share q_k."""
    where, display, note = _smooth_categorical(label_smoothing)
    if from_logits:
        where["p"] = Formula("[exp(h[k]) / sum(exp(h[m]) for m in K) for k in K]")
    where |= {"r": SHARES, "q": CLIPPED_SHARES}
    where["e"] = Formula(
        "[alpha * t[k] * (gamma * (1 - q[k])**(gamma - 1) * log(q[k]) - (1 - q[k])**gamma / q[k])"
        " if epsilon < r[k] < 1 - epsilon else 0 for k in K]"
    )
    slope = "(e[i] - sum(e[k] * r[k] for k in K)) / sum(p[k] for k in K)"
    if from_logits:
        slope = "r[i] * (e[i] - sum(e[k] * r[k] for k in K))"
    return Facts(
        Formula("-alpha * sum(t[k] * (1 - q[k])**gamma * log(q[k]) for k in K)"),
        Formula(slope),
        title="categorical focal crossentropy" + (" of logits" if from_logits else ""),
        argument="h" if from_logits else "p",
        vector=True,
        constants={"s": label_smoothing, "epsilon": config.epsilon(), "alpha": alpha, "gamma": gamma},
        where=where,
        display={"r": "q", **display},
        note="; ".join(
            filter(None, [_shares_note(), "eₖ = αtₖ(γ(1 − qₖ)^(γ − 1)·log(qₖ) − (1 − qₖ)^γ/qₖ), t = y", note])
        ),
    )
