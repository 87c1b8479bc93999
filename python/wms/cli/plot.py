"""Draw a picture of a file: a recording, frames, a model or a MIDI file.

A recording is drawn as waveform and spectrogram, frames as spectra, pitch and voicedness, a model
as the levels of its partials over its range, a MIDI file as its notes.
"""

from __future__ import annotations

import argparse

from .. import Frames
from ..errors import ParameterError
from . import common, kinds, outputs

EXAMPLE = "example: wms plot phrase.wav --out phrase.png"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("file", metavar="FILE", help="the file, or factory:NAME for a model")
    outputs.add_output(parser, "PICTURE", "the .png, .svg or .pdf file to write")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    from .. import overview
    from ..plot import check_package, save_figure

    check_package()
    path = options.file
    out = outputs.output(options, ".png", ".svg", ".pdf")
    kind = "model" if path.startswith("factory:") else kinds.kind_of(path)
    if kind == "recording":
        figure = overview.draw_recording(path)
    elif kind in ("frames", "store"):
        figure = overview.draw_frames(Frames.load(path))
    elif kind == "midi":
        figure = overview.draw_midi(path)
    elif kind == "model":
        figure = overview.draw_model(common.load_model(path))
    else:
        raise ParameterError(
            f"{path}: {kinds.WORDS[kind]}, wanted a recording, frames, a model or a MIDI file"
        )
    save_figure(figure, out)
    print(out)
