"""Where the compiled half of the native engine is missing or broken, one line says so, once."""

import importlib
import logging
import os
import subprocess
import sys

import numpy as np
import pytest

import chainrule as cr
from chainrule.engines import compiled

NOT_INSTALLED = "the native engine is not installed"


@pytest.fixture(autouse=True)
def anew():
    """Look for the module again, before and after."""
    compiled.compiled.cache_clear()
    compiled.note_slow.cache_clear()
    yield
    compiled.compiled.cache_clear()
    compiled.note_slow.cache_clear()


@pytest.fixture
def broken(monkeypatch):
    """Make the import fail in a given way."""

    def make(error):
        imported = importlib.import_module

        def fail(name):
            if name == compiled.MODULE:
                raise error
            return imported(name)

        monkeypatch.setattr(importlib, "import_module", fail)

    return make


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ModuleNotFoundError("No module", name=compiled.MODULE), NOT_INSTALLED),
        (
            ModuleNotFoundError("No module named 'z'", name="z"),
            "the native engine cannot be loaded (No module named 'z')",
        ),
        (
            ImportError("_native.so: undefined\n  symbol"),
            "the native engine cannot be loaded (_native.so: undefined symbol)",
        ),
    ],
)
def test_reasons(broken, error, reason):
    broken(error)
    assert compiled.compiled() == reason


def test_it_is_said_once(broken, caplog):
    broken(ModuleNotFoundError("No module", name=compiled.MODULE))
    x = np.zeros((4, 2), "float32")
    with caplog.at_level(logging.INFO, "chainrule"):
        for _ in range(2):
            model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
            model.compile("sgd", "mse")
            model.fit(x, x[:, 0], verbose=0)
    expected = f"chainrule: {NOT_INSTALLED}; the slower reference engine runs. See: chainrule doctor"
    assert [(r.levelname, r.message) for r in caplog.records] == [("WARNING", expected)]


def test_it_is_said_why_a_model_runs_slowly(caplog):
    pytest.importorskip(compiled.MODULE)
    x = np.zeros((4, 2), "float32")
    with caplog.at_level(logging.INFO, "chainrule"):
        for _ in range(2):
            model = cr.Sequential([cr.Input((2,)), cr.layers.Lambda(lambda v: v, name="same")])
            model.predict(x, verbose=0)
    expected = "chainrule: layer 'same' is Python code (Lambda.call); the slower reference engine runs"
    assert [r.message for r in caplog.records] == [expected]
    assert model.engine == "reference (layer 'same' is Python code (Lambda.call))"


@pytest.mark.parametrize("wanted", ["mmx", "Baseline "])
def test_an_unknown_instruction_set_is_named(wanted):
    pytest.importorskip(compiled.MODULE)
    code = "from chainrule.engines.compiled import compiled; native = compiled(); compiled(); print(native.isa())"
    environment = {**os.environ, "CHAINRULE_ISA": wanted}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    used = done.stdout.strip()
    expected = (
        f"chainrule: CHAINRULE_ISA={wanted!r} is no instruction set of this machine, so {used!r} runs; there are "
    )
    assert done.stderr.startswith(expected)
    assert done.stderr.count("\n") == 1


def test_nothing_is_said_of_a_known_instruction_set(monkeypatch, caplog):
    native = pytest.importorskip(compiled.MODULE)
    for wanted in ("", *native.isas()):
        monkeypatch.setenv("CHAINRULE_ISA", wanted)
        compiled.compiled.cache_clear()
        assert compiled.compiled() is native
    assert caplog.records == []


def test_nothing_is_said_to_those_who_ask_for_the_reference_engine(broken, caplog):
    broken(ModuleNotFoundError("No module", name=compiled.MODULE))
    x = np.zeros((4, 2), "float32")
    model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
    model.compile("sgd", "mse", engine="reference")
    model.fit(x, x[:, 0], verbose=0)
    assert caplog.records == []


def test_it_is_one_plain_line_on_stderr():
    code = f"""
import sys
sys.modules[{compiled.MODULE!r}] = None
import numpy as np, chainrule as cr
model = cr.Sequential([cr.Input((2,)), cr.layers.Dense(1)])
for _ in range(3):
    model.predict(np.zeros((1, 2)), verbose=0)
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""
    assert done.stderr.startswith("chainrule: the native engine ")
    assert done.stderr.count("\n") == 1
