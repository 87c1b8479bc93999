"""The training sound of the factory models: melodies played by a sound font or synthesised here."""

from __future__ import annotations

import struct
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

import wms
from make_demo_melody import variable_length

RATE = 44100
Float = npt.NDArray[np.float64]
SynthVoice = Callable[[np.random.Generator, float, int, float], Float]
_TICKS = 1000  # a second, at 1000 ticks a beat and one beat a second


class Note(NamedTuple):
    """A note of a melody: MIDI number, start and length in seconds, velocity 1 to 127."""

    number: int
    start: float
    length: float
    velocity: int


def melody(rng: np.random.Generator, low: int, high: int, seconds: float) -> list[Note]:
    """Make a random melody for one voice, with each note from `low` to `high` about as often."""
    notes: list[Note] = []
    now, pool = 0.0, []
    while now < seconds:
        if not pool:
            pool = rng.permutation(np.arange(low, high + 1)).tolist()
        length = float(rng.choice([0.25, 0.5, 0.8, 1.4, 2.2], p=[0.2, 0.25, 0.25, 0.2, 0.1]))
        notes.append(Note(pool.pop(), now, length, int(rng.integers(35, 128))))
        now += length + float(rng.choice([0.0, 0.0, 0.15]))
    return notes


def play_font(font: Path, program: int, notes: list[Note]) -> Float:
    """Play a melody with fluidsynth and one program of a sound font, mono without effects: (n,)."""
    events = [(0, bytes([0xC0, program]))]
    for note in notes:
        start, stop = (round(t * _TICKS) for t in (note.start, note.start + note.length))
        events.append((start, bytes([0x90, note.number, note.velocity])))
        events.append((stop - 5, bytes([0x80, note.number, 0])))
    track, last = b"\x00\xff\x51\x03" + (1_000_000).to_bytes(3, "big"), 0
    for time, message in sorted(events):
        track += variable_length(time - last) + message
        last = time
    track += b"\x00\xff\x2f\x00"
    with tempfile.TemporaryDirectory() as folder:
        song, sound = Path(folder) / "song.mid", Path(folder) / "song.wav"
        song.write_bytes(
            struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS)
            + struct.pack(">4sI", b"MTrk", len(track)) + track
        )  # fmt: skip
        command = ["fluidsynth", "-ni", "-R", "0", "-C", "0", "-g", "0.8", "-r", str(RATE)]
        subprocess.run([*command, "-F", sound, font, song], check=True, capture_output=True)
        return np.asarray(wms.load_audio(sound, RATE)[0], np.float64)


def play_synth(voice: SynthVoice, rng: np.random.Generator, notes: list[Note]) -> Float:
    """Play a melody by one of the voices below, (n,)."""
    out = np.zeros(round((notes[-1].start + notes[-1].length + 1) * RATE))
    for note in notes:
        count = round(note.length * RATE)
        sound = voice(rng, 440 * 2 ** ((note.number - 69) / 12), count, note.velocity / 127)
        ramp = np.minimum(1, np.minimum(np.arange(count), np.arange(count)[::-1]) / (0.01 * RATE))
        start = round(note.start * RATE)
        out[start : start + count] += sound * ramp
    return out


def _partials(f0: float) -> range:
    return range(1, min(256, int(0.9 * RATE / 2 / f0)) + 1)


def bell(_: np.random.Generator, f0: float, count: int, velocity: float) -> Float:
    """Frequency modulation that swells and dies: the modulator at three times the pitch."""
    t = np.arange(count) / RATE
    index = (1 + 5 * velocity) * np.exp(-2.5 * t) * min(1.0, 900 / f0)
    swell = 1 - np.exp(-t / 0.03)
    turn = 2 * np.pi * f0 * t
    sound: Float = np.sin(turn + index * np.sin(3 * turn)) + 0.3 * np.sin(2 * turn)
    return sound * swell * np.exp(-0.7 * t) * velocity


def vowels(rng: np.random.Generator, f0: float, count: int, velocity: float) -> Float:
    """A pulse train through formants that move from one vowel to another."""
    table = np.array([[730, 1090, 2440], [270, 2290, 3010], [300, 870, 2240], [530, 1840, 2480]])
    first, last = table[rng.permutation(4)[:2]]
    step = 64
    frames = np.linspace(0, 1, count // step + 2)
    t = np.arange(count) / RATE
    centres = first + (last - first) * frames[:, None]
    sound = np.zeros(count)
    for k in _partials(f0):
        shape = 1 / (1 + ((k * f0 - centres) / (60 + 0.06 * centres)) ** 2)
        level = (shape @ [1.0, 0.5, 0.25] + 0.004) / k**0.3 * np.exp(-(1 - velocity) * k / 25)
        sound += np.interp(np.arange(count), np.arange(len(level)) * step, level) * np.cos(
            2 * np.pi * k * f0 * t - np.pi * k * k / 64
        )
    return sound * velocity


def pulse(_: np.random.Generator, f0: float, count: int, velocity: float) -> Float:
    """A rectangle whose width sweeps, under a lowpass that velocity opens."""
    t = np.arange(count) / RATE
    width = 0.5 - 0.4 * np.sin(np.pi * 0.45 * t) ** 2
    cutoff = 600 + 9000 * velocity**2
    sound = np.zeros(count)
    for k in _partials(f0):
        damping = 1 / np.sqrt(1 + (k * f0 / cutoff) ** 4)
        sound += np.sin(np.pi * k * width) / k * damping * np.cos(2 * np.pi * k * f0 * t)
    return sound * velocity


def breath(rng: np.random.Generator, f0: float, count: int, velocity: float) -> Float:
    """A pipe that is half air: a few soft partials in noise that follows the pitch."""
    t = np.arange(count) / RATE
    tone = sum(np.sin(2 * np.pi * k * f0 * t) * 0.6 ** (k * (2 - velocity)) for k in range(1, 9))
    spectrum = np.fft.rfft(rng.standard_normal(count))
    hz = np.fft.rfftfreq(count, 1 / RATE)
    shape = 0.15 / (1 + (hz / 5000) ** 2) + 1 / (1 + ((hz - 2 * f0) / (0.5 * f0)) ** 2)
    air = np.fft.irfft(spectrum * shape, count)
    air *= 0.35 / max(float(air.std()), 1e-9)
    return np.asarray(tone + air * (0.5 + 0.5 * velocity), np.float64) * velocity
