"""The glossary: complete, without loose ends, equal to the page in the documentation."""

import re
from collections import Counter
from pathlib import Path

import pytest

import chainrule as cr
from chainrule.errors import UnknownNameError
from chainrule.terms import TERMS, page

PAGE = Path(__file__).parents[3] / "docs" / "glossary.md"
LECTURE = (
    "perceptron", "weight", "bias", "activation function", "sigmoid", "prediction table", "loss",
    "mean squared error", "loss surface", "descent", "gradient descent", "learning rate", "derivative",
    "gradient", "chain rule", "backpropagation", "XOR", "linearly separable", "hidden layer",
    "multilayer perceptron", "scalar form", "matrix form", "tanh", "ReLU", "softmax", "cross-entropy", "epoch",
    "batch", "step", "overfitting", "underfitting", "regularisation", "L1 regularisation", "L2 regularisation",
    "dropout", "early stopping", "training set", "validation set", "test set", "accuracy", "confusion matrix",
    "precision", "recall", "one-hot encoding", "standardisation", "momentum", "Adam", "regression",
    "classification", "universal approximation",
)  # fmt: skip


def test_every_term_of_the_lecture_is_there():
    assert [name for name in LECTURE if name not in TERMS] == []


def test_no_word_means_two_things():
    words = Counter(w.lower() for t in TERMS.values() for w in (t.name, *t.also))
    assert [w for w, n in words.items() if n > 1] == []


def test_references_lead_somewhere():
    assert [(t.name, name) for t in TERMS.values() for name in t.see if name not in TERMS] == []
    assert [t.name for t in TERMS.values() if t.name in t.see] == []


def test_one_or_two_sentences_each():
    for term in TERMS.values():
        sentences = re.split(r"(?<=[.:])\s+(?=[A-Z])", term.text)
        assert 1 <= len(sentences) <= 3, term.name
        assert 25 <= len(term.text) <= 330, term.name
        assert term.text.endswith((".", "h.", "w.")), term.name


def test_addresses_are_unique():
    slugs = [t.slug for t in TERMS.values()]
    assert len(set(slugs)) == len(slugs)
    assert all(re.fullmatch(r"[a-z0-9-]+", s) for s in slugs)


@pytest.mark.parametrize(
    ("asked", "found"),
    [("Logit", "logit"), ("MLP", "multilayer perceptron"), ("weights", "weight"), ("classes", "class"),
     ("learning_rate", "learning rate"), ("regularization", "regularisation"), ("AUC", "ROC AUC"), ("R²", "R²")],
)  # fmt: skip
def test_words_are_found_as_people_write_them(asked, found):
    assert cr.glossary(asked).name == found


def test_near_misses_are_suggested():
    with pytest.raises(UnknownNameError, match=r"Unknown term 'backpropogation'\. Did you mean 'backpropagation'"):
        cr.glossary("backpropogation")


def test_it_prints_as_text_and_html():
    assert str(cr.glossary("step")).startswith("step (iteration, update): One update of the weights")
    assert "<b>step</b>" in cr.glossary("step")._repr_html_()


def test_the_live_page_s_glossary_has_every_term_and_no_dead_link():
    made = page.web_page()
    names = re.findall(r'<dt id="([^"]*)">', made)
    assert names == [t.slug for t in TERMS.values()]
    assert set(re.findall(r'href="#([^"]*)"', made)) <= set(names)


def test_the_page_is_what_the_script_writes():
    assert PAGE.read_text(encoding="utf-8") == page.markdown(), "run: python -m chainrule.terms.page docs/glossary.md"
    links = set(re.findall(r"\]\(#([^)]*)\)", page.markdown()))
    assert links <= set(re.findall(r'<a id="([^"]*)">', page.markdown()))
