"""Differentiable oscillators and noise."""

from __future__ import annotations

import math

import torch
from torch.nn import functional

from .hearing import HOP, RATE


def following(values: torch.Tensor) -> torch.Tensor:
    """Values (B, T, ...) of the next frame; the last has its own."""
    return torch.cat([values[:, 1:], values[:, -1:]], dim=1)


def between() -> torch.Tensor:
    """Return each sample's place between its frame and the next, (hop,), 0 to 1."""
    return torch.arange(HOP) / HOP


def cycles(f0_hz: torch.Tensor) -> torch.Tensor:
    """Phase in cycles, 0 to 1, of every sample (B, T, hop) for pitches (B, T)."""
    samples_hz = f0_hz[..., None] + between() * (following(f0_hz) - f0_hz)[..., None]
    # In double precision, as the phase of half a minute is large.
    turned = torch.cumsum(samples_hz.flatten(1).double() / RATE, dim=1)
    return (turned % 1.0).float().view(samples_hz.shape)


def play_harmonics(f0_hz: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """Add up sines at multiples of f0 (B, T) with levels (B, T, H), linear between frames."""
    phase = 2 * math.pi * cycles(f0_hz)
    return mix(torch.sin(phase[..., None] * torch.arange(1, levels.shape[-1] + 1)), levels)


def mix(waves: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """Sum waves (B, T, hop, N) with levels (B, T, N), linear between frames, to (B, T hop)."""
    # A level and its slope within a frame, so that no level is spelled out for every sample.
    lines = torch.stack([levels, following(levels) - levels], dim=-1)
    level, slope = (waves @ lines).unbind(dim=-1)
    return (level + between() * slope).flatten(1)


def play_noise(bands: torch.Tensor) -> torch.Tensor:
    """Filter white noise, frame by frame, by zero-phase responses with levels (B, T, bands)."""
    length = 2 * (bands.shape[-1] - 1)
    response = torch.fft.irfft(bands.to(torch.complex64), length).roll(length // 2, dims=-1)
    response = response * torch.hann_window(length)
    white = 2 * torch.rand(*bands.shape[:2], HOP) - 1
    # Two frames long, so that what rings on adds to the next frame only.
    size = 2 * HOP
    ringing = torch.fft.irfft(torch.fft.rfft(white, size) * torch.fft.rfft(response, size), size)
    now, later = ringing[..., :HOP], ringing[..., HOP:]
    sound = now + functional.pad(later, (0, 0, 1, 0))[:, :-1]
    # The response's middle is its time.
    return functional.pad(sound.flatten(1), (0, length // 2))[:, length // 2 :]
