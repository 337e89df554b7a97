"""The glossary: every term that the lecture and our pages use, in a sentence or two (`chainrule.glossary`)."""

from __future__ import annotations

from chainrule.errors import unknown_name
from chainrule.terms import judging, learning, networks, tables
from chainrule.terms.term import Term as Term
from chainrule.terms.term import slug as slug

TERMS: dict[str, Term] = {
    t.name: t
    for t in sorted((*networks.TERMS, *learning.TERMS, *tables.TERMS, *judging.TERMS), key=lambda t: t.name.lower())
}
"""All entries by name, in alphabetical order."""

_FOUND = {**{word.lower(): t for t in TERMS.values() for word in t.also}, **{n.lower(): t for n, t in TERMS.items()}}


def glossary(term: str) -> Term:
    """Return what a term means.

    Args:
        term: a name, or another word for the same, in capitals or not; a plural is understood.

    Raises:
        UnknownNameError: there is no such entry; the message names near ones.

    >>> glossary("logit")
    logit (h, log-odds): What goes into the last sigmoid or softmax: a number on an open scale, 0 where
    the classes are equally likely. p = σ(h), so h = ln(p / (1 − p)).
    See also: sigmoid, softmax, pre-activation.
    >>> glossary("learning rates").name, glossary("MSE").name
    ('learning rate', 'mean squared error')
    """
    wanted = " ".join(str(term).lower().replace("_", " ").split())
    for word in (wanted, wanted.removesuffix("s"), wanted.removesuffix("es"), wanted.replace("ization", "isation")):
        if word in _FOUND:
            return _FOUND[word]
    raise unknown_name("term", term, _FOUND)
