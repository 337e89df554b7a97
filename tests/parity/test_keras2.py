"""Files of Keras 2 (`.h5`, weights, and `.keras` of its last versions): predictions, optimizer state, further training.

`make_keras2_fixtures.py` wrote them, and what Keras 2 computed.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import tree
from chainrule.errors import ModelFileError

HERE = Path(__file__).parent / "fixtures"
RESULTS = np.load(HERE / "keras2.npz")
FILES = zipfile.ZipFile(HERE / "keras2.zip")
NAMES = [name.removesuffix(".h5") for name in FILES.namelist() if name.endswith(".h5")]
WEIGHTS = [name.removesuffix(".weights") for name in FILES.namelist() if name.endswith(".weights")]
BATCH, WARM_UP, STEPS = 8, 3, 4
CHANGED = {"old_RMSprop", "old_Nadam", "new_Nadam"}  # optimizers whose arithmetic Keras has changed since


class Scale(cr.layers.Layer):
    def __init__(self, start: float = 1.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.start = start

    def build(self, input_shape: Any) -> None:
        self.factor = self.add_weight(shape=(input_shape[-1],), name="factor")

    def call(self, x: Any) -> Any:
        return x * self.factor


def half_square(y_true: Any, y_pred: Any) -> Any:
    return cr.ops.mean(cr.ops.square(cr.ops.subtract(y_true, y_pred)), axis=-1) / 2


@pytest.fixture(autouse=True)
def own_classes() -> Iterator[None]:
    with cr.saving.custom_object_scope({"Scale": Scale, "half_square": half_square}):
        yield


def file(name: str, folder: Path, ending: str = "h5", to: str = "m.h5") -> Path:
    path = folder / to
    path.write_bytes(FILES.read(f"{name}.{ending}"))
    return path


def one(arrays: list[Any]) -> Any:
    return arrays[0] if len(arrays) == 1 else arrays


def data(name: str, kind: str) -> list[Any]:
    return [RESULTS[f"{name}/{kind}{i}"] for i in range(9) if f"{name}/{kind}{i}" in RESULTS.files]


def flat(arrays: Any) -> Any:
    return np.concatenate([np.asarray(a, np.float64).reshape(-1) for a in tree.flatten(arrays)])


def train(model: Any, name: str) -> list[float]:
    losses = []
    x, y = data(name, "x"), data(name, "y")
    for step in range(WARM_UP, WARM_UP + STEPS):
        rows = np.arange(BATCH * step, BATCH * (step + 1)) % len(x[0])
        logs = model.train_on_batch(one([v[rows] for v in x]), one([v[rows] for v in y]), return_dict=True)
        losses.append(logs["loss"])
        model.reset_metrics()
    return losses


@pytest.mark.parametrize("name", NAMES)
def test_a_model_predicts_and_trains_on_alike(name: str, tmp_path: Path) -> None:
    model = cr.models.load_model(file(name, tmp_path))
    np.testing.assert_allclose(
        flat(model.predict(one(data(name, "x")), verbose=0)), RESULTS[f"{name}/predictions"], atol=2e-6
    )
    assert float(model.optimizer.iterations) == WARM_UP
    rough = name in CHANGED
    np.testing.assert_allclose(train(model, name), RESULTS[f"{name}/losses"], rtol=1e-2 if rough else 2e-5)
    if not rough:
        np.testing.assert_allclose(flat(model.get_weights()), RESULTS[f"{name}/weights"], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", NAMES)
def test_the_state_of_the_optimizer_is_the_saved_one(name: str, tmp_path: Path) -> None:
    model = cr.models.load_model(file(name, tmp_path))
    theirs = np.sort(RESULTS[f"{name}/state"])
    ours = flat([v for v in model.optimizer.variables if v.name not in ("learning_rate", "u_product")])
    if name == "old_Nadam":
        theirs = np.sort(np.delete(RESULTS[f"{name}/state"], 1))  # the product of its momenta
        np.testing.assert_allclose(float(model.optimizer._u_product), RESULTS[f"{name}/state"][1], rtol=1e-6)
    if name == "new_SGD":
        theirs = theirs[theirs == WARM_UP]  # there are moments, which nothing uses
    np.testing.assert_allclose(np.sort(ours), theirs, rtol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_saved_again_in_todays_form(name: str, tmp_path: Path) -> None:
    model = cr.models.load_model(file(name, tmp_path))
    model.save(tmp_path / "m.keras")
    again = cr.models.load_model(tmp_path / "m.keras")
    assert train(again, name) == train(model, name)


@pytest.mark.parametrize("name", WEIGHTS)
@pytest.mark.parametrize("by_name", [False, True])
def test_weights_alone(name: str, by_name: bool, tmp_path: Path) -> None:
    model = cr.models.load_model(file(name, tmp_path), compile=False)
    for v in model.weights:
        v.assign(np.zeros(v.shape))
    model.load_weights(file(name, tmp_path, "weights", "w.h5"), by_name=by_name)
    np.testing.assert_allclose(
        flat(model.predict(one(data(name, "x")), verbose=0)), RESULTS[f"{name}/predictions"], atol=2e-6
    )


@pytest.mark.parametrize("name", WEIGHTS)
def test_the_zip_of_the_last_versions(name: str, tmp_path: Path) -> None:
    model = cr.models.load_model(file(name, tmp_path, "keras", "m.keras"))
    np.testing.assert_allclose(
        flat(model.predict(one(data(name, "x")), verbose=0)), RESULTS[f"{name}/predictions"], atol=2e-6
    )
    if name == "nested":  # Keras 2 leaves the state of its older optimizers out of zips
        assert float(model.optimizer.iterations) == 0
        return
    np.testing.assert_allclose(train(model, name), RESULTS[f"{name}/losses"], rtol=2e-5)


def test_a_class_that_is_not_known(tmp_path: Path) -> None:
    path = file("own_classes", tmp_path)
    with cr.saving.custom_object_scope({"Scale": None}), pytest.raises(ModelFileError, match="'Scale'"):
        cr.models.load_model(path)
