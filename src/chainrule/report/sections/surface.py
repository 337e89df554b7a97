"""Loss surface: the landscape that the training went through, and the way it took."""

from __future__ import annotations

from chainrule.report import pictures
from chainrule.report.facts import Facts
from chainrule.report.html import figure, join, tag, term
from chainrule.report.section import Section

_NOT_RECORDED = "The run holds no recording of the weights, so the way of the training is not known."


def section(facts: Facts) -> Section:
    """Return the loss surface with the path."""
    made = pictures.loss_surface(facts)
    if made is None:
        return Section("surface", "Loss surface", tag("p", _NOT_RECORDED, class_="missing"))
    said = join(
        ["The loss over the two directions in which the weights moved most. The line is the way that the ",
         term("optimizer"), " took, each point one moment, from the circle to the star: the weights that were ",
         "kept. Where it went further, the validation rows said so, and it came back. See ", term("loss surface"), "."]
    )  # fmt: skip
    return Section("surface", "Loss surface", figure(made, said, wide=True))
