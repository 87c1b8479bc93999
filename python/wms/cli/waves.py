"""Write band-limited test waveforms of known pitch.

Writes notes of random pitch, from f_low to f_high of the params, and of random waveform: saw,
square, triangle, pulse or sine.
"""

from __future__ import annotations

import argparse

from .. import save_audio
from ..waves import make_waves
from . import common

EXAMPLE = "example: wms waves --out waves.wav --seconds 120"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    common.add_output(parser, "WAV", "the wav file to write")
    parser.add_argument(
        "--seconds", type=float, default=60.0, metavar="S", help="length (default: 60)"
    )
    parser.add_argument(
        "--seed",
        type=common.whole(0),
        default=0,
        metavar="N",
        help="seed of the notes (default: 0)",
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    out, settings = common.output(options, common.WAV), common.params(options)
    rate = settings["sample_rate"]
    sound = make_waves(
        options.seconds,
        sample_rate=rate,
        f_low=settings["f_low"],
        f_high=settings["f_high"],
        seed=options.seed,
    )
    save_audio(out, sound, rate)
    print(f"{out}: {len(sound) / rate:.1f} s at {rate} Hz")
