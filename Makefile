# Thin: every line can be typed by hand. `make setup` once, then the tools are in .venv/bin.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet
# torch and its CUDA libraries are several GB, and lines break: an interrupted download goes on.
TORCH ?= torch==2.13.0
TORCH_TRIES := 1 2 3 4 5 6 7 8
export PIP_RETRIES ?= 10
export PIP_RESUME_RETRIES ?= 20

# What the Python module is built from: when any of it is newer than the stamp, setup builds again.
BUILT_FROM := pyproject.toml Cargo.toml Cargo.lock params.json \
	$(wildcard python/wms/profiles/*.json factory/*) $(shell find src -type f)

.DEFAULT_GOAL := help
.PHONY: help setup demo listen lint lint-rust lint-python test test-rust test-python fuzz docs \
	bench plugin \
	system-packages audio-libraries display

help:
	@echo "make demo     a recording -> a trained network -> sound and a picture, in out/"
	@echo "make setup    .venv with the package and everything that it can use"
	@echo "make test     everything that is checked (lint, test-rust, test-python one by one)"
	@echo "make lint     formatting, lints, types, and what is generated (lint-rust, lint-python)"
	@echo "make fuzz     reads thousands of damaged audio files of every kind"
	@echo "make docs     writes what is generated: the stub's docstrings, docs/params.md"
	@echo "make listen   a page to listen to, also blind: originals, WMS, and others, in out/listen/"
	@echo "make bench    tables of speed, with other programs beside it"
	@echo "make plugin   CLAP, VST3 and the program wms-synth, in target/bundled"

# --- The virtual environment ---------------------------------------------------------------------

setup: $(VENV)/.setup

$(VENV)/.tools:
	$(PYTHON) -m venv $(VENV)
	$(PIP) --upgrade pip maturin
	@for try in $(TORCH_TRIES); do \
		$(PIP) "$(TORCH)" && exit 0; echo "$(TORCH) did not come (try $$try)"; sleep 10; \
	done; exit 1
	@touch $@

$(VENV)/.setup: $(VENV)/.tools $(BUILT_FROM)
	PATH="$(abspath $(BIN)):$$PATH" $(PIP) --no-build-isolation --editable '.[dev]'
	@touch $@

# Loads the VST3 in the tests. Not every Python has a wheel of it.
$(VENV)/.dawdreamer: $(VENV)/.tools
	$(PIP) dawdreamer || echo "no dawdreamer for this Python: the tests of the VST3 will be skipped"
	@touch $@

# Programs that the benches compare with.
$(VENV)/.peers: $(VENV)/.tools
	$(PIP) librosa soxr torchcrepe
	@touch $@

# --- What to make --------------------------------------------------------------------------------

demo: setup
	$(BIN)/python demo/demo.py

# RECORDINGS: one recording for each instrument. RENDERS: a folder of another system's sounds.
RECORDINGS ?= demo/audio
RENDERS ?=
listen: setup
	$(BIN)/python tools/listening/page.py $(RECORDINGS) $(if $(RENDERS),--renders $(RENDERS))

# What is generated; `lint-python` checks that it is up to date.
docs: setup
	$(BIN)/python tools/make_stub.py
	$(BIN)/python tools/make_params_table.py

lint: lint-rust lint-python

lint-rust:
	cargo fmt --all --check
	cargo clippy --all-targets -- -D warnings
	cargo clippy --all-targets --features python -- -D warnings
	cargo clippy -p wms-plugin -p wms-plugin-xtask --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --lib --quiet

lint-python: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m mypy.stubtest wms._wms
	$(BIN)/python tools/make_stub.py --check
	$(BIN)/python tools/make_params_table.py --check

test: system-packages lint test-rust test-python

# The workspace's packages one by one: together their features would be united.
test-rust:
	cargo test
	cargo test -p wms-plugin

test-python: setup $(VENV)/.dawdreamer
	cargo run -p wms-plugin-xtask -- bundle wms-plugin
	$(BIN)/python -m pytest

# A number of mutated files of each kind; the tests try a few of them.
FUZZ_CASES ?= 2000
fuzz:
	WMS_FUZZ_CASES=$(FUZZ_CASES) cargo test --test mutated_audio -- --nocapture

bench: setup $(VENV)/.peers
	$(BIN)/python benches/analysis.py
	cargo bench --bench synth
	cargo test -p wms-plugin frame_time -- --ignored --nocapture

# wms-plugin.clap, wms-plugin.vst3 and wms-synth in target/bundled.
plugin: audio-libraries
	cargo run -p wms-plugin-xtask

# --- Packages of the system, on Linux ------------------------------------------------------------

# $(call apt,PACKAGES) installs them where that is possible: as root, on Debian or Ubuntu.
apt = [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && \
	apt-get update -qq && apt-get install -y -qq $(1)

AUDIO_PACKAGES := libasound2-dev libjack-jackd2-dev pkg-config
DISPLAY_PACKAGES := xvfb libgl1 libgl1-mesa-dri libx11-xcb1 libxcursor1

# What the tests can use.
system-packages: display

# wms-synth alone needs these to build. Other systems have what stands in for them.
audio-libraries:
ifeq ($(shell uname -s),Linux)
	@pkg-config --exists alsa jack 2>/dev/null || { $(call apt,$(AUDIO_PACKAGES)); } || \
	{ echo "wms-synth needs ALSA and JACK to build: sudo apt install $(AUDIO_PACKAGES)"; exit 1; }
endif

# A screen for the tests that open the plugin's editor; without one they are skipped.
display:
ifeq ($(shell uname -s),Linux)
	@command -v Xvfb >/dev/null || { $(call apt,$(DISPLAY_PACKAGES)); } || \
	echo "the editor's tests will be skipped, they need: sudo apt install $(DISPLAY_PACKAGES)"
endif
