"""Split a recording of single notes: notes to train on, and notes of keys that are left out.

The notes are told apart by digital silence between them. A note's key is the MIDI key nearest to
its median pitch. Keys with a given remainder are left out, so that a system which is trained on the
other notes can be judged between the keys that it knows.

Writes train.wav, left_out.wav (each note cut to --longest seconds) and keys.json into the folder.

Usage: python benches/leave_out.py AUDIO --out FOLDER [--modulo 4] [--remainder 1] [--longest 2.5]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from baselines.hearing import F_MAX, F_MIN, HOP, RATE

import wms

Sound = npt.NDArray[np.float32]

SILENCE_S = 0.05
# A pause that the recording was cut at can be a few samples shorter after resampling.
SHORTEST_PAUSE_S = 0.8 * SILENCE_S
# Below half a step of 16 bits nothing was recorded.
DIGITAL_SILENCE = 0.5 / 32768


@dataclasses.dataclass(frozen=True)
class Note:
    """A note of a recording; `key` is its MIDI key, or None if no pitch was found."""

    start: int
    sound: Sound
    key: int | None


def find_notes(sound: Sound, sample_rate: int) -> list[Note]:
    """Cut a recording at digital silence and name each note's key."""
    quiet = np.abs(sound) < DIGITAL_SILENCE
    turns = np.flatnonzero(np.diff(np.r_[False, quiet, False].astype(np.int8)))
    pauses = turns.reshape(-1, 2)
    pauses = pauses[np.diff(pauses, axis=1)[:, 0] >= SHORTEST_PAUSE_S * sample_rate]
    edges = np.r_[0, pauses.ravel(), len(sound)].reshape(-1, 2)
    pieces = [(int(start), sound[start:stop]) for start, stop in edges if stop > start]
    return [Note(start, piece, key_of(piece, sample_rate)) for start, piece in pieces]


def key_of(sound: Sound, sample_rate: int) -> int | None:
    """Return the MIDI key nearest to the median pitch of a note."""
    at_rate = wms.resample(sound, orig_sr=sample_rate, target_sr=RATE)
    f0_hz, _ = wms.crepe(at_rate, sr=RATE, fmin=F_MIN, fmax=F_MAX, hop_length=HOP, decoder="wms")
    voiced = f0_hz[f0_hz > 0]
    return round(69 + 12 * np.log2(float(np.median(voiced)) / 440)) if len(voiced) else None


def join(sounds: list[Sound], sample_rate: int) -> Sound:
    """Put notes one after the other, with digital silence between them."""
    pause = np.zeros(round(SILENCE_S * sample_rate), np.float32)
    parts = [part for sound in sounds for part in (sound, pause)]
    return np.concatenate(parts[:-1]) if parts else pause[:0]


@dataclasses.dataclass(frozen=True)
class Split:
    """Notes to train on and notes left out."""

    sample_rate: int
    train: list[Note]
    left_out: list[Note]

    def describe(self) -> list[dict[str, Any]]:
        """Return every note's start, length, key and side, in the recording's order."""
        sided = [(note, False) for note in self.train] + [(note, True) for note in self.left_out]
        return [
            {
                "start_s": note.start / self.sample_rate,
                "seconds": len(note.sound) / self.sample_rate,
                "key": note.key,
                "left_out": left_out,
            }
            for note, left_out in sorted(sided, key=lambda pair: pair[0].start)
        ]


def split(sound: Sound, sample_rate: int, *, modulo: int = 4, remainder: int = 1) -> Split:
    """Leave out the notes whose key has a remainder; notes without a key are on neither side."""
    train: list[Note] = []
    left_out: list[Note] = []
    for note in find_notes(sound, sample_rate):
        if note.key is not None:
            (left_out if note.key % modulo == remainder else train).append(note)
    return Split(sample_rate, train, left_out)


def left_out_sound(parts: Split, longest_s: float) -> Sound:
    """Join the notes that were left out, each cut to a length."""
    most = round(longest_s * parts.sample_rate)
    return join([note.sound[:most] for note in parts.left_out], parts.sample_rate)


def main() -> None:
    """Split one recording into a folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("audio", type=Path, help="notes with digital silence between them")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--modulo", type=int, default=4)
    parser.add_argument("--remainder", type=int, default=1)
    parser.add_argument("--longest", type=float, default=2.5, help="seconds of a left-out note")
    options = parser.parse_args()
    if not 0 <= options.remainder < options.modulo:
        parser.error(
            f"--remainder is {options.remainder}, wanted 0 to {options.modulo - 1}, less than "
            "--modulo"
        )
    sound, rate = wms.load_audio(options.audio)
    parts = split(sound, rate, modulo=options.modulo, remainder=options.remainder)
    if not parts.train or not parts.left_out:
        parser.error(
            f"{options.audio} has {len(parts.train)} notes to train on and {len(parts.left_out)} "
            "to leave out, wanted some of each: choose another --modulo and --remainder"
        )
    options.out.mkdir(parents=True, exist_ok=True)
    train = join([note.sound for note in parts.train], rate)
    wms.save_audio(options.out / "train.wav", train, rate)
    wms.save_audio(options.out / "left_out.wav", left_out_sound(parts, options.longest), rate)
    (options.out / "keys.json").write_text(json.dumps(parts.describe(), indent=1) + "\n")
    for name, notes in (("train", parts.train), ("left out", parts.left_out)):
        keys = sorted({note.key for note in notes if note.key is not None})
        print(f"{name}: {len(notes)} notes, keys {' '.join(map(str, keys))}")


if __name__ == "__main__":
    main()
