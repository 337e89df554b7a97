"""Formulas as data: what an activation or a loss computes, printed and checked from one expression."""

from chainrule.formulas.facts import Facts, facts_of, with_facts
from chainrule.formulas.formula import Formula, format_number

__all__ = ["Facts", "Formula", "facts_of", "format_number", "with_facts"]
