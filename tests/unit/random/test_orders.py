"""The order of rows is the same with and without compiled code."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule.random import orders, threefry


@pytest.mark.parametrize("n", [0, 1, 2, 63, 64, 65, 1000])
def test_native_and_python_orders_are_equal(n: int, monkeypatch: pytest.MonkeyPatch) -> None:
    found = orders.row_order((1, 2), n)
    assert found.dtype == np.int64
    assert found.tolist() == threefry.permutation((1, 2), n).tolist()
    monkeypatch.setattr(orders, "compiled", lambda: "the native engine is not installed")
    assert orders.row_order((1, 2), n).tolist() == found.tolist()
