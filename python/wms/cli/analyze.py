"""Analyse recordings into features and spectra.

Writes one safetensors file: f0, voicedness, MFCC and the spectrum of every frame, with the params
inside. `wms train` takes it in place of recordings.
"""

from __future__ import annotations

import argparse
import time

from .._files import check_writable
from ..compat import write_midi
from . import common

EXAMPLE = "example: wms analyze recordings/ --out frames.safetensors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("audio", nargs="+", metavar="AUDIO", help="files and folders")
    common.add_output(parser, "FRAMES", "the .safetensors file to write")
    parser.add_argument("--midi", metavar="FILE", help="also a MIDI file of controllers 20 and up")
    parser.add_argument("--threads", type=common.whole(1), metavar="N", help="default: all cores")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    out, settings = common.output(options, common.NATIVE), common.params(options)
    midi = check_writable(options.midi, overwrite=options.overwrite) if options.midi else None
    start = time.perf_counter()
    frames = common.analysed(options.audio, settings, threads=options.threads)
    rate = len(frames) / max(time.perf_counter() - start, 1e-9)
    frames.save(out)
    if midi:
        write_midi(frames, midi)
    number, recordings = len(frames), len(frames.files)
    print(
        f"{out}: {common.count(number, 'frame')} of {common.count(recordings, 'recording')}, "
        f"{rate:,.0f} frames/s"
    )
