# make demo    sets everything up, encodes a real scene and scores it
# make test    sets everything up, runs linters, type checker, C kernel tests and Python tests
# make bench   sets everything up and measures speed and memory beside libvmaf
#
# All work on a fresh Debian or Ubuntu with git and make; see scripts/setup.sh.

.PHONY: help demo test bench setup lint types native python sanitize clean

BIN := .venv/bin
DEMO_OPTIONS ?=
PYTEST_OPTIONS ?=
BENCH_OPTIONS ?=

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

demo: .venv/.ready-demo
	$(BIN)/pyvmaf-tiny demo $(DEMO_OPTIONS)

test: lint types native python

bench: setup
	$(BIN)/python -m pip install --quiet 'imageio-ffmpeg>=0.6'
	$(BIN)/python benchmarks/run.py $(BENCH_OPTIONS)

# The parts of `make test`, for one at a time.
setup: .venv/.ready-test

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup
	$(BIN)/mypy

native: setup
	PATH=$(CURDIR)/$(BIN):$$PATH scripts/test-native.sh

python: setup
	$(BIN)/python -m pytest $(PYTEST_OPTIONS)

# Needs gcc, clang with its sanitizers, valgrind and OpenCL's C headers; see .ci/run.
sanitize: setup
	$(BIN)/python -m pytest -m sanitize tests/test_gpu_*.py $(PYTEST_OPTIONS)

# Setting up again is only needed when what gets installed has changed.
.venv/.ready-test .venv/.ready-demo: .venv/.ready-%: pyproject.toml meson.build scripts/setup.sh
	scripts/setup.sh $*
	touch $@

clean:
	rm -rf .venv build dist wheelhouse demo-output .cache
