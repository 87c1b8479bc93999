"""Play a model live from the computer's keyboard or a MIDI keyboard.

Needs ``pip install sounddevice`` and, for a MIDI keyboard, ``pip install mido python-rtmidi``.

Usage: python examples/play_live.py MODEL [--midi] [--rate 48000]
Without --midi, type the letters a w s e d f t g y h u j k and Return to play notes from C4 up.
Several letters play a chord, and an empty line ends the program.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import sounddevice

import wms

KEYS = "awsedftgyhujk"


def main() -> None:
    """Open the sound device and play until an empty line or Ctrl-C."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--midi", action="store_true", help="play from the first MIDI input")
    parser.add_argument("--rate", type=int, default=48000)
    options = parser.parse_args()
    synth = wms.Synth(wms.Model.load(options.model), sample_rate=options.rate, release_s=0.2)
    block = np.zeros((2, 1), np.float32)

    def callback(out: np.ndarray, frames: int, _time: object, _status: object) -> None:
        # The GIL is released while the synth computes. The array is kept, so that nothing is
        # allocated here.
        nonlocal block
        if block.shape[1] != frames:
            block = np.zeros((2, frames), np.float32)
        synth.process_into(block)
        out[:] = block.T

    with sounddevice.OutputStream(
        samplerate=options.rate, channels=2, dtype="float32", callback=callback
    ):
        if options.midi:
            from_midi(synth)
        else:
            from_letters(synth)


def from_letters(synth: wms.Synth) -> None:
    """Play the letters of each line as a chord that lasts a second."""
    while line := input("> "):
        notes = [60 + KEYS.index(letter) for letter in line if letter in KEYS]
        for note in notes:
            synth.note_on(note, 0.8)
        time.sleep(1.0)
        for note in notes:
            synth.note_off(note)


def from_midi(synth: wms.Synth) -> None:
    """Play the messages of a MIDI keyboard."""
    import mido

    with mido.open_input() as keyboard:
        print(f"listening to {keyboard.name}; Ctrl-C ends")
        for message in keyboard:
            if message.type == "note_on" and message.velocity:
                synth.note_on(message.note, message.velocity / 127, message.channel)
            elif message.type in ("note_on", "note_off"):
                synth.note_off(message.note, message.channel)
            elif message.type == "pitchwheel":
                synth.pitch_bend(2 * message.pitch / 8192, message.channel)
            elif message.type == "aftertouch":
                synth.express(channel=message.channel, pressure=message.value / 127)
            elif message.type == "control_change" and message.control == 64:
                synth.sustain(message.value >= 64, message.channel)
            elif message.type == "control_change" and message.control == 1:
                # The modulation wheel moves the second timbre axis.
                synth.set_timbre(mfcc_1=4 * message.value / 127 - 2)


if __name__ == "__main__":
    main()
