"""The body that the decoders share: from pitch, loudness and MFCC to controls of a synthesiser."""

from __future__ import annotations

import math

import torch
from torch import nn

from .hearing import Recording

WIDTH, NOISE_BANDS = 256, 65
# Noise begins far below the tone, as in the DDSP paper.
NOISE_BIAS = -5.0


class Decoder(nn.Module):
    """Pitch, loudness and MFCC to `controls` and 65 levels of noise; a subclass plays them.

    Parameters
    ----------
    recordings
        What it will be trained on; sets the scales of its inputs and nothing else.
    controls
        Number of values that the subclass needs for each frame, besides the noise.
    """

    #: Name in the tables.
    title: str

    def __init__(self, recordings: list[Recording], controls: int) -> None:
        super().__init__()
        loudness = torch.cat([r.loudness_db for r in recordings])
        mfcc = torch.cat([r.mfcc for r in recordings])
        self.register_buffer("loudness_moments", torch.stack([loudness.mean(), loudness.std()]))
        self.register_buffer("mfcc_moments", torch.stack([mfcc.mean(dim=0), mfcc.std(dim=0)]))
        self.mfcc = mfcc.shape[1]
        self.pitch_in, self.loudness_in = perceptron(1), perceptron(1)
        self.mfcc_in = perceptron(self.mfcc)
        self.gru = nn.GRU(3 * WIDTH, WIDTH, batch_first=True)
        self.after = perceptron(WIDTH + 2)
        self.out = nn.Linear(WIDTH, controls + NOISE_BANDS)
        with torch.no_grad():
            self.out.bias[controls:] += NOISE_BIAS

    def decide(
        self, f0_hz: torch.Tensor, loudness_db: torch.Tensor, mfcc: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map (B, T), (B, T), (B, T, M) to controls (B, T, C) and noise bands (B, T, 65)."""
        pitch = (torch.log2(f0_hz / 440.0) / 4)[..., None]
        mean, deviation = self.loudness_moments
        level = ((loudness_db - mean) / (deviation + 1e-6))[..., None]
        timbre = (mfcc - self.mfcc_moments[0]) / (self.mfcc_moments[1] + 1e-6)
        told = (self.pitch_in(pitch), self.loudness_in(level), self.mfcc_in(timbre))
        hidden, _ = self.gru(torch.cat(told, dim=-1))
        made = self.out(self.after(torch.cat([hidden, pitch, level], dim=-1)))
        controls, noise = made.split([made.shape[-1] - NOISE_BANDS, NOISE_BANDS], dim=-1)
        return controls, positive(noise)


def perceptron(inputs: int) -> nn.Sequential:
    """Three layers, each linear, normalised, and rectified."""
    layers: list[nn.Module] = []
    for size in (inputs, WIDTH, WIDTH):
        layers += [nn.Linear(size, WIDTH), nn.LayerNorm(WIDTH), nn.LeakyReLU()]
    return nn.Sequential(*layers)


def positive(x: torch.Tensor) -> torch.Tensor:
    """The DDSP paper's sigmoid with a wide range of levels, 0 to 2."""
    return 2 * torch.sigmoid(x) ** math.log(10) + 1e-7
