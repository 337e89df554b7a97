"""The doctor's findings and its verdict."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from chainrule.cli import doctor, facts, main, trials
from chainrule.engines import choose, compiled
from chainrule.utils import cores

GOOD = {
    "ok": True,
    "engines": {"native": "available", "reference": "available"},
    "instruction sets": {"in use": "avx2", "available": ["avx2", "baseline"], "CHAINRULE_ISA": None},
    "threads": {"in use": 2},
}


@pytest.fixture
def native(monkeypatch):
    """A compiled module, or the reason why there is none; nothing is tried with it."""

    def pretend(found):
        for name in trials.TRIALS:
            monkeypatch.setitem(trials.TRIALS, name, lambda: "pretended")
        monkeypatch.setattr(compiled, "compiled", lambda: found)

    return pretend


def run(*arguments):
    """Call the doctor and return the result."""
    result = CliRunner().invoke(main, ["doctor", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, "All is well: the native engine runs, with avx2 kernels and 2 threads."),
        ({"threads": {"in use": 1}}, "All is well: the native engine runs, with avx2 kernels and 1 thread."),
        (
            {"engines": {"native": "the native engine is not installed"}},
            "All works, but slowly: the native engine is not installed. Install a C++20 compiler, then: pip install"
            " --force-reinstall --no-deps --no-cache-dir --no-binary chainrule chainrule",
        ),
        ({"ok": False}, "Something does not work here: see the lines marked FAILED."),
    ],
)
def test_verdict(change, verdict):
    assert doctor.verdict({**GOOD, **change}) == verdict


def test_all_findings_are_shown(native):
    native(SimpleNamespace(isa=lambda: "avx2", isas=lambda: ["avx2", "baseline"]))
    result = run()
    assert result.exit_code == 0, result.stdout
    names = ["chainrule", "numpy", "engine native", "instruction set", "threads", "NumPy's BLAS", "extra tables"]
    for name in [*names, "check gradients", "check engines"]:
        assert re.search(rf"^ ?{name}  +\S", result.stdout, re.MULTILINE), name
    assert "avx2 (available: avx2, baseline)" in result.stdout


def test_without_the_native_engine_nothing_is_said_twice(native):
    native("the native engine is not installed")
    result = run()
    assert result.exit_code == 0
    assert result.stderr == ""
    assert "none: there are no kernels" in result.stdout
    found = json.loads(run("--json").stdout)
    assert found["engines"]["native"] == "the native engine is not installed"
    assert found["instruction sets"]["available"] == []


def test_an_installation_without_the_native_engine_is_well_but_slow():
    code = f"""
import sys
sys.modules[{compiled.MODULE!r}] = None
from chainrule.cli import main
main(["doctor"])
"""
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "check engines       ok, reference: the same weights" in done.stdout
    assert "All works, but slowly: the native engine is not installed." in done.stdout


@pytest.mark.parametrize(
    ("wished", "text"),
    [("baseline", "CHAINRULE_ISA=baseline"), ("avx1024", "CHAINRULE_ISA=avx1024, which is not available")],
)
def test_wished_instruction_sets(native, monkeypatch, wished, text):
    native(SimpleNamespace(isa=lambda: "baseline", isas=lambda: ["avx2", "baseline"]))
    monkeypatch.setenv("CHAINRULE_ISA", wished)
    shown = doctor._instruction_sets(facts.instruction_sets())
    assert shown == f"baseline (available: avx2, baseline); {text}"


def test_limits_of_threads(monkeypatch):
    monkeypatch.setattr(facts.os, "cpu_count", lambda: 16)
    monkeypatch.setattr(cores, "bound_cores", lambda: 8)
    monkeypatch.setattr(cores, "cpu_quota", lambda: 2.5)
    for name in facts._LIMITS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "1")
    expected = "1 in use of 2 usable (16 cores, bound to 8 of them, time of 2.5 granted, CHAINRULE_NUM_THREADS=1)"
    assert doctor._threads(facts.threads()) == expected


def test_a_wrong_setting_is_one_message(monkeypatch):
    monkeypatch.setenv("CHAINRULE_NUM_THREADS", "0")
    result = run()
    assert result.exit_code == 3
    message = "Error: CHAINRULE_NUM_THREADS: expected a whole number of threads from 1 up, received '0'."
    assert result.stderr.strip() == message


def test_a_failing_check_is_marked(monkeypatch):
    def wrong():
        raise ArithmeticError("1 is not 2")

    monkeypatch.setitem(trials.TRIALS, "training", wrong)
    result = run()
    assert result.exit_code == 1
    assert re.search(r"check training +FAILED: ArithmeticError: 1 is not 2", result.stdout)
    assert result.stdout.strip().endswith("see the lines marked FAILED.")


def test_engines_that_differ_fail(monkeypatch):
    from chainrule.engines.reference import ReferenceEngine

    class Idle(ReferenceEngine):
        name = "idle"

        def train_steps(self, model, epoch, key, first, last):
            return super().test_steps(model, epoch, first, last)

    monkeypatch.setattr(choose, "ENGINES", {"idle": Idle, "reference": ReferenceEngine})
    monkeypatch.setattr(compiled, "compiled", lambda: "the native engine is not installed")
    with pytest.raises(ArithmeticError, match=r"after 40 steps, engine 'idle' is \S+ away from 'reference'"):
        trials.TRIALS["engines"]()


def test_what_is_missing_is_said_with_the_command_that_installs_it():
    packages = {"polars": None, "matplotlib": None}
    expected = 'polars and matplotlib not installed: pip install "chainrule[tables]"'
    assert doctor._extra("tables", packages, [*facts.missing(packages)]) == expected


def test_packages_and_extras_are_those_of_the_project():
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]

    def names(requirements):
        return tuple(re.match(r"[\w-]+", r)[0] for r in requirements)

    assert names(project["dependencies"]) == facts.PACKAGES
    for extra, packages in facts.EXTRAS.items():
        assert names(project["optional-dependencies"][extra]) == packages
    assert set(project["optional-dependencies"]) == {*facts.EXTRAS, "all", "test", "check", "fuzz"}
