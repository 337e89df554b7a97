"""A finding prints itself, sorts by severity, and survives the way through a run file."""

from __future__ import annotations

import json

from chainrule.health import Finding
from chainrule.health.finding import worst_first

DEAD = Finding("dead-relu", "warning", "dense", 7, "5 of 8 units are dead.", {"dead": 5}, ("Use He.", "Use ELU."))


def test_text_names_severity_place_step_and_all_advice() -> None:
    assert str(DEAD) == "warning, dense, step 7: 5 of 8 units are dead.\n  try: Use He.\n  try: Use ELU."


def test_a_message_is_json_and_comes_back_as_it_was() -> None:
    message = json.loads(json.dumps(DEAD.to_message()))
    assert message == {
        "kind": "finding", "code": "dead-relu", "severity": "warning", "where": "dense", "step": 7,
        "message": "5 of 8 units are dead.", "numbers": {"dead": 5}, "tries": ["Use He.", "Use ELU."],
    }  # fmt: skip
    assert Finding.from_message(message) == DEAD


def test_errors_come_first_then_by_step() -> None:
    findings = [
        Finding("a", "note", "x", 1, "."),
        Finding("b", "warning", "x", 9, "."),
        Finding("c", "warning", "x", None, "."),
        Finding("d", "error", "x", 99, "."),
    ]
    assert [f.code for f in worst_first(findings)] == ["d", "c", "b", "a"]
