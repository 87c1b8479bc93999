"""A DDSP-style decoder: harmonics and filtered noise (Engel et al. 2020)."""

from __future__ import annotations

import torch

from .decoder import Decoder, positive
from .hearing import RATE, Recording
from .sounding import play_harmonics, play_noise

MOST_HARMONICS = 100


class Ddsp(Decoder):
    """Levels of harmonics that share one amplitude, and of noise."""

    title = "DDSP-style"

    def __init__(self, recordings: list[Recording]) -> None:
        lowest = float(torch.cat([r.f0_hz for r in recordings]).quantile(0.01))
        harmonics = max(1, min(MOST_HARMONICS, int(RATE / 2 / lowest)))
        super().__init__(recordings, 1 + harmonics)
        self.harmonics = harmonics

    def forward(
        self, f0_hz: torch.Tensor, loudness_db: torch.Tensor, mfcc: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Make sound: the harmonics' and the noise's, (B, T hop) each."""
        controls, bands = self.decide(f0_hz, loudness_db, mfcc)
        amplitude, shares = controls.split([1, self.harmonics], dim=-1)
        number = torch.arange(1, self.harmonics + 1)
        shares = positive(shares) * (f0_hz[..., None] * number < RATE / 2)
        shares = shares / shares.sum(dim=-1, keepdim=True).clamp_min(1e-7)
        return play_harmonics(f0_hz, positive(amplitude) * shares), play_noise(bands)
