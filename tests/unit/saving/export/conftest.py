from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr


@pytest.fixture(params=["float32", "float64"])
def dtype(request: pytest.FixtureRequest) -> Iterator[str]:
    """The float type that models are made and run in."""
    before = cr.config.floatx()
    cr.config.set_floatx(request.param)
    yield request.param
    cr.config.set_floatx(before)


@pytest.fixture
def difference() -> Callable[[Any, Any], float]:
    """The largest difference of two arrays, relative to numbers above 1."""

    def measure(found: Any, wanted: Any) -> float:
        assert np.shape(found) == np.shape(wanted)
        return float(np.max(np.abs(np.asarray(found) - wanted) / np.maximum(1, np.abs(wanted))))

    return measure


@pytest.fixture
def small() -> Any:
    return cr.Sequential([cr.Input((2,)), cr.layers.Dense(3, "relu"), cr.layers.Dense(1)])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "file"
