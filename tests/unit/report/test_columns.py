"""Drift against SciPy and against chance; what a column explains alone, against scikit-learn."""

import numpy as np
import pytest
from scipy.stats import ks_2samp

from chainrule.report.columns import explained_alone, facts_of, kolmogorov_smirnov, total_variation
from chainrule.report.folder import read_folder

RNG = np.random.default_rng(4)


def test_the_distance_is_that_of_scipy():
    a, b = RNG.normal(size=300), np.r_[RNG.normal(0.5, 2, size=120), np.nan]
    ours = kolmogorov_smirnov(a, b, 0.001)
    theirs = ks_2samp(a, b[:-1])
    assert ours.size == pytest.approx(theirs.statistic, rel=1e-12)
    at_limit = ks_2samp(np.arange(1000), np.arange(1000) + 1000 * kolmogorov_smirnov(a[:2], a[:2], 1).size)
    assert at_limit.pvalue > 0.99
    assert kolmogorov_smirnov(np.array([np.nan]), b, 0.01).found is False


def test_chance_is_called_drift_as_rarely_as_said_and_a_shift_is_found():
    alarms = {"numbers": 0, "names": 0}
    for _ in range(1000):
        alarms["numbers"] += kolmogorov_smirnov(RNG.normal(size=300), RNG.normal(size=100), 0.01).found
        names = RNG.choice(8, size=400, p=[0.5, 0.2, 0.1, 0.08, 0.05, 0.04, 0.02, 0.01])
        alarms["names"] += total_variation(names[:300], names[300:], 0.01).found
    assert alarms["numbers"] <= 20
    assert alarms["names"] <= 20
    assert kolmogorov_smirnov(RNG.normal(size=300), RNG.normal(1, size=100), 0.01).found
    assert total_variation(RNG.choice(3, 300), RNG.choice(2, 100), 0.01).found


def test_half_the_sum_of_the_differences():
    found = total_variation(np.array([0, 0, 1, 1]), np.array([0, 2, 2, 2]), 0.5)
    assert found.size == pytest.approx((0.25 + 0.5 + 0.75) / 2)


@pytest.mark.parametrize("classes", [True, False])
def test_a_copy_of_the_target_explains_all_and_noise_nothing(classes):
    y = RNG.integers(0, 3, 3000) if classes else RNG.integers(0, 5, 3000).astype(float)
    train, test = np.arange(2000), np.arange(2000, 3000)
    assert explained_alone(y.astype(int), y, train, test, classes) > 0.98
    assert explained_alone(RNG.integers(0, 5, 3000), y, train, test, classes) < 0.01


def test_the_share_of_a_number_is_r2_of_its_bins():
    from sklearn.metrics import r2_score

    codes = RNG.integers(0, 4, 20_000)
    y = codes + RNG.normal(size=20_000)
    train, test = np.arange(15_000), np.arange(15_000, 20_000)
    means = np.array([y[train][codes[train] == k].mean() for k in range(4)])
    expected = r2_score(y[test], means[codes[test]])
    assert explained_alone(codes, y, train, test, False) == pytest.approx(expected, abs=2e-3)


def test_each_column_of_a_table(trained):
    prepared = read_folder(trained("ill")).prepared
    found = {c.column.name: c for c in facts_of(prepared)}
    assert found["note"].alone is None
    assert found["member"].alone > 0.02
    assert 0 < found["city"].drift.size < found["city"].drift.chance
    assert not any(c.drift.found for c in found.values() if c.drift)
