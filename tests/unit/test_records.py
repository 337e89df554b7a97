"""Records behave as frozen data classes do."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any, ClassVar

import pytest

from chainrule.records import Record, field, replace


class Base(Record):
    """A record without fields."""


class Both(Base):
    kind: ClassVar[str] = "both"
    a: int
    b: list[int] = field(default_factory=list)
    hidden: Any = field(default_factory=dict, compare=False, repr=False)
    c: float = 0.5


class More(Both):
    d: str = "d"
    a: int = 7


class Needed(Record):
    state: Any = field(compare=False, repr=False)


@dataclasses.dataclass(frozen=True)
class Twin:
    a: int
    b: list[int] = dataclasses.field(default_factory=list)
    hidden: Any = dataclasses.field(default_factory=dict, compare=False, repr=False)
    c: float = 0.5


@pytest.mark.parametrize("args", [((1,), {}), ((1, [2]), {"c": 3}), ((), {"a": 1, "hidden": 4})])
def test_it_is_made_and_printed_like_a_data_class(args: Any) -> None:
    positional, named = args
    mine, theirs = Both(*positional, **named), Twin(*positional, **named)
    assert vars(mine) == vars(theirs)
    assert repr(mine) == repr(theirs).replace("Twin", "Both")
    assert Both.__match_args__ == Twin.__match_args__


def test_defaults_are_made_anew() -> None:
    assert Both(1).b is not Both(1).b
    assert More().a == 7
    assert More(d="e") == More(7, d="e") != More()


def test_equal_records_of_one_class_are_equal() -> None:
    assert Both(1, hidden=1) == Both(1, hidden=2) != Both(2)
    assert Both(1) != More(1)
    assert Both(1) != Twin(1)
    assert hash(Needed(1)) == hash(Needed(2))
    assert {Base(): 1}[Base()] == 1


def test_it_does_not_change() -> None:
    record = Both(1)
    with pytest.raises(AttributeError, match="Both does not change: cannot set 'a'"):
        record.a = 2  # type: ignore[misc]
    with pytest.raises(AttributeError, match="cannot delete 'a'"):
        del record.a
    assert replace(record, a=2) == Both(2)
    assert record.a == 1


@pytest.mark.parametrize(
    ("args", "named", "message"),
    [
        ((), {}, "Both: missing argument 'a'"),
        ((1,), {"z": 2}, "Both: unknown or repeated argument 'z'"),
        ((1,), {"a": 2}, "Both: unknown or repeated argument 'a'"),
        ((1, 2, 3, 4, 5), {}, "Both: expected at most 4 arguments, received 5"),
    ],
)
def test_wrong_arguments_are_named(args: Any, named: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Both(*args, **named)
    with pytest.raises(TypeError):
        Twin(*args, **named)


def test_a_field_without_default_must_be_given() -> None:
    with pytest.raises(TypeError, match="missing argument 'state'"):
        Needed()  # type: ignore[call-arg]


def test_it_is_copied_pickled_and_matched() -> None:
    record = Both(1, [2])
    assert copy.copy(record) is record
    deep = copy.deepcopy(record)
    assert deep == record
    assert deep.b is not record.b
    assert pickle.loads(pickle.dumps(record)) == record
    match record:
        case Both(a, [b]):
            assert (a, b) == (1, 2)
        case _:
            pytest.fail("no match")
