"""Measuring what a decoder makes of recordings that it was not trained on."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch

import wms
from wms.evaluation import MEASURES, measure_sound, read_middle

from .decoder import Decoder
from .hearing import F_MAX, F_MIN, RATE, Recording, listen

SOUND_MEASURES = [measure for measure in MEASURES if measure.key != "spectrum_error"]
Figures = dict[str, float | None]
NOISE_SEED = 0


@dataclasses.dataclass
class Passage:
    """A recording to be judged by, at 16 kHz, and what a decoder is told of it."""

    name: str
    original: np.ndarray
    heard: Recording


def read_passage(path: Path, *, seconds: float, mfcc: int) -> Passage:
    """Read a recording, or the middle of it if it is too long."""
    sound, rate, _ = read_middle(path, seconds=seconds)
    original = wms.resample(sound, orig_sr=rate, target_sr=RATE)
    return Passage(path.stem, original, listen(original, mfcc=mfcc))


@torch.no_grad()
def render(decoder: Decoder, heard: Recording) -> tuple[np.ndarray, np.ndarray]:
    """Play what a decoder makes of a sound: its tone and its noise, (n,) each."""
    torch.manual_seed(NOISE_SEED)
    tone, noise = decoder(heard.f0_hz[None], heard.loudness_db[None], heard.mfcc[None])
    return tone[0].numpy(), noise[0].numpy()


def judge(decoder: Decoder, passage: Passage) -> tuple[dict[str, Figures], np.ndarray]:
    """Measure a decoder with its noise and without; return also its sound, (n,)."""
    tone, noise = render(decoder, passage.heard)
    sounds = {decoder.title: tone + noise, f"{decoder.title}, without noise": tone}
    rows = {
        name: measure_sound(passage.original, sound, sr=RATE, fmin=F_MIN, fmax=F_MAX)
        for name, sound in sounds.items()
    }
    return rows, tone + noise


def as_markdown(rows: dict[str, Figures]) -> str:
    """Write the figures as a Markdown table."""
    heads = [f"{m.name}{f', {m.unit}' if m.unit else ''}" for m in SOUND_MEASURES]
    lines = [f"| system | {' | '.join(heads)} |", "| --- |" + " ---: |" * len(heads)]
    for name, row in rows.items():
        values = ((row[m.key], m.digits) for m in SOUND_MEASURES)
        cells = ("-" if value is None else f"{value:.{digits}f}" for value, digits in values)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)
