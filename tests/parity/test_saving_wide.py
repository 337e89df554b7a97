"""Thirty-two more models that Keras saved, as `.keras`, legacy `.h5` and weights: read here, and trained on alike.

`make_wide_fixtures.py` wrote what Keras did; `check_keras_reads_ours.py` tries the other way round, with Keras.
"""

from __future__ import annotations

import json
import runpy
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import tree
from chainrule.utils.naming import reset_names

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
try:
    SHARED = runpy.run_path(str(HERE / "architectures_wide.py"))
finally:
    sys.path.remove(str(HERE))
WIDE, train, data_of, own = SHARED["WIDE"], SHARED["train"], SHARED["wide_data_of"], SHARED["own"]
WARM_UP, STEPS = SHARED["WARM_UP"], SHARED["STEPS"]
COMPARE = runpy.run_path(str(HERE / "test_saving.py"))
RESULTS: dict[str, Any] = {}
FILES: dict[str, bytes] = {}
for stem in ("saving_wide", "saving_words"):
    RESULTS |= dict(np.load(HERE / "fixtures" / f"{stem}.npz"))
    with zipfile.ZipFile(HERE / "fixtures" / f"{stem}.zip") as archive:
        FILES |= {name: archive.read(name) for name in archive.namelist()}
LEGACY = [name for name in WIDE if f"{name}.h5" in FILES]
WEIGHTS = [name for name in WIDE if f"{name}.weights.h5" in FILES]


@pytest.fixture(autouse=True)
def own_classes() -> Iterator[None]:
    reset_names()
    before = dict(cr.saving.get_custom_objects())
    own(cr)
    yield
    cr.saving.get_custom_objects().clear()
    cr.saving.get_custom_objects().update(before)


def file(name: str, ending: str, folder: Path) -> Path:
    path = folder / f"{name}{ending}"
    path.write_bytes(FILES[path.name])
    return path


def flat(arrays: Any) -> Any:
    return np.concatenate([np.asarray(a, np.float64).reshape(-1) for a in tree.flatten(arrays)])


def goes_on_alike(model: Any, name: str) -> None:
    """Compare predictions, the losses of further steps, and the weights after them with those of Keras."""
    x, y = data_of(name)
    np.testing.assert_allclose(flat(model.predict(x, verbose=0)), RESULTS[f"{name}/predictions"], atol=1e-6, rtol=1e-6)
    losses = train(model, x, y, WARM_UP, STEPS)
    np.testing.assert_allclose(losses, RESULTS[f"{name}/losses"], rtol=2e-5)
    np.testing.assert_allclose(flat(model.get_weights()), RESULTS[f"{name}/weights"], rtol=2e-5, atol=3e-6)


@pytest.mark.parametrize("name", WIDE)
def test_a_file_of_keras_goes_on_alike(name: str, tmp_path: Path) -> None:
    goes_on_alike(cr.models.load_model(file(name, ".keras", tmp_path)), name)


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("zipped", [True, False])
def test_saved_again_it_goes_on_alike(name: str, zipped: bool, tmp_path: Path) -> None:
    path = tmp_path / ("again.keras" if zipped else "again")
    cr.models.load_model(file(name, ".keras", tmp_path)).save(path, zipped=zipped)
    goes_on_alike(cr.models.load_model(path), name)


@pytest.mark.parametrize("name", LEGACY)
def test_a_legacy_file_of_keras_goes_on_alike(name: str, tmp_path: Path) -> None:
    goes_on_alike(cr.models.load_model(file(name, ".h5", tmp_path)), name)


@pytest.mark.parametrize("name", LEGACY)
@pytest.mark.filterwarnings("ignore:The HDF5 form:UserWarning")
def test_saved_as_a_legacy_file_it_goes_on_alike(name: str, tmp_path: Path) -> None:
    cr.models.load_model(file(name, ".keras", tmp_path)).save(tmp_path / "again.h5")
    goes_on_alike(cr.models.load_model(tmp_path / "again.h5"), name)


@pytest.mark.parametrize("name", WEIGHTS)
def test_weights_of_keras_with_the_state_of_the_optimizer(name: str, tmp_path: Path) -> None:
    model = WIDE[name][0](cr)
    model.load_weights(file(name, ".weights.h5", tmp_path))
    goes_on_alike(model, name)


@pytest.mark.parametrize("name", LEGACY)
def test_weights_of_a_legacy_file(name: str, tmp_path: Path) -> None:
    model = WIDE[name][0](cr)
    x, _ = data_of(name)
    model.load_weights(file(name, ".h5", tmp_path))
    np.testing.assert_allclose(flat(model.predict(x, verbose=0)), RESULTS[f"{name}/predictions"], atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("name", WIDE)
def test_the_configuration_read_and_written_is_the_same(name: str, tmp_path: Path) -> None:
    path = file(name, ".keras", tmp_path)
    cr.models.load_model(path).save(tmp_path / "ours.keras")
    theirs, ours = (COMPARE["unnumbered"](COMPARE["members_of"](p)[0]) for p in (path, tmp_path / "ours.keras"))
    for config in (theirs, ours):
        COMPARE["without_call_flags"](config)
        assert config.pop("compile_config", None) is not None
    differing = [text for text in COMPARE["differences"](ours, theirs) if not text.endswith(" architectures_wide")]
    assert differing == []  # but for the module of one's own classes


@pytest.mark.parametrize("name", WIDE)
def test_groups_and_arrays_lie_where_keras_puts_them(name: str, tmp_path: Path) -> None:
    path = file(name, ".keras", tmp_path)
    cr.models.load_model(path).save(tmp_path / "ours.keras")
    ours, theirs = (COMPARE["members_of"](p)[1] for p in (tmp_path / "ours.keras", path))
    if name in ("layers_within", "nested_classes"):  # layers within layers get their numbers in another order
        ours, theirs = ({k: v for k, v in found.items() if isinstance(v, tuple)} for found in (ours, theirs))
    assert ours == theirs


@pytest.mark.parametrize("name", WIDE)
def test_described_and_built_again_from_json(name: str, tmp_path: Path) -> None:
    model = cr.models.load_model(file(name, ".keras", tmp_path))
    again = cr.models.model_from_json(model.to_json())
    again.set_weights(model.get_weights())
    x, _ = data_of(name)
    found, wanted = (flat(m.predict(x, verbose=0)) for m in (again, model))
    np.testing.assert_allclose(found, wanted, atol=1e-6)
    assert json.loads(again.to_json()) == json.loads(model.to_json())
