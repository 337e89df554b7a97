"""The offline page looks along the directions that the live page and `chainrule.plot` look along, and as far."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chainrule.plot.arrays.directions import Directions
from chainrule.plot.numbers import principal

MODULE = """
import { around, principal } from "./landscape.js";

export default ({ paths, places }) => ({
  directions: paths.map((path) => {
    const { first, second, shares } = principal(path.map((p) => Float64Array.from(p)));
    return { axes: [Array.from(first), Array.from(second)], shares };
  }),
  axes: places.map(({ path, at, single }) => around(path, at, single, 7)),
});
"""


def test_the_same_directions_and_axes(javascript: Any) -> None:
    rng = np.random.default_rng(0)
    scales = np.array([8.0, 2.0, 0.1, 0.1, 0.1])
    paths = [np.cumsum(rng.normal(size=(12, 5)) * scales, axis=0) for _ in range(6)]
    places = [(rng.normal(size=(9, 2)) * [5, 1], True), (np.array([[3.0, 0.5]]), True), (np.zeros((4, 2)), False)]
    places += [(np.array([[0.2, -7.0]]), False), (np.array([[2.0, 9.0]] * 3), True)]
    given = [{"path": p.tolist(), "at": p[-1].tolist(), "single": single} for p, single in places]
    found = javascript(MODULE, {"paths": [p.tolist() for p in paths], "places": given})
    for own, path in zip(found["directions"], paths, strict=True):
        axes, shares = principal(path)
        np.testing.assert_allclose(own["shares"], shares, atol=1e-6)
        np.testing.assert_allclose(own["axes"], axes, atol=1e-4)
    for shown, (path, single) in zip(found["axes"], places, strict=True):
        plane = Directions(np.zeros(2), path[-1], np.eye(2), ("a", "b"), single=single)
        for values, expected in zip(shown, plane.around(path, 7), strict=True):
            assert values == pytest.approx(expected.tolist(), abs=1e-12)
