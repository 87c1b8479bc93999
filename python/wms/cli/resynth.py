"""Play recordings with a model: the recording's pitch and timbre, the model's sound.

Analyses each recording and plays the spectrum that the model predicts for every frame, at the
recording's pitch and timing. With --oracle the frames' own spectra are played instead, which is the
best that a model could do. Of several recordings, OUT is the folder for a file of each.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .. import Frames, Model, Params, load_audio, play_spectra, resynthesize
from ..errors import FileAccessError, WmsError
from . import common, outputs
from .usage import UsageError, number

EXAMPLE = "example: wms resynth phrase.wav --model flute.safetensors --out played.wav"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("audio", nargs="+", metavar="AUDIO", help="recordings")
    common.add_model(parser)
    outputs.add_sound_output(parser, "; of several recordings, the folder to write into")
    common.add_channel(parser)
    common.add_sample_rate(parser)
    parser.add_argument(
        "--transpose",
        type=number(-48, 48, "semitones"),
        default=0.0,
        metavar="SEMITONES",
        help="play higher, or lower if below 0; 12 is an octave (default: 0)",
    )
    parser.add_argument(
        "--gain",
        type=number(-60, 60, "dB"),
        default=0.0,
        metavar="DB",
        help="play louder, or softer if below 0 (default: 0)",
    )
    common.add_noise(parser)
    parser.add_argument("--oracle", action="store_true", help="play the recording's own spectra")


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    recordings = [common.recording(audio) for audio in options.audio]
    if len(recordings) == 1:
        out = outputs.sound_output(options)
        model, settings = common.model_and_params(options)
        sound = _played(recordings[0], model, settings, options)
        outputs.write_sound(options, out, sound, options.sample_rate)
        return 0
    return _each(recordings, options)


def _each(recordings: list[str], options: argparse.Namespace) -> int:
    """Play several recordings into a folder; one that cannot be read does not cost the others."""
    folder = Path(options.out)
    if folder.suffix.lower() == outputs.WAV or options.out == outputs.STANDARD_OUTPUT:
        raise UsageError(
            f"--out is {options.out}, but there are {len(recordings)} recordings, wanted a folder"
        )
    if folder.is_file():
        raise FileAccessError(f"{folder}: is a file, wanted a folder for several recordings")
    places: dict[Path, str] = {}
    for audio in recordings:
        place = folder / f"{Path(audio).stem}.wav"
        if place in places:
            raise UsageError(f"{places[place]} and {audio} have one name, wanted different names")
        places[place] = audio
    model, settings = common.model_and_params(options)
    outputs.new_folder(options, folder)
    for place in places:
        outputs.writable(options, place)
    failed: list[WmsError] = []
    for place, audio in places.items():
        try:
            sound = _played(audio, model, settings, options)
        except WmsError as error:
            failed.append(error)
            print(f"skipped {error}", file=sys.stderr)
            continue
        outputs.write_sound(options, place, sound, options.sample_rate)
    if len(failed) == len(places):
        raise WmsError(f"none of {len(places)} recordings can be played")
    return 0


@dataclasses.dataclass(frozen=True)
class _Moved:
    """Frames at another pitch: what `wms.resynthesize` reads of them."""

    f0_hz: npt.NDArray[np.float32]
    voicedness: npt.NDArray[np.float32]
    mfcc: npt.NDArray[np.float32]
    mfcc_raw: npt.NDArray[np.float32]
    spectrum: npt.NDArray[np.float32]


def _played(
    audio: str, model: Model, settings: Params, options: argparse.Namespace
) -> npt.NDArray[np.float32]:
    rate, noise, seed = options.sample_rate, options.noise, options.seed
    original, _ = load_audio(audio, rate, channel=options.channel)
    frames = common.analysed([audio], settings, options.channel)
    moved = _transposed(frames, options.transpose)
    if options.oracle:
        sound = play_spectra(
            moved.spectrum,
            moved.f0_hz,
            moved.voicedness,
            layout=settings,
            sample_rate=rate,
            noise=noise,
            seed=seed,
        )
    else:
        sound = resynthesize(model, moved, sample_rate=rate, noise=noise, seed=seed)
    played: npt.NDArray[np.float32] = sound[: len(original)]
    return played * np.float32(10 ** (options.gain / 20)) if options.gain else played


def _transposed(frames: Frames, semitones: float) -> Frames | _Moved:
    if semitones == 0.0:
        return frames
    return _Moved(
        f0_hz=frames.f0_hz * np.float32(2 ** (semitones / 12)),
        voicedness=frames.voicedness,
        mfcc=frames.mfcc,
        mfcc_raw=frames.mfcc_raw,
        spectrum=frames.spectrum,
    )
