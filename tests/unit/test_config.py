"""The number of threads. Float types and logging are tested with what they concern."""

import re

import numpy as np
import pytest

from chainrule import config
from chainrule.errors import DataError
from chainrule.utils import cores


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    """Four usable cores, and no setting."""
    monkeypatch.setattr(cores, "usable_cores", lambda: 4)
    monkeypatch.delenv("CHAINRULE_NUM_THREADS", raising=False)
    yield
    config.set_num_threads(None)


def test_all_usable_cores_unless_told_otherwise():
    assert config.num_threads() == 4


@pytest.mark.parametrize(("asked", "given"), [(1, 1), (np.int64(3), 3), (4, 4), (64, 4)])
def test_never_more_than_the_usable_cores(asked, given):
    config.set_num_threads(asked)
    assert config.num_threads() == given


def test_environment(monkeypatch):
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", " 2 ")
    assert config.num_threads() == 2
    config.set_num_threads(3)
    assert config.num_threads() == 3, "what the program says counts for more"
    config.set_num_threads(None)
    assert config.num_threads() == 2
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "")
    assert config.num_threads() == 4


@pytest.mark.parametrize("count", [0, -1, 1.5, "many", "2.0", True, [2]])
def test_other_numbers_are_refused(count):
    message = f"set_num_threads: expected a whole number of threads from 1 up, received {count!r}."
    with pytest.raises(DataError, match=re.escape(message)):
        config.set_num_threads(count)
    assert config.num_threads() == 4


def test_other_numbers_in_the_environment_are_refused(monkeypatch):
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "all")
    message = "CHAINRULE_NUM_THREADS: expected a whole number of threads from 1 up, received 'all'."
    with pytest.raises(DataError, match=re.escape(message)):
        config.num_threads()
