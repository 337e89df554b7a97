"""Loss surface: the landscape that the training went through, and the path it took."""

from __future__ import annotations

from chainrule.report import pictures
from chainrule.report.facts import Facts
from chainrule.report.html import Html, figure, join, tag, term
from chainrule.report.section import Section


def section(facts: Facts) -> Section:
    """Return the loss surface with the path."""
    made = pictures.loss_surface(facts)
    if isinstance(made, str) and not isinstance(made, Html):
        return Section("surface", "Loss surface", tag("p", made, class_="missing"))
    said = join(
        ["The ", term("loss surface", "loss"), " over the two directions in which the weights moved most, through the ",
         "weights that were kept; the line is the path that the ", term("optimizer"), " took."]
    )  # fmt: skip
    return Section("surface", "Loss surface", figure(made, said, wide=True))
