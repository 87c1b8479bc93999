"""Play a recording with a model: the recording's pitch and timbre, the model's sound.

Analyses the recording and plays the spectrum that the model predicts for every frame, at the
recording's pitch and timing. With --oracle the frames' own spectra are played instead, which is the
best that a model could do.
"""

from __future__ import annotations

import argparse

from .. import load_audio, play_spectra, resynthesize, save_audio
from . import common

EXAMPLE = "example: wms resynth phrase.wav --model flute.safetensors --out played.wav"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("audio", metavar="AUDIO", help="a recording")
    common.add_model(parser)
    common.add_output(parser, "WAV", "the wav file to write")
    common.add_sample_rate(parser)
    common.add_noise(parser)
    parser.add_argument("--oracle", action="store_true", help="play the recording's own spectra")


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    audio = common.recording(options.audio)
    out = common.output(options, common.WAV)
    model, settings = common.model_and_params(options)
    rate, noise, seed = options.sample_rate, options.noise, options.seed
    original, _ = load_audio(audio, rate)
    frames = common.analysed([audio], settings)
    if options.oracle:
        sound = play_spectra(
            frames.spectrum,
            frames.f0_hz,
            frames.voicedness,
            layout=settings,
            sample_rate=rate,
            noise=noise,
            seed=seed,
        )
    else:
        sound = resynthesize(model, frames, sample_rate=rate, noise=noise, seed=seed)
    save_audio(out, sound[: len(original)], rate)
    print(f"{out}: {len(original) / rate:.1f} s at {rate} Hz")
