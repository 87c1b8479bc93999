"""Play a model through the sound card: a MIDI file, a MIDI keyboard, or the computer's keys.

With SONG the file is played to its end. Without it the letters a w s e d f t g y h u j k are the
keys from C4 to C5, x and z move them an octave up and down, and q ends; with --midi a MIDI keyboard
is played. Ctrl-C ends it too. Needs pip install '.[play]' in the checkout.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import threading
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import Synth, render
from ..errors import WmsError
from . import common
from .settings import add_settings, settings
from .usage import UsageError

EXAMPLE = "example: wms play factory:flute song.mid"
_KEYS = "awsedftgyhujk"
_LOWEST_C, _HIGHEST_C = 24, 96
# A terminal does not tell when a key comes up.
_NOTE_S = 0.5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add this command's arguments."""
    parser.add_argument("model", metavar="MODEL", help=common.MODEL_HELP)
    parser.add_argument("song", nargs="?", metavar="SONG", help="a standard MIDI file")
    parser.add_argument(
        "--midi",
        nargs="?",
        const="",
        metavar="PORT",
        help="play from a MIDI input (default: the first there is)",
    )
    common.add_sample_rate(parser)
    common.add_noise(parser)
    add_settings(parser)


def run(options: argparse.Namespace) -> None:
    """Run the command."""
    if options.song is not None and options.midi is not None:
        raise UsageError("--midi is given with a song, wanted one of the two")
    device = _needed("sounddevice")
    keyboard = _needed("mido") if options.midi is not None else None
    model, _ = common.model_and_params(options)
    given, timbre = settings(options, model)
    own = {"noise": options.noise, "release_s": 0.2, **given}
    rate = options.sample_rate
    if options.song is not None:
        sound = render(
            model, options.song, timbre=timbre, sample_rate=rate, seed=options.seed, **own
        )
        with _sound_card():
            device.play(sound.T, rate)
            device.wait()
        return
    synth = Synth(model, sample_rate=rate, seed=options.seed, **own)
    synth.set_timbre(**timbre)
    with _sound_card(), _sounding(synth, device, rate):
        if keyboard is not None:
            _from_midi(synth, keyboard, options.midi)
        else:
            _from_letters(synth)


def _needed(package: str) -> Any:
    try:
        return import_module(package)
    # sounddevice raises OSError where PortAudio is missing.
    except (ImportError, OSError) as error:
        raise WmsError(
            f"playing needs {package}: pip install '.[play]' in the checkout ({error})"
        ) from error


@contextlib.contextmanager
def _sound_card() -> Iterator[None]:
    """Turn what goes wrong with the sound card into an error of one line."""
    try:
        yield
    except WmsError:
        raise
    except Exception as error:
        if type(error).__name__ != "PortAudioError":
            raise
        raise WmsError(f"the sound card cannot be used: {error}") from error


def _sounding(synth: Synth, device: Any, rate: int) -> Any:
    """Return the stream, a context in which the instrument sounds."""
    block = np.zeros((2, 1), np.float32)

    def callback(out: npt.NDArray[np.float32], frames: int, _time: Any, _status: Any) -> None:
        # The array is kept, so that nothing is allocated for every block.
        nonlocal block
        if block.shape[1] != frames:
            block = np.zeros((2, frames), np.float32)
        synth.process_into(block)
        out[:] = block.T

    return device.OutputStream(samplerate=rate, channels=2, dtype="float32", callback=callback)


def _from_letters(synth: Synth) -> None:
    print("a w s e d f t g y h u j k play from C up, z x change the octave, q ends")
    lowest = 60
    for letter in _letters():
        if letter == "q":
            return
        if letter in "zx":
            step = 12 if letter == "x" else -12
            lowest = min(max(lowest + step, _LOWEST_C), _HIGHEST_C)
        elif letter in _KEYS:
            note = lowest + _KEYS.index(letter)
            synth.note_on(note, 0.8)
            threading.Timer(_NOTE_S, synth.note_off, (note,)).start()


def _letters() -> Iterator[str]:
    """Letters as they are typed; by lines where the input is no terminal that can do better."""
    try:
        import termios
        import tty
    except ImportError:
        is_terminal = False
    else:
        is_terminal = sys.stdin.isatty()
    if not is_terminal:
        yield from (letter for line in sys.stdin for letter in line)
        return
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        while letter := sys.stdin.read(1):
            yield letter
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _from_midi(synth: Synth, mido: Any, port: str) -> None:
    names = mido.get_input_names()
    found = next((name for name in names if port.lower() in name.lower()), None)
    if found is None:
        there = ", ".join(names) or "none"
        raise WmsError(f"there is no MIDI input {port!r}, wanted one of: {there}")
    with mido.open_input(found) as keyboard:
        print(f"listening to {keyboard.name}; Ctrl-C ends")
        for message in keyboard:
            synth.midi(message.bytes())
