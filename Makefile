# Two commands set everything up on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

export PATH := $(abspath $(BIN)):$(PATH)

.PHONY: demo test check format sanitize fuzz bench docs clean native compiled

CPP = $(shell find native -path native/editable -prune -o -name '*.[ch]pp' -print)

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

# `make native` compiles, step by step, so the installation need not.
$(VENV)/.demo: pyproject.toml | $(VENV)/bin/python
	CHAINRULE_PURE=1 $(PIP) install --editable '.[all]'
	@touch $@

$(VENV)/.test: pyproject.toml | $(VENV)/bin/python
	CHAINRULE_PURE=1 $(PIP) install --editable '.[check]'
	@touch $@

$(VENV)/.build: pyproject.toml | $(VENV)/bin/python
	$(PIP) install 'cmake>=3.20' 'ninja>=1.11' 'nanobind>=2.4'
	@touch $@

build/dev/build.ninja: native/CMakeLists.txt | $(VENV)/.build
	cmake -S native -B build/dev -G Ninja -DPython_EXECUTABLE=$(abspath $(BIN)/python) \
	  -DCHAINRULE_OUTPUT=$(abspath src/chainrule) --log-level=WARNING

native: $(VENV)/.build build/dev/build.ninja  ## compile what has changed of the native engine
	@cmake --build build/dev

compiled: $(VENV)/bin/python
	@if command -v $${CXX:-c++} >/dev/null; then $(MAKE) --no-print-directory native; \
	else echo "There is no C++ compiler here: the reference engine runs."; fi

demo: $(VENV)/.demo compiled  ## install, train on two real tables, show the trace of one prediction
	$(BIN)/python examples/demo.py

test: $(VENV)/.test compiled  ## install and run all tests
	$(BIN)/python -m pytest -n auto --dist worksteal

check: $(VENV)/.test  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/clang-format --dry-run -Werror $(CPP)
	$(BIN)/mypy

format: $(VENV)/.test  ## bring Python and C++ into the style that `make check` asks for
	$(BIN)/ruff format .
	$(BIN)/clang-format -i $(CPP)

sanitize: $(VENV)/.test $(VENV)/.build  ## the native tests under the sanitizers for memory, undefined behaviour, threads
	native/sanitize.sh address
	native/sanitize.sh thread

$(VENV)/.fuzz: $(VENV)/.test
	$(PIP) install 'atheris>=2.3'
	@touch $@

FUZZ_SECONDS ?= 60
FUZZ_TARGET ?= all

fuzz: $(VENV)/.fuzz  ## every reader of files on bytes that no program wrote, each FUZZ_SECONDS long
	$(BIN)/python -m fuzz $(FUZZ_TARGET) --seconds $(FUZZ_SECONDS)

BENCH := .bench-venv/bin/python
PEERS := jax keras tensorflow-cpu scikit-learn onnxruntime onnx matplotlib

.bench-venv/.peers:
	$(PYTHON) -m venv .bench-venv
	$(BENCH) -m pip --disable-pip-version-check --quiet install torch==2.13.0
	$(BENCH) -m pip --disable-pip-version-check --quiet install $(PEERS)
	@touch $@

# `make bench ONLY=or,table ROUNDS=3 PEERS_ONLY=torch,jax-scan`; BENCH_ARGS=--resume goes on with a run that was stopped.
bench: .bench-venv/.peers  ## the ladder: chainrule and its peers in turn; writes docs/benchmarks.md
	$(BENCH) -m pip --disable-pip-version-check --quiet install .
	$(BENCH) benchmarks/import_time.py
	$(BENCH) -m benchmarks.ladder.run $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS)) \
	  $(if $(PEERS_ONLY),--peers $(PEERS_ONLY)) $(BENCH_ARGS)
	$(BENCH) -m benchmarks.ladder.report

docs: $(VENV)/.test compiled  ## run every example in the documentation and draw its pictures (pages need a Chromium)
	$(BIN)/python -m pytest README.md docs
	for script in docs/pictures/*.py; do $(BIN)/python $$script || exit 1; done
	cd examples/lecture && for script in 02 03 08; do ../../$(BIN)/python $$script\_*.py || exit 1; done

clean:
	rm -rf $(VENV) .bench-venv build dist src/chainrule/_native*.so .pytest_cache .mypy_cache .ruff_cache .hypothesis demo runs
