# Two commands set everything up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: demo test check bench docs clean

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable '.[all]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	$(PIP) install --editable '.[check]'
	@touch $@

demo: $(VENV)/.demo  ## install, train on two real tables, show the trace of one prediction
	$(BIN)/python examples/demo.py

test: $(VENV)/.test  ## install and run all tests
	$(BIN)/python -m pytest -n auto --dist worksteal

check: $(VENV)/.test  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.test  ## measure, and compare with peers where they are installed
	$(BIN)/python benchmarks/import_time.py
	$(BIN)/python benchmarks/training_step.py

docs: $(VENV)/.test  ## run every example in the documentation and draw the lecture's pictures
	$(BIN)/python -m pytest README.md docs
	cd examples/lecture && for script in 02 03 08; do ../../$(BIN)/python $$script\_*.py || exit 1; done

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis demo runs
