"""Small products run on one BLAS thread, and the number of threads comes back afterwards."""

from __future__ import annotations

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import threads


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stand in for OpenBLAS: a list of the numbers of threads that were set, the last being in force."""
    numbers = [4]
    monkeypatch.setattr(threads, "openblas", lambda: (lambda: numbers[-1], numbers.append))
    return numbers


def test_one_thread_for_small_products_only(log: list[int]) -> None:
    with threads.threads_for(parameters=1000, rows=32):
        assert log == [4, 1]
    assert log == [4, 1, 4]
    with threads.threads_for(parameters=10_000_000, rows=256):
        assert log == [4, 1, 4]


def test_the_last_block_to_end_restores_the_number(log: list[int]) -> None:
    with threads.threads_for(1, 1), threads.threads_for(1, 1):
        assert log == [4, 1]
    assert log == [4, 1, 4]


def test_another_blas_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threads, "openblas", lambda: None)
    with threads.threads_for(1, 1):
        pass


def test_fit_and_predict_ask_for_it(log: list[int]) -> None:
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse", engine="reference")
    model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0)
    assert log[1:] == [1, 4]
    model.predict(np.zeros((4, 2)), verbose=0)
    assert log[1:] == [1, 4, 1, 4]
