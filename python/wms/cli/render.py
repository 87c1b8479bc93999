"""Play a MIDI file with a model.

Notes, pitch bend, pedals, volume, expression, pan, modulation wheel, brightness, pressure
(aftertouch) and MPE are followed as the plugin follows them. If the file is damaged, what can be
read of it is played, and a line says what is lost. --set changes any setting of the instrument.
"""

from __future__ import annotations

import argparse
import sys
import warnings

import numpy as np
import numpy.typing as npt

from .. import _describe as describe
from .. import midi_messages, render
from ..errors import MidiFileWarning
from . import common, outputs
from .settings import add_settings, settings
from .usage import channels, number, whole

EXAMPLE = (
    "example: wms render song.mid --model factory:flute --out song.wav --set glide_s=0.05 "
    "--channels 1-9,11-16"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("midi", metavar="MIDI", help="a standard MIDI file")
    common.add_model(parser)
    outputs.add_sound_output(parser)
    common.add_sample_rate(parser)
    parser.add_argument(
        "--voices",
        type=whole(1, 64),
        default=16,
        metavar="N",
        help="most notes that sound at a time (default 16)",
    )
    parser.add_argument(
        "--channels",
        type=channels,
        metavar="LIST",
        help="MIDI channels to play; 1-9,11-16 leaves out the drums of channel 10 (default: all)",
    )
    parser.add_argument(
        "--attack",
        type=number(0, 60, "seconds"),
        default=0.005,
        metavar="S",
        help="seconds from silence to 90 %% of a note's level (default 0.005)",
    )
    parser.add_argument(
        "--release",
        type=number(0, 60, "seconds"),
        default=0.05,
        metavar="S",
        help="seconds from a note's end to -60 dB (default 0.05)",
    )
    common.add_noise(parser)
    add_settings(parser)
    parser.add_argument(
        "--peak",
        type=number(-60, 0, "dBFS"),
        metavar="DBFS",
        help="scale the sound to this peak, -60 to 0 (default: the notes keep their level)",
    )
    parser.add_argument("--normalise", action="store_true", help="give all timbres the same level")
    parser.add_argument(
        "--timbre-automation",
        action="store_true",
        help="let controllers 20 to 31 move the timbre: the model's directions or, where it has "
        "none, its inputs. `wms analyze --midi` writes them as wms_torch's branch dev does: "
        "without notes, and on a clock of its own, 10 ms a frame",
    )


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    out = outputs.sound_output(options)
    model, _ = common.model_and_params(options)
    given, timbre = settings(options, model)
    rate = options.sample_rate
    own = {
        "attack_s": options.attack,
        "release_s": options.release,
        "noise": options.noise,
        "normalise": options.normalise,
    }
    sound = render(
        model,
        options.midi,
        channels=options.channels,
        timbre=timbre,
        timbre_automation=options.timbre_automation,
        sample_rate=rate,
        max_voices=options.voices,
        seed=options.seed,
        **{**own, **given},
    )
    _hint_at_drums(options)
    if options.peak is not None:
        sound = _scaled(sound, options.peak)
    outputs.write_sound(options, out, sound, rate)


def _hint_at_drums(options: argparse.Namespace) -> None:
    """Say that a file with notes on the channel of drums has them played as a melody."""
    if options.channels is not None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MidiFileWarning)
        messages = midi_messages(options.midi)
    on = {(message[0] & 0x0F) + 1 for _, message in messages if describe.starts_note(message)}
    if describe.DRUMS in on and len(on) > 1:
        print(
            f"wms render: {options.midi}: channel 10, by custom the drums, is played as notes too; "
            "leave it out with --channels 1-9,11-16",
            file=sys.stderr,
        )


def _scaled(sound: npt.NDArray[np.float32], peak_dbfs: float) -> npt.NDArray[np.float32]:
    peak = float(np.abs(sound).max(initial=0.0))
    return sound if peak == 0.0 else sound * np.float32(10 ** (peak_dbfs / 20) / peak)
