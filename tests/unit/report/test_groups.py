"""Scores of parts of the rows, against scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, precision_recall_fscore_support, precision_score, recall_score

from chainrule.report.facts import Facts
from chainrule.report.folder import read_folder
from chainrule.report.groups import (
    Group,
    _quarters,
    by_class,
    by_column,
    by_tenth,
    by_threshold,
    conformal,
    uneven,
    wilson,
)

RNG = np.random.default_rng(6)


def test_thresholds():
    y = RNG.integers(0, 2, 200)
    p = np.clip(0.3 * y + 0.7 * RNG.random(200), 0, 1)
    for found in by_threshold(y, p):
        said = p > found.threshold
        assert found.flagged == said.sum()
        assert found.accuracy == pytest.approx(accuracy_score(y, said))
        if found.flagged:
            assert found.precision == pytest.approx(precision_score(y, said))
        assert found.recall == pytest.approx(recall_score(y, said))
    assert by_threshold(np.zeros(3, int), np.zeros(3), (0.5,))[0].precision is None


def test_classes():
    y, said = RNG.integers(0, 4, 300), RNG.integers(0, 4, 300)
    precision, recall, f1, support = precision_recall_fscore_support(y, said)
    for i, found in enumerate(by_class(y, said, 4)):
        assert (found.precision, found.recall, found.f1) == pytest.approx((precision[i], recall[i], f1[i]))
        assert found.rows == support[i]
    assert by_class(y, said, 5)[4].f1 is None


def test_wilson_against_scipy():
    from scipy.stats import binomtest

    for right, n in ((0, 5), (9, 10), (50, 80)):
        theirs = binomtest(right, n).proportion_ci(method="wilson")
        assert wilson(right, n) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


def test_tenths_hold_every_row_once():
    y, p = RNG.normal(size=103), RNG.normal(size=103)
    found = by_tenth(y, p)
    assert len(found) == 10
    assert sum(t.rows for t in found) == 103
    assert [t.low for t in found] == sorted(t.low for t in found)
    assert sum(t.rmse**2 * t.rows for t in found) == pytest.approx(((y - p) ** 2).sum())
    assert len(by_tenth(y[:3], p[:3])) == 1


def test_the_interval_holds_what_it_promises():
    held = [np.mean(np.abs(RNG.normal(size=50)) <= conformal(np.abs(RNG.normal(size=60)))) for _ in range(400)]
    assert np.mean(held) == pytest.approx(0.9, abs=0.02)
    assert conformal(np.array([1.0, 2.0])) == 2.0


@pytest.mark.parametrize("name", ["city", "member", "since", 'weight "$kg$"'])
def test_groups_of_a_column_hold_every_held_out_row_once(trained, name):
    facts = Facts(read_folder(trained("ill")))
    found = by_column(facts, facts.prepared, name)
    rows = np.sort(np.concatenate([g.rows for g in found]))
    np.testing.assert_array_equal(rows, np.arange(len(facts.prepared.split.test)))
    if name == "member":
        assert {g.name for g in found} == {"no", "yes"}


def test_quarters_that_equal_values_make_uneven_are_told_apart():
    even, tied = _quarters(np.arange(200.0)), _quarters(np.array([1.0] * 35 + [2.0] * 60 + [3.0] * 50 + [4.0] * 55))
    assert [len(g.rows) for g in even] == [50] * 4
    assert len({len(g.rows) for g in tied}) > 1
    assert not uneven(even)
    assert uneven(tied)
    assert not uneven([Group("red", np.arange(3)), Group("blue", np.arange(90))])
