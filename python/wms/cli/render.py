"""Play a MIDI file with a model.

Notes, pitch bend, pedals, volume, expression, pan, brightness, pressure and MPE are followed as
the plugin follows them. If the file is damaged, what can be read of it is played, and a line says
what is lost.
"""

from __future__ import annotations

import argparse

import numpy as np
import numpy.typing as npt

from .. import render, save_audio
from ..errors import ParameterError
from . import common

EXAMPLE = (
    "example: wms render song.mid --model flute.safetensors --out song.wav --channels 1-9,11-16"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("midi", metavar="MIDI", help="a standard MIDI file")
    common.add_model(parser)
    common.add_output(parser, "WAV", "the wav file to write")
    common.add_sample_rate(parser)
    parser.add_argument(
        "--voices",
        type=common.whole(1, 64),
        default=16,
        metavar="N",
        help="most notes that sound at a time (default 16)",
    )
    parser.add_argument(
        "--channels",
        metavar="LIST",
        help="MIDI channels to play; 1-9,11-16 leaves out the drums of channel 10 (default: all)",
    )
    parser.add_argument(
        "--attack",
        type=float,
        default=0.005,
        metavar="S",
        help="seconds from silence to 90 %% of a note's level (default 0.005)",
    )
    parser.add_argument(
        "--release",
        type=float,
        default=0.05,
        metavar="S",
        help="seconds from a note's end to -60 dB (default 0.05)",
    )
    common.add_noise(parser)
    parser.add_argument(
        "--peak",
        type=float,
        metavar="DBFS",
        help="scale the sound to this peak, -60 to 0 (default: the notes keep their level)",
    )
    parser.add_argument("--normalise", action="store_true", help="give all timbres the same level")
    parser.add_argument(
        "--timbre-automation",
        action="store_true",
        help="let controllers from 20 on move the timbre, as wms_torch's branch dev writes them",
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    out = common.output(options, common.WAV)
    if options.peak is not None and not -60.0 <= options.peak <= 0.0:
        raise ParameterError(f"--peak is {options.peak:g} dBFS, wanted -60 to 0")
    model, _ = common.model_and_params(options)
    rate = options.sample_rate
    sound = render(
        model,
        options.midi,
        channels=options.channels,
        sample_rate=rate,
        max_voices=options.voices,
        attack_s=options.attack,
        release_s=options.release,
        noise=options.noise,
        seed=options.seed,
        normalise=options.normalise,
        timbre_automation=options.timbre_automation,
    )
    if options.peak is not None:
        sound = _scaled(sound, options.peak)
    save_audio(out, sound, rate)
    print(f"{out}: {sound.shape[1] / rate:.1f} s at {rate} Hz")


def _scaled(sound: npt.NDArray[np.float32], peak_dbfs: float) -> npt.NDArray[np.float32]:
    peak = float(np.abs(sound).max(initial=0.0))
    return sound if peak == 0.0 else sound * np.float32(10 ** (peak_dbfs / 20) / peak)
