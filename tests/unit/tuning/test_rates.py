"""What losses at many learning rates suggest, on curves made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.tuning.rates import LearningRates, smoothed, suggestions_of

RATES = np.geomspace(1e-6, 10, 71)


def curve(fall_from: float, fall_to: float, level: float = 1.0) -> np.ndarray:
    """A loss that is flat, falls to a tenth between two rates in a straight line of its logarithm, then explodes."""
    share = np.clip(np.log(RATES / fall_from) / np.log(fall_to / fall_from), 0, 1)
    return level * (1 - 0.9 * share + np.where(fall_to < RATES, (RATES / fall_to) ** 2 - 1, 0))


@pytest.mark.parametrize("level", [1e-3, 1.0, 1e6])
def test_the_suggestion_is_the_middle_of_the_descent(level: float) -> None:
    found = LearningRates.of(RATES, curve(1e-4, 1e-1, level))
    assert np.log10(found.suggestion) == pytest.approx(-2.4, abs=0.15)
    assert found.suggestions["lowest"] == pytest.approx(0.1)
    assert 1e-4 < found.suggestions["steepest"] <= 0.1


def test_steepest_is_where_the_loss_falls_fastest() -> None:
    losses = 1 / (1 + np.exp(4 * np.log10(RATES / 1e-3)))
    assert np.log10(suggestions_of(RATES, losses)["steepest"]) == pytest.approx(-3, abs=0.11)


def test_noise_at_rates_too_small_does_not_matter() -> None:
    noise = np.random.default_rng(0).normal(0, 0.03, len(RATES)) * (RATES < 1e-4)
    quiet, noisy = (LearningRates.of(RATES, curve(1e-4, 1e-1) + e) for e in (0, noise))
    assert np.log(noisy.suggestion / quiet.suggestion) == pytest.approx(0, abs=0.5)
    assert noisy.suggestions["lowest"] == quiet.suggestions["lowest"]


def test_a_loss_that_only_rises_suggests_the_smallest_rate() -> None:
    found = LearningRates.of([0.1, 1.0, 10.0], [1.0, 2.0, 3.0])
    assert dict(found.suggestions) == {"valley": 0.1, "steepest": 0.1, "lowest": 0.1}


def test_running_means_weigh_what_came_before() -> None:
    assert smoothed(np.array([1.0, 2.0]), 0.0).tolist() == [1.0, 2.0]
    assert smoothed(np.ones(5), 0.9) == pytest.approx(np.ones(5))


def test_text_marks_the_suggestion_and_says_that_the_loss_ran_away() -> None:
    text = str(LearningRates.of(RATES, curve(1e-4, 1e-1), exploded=True))
    assert text.startswith("Learning rate 0.00")
    assert text.count("suggested") == 2
    assert text.endswith("Then the loss ran away.")
    assert len(text.splitlines()) < 25


def test_to_dict_holds_every_number() -> None:
    found = LearningRates.of(RATES, curve(1e-4, 1e-1)).to_dict()
    assert found["suggestion"] == found["suggestions"]["valley"]
    assert len(found["rates"]) == len(found["losses"]) == len(found["smooth"]) == len(RATES)
