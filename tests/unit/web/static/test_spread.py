"""Histograms of the offline page are those of the live one."""

from __future__ import annotations

from typing import Any

import numpy as np

from chainrule.recording.lines import plain
from chainrule.web.summaries import histogram

MODULE = """
import { histogram } from "./tabs/spread.js";
import { number } from "./numbers.js";

export default (cases) => cases.map(([data, most]) => histogram(Float64Array.from(data, number), most));
"""


def test_the_same_bins_counts_and_numbers_that_are_none(javascript: Any) -> None:
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=n) for n in (1, 2, 8, 100, 5000)]
    arrays += [np.array([1.0, np.nan, 3.0, np.inf]), np.array([np.nan]), np.full(5, 2.0)]
    found = javascript(MODULE, [[plain(a.tolist()), 24] for a in arrays])
    for given, a in zip(found, arrays, strict=True):
        expected = histogram(a, 24)
        assert given["counts"] == expected["counts"]
        assert given["not_finite"] == expected["not_finite"]
        np.testing.assert_allclose(given["edges"], expected["edges"], rtol=1e-12, atol=1e-12)
    assert [len(given["counts"]) for given in found] == [4, 5, 7, 15, 24, 5, 1, 6]
