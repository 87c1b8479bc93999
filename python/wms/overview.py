"""One picture of a file: a recording, frames, a model or a MIDI file (needs matplotlib)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ._formulas import hz_to_midi
from ._text import note_name
from ._wms import Frames, Model, load_audio, midi_messages
from .errors import ParameterError
from .plot import (
    NETWORK_COLOUR,
    RECORDED_COLOUR,
    draw_spectrogram,
    new_figure,
    plain_log_scale,
    tidy,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Points of a curve: more would not be seen.
_COLUMNS = 2000
_RANGE_DB = 70.0
_PARTIALS = 40
# Frames that a network is given until its spectrum stands still.
_SETTLED = 60


def draw_recording(path: str | os.PathLike[str]) -> Figure:
    """Draw the waveform and the spectrogram of a recording.

    Parameters
    ----------
    path : path
        The recording; its channels are averaged.

    Raises
    ------
    AudioFileError
        If it cannot be read.
    """
    y, rate = load_audio(path)
    figure = new_figure(10, 5)
    wave, spectrogram = figure.subplots(2, 1, sharex=True, height_ratios=[1, 2])
    edges = np.linspace(0, len(y), min(len(y), _COLUMNS), endpoint=False).astype(int)
    low, high = np.minimum.reduceat(y, edges), np.maximum.reduceat(y, edges)
    wave.fill_between(edges / rate, low, high, color=RECORDED_COLOUR, linewidth=0.5)
    wave.set(ylim=(-1, 1), ylabel="full scale ±1")
    tidy(wave)
    draw_spectrogram(spectrogram, y, sr=rate)
    figure.suptitle(Path(path).name, x=0.01, ha="left")
    return figure


def draw_frames(frames: Frames) -> Figure:
    """Draw spectra, pitch and voicedness over the frames, with a line between recordings.

    Raises
    ------
    ParameterError
        If there are no frames.
    """
    if len(frames) == 0:
        raise ParameterError("there are no frames to draw, wanted at least one")
    settings = frames.params
    seconds = np.arange(len(frames)) * settings.hop_size / settings.sample_rate
    every = -(-len(frames) // _COLUMNS)
    figure = new_figure(10, 6)
    spectra, pitch, voiced = figure.subplots(3, 1, sharex=True, height_ratios=[2, 1.2, 0.8])
    spectra.imshow(
        frames.spectrum[::every].T, origin="lower", aspect="auto", cmap="magma",
        extent=(0.0, seconds[-1], 0, frames.spectrum.shape[1]),
    )  # fmt: skip
    spectra.set(ylabel="bin")
    sure = frames.voicedness[::every] > 0.5
    f0_hz = np.where(sure, np.maximum(frames.f0_hz[::every], 1.0), np.nan)
    pitch.plot(seconds[::every], f0_hz, ".", markersize=2, color=NETWORK_COLOUR)
    pitch.set(ylabel="pitch, Hz")
    if sure.any():
        plain_log_scale(pitch)
    voiced.plot(seconds[::every], frames.voicedness[::every], color=RECORDED_COLOUR, linewidth=0.8)
    voiced.set(ylim=(-0.05, 1.05), ylabel="voicedness", xlabel="s")
    for axes in (pitch, voiced):
        tidy(axes)
    for border in np.flatnonzero(np.diff(frames.file_index)) + 1:
        for axes in (spectra, pitch, voiced):
            axes.axvline(seconds[border], color="0.6", linewidth=0.6)
    names = f"{len(frames.files)} recordings" if len(frames.files) > 1 else frames.files[0]
    figure.suptitle(f"{len(frames):,} frames of {names}", x=0.01, ha="left")
    return figure


def draw_model(model: Model) -> Figure:
    """Draw the levels of a model's partials over its range, with the timbre at rest.

    Parameters
    ----------
    model : Model
        The model.
    """
    low_hz, high_hz = model.config["f0_range_hz"]
    notes = np.arange(np.floor(hz_to_midi(low_hz)), np.ceil(hz_to_midi(high_hz)) + 1)
    spectrum = model.config["spectrum"]
    per_partial = spectrum["cycles_per_window"] * spectrum["n_fft"] / spectrum["window_size"]
    count = int(min(_PARTIALS, (model.output_size - 1) // per_partial))
    places = np.round(per_partial * np.arange(1, count + 1)).astype(int)
    levels = np.empty((count, len(notes)))
    for column, note in enumerate(notes):
        x = model.tone_inputs(440 * 2 ** ((note - 69) / 12))
        y = model.predict(np.tile(x, (_SETTLED, 1)))[0][-1, places]
        magnitude = np.expm1(y) if spectrum["domain"] == "log1p" else y
        levels[:, column] = 20 * np.log10(np.maximum(magnitude, 1e-6))
    figure = new_figure(10, 5)
    axes = figure.subplots()
    top = float(levels.max())
    picture = axes.imshow(
        levels, origin="lower", aspect="auto", cmap="magma", vmin=top - _RANGE_DB, vmax=top,
        extent=(notes[0] - 0.5, notes[-1] + 0.5, 0.5, count + 0.5),
    )  # fmt: skip
    ticks = [note for note in notes if note % 12 == 0] or [notes[0]]
    axes.set_xticks(ticks, [note_name(note) for note in ticks])
    axes.set(xlabel="note", ylabel="partial")
    figure.colorbar(picture, label="dB")
    figure.suptitle(f"{model.name}: partials of every note, timbre at rest", x=0.01, ha="left")
    return figure


def draw_midi(path: str | os.PathLike[str]) -> Figure:
    """Draw the notes of a MIDI file, a colour for each channel.

    Raises
    ------
    ParameterError
        If it has no notes, or is no MIDI file.
    """
    notes = _notes(midi_messages(path))
    if not notes:
        raise ParameterError(f"{path}: there are no notes to draw, wanted at least one")
    figure = new_figure(10, 4)
    axes = figure.subplots()
    channels = sorted({channel for channel, *_ in notes})
    for number, channel in enumerate(channels):
        own = [(start, end, key) for c, start, end, key in notes if c == channel]
        starts, ends, keys = map(np.array, zip(*own, strict=True))
        axes.hlines(
            keys, starts, ends, color=f"C{number % 10}", linewidth=3, label=f"channel {channel + 1}"
        )
    lowest, highest = min(key for *_, key in notes), max(key for *_, key in notes)
    ticks = range(12 * (lowest // 12), highest + 12, 12)
    axes.set_yticks(list(ticks), [note_name(key) for key in ticks])
    axes.set(xlabel="s", ylim=(lowest - 2, highest + 2))
    tidy(axes)
    if len(channels) > 1:
        figure.legend(loc="outside right upper", frameon=False)
    figure.suptitle(Path(path).name, x=0.01, ha="left")
    return figure


def _notes(messages: list[tuple[float, bytes]]) -> list[tuple[int, float, float, int]]:
    """Channel, start, end and key of every note; one that is left down ends with the file."""
    found: list[tuple[int, float, float, int]] = []
    down: dict[tuple[int, int], float] = {}
    for time_s, message in messages:
        kind, channel = message[0] & 0xF0, message[0] & 0x0F
        if kind not in (0x80, 0x90):
            continue
        key = message[1]
        start = down.pop((channel, key), None)
        if start is not None:
            found.append((channel, start, time_s, key))
        if kind == 0x90 and message[2] > 0:
            down[channel, key] = time_s
    last_s = messages[-1][0] if messages else 0.0
    return found + [(channel, start, last_s, key) for (channel, key), start in down.items()]
