"""A decoder that learns its wavetables (Shan et al. 2022)."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn import functional

from .decoder import Decoder, positive
from .hearing import RATE, Recording
from .sounding import cycles, mix, play_noise

TABLES, LENGTH = 20, 512
FIRST_DEVIATION = 0.01


class Dwts(Decoder):
    """A mix of wavetables, whose shares and common amplitude move over time, and noise.

    The first four tables are a sine, a sawtooth, a triangle and a square, and stay so. The others
    begin as faint noise and are learned. A table is played without the partials that would be
    above half the sample rate.
    """

    title = "DWTS-style"

    def __init__(self, recordings: list[Recording]) -> None:
        super().__init__(recordings, 1 + TABLES)
        lowest = float(torch.cat([r.f0_hz for r in recordings]).quantile(0.01))
        self.harmonics = max(1, min(LENGTH // 2, int(RATE / 2 / lowest)))
        fixed = simple_waves(LENGTH)
        self.register_buffer("fixed", fixed)
        self.learned = nn.Parameter(FIRST_DEVIATION * torch.randn(TABLES - len(fixed), LENGTH))

    def forward(
        self, f0_hz: torch.Tensor, loudness_db: torch.Tensor, mfcc: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Make sound: the tables' and the noise's, (B, T hop) each."""
        controls, bands = self.decide(f0_hz, loudness_db, mfcc)
        amplitude, attention = controls.split([1, TABLES], dim=-1)
        levels = positive(amplitude) * torch.softmax(attention, dim=-1)
        tables = band_limited(torch.cat([self.fixed, self.learned]), self.harmonics)
        allowed = (RATE / 2 / f0_hz).long().clamp(1, self.harmonics)
        return mix(read_tables(tables, allowed, cycles(f0_hz)), levels), play_noise(bands)


def simple_waves(length: int) -> torch.Tensor:
    """One cycle of a sine, a sawtooth, a triangle and a square, each with a peak of 1."""
    phase = torch.arange(length) / length
    sine = torch.sin(2 * math.pi * phase)
    sawtooth = 1 - 2 * phase
    triangle = 1 - 4 * (phase - 0.5).abs()
    return torch.stack([sine, sawtooth, triangle, torch.sign(0.5 - phase)])


def band_limited(tables: torch.Tensor, harmonics: int) -> torch.Tensor:
    """Copies of tables (N, L) with the first h partials, h = 1 to `harmonics`, (h, N, L)."""
    partials = torch.fft.rfft(tables)
    number = torch.arange(partials.shape[-1])
    kept = (number > 0) & (number <= torch.arange(1, harmonics + 1)[:, None])
    return torch.fft.irfft(partials * kept[:, None], tables.shape[-1])


def read_tables(
    tables: torch.Tensor, allowed: torch.Tensor, phase_cycles: torch.Tensor
) -> torch.Tensor:
    """Read `band_limited` tables, linear between samples.

    Parameters
    ----------
    tables : (H, N, L)
        Copies with 1 to H partials.
    allowed : (B, T)
        Number of partials in each frame, 1 to H.
    phase_cycles : (B, T, hop)
        Phase, 0 to 1.

    Returns
    -------
    (B, T, hop, N)
        What each table plays.
    """
    _, count, length = tables.shape
    rows = tables.transpose(1, 2).reshape(-1, count)
    place = phase_cycles * length
    sample = place.floor()
    share = (place - sample)[..., None]
    start = (allowed - 1)[..., None] * length
    now, after = (
        functional.embedding(start + (sample.long() + step) % length, rows) for step in (0, 1)
    )
    return now + share * (after - now)
