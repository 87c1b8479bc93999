"""Write band-limited test waveforms of known pitch.

Writes notes of random pitch, from f_low to f_high of the params, and of random waveform: saw,
square, triangle, pulse or sine.
"""

from __future__ import annotations

import argparse

from ..waves import make_waves
from . import common, outputs
from .usage import number, whole

EXAMPLE = "example: wms waves --out waves.wav --seconds 120"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    outputs.add_sound_output(parser)
    parser.add_argument(
        "--seconds",
        type=number(0.001, 36000),
        default=60.0,
        metavar="S",
        help="length (default: 60)",
    )
    parser.add_argument(
        "--seed",
        type=whole(0),
        default=0,
        metavar="N",
        help="seed of the notes (default: 0)",
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    out, settings = outputs.sound_output(options), common.params(options)
    rate = settings["sample_rate"]
    sound = make_waves(
        options.seconds,
        sample_rate=rate,
        f_low=settings["f_low"],
        f_high=settings["f_high"],
        seed=options.seed,
    )
    outputs.write_sound(options, out, sound, rate)
