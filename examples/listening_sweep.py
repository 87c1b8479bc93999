"""Render a sound and a spectrogram for each part of the instrument, to listen to and look at.

Usage: python examples/listening_sweep.py MODEL [--out out/sweeps] [--rate 48000]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

import wms
from wms import plot

STEP = 480
Sweep = Callable[[wms.Synth, int], Iterator[None]]


def glide(synth: wms.Synth, rate: int) -> Iterator[None]:
    """One note over eight octaves: there should be no aliasing at the top and no clicks."""
    synth.note_on(21)
    steps = 8 * rate // STEP
    for i in range(steps):
        synth.pitch_bend(96 * i / steps)
        yield


def timbre(synth: wms.Synth, rate: int) -> Iterator[None]:
    """Each timbre axis in turn moves through its range, on A3."""
    synth.note_on(57)
    for name, (low, high) in synth.timbre_range.items():
        for place in np.linspace(0, 2 * np.pi, rate // STEP):
            middle, half = (low + high) / 2, (high - low) / 2
            synth.set_timbre(**{name: middle - half * np.cos(place)})
            yield


def noise(synth: wms.Synth, rate: int) -> Iterator[None]:
    """A held note without noise, with noise, and with four times the noise."""
    synth.note_on(57)
    for gain in (0.0, 1.0, 4.0):
        synth.set(noise=gain)
        for _ in range(2 * rate // STEP):
            yield


def velocity(synth: wms.Synth, rate: int) -> Iterator[None]:
    """Notes from soft to loud; the velocity changes level and timbre."""
    synth.set(velocity_timbre=1.5)
    for level in np.linspace(0.1, 1.0, 10):
        synth.note_on(60, level)
        for i in range(rate // 2 // STEP):
            if i == rate // 4 // STEP:
                synth.note_off(60)
            yield


def chords(synth: wms.Synth, rate: int) -> Iterator[None]:
    """More notes than voices, in stereo: old notes should end without a click."""
    synth.set(voices=4, spread=1.0, release_s=0.5)
    for root in (48, 53, 55, 50, 48):
        for interval in (0, 7, 12, 16, 19):
            synth.note_on(root + interval, 0.7)
        for i in range(rate // STEP):
            if i == 3 * rate // 4 // STEP:
                synth.all_notes_off()
            yield


def legato(synth: wms.Synth, rate: int) -> Iterator[None]:
    """One voice that glides from note to note."""
    synth.set(mode="legato", glide_s=0.15)
    for note in (57, 64, 69, 62, 57):
        synth.note_on(note)
        for _ in range(rate // 2 // STEP):
            yield


def main() -> None:
    """Render all sweeps."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--out", default="out/sweeps")
    parser.add_argument("--rate", type=int, default=48000)
    options = parser.parse_args()
    model, out = wms.Model.load(options.model), Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    sweeps: tuple[Sweep, ...] = (glide, timbre, noise, velocity, chords, legato)
    for sweep in sweeps:
        synth = wms.Synth(model, sample_rate=options.rate)
        blocks = [synth.process(STEP) for _ in sweep(synth, options.rate)]
        synth.all_notes_off()
        blocks.append(synth.process(options.rate // 2))
        sound = np.concatenate(blocks, axis=1)
        wms.save_audio(out / f"{sweep.__name__}.wav", sound, options.rate)
        figure = plot.new_figure(10, 4)
        axes = figure.subplots()
        plot.draw_spectrogram(axes, sound.mean(axis=0), sr=options.rate)
        plot.save_figure(figure, out / f"{sweep.__name__}.png")
        print(f"{out / sweep.__name__}.wav: {sweep.__doc__}")


if __name__ == "__main__":
    main()
