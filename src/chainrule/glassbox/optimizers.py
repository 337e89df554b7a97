"""The formulas of the optimizers, each step an expression; a test holds them against what `apply` does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chainrule.formulas import Formula
from chainrule.glassbox.notation import Math


@dataclass(frozen=True)
class Rule:
    """One step: `symbol <- formula`.

    Args:
        symbol: its name in later formulas; `w` is the weight itself.
        formula: over `w`, `g`, `eta`, `t`, the constants, the moments (old until their own rule) and earlier symbols.
        moment: the optimizer's row it is kept in, or empty.
        shared: whether it is one number for all weights.
    """

    symbol: str
    formula: Formula
    moment: str = ""
    shared: bool = False


@dataclass(frozen=True)
class Recipe:
    """All steps of an optimizer, and the values of its constants."""

    rules: list[Rule]
    constants: Mapping[str, float] = field(default_factory=dict)


SYMBOLS = {
    "eta": Math("η", r"\eta"), "beta_1": Math("β₁", r"\beta_1"), "beta_2": Math("β₂", r"\beta_2"),
    "mu": Math("μ", r"\mu"), "rho": Math("ρ", r"\rho"),
    "lambda_1": Math("λ₁", r"\lambda_1"), "lambda_2": Math("λ₂", r"\lambda_2"),
    "lambda_s": Math("λₛ", r"\lambda_s"), "U": Math("U", "U"), "u_t": Math("uₜ", "u_t"), "u_n": Math("uₜ₊₁", "u_{t+1}"),
    "n_old": Math("n₀", "n_0"), "m_hat": Math("m̂", r"\hat{m}"), "v_hat": Math("v̂", r"\hat{v}"),
    "u_old": Math("U₀", "U_0"), "eta_t": Math("ηₜ", r"\eta_t"),
}  # fmt: skip


def _rule(symbol: str, source: str, moment: str = "", shared: bool = False) -> Rule:
    return Rule(symbol, Formula(source), moment, shared)


def sgd(o: Any) -> Recipe:
    if not o.momentum:
        return Recipe([_rule("w", "w - eta * g")])
    move = _rule("m", "mu * m - eta * g", "momentum")
    last = "w + mu * m - eta * g" if o.nesterov else "w + m"
    return Recipe([move, _rule("w", last)], {"mu": o.momentum})


def rmsprop(o: Any) -> Recipe:
    rules = [_rule("v", "rho * v + (1 - rho) * g**2", "velocity")]
    root = "sqrt(v + epsilon)"
    constants = {"rho": o.rho, "epsilon": o.epsilon}
    if o.centered:
        rules.append(_rule("a", "rho * a + (1 - rho) * g", "average_gradient"))
        root = "sqrt(v - a**2 + epsilon)"
    if o.momentum > 0:
        rules += [_rule("m", f"mu * m + eta * g / {root}", "momentum"), _rule("w", "w - m")]
        return Recipe(rules, {**constants, "mu": o.momentum})
    return Recipe([*rules, _rule("w", f"w - eta * g / {root}")], constants)


def adagrad(o: Any) -> Recipe:
    return Recipe(
        [_rule("a", "a + g**2", "accumulator"), _rule("w", "w - eta * g / sqrt(a + epsilon)")], {"epsilon": o.epsilon}
    )


def adadelta(o: Any) -> Recipe:
    rules = [
        _rule("a", "rho * a + (1 - rho) * g**2", "accumulated_grad"),
        _rule("d", "sqrt(s + epsilon) * g / sqrt(a + epsilon)"),
        _rule("s", "rho * s + (1 - rho) * d**2", "accumulated_delta_var"),
        _rule("w", "w - eta * d"),
    ]
    return Recipe(rules, {"rho": o.rho, "epsilon": o.epsilon})


def _means() -> list[Rule]:
    return [
        _rule("m", "m + (1 - beta_1) * (g - m)", "momentum"),
        _rule("v", "v + (1 - beta_2) * (g**2 - v)", "velocity"),
    ]


def adam(o: Any) -> Recipe:
    rules = [_rule("alpha", "eta * sqrt(1 - beta_2**t) / (1 - beta_1**t)", shared=True), *_means()]
    largest = "v"
    if o.amsgrad:
        rules.append(_rule("u", "max(u, v)", "velocity_hat"))
        largest = "u"
    rules.append(_rule("w", f"w - alpha * m / (sqrt({largest}) + epsilon)"))
    return Recipe(rules, {"beta_1": o.beta_1, "beta_2": o.beta_2, "epsilon": o.epsilon})


def adamax(o: Any) -> Recipe:
    rules = [
        _means()[0],
        _rule("u", "max(beta_2 * u, abs(g))", "norm"),
        _rule("w", "w - eta * m / ((1 - beta_1**t) * (u + epsilon))"),
    ]
    return Recipe(rules, {"beta_1": o.beta_1, "beta_2": o.beta_2, "epsilon": o.epsilon})


def nadam(o: Any) -> Recipe:
    rules = [
        _rule("u_t", "beta_1 * (1 - 0.5 * 0.96**t)", shared=True),
        _rule("u_n", "beta_1 * (1 - 0.5 * 0.96**(t + 1))", shared=True),
        _rule("U", "u_old * u_t", shared=True),
        *_means(),
        _rule("m_hat", "u_n * m / (1 - U * u_n) + (1 - u_t) * g / (1 - U)"),
        _rule("v_hat", "v / (1 - beta_2**t)"),
        _rule("w", "w - eta * m_hat / (sqrt(v_hat) + epsilon)"),
    ]
    return Recipe(
        rules, {"beta_1": o.beta_1, "beta_2": o.beta_2, "epsilon": o.epsilon, "u_old": float(o._u_product.value)}
    )


def lion(o: Any) -> Recipe:
    rules = [
        _rule("c", "beta_1 * m + (1 - beta_1) * g"),
        _rule("w", "w - eta if c > 0 else w + eta if c < 0 else w"),
        _rule("m", "beta_2 * m + (1 - beta_2) * g", "momentum"),
    ]
    return Recipe(rules, {"beta_1": o.beta_1, "beta_2": o.beta_2})


def ftrl(o: Any) -> Recipe:
    power = -o.learning_rate_power
    new, old = ("sqrt(n)", "sqrt(n_old)") if power == 0.5 else (f"n**{power}", f"n_old**{power}")
    shrink = " + 2 * lambda_s * w" if o.l2_shrinkage_regularization_strength else ""
    strength = " + 2 * lambda_2" if o.l2_regularization_strength or o.beta else ""
    top = "max(-lambda_1, min(lambda_1, z)) - z" if o.l1_regularization_strength else "-z"
    rules = [
        _rule("n_old", "n"),
        _rule("n", "n + g**2", "accumulator"),
        _rule("z", f"z + g{shrink} - w * ({new} - {old}) / eta", "linear"),
        _rule("w", f"({top}) / ({new} / eta{strength})"),
    ]
    rate = float(o.learning_rate)
    constants = {
        "lambda_1": o.l1_regularization_strength,
        "lambda_2": o.l2_regularization_strength + (o.beta / (2 * rate) if o.beta else 0.0),
        "lambda_s": o.l2_shrinkage_regularization_strength,
    }
    used = {name for rule in rules for name in rule.formula.symbols}
    return Recipe(rules, {k: v for k, v in constants.items() if k in used})


def schedule_free(o: Any) -> Recipe:
    rate, constants = "eta", {"beta_1": o.beta_1, "beta_2": o.beta_2, "epsilon": o.epsilon}
    rules = []
    if o.warmup_steps > 0:
        rate, constants["T"] = "eta_t", o.warmup_steps
        rules.append(_rule("eta_t", "eta * min(t / T, 1)", shared=True))
    rules += [
        _rule("x", "(w - (1 - beta_1) * z) / beta_1"),
        _rule("v", "v + (1 - beta_2) * (g**2 - v)", "velocity"),
        _rule("z", f"z - {rate} * g / (sqrt(v / (1 - beta_2**t)) + epsilon)", "momentum"),
        _rule("w", "(1 - beta_1) * z + beta_1 * ((1 - 1 / t) * x + z / t)"),
    ]
    return Recipe(rules, constants)


WHOLE = {
    "Adafactor": "the squares of a matrix are kept as means of its rows and columns",
    "Lamb": "the step of a variable is scaled by the norms of the whole variable",
    "Muon": "the step of a matrix is made orthogonal as a whole",
}
"""Optimizers of ours without formulas for single weights, and why."""

_RECIPES: dict[str, Callable[[Any], Recipe]] = {
    "SGD": sgd, "RMSprop": rmsprop, "Adagrad": adagrad, "Adadelta": adadelta, "Adam": adam, "AdamW": adam,
    "Adamax": adamax, "Nadam": nadam, "Lion": lion, "Ftrl": ftrl,
    "ScheduleFreeAdamW": schedule_free,
}  # fmt: skip


def has_recipe(optimizer: Any) -> bool:
    """Whether there are formulas for an optimizer: for most of ours, for none of the user's own."""
    kind = type(optimizer)
    return kind.__module__.startswith("chainrule.optimizers") and kind.__name__ in _RECIPES


def recipe_of(optimizer: Any) -> Recipe | None:
    """Return the formulas of one of our optimizers, None where there are none."""
    return _RECIPES[type(optimizer).__name__](optimizer) if has_recipe(optimizer) else None
