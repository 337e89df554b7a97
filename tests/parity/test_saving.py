"""Files between chainrule and Keras: what Keras saved is read here and trains on alike, and the other way round.

`make_saving_fixtures.py` wrote what Keras did. The other way needs Keras itself: set CHAINRULE_KERAS_PYTHON to a Python
that has it. Without it, the configurations we write are held against golden ones, with which Keras was tried.
"""

from __future__ import annotations

import io
import json
import os
import runpy
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import chainrule as cr
from chainrule import tree
from chainrule.saving.state import owners
from chainrule.utils.naming import reset_names

HERE = Path(__file__).parent
FILES = HERE / "fixtures" / "saving"
GOLDEN = HERE.parent / "golden" / "saving"
SHARED = runpy.run_path(str(HERE / "architectures.py"))
ARCHITECTURES, train, data_of = SHARED["ARCHITECTURES"], SHARED["train"], SHARED["data_of"]
WARM_UP, STEPS = SHARED["WARM_UP"], SHARED["STEPS"]
RESULTS = np.load(HERE / "fixtures" / "saving.npz")
OPERATIONS = json.loads((HERE / "fixtures" / "operations.json").read_text())
CASES = runpy.run_path(str(HERE / "operation_cases.py"))


@pytest.fixture(autouse=True)
def own_classes() -> Iterator[None]:
    reset_names()
    before = dict(cr.saving.get_custom_objects())
    SHARED["custom"](cr)
    yield
    cr.saving.get_custom_objects().clear()
    cr.saving.get_custom_objects().update(before)


def flat(arrays: Any) -> Any:
    return np.concatenate([np.asarray(a, np.float64).reshape(-1) for a in tree.flatten(arrays)])


# -- from Keras -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_file_of_keras_predicts_and_trains_on_alike(name: str) -> None:
    model = cr.models.load_model(FILES / f"{name}.keras")
    x, y = data_of(name)
    np.testing.assert_allclose(flat(model.predict(x, verbose=0)), RESULTS[f"{name}/predictions"], atol=1e-6)
    losses = train(model, x, y, WARM_UP, STEPS)
    np.testing.assert_allclose(losses, RESULTS[f"{name}/losses"], rtol=1e-5)
    np.testing.assert_allclose(flat(model.get_weights()), RESULTS[f"{name}/weights"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_a_file_of_keras_saved_again_continues_alike(name: str, tmp_path: Path) -> None:
    cr.models.load_model(FILES / f"{name}.keras").save(tmp_path / "again.keras")
    model = cr.models.load_model(tmp_path / "again.keras")
    x, y = data_of(name)
    train(model, x, y, WARM_UP, STEPS)
    np.testing.assert_allclose(flat(model.get_weights()), RESULTS[f"{name}/weights"], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_without_compile_there_is_no_optimizer(name: str) -> None:
    model = cr.models.load_model(FILES / f"{name}.keras", compile=False)
    assert not model.compiled
    x, _ = data_of(name)
    np.testing.assert_allclose(flat(model.predict(x, verbose=0)), RESULTS[f"{name}/predictions"], atol=1e-6)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_weights_alone(name: str) -> None:
    cr.utils.set_random_seed(1)
    model = ARCHITECTURES[name][0](cr)
    x, _ = data_of(name)
    model.load_weights(FILES / f"{name}.keras")
    np.testing.assert_allclose(flat(model.predict(x, verbose=0)), RESULTS[f"{name}/predictions"], atol=1e-6)


# -- as Keras writes --------------------------------------------------------------------------------------------------


def members_of(path: Path) -> tuple[Any, dict[str, Any]]:
    """Return the configuration of a file, and its arrays by path with the names of the groups as attributes."""
    import h5py

    with zipfile.ZipFile(path) as archive:
        config = json.loads(archive.read("config.json"))
        data = archive.read("model.weights.h5")
    found: dict[str, Any] = {}
    with h5py.File(io.BytesIO(data)) as file:
        file.visititems(lambda name, item: found.update({name: getattr(item, "shape", dict(item.attrs))}))
    return config, found


def unnumbered(value: Any) -> Any:
    """Return a configuration without nulls and what differs from run to run: the numbers of shared objects."""
    if isinstance(value, dict):
        kept = {k: unnumbered(v) for k, v in value.items() if k not in ("shared_object_id", "jit_compile")}
        return {k: v for k, v in kept.items() if v not in (None, {}, {"input_shape": None})}
    return [unnumbered(v) for v in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_groups_and_arrays_lie_where_keras_puts_them(name: str, tmp_path: Path) -> None:
    cr.models.load_model(FILES / f"{name}.keras").save(tmp_path / "ours.keras")
    _, theirs = members_of(FILES / f"{name}.keras")
    _, ours = members_of(tmp_path / "ours.keras")
    assert ours == theirs


@pytest.mark.parametrize("name", [n for n in ARCHITECTURES if n not in ("own_classes", "subclassed")])
def test_the_configuration_read_and_written_is_the_same(name: str, tmp_path: Path) -> None:
    cr.models.load_model(FILES / f"{name}.keras").save(tmp_path / "ours.keras")
    theirs, ours = (unnumbered(members_of(p)[0]) for p in (FILES / f"{name}.keras", tmp_path / "ours.keras"))
    without_call_flags(theirs), without_call_flags(ours)
    assert ours.pop("compile_config", None) is not None
    assert theirs.pop("compile_config", None) is not None
    assert close(ours, theirs), differences(ours, theirs)


def without_call_flags(config: Any) -> None:
    """Drop `training=False` and `mask=None` from calls: Keras writes what each layer was called with by default."""
    for part in config.values() if isinstance(config, dict) else config if isinstance(config, list) else ():
        without_call_flags(part)
    if isinstance(config, dict) and "args" in config:
        config.get("kwargs", {}).pop("training", None)
        if not config.get("kwargs"):
            config.pop("kwargs", None)


def close(a: Any, b: Any) -> bool:
    return not differences(a, b)


def differences(a: Any, b: Any, at: str = "") -> list[str]:
    """Return where two configurations differ by more than the rounding of a float32."""
    if isinstance(a, dict) and isinstance(b, dict):
        names = {*a, *b} - ({"build_config"} if "build_config" not in a else set())  # Keras has it for more layers
        return [d for k in sorted(names) for d in differences(a.get(k), b.get(k), f"{at}.{k}")]
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        return [d for i, (x, y) in enumerate(zip(a, b, strict=True)) for d in differences(x, y, f"{at}[{i}]")]
    if isinstance(a, float) and isinstance(b, float):
        return [] if a == pytest.approx(b, rel=1e-6) else [f"{at}: {a} {b}"]
    return [] if a == b else [f"{at}: {a} {b}"]


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_each_owner_of_variables_comes_once(name: str) -> None:
    model = cr.models.load_model(FILES / f"{name}.keras")
    paths = [path for path, _ in owners(model)]
    assert len(paths) == len(set(paths))
    held = [id(v) for _, thing in owners(model, with_optimizer=False) for v in own(thing)]
    assert sorted(held) == sorted(id(v) for v in model.variables)


def own(layer: Any) -> list[Any]:
    return [*layer._variables_trainable, *layer._variables_fixed]


# -- operations between layers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CASES["CASES"])
def test_an_operation_read_from_keras_computes_the_same(name: str) -> None:
    model = cr.models.model_from_json(json.dumps(OPERATIONS[name]["model"]))
    outputs = tree.flatten(model(CASES["inputs_of"]()))
    assert [list(v.shape) for v in outputs] == OPERATIONS[name]["shapes"]
    np.testing.assert_allclose(flat(outputs), np.concatenate(OPERATIONS[name]["outputs"]), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", CASES["CASES"])
def test_an_operation_is_described_as_keras_does(name: str) -> None:
    ours = json.loads(CASES["model_of"](cr, name).to_json())
    assert [*map(divided, calls_of(ours))] == [*map(divided, calls_of(OPERATIONS[name]["model"]))]


def calls_of(description: Any) -> list[Any]:
    """Return class, settings and arguments of each operation."""
    found = []
    for layer in description["config"]["layers"]:
        if layer["class_name"] != "InputLayer":
            config = {k: v for k, v in layer["config"].items() if k != "name"}
            call = layer["inbound_nodes"][0]
            args = [*call["args"], *call["kwargs"].values()]  # the order is that of Keras's class
            names = json.dumps(args).replace("true_divide", "divide")
            found.append([layer["module"], layer["class_name"], config, json.loads(names)])
    return found


def divided(call: Any) -> Any:
    """`/` is TrueDivide in Keras, and the op `divide` here: the same."""
    return [*call[:1], "Divide", *call[2:]] if call[1] == "TrueDivide" else call


# -- to Keras ---------------------------------------------------------------------------------------------------------


def described(name: str) -> Any:
    """Return the configuration we write for an architecture, without numbers of shared objects."""
    reset_names()
    cr.utils.set_random_seed(1)
    model = ARCHITECTURES[name][0](cr)
    buffer = io.BytesIO()
    model.save(buffer)
    buffer.seek(0)
    with zipfile.ZipFile(buffer) as archive:
        return json.loads(archive.read("config.json"))


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_configuration_we_write_is_the_one_keras_was_tried_with(name: str) -> None:
    golden = json.loads((GOLDEN / f"{name}.json").read_text())
    assert not differences(described(name), golden)


def test_keras_reads_our_files_and_trains_on_alike() -> None:
    python = os.environ.get("CHAINRULE_KERAS_PYTHON")
    if not python:
        pytest.skip("set CHAINRULE_KERAS_PYTHON to a Python that has Keras to try our files with it")
    script = HERE / "check_keras_reads_ours.py"
    result = subprocess.run([python, str(script)], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


if __name__ == "__main__":  # writes the golden configurations, after check_keras_reads_ours.py has passed
    GOLDEN.mkdir(parents=True, exist_ok=True)
    SHARED["custom"](cr)
    for key in ARCHITECTURES:
        text = json.dumps(described(key), indent=1)
        (GOLDEN / f"{key}.json").write_text(text + "\n")
    sys.stdout.write(f"{len(ARCHITECTURES)} configurations\n")
