"""Describe a model file, a file of frames or a store of frames."""

from __future__ import annotations

import argparse

from .. import Frames, Model, Store
from .._text import plain
from ..errors import ModelFileError
from . import common

EXAMPLE = "example: wms info flute.safetensors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "file", metavar="FILE", help="a model, a file of frames, or a store of frames"
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    if common.is_store(options.file):
        _describe_store(Store.open(options.file))
        return
    try:
        model = Model.load(options.file)
    except ModelFileError as error:
        try:
            _describe_frames(options.file)
        except ValueError:
            raise error from None
    else:
        if options.params:
            common.fitting_model(options.file, common.params(options))
        _describe_model(model)


def _describe_model(model: Model) -> None:
    low, high = model.config["f0_range_hz"]
    statistics = model.config["input_statistics"]
    print(f"model {model.name!r}, generation {model.generation}")
    print(f"  {model.input_size} inputs, {model.output_size} bins")
    print(f"  {model.sample_rate} Hz, a frame every {model.hop_size} samples")
    print(f"  trained on pitches from {low:.0f} to {high:.0f} Hz")
    for index, name in enumerate(model.input_names):
        lowest, highest = statistics["min"][index], statistics["max"][index]
        print(f"  input {name}: {lowest:.2f} to {highest:.2f}")
    for key, value in model.config.get("provenance", {}).items():
        print(f"  {key.replace('_', ' ')}: {plain(value)}")


def _describe_frames(path: str) -> None:
    frames = Frames.load(path)
    _describe_analysis(frames)
    print(f"  inputs {', '.join(frames.input_names)}; {frames.spectrum.shape[1]} bins")


def _describe_store(store: Store) -> None:
    print("store: a file of frames for each recording")
    _describe_analysis(store)
    seconds = sum(duration for _, _, _, duration in store.recordings)
    print(f"  {seconds / 3600:.0f}:{seconds / 60 % 60:02.0f}:{seconds % 60:02.0f} of sound")


def _describe_analysis(frames: Frames | Store) -> None:
    settings = frames.params
    recordings = common.count(len(frames.files), "recording")
    print(f"{common.count(len(frames), 'frame')} of {recordings}")
    print(f"  {settings['sample_rate']} Hz, a frame every {settings['hop_size']} samples")
    print(f"  pitch by {settings['pitch_detection_method']}")
    for _, reason in frames.skipped:
        print(f"  skipped {reason}")
