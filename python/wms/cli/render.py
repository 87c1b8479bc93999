"""Play a MIDI file with a model.

Follows tempo, notes of all channels, velocity, sustain pedal, volume, expression and pitch bend.
"""

from __future__ import annotations

import argparse

from .. import render, save_audio
from . import common

EXAMPLE = "example: wms render song.mid --model flute.safetensors --out song.wav"


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
        help="most notes at a time (default 16)",
    )
    parser.add_argument("--attack", type=float, default=0.005, metavar="S", help="seconds")
    parser.add_argument("--release", type=float, default=0.05, metavar="S", help="seconds")
    common.add_noise(parser)
    parser.add_argument(
        "--normalise", action="store_true", help="even out the level across the timbre"
    )
    parser.add_argument(
        "--timbre-automation", action="store_true", help="controllers 20 on move the timbre"
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    out = common.output(options, common.WAV)
    model, _ = common.model_and_params(options)
    rate = options.sample_rate
    sound = render(
        model,
        options.midi,
        sample_rate=rate,
        max_voices=options.voices,
        attack_s=options.attack,
        release_s=options.release,
        noise=options.noise,
        seed=options.seed,
        normalise=options.normalise,
        timbre_automation=options.timbre_automation,
    )
    save_audio(out, sound, rate)
    print(f"{out}: {sound.shape[1] / rate:.1f} s at {rate} Hz")
