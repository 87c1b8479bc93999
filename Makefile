# Thin: every line can be typed by hand. `make setup` once, then the tools are in .venv/bin.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# torch comes as a wheel of several GB from the package index; nothing else here is large.
TORCH ?= torch==2.13.0

.PHONY: setup demo test lint bench plugin audio-libraries display

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
	cargo clippy -p wms-plugin -p wms-plugin-xtask --all-targets -- -D warnings
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest wms._wms
	$(BIN)/python tools/make_stub.py --check

test: lint display
	cargo test
	cargo test -p wms-plugin
	cargo run -p wms-plugin-xtask -- bundle wms-plugin
	$(BIN)/python -m pip install --quiet dawdreamer || \
		echo "no dawdreamer for this Python: the tests of the VST3 will be skipped"
	$(BIN)/python -m pytest

bench: setup
	$(BIN)/python -m pip install --quiet librosa soxr torchcrepe
	$(BIN)/python benches/analysis.py
	cargo bench --bench synth

# wms-plugin.clap, wms-plugin.vst3 and wms-synth in target/bundled.
plugin: audio-libraries
	cargo run -p wms-plugin-xtask

# What wms-synth alone needs to build; other systems have it.
audio-libraries:
ifeq ($(shell uname -s),Linux)
	@pkg-config --exists alsa jack 2>/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq libasound2-dev libjack-jackd2-dev pkg-config; \
	else \
		echo "wms-synth needs ALSA and JACK to build: sudo apt install libasound2-dev libjack-jackd2-dev pkg-config"; \
		exit 1; \
	fi
endif

# A screen for the tests that open the plugin's editor; without one they are skipped.
display:
ifeq ($(shell uname -s),Linux)
	@command -v Xvfb >/dev/null || \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && \
		apt-get install -y -qq xvfb libgl1 libgl1-mesa-dri libx11-xcb1 libxcursor1 || \
		echo "no Xvfb: the tests of the editor will be skipped"; \
	else \
		echo "the editor's tests need: sudo apt install xvfb libgl1 libgl1-mesa-dri libx11-xcb1 libxcursor1"; \
	fi
endif
