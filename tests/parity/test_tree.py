"""`chainrule.tree` says of many structures what `keras.tree` says (fixtures from make_tree_fixtures.py)."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from chainrule import tree

sys.path.insert(0, str(Path(__file__).parent))
from tree_cases import LENIENT, answers

KERAS = json.loads((Path(__file__).parent / "fixtures" / "tree.json").read_text(encoding="utf-8"))
OURS = answers(tree)
MORE = {f"{name}/{what}" for name in LENIENT for what in ("map_two", "up_to")}
MORE |= {"none/up_to", "none_and_number/up_to"}  # Keras takes a None in the shallow structure for a structure


def test_the_same_questions() -> None:
    assert set(OURS) == set(KERAS)


@pytest.mark.parametrize("question", sorted(set(KERAS) - MORE))
def test_the_same_answers(question: str) -> None:
    assert OURS[question] == KERAS[question]


@pytest.mark.parametrize("question", sorted(MORE))
def test_what_keras_refuses_and_works_here(question: str) -> None:
    assert KERAS[question] == "ValueError"
    assert OURS[question] != "ValueError"


def test_check_types_does_nothing_and_says_so() -> None:
    with pytest.warns(DeprecationWarning, match="`check_types` argument is deprecated"):
        tree.assert_same_structure([1], [2], check_types=True)
