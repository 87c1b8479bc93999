"""Compare the spectra that a model predicts with those of a recording.

Analyses the recording and writes a picture of the predicted and the true spectra and waveforms of
some frames. Also writes two sounds: the recording as played by the model (predicted.wav) and as
played from its own spectra (target.wav).
"""

from __future__ import annotations

import argparse

import numpy as np

from .. import play_spectra, resynthesize, save_audio
from . import common, outputs
from .usage import whole

EXAMPLE = "example: wms predict phrase.wav --model flute.safetensors --out predicted/"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument(
        "audio", metavar="AUDIO", help="a recording that the model was not trained on"
    )
    common.add_model(parser)
    outputs.add_output(parser, "FOLDER", "the folder to write")
    common.add_channel(parser)
    parser.add_argument(
        "--count",
        type=whole(1, 100),
        default=6,
        metavar="N",
        help="frames in the picture (default: 6)",
    )
    common.add_sample_rate(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    from ..plot import check_package, draw_predictions, save_figure

    check_package()
    audio = common.recording(options.audio)
    folder = outputs.output_folder(options)
    model, settings = common.model_and_params(options)
    frames = common.analysed([audio], settings, options.channel)
    predicted, _ = model.predict(model.inputs(frames))
    if model.config["spectrum"]["domain"] == "magnitude":
        predicted = np.log1p(np.maximum(predicted, 0.0))
    error = float(np.abs(predicted - frames.spectrum).mean())

    figure = draw_predictions(
        predicted,
        frames.spectrum,
        frames.f0_hz,
        frames.times_s,
        layout=settings,
        count=options.count,
    )
    written = [folder / "predicted.png"]
    save_figure(figure, written[0])
    rate = options.sample_rate
    sounds = {
        "predicted": resynthesize(model, frames, sample_rate=rate),
        "target": play_spectra(
            frames.spectrum, frames.f0_hz, frames.voicedness, layout=settings, sample_rate=rate
        ),
    }
    for name, sound in sounds.items():
        written.append(folder / f"{name}.wav")
        save_audio(written[-1], sound, rate)
    print(*written, sep="\n")
    print(f"mean absolute error of the log1p spectrum {error:.4f}")
