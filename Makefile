# Thin: every line can be typed by hand. `make setup` once, then the tools are in .venv/bin.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# torch comes as a wheel of several GB from the package index; nothing else here is large.
TORCH ?= torch==2.13.0

.PHONY: setup demo test lint bench plugin

$(BIN)/maturin:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip maturin
	$(BIN)/python -m pip install --quiet "$(TORCH)"

setup: $(BIN)/maturin
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/python -m pip install --quiet --no-build-isolation --editable '.[dev]'

demo: setup
	$(BIN)/python demo/demo.py

lint: setup
	cargo fmt --all --check
	cargo clippy --all-targets -- -D warnings
	cargo clippy --all-targets --features python -- -D warnings
	cargo clippy -p wms-plugin --all-targets -- -D warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest wms._wms

test: lint
	cargo test
	cargo test -p wms-plugin
	$(BIN)/python -m pytest

bench: setup
	$(BIN)/python -m pip install --quiet librosa soxr torchcrepe
	$(BIN)/python benches/analysis.py
	cargo bench --bench synth

plugin:
	cargo build --release -p wms-plugin
