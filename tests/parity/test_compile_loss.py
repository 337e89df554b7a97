"""The loss of models with several outputs against Keras's. `make_compile_loss_fixtures.py` wrote what Keras gives."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chainrule import tree
from chainrule.autodiff import Tensor
from chainrule.losses.compile import CompileLoss

KERAS = json.loads((Path(__file__).parent / "fixtures" / "compile_loss.json").read_text())
ARRAYS = {name: np.array(values, np.float32) for name, values in KERAS["arrays"].items()}


def fill(structure: Any, wrap: Any = np.asarray) -> Any:
    return None if structure is None else tree.map_structure(lambda name: wrap(ARRAYS[name]), structure)


@pytest.mark.parametrize("i", range(len(KERAS["cases"])))
def test_totals_and_logs(i: int) -> None:
    loss, weights, names, y, p, w = KERAS["cases"][i]
    compiled = CompileLoss(loss, weights, output_names=names)
    total = compiled(fill(y), fill(p, Tensor), fill(w))
    assert isinstance(total, Tensor)
    assert float(total) == pytest.approx(KERAS["results"][i]["total"], rel=1e-6)
    logged = {m.name: float(m.result()) for m in compiled.metrics}
    assert logged == pytest.approx(KERAS["results"][i]["logged"], rel=1e-6)
