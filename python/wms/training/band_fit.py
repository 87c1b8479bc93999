"""Correction of partials and noise to the mel band levels that were measured."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from .envelope import Envelope, EnvelopeFrames

#: Spectrum bins from one partial to the next.
SPACING = 4
#: Cycles in the segments whose lobes are known here.
FIT_CYCLES = 4

#: Largest change of a power.
_LARGEST_GAIN = 10.0
#: Levels that the analysis does not go below: what they say is only that a band is no louder.
_FLOOR_DB, _FLOOR_RANGE_DB = -60.0, 6.0
#: Powers of a band that are too small to compare.
_SILENCE = 1e-9
#: So many partials are spread over bands; further up they are narrower than a band.
_WIDE_PARTIALS = 12
#: Where the power of a partial and of a gap lies, in bins from its centre, and how much of it: the
#: main lobe of the Hann window of FIT_CYCLES, and the gap that two of them leave.
_LOBE = {
    0.0: 0.25, 0.25: 0.24, 0.5: 0.18, 0.75: 0.118, 1.0: 0.0625, 1.25: 0.0256, 1.5: 0.0072,
    1.75: 0.001,
}  # fmt: skip
_GAP = {0.0: 0.526, 0.5: 0.395, 1.0: 0.395, 1.5: 0.197}
#: Bands below the first share of f0 lie under the lowest partial and are left alone; those above
#: the second are corrected in full.
_FROM_F0 = (0.5, 0.6)


class BandFit(nn.Module):
    """Changes the amplitudes of partials and noise so that their mel bands have the levels wanted.

    With as many coefficients as bands, the MFCC are the band levels of the very segment whose
    spectrum is predicted. Each band has a gain, by which its power misses its level, and the power
    of a partial or gap is multiplied by the gains of the bands that it lies in: one round of the
    deconvolution of Richardson (1972) and Lucy (1974). More rounds bring little.

    Parameters
    ----------
    envelope : Envelope
        Where the mel bands are, and what the MFCC say of them.
    partials : int
        Number of partials, P.
    """

    # Of each place where power is taken: its harmonic number, weight, and partial or gap; and the
    # sum of the weights of each partial and gap.
    number: torch.Tensor
    weight: torch.Tensor
    part: torch.Tensor
    total: torch.Tensor

    def __init__(self, envelope: Envelope, partials: int) -> None:
        super().__init__()
        self.envelope = envelope
        tones = list(_taps(_LOBE, partials, centre=0.0))
        gaps = [(*tap, part + partials) for *tap, part in _taps(_GAP, partials, centre=-0.5)]
        number, weight, part = (np.array(column) for column in zip(*tones, *gaps, strict=True))
        constants = {"number": number, "weight": weight, "total": np.bincount(part, weight)}
        for name, value in constants.items():
            self.register_buffer(name, torch.tensor(value).float(), persistent=False)
        self.register_buffer("part", torch.tensor(part), persistent=False)

    def forward(
        self, tone: torch.Tensor, noise: torch.Tensor, frames: EnvelopeFrames
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Correct the amplitudes of partials and of the noise below each of them, (..., P)."""
        bands = self.envelope.bands
        place = self.envelope.place(self.number * frames.f0_hz[..., None]).clamp(-1.0, bands)
        low = place.floor().clamp_max(bands - 1)
        share = place - low
        # A band on either side stands for what is below the first and above the last.
        index = low.long() + 1
        part = self.part.expand(index.shape)
        wanted = self.envelope.band_power(frames) + _SILENCE
        below, above = _FROM_F0
        ratio = self.envelope.centre_hz / frames.f0_hz[..., None]
        corrected = ((ratio - below) / (above - below)).clamp(0, 1)
        power = torch.cat([tone, noise], dim=-1).square()
        taps = power.gather(-1, part) * self.weight
        found = taps.new_zeros(*taps.shape[:-1], bands + 2)
        found = found.scatter_add(-1, index, (1 - share) * taps)
        found = found.scatter_add(-1, index + 1, share * taps)[..., 1:-1] + _SILENCE
        audible = ((frames.bands_db - _FLOOR_DB) / _FLOOR_RANGE_DB).clamp(0, 1)
        largest = 1 + (_LARGEST_GAIN - 1) * audible
        gain = torch.minimum((wanted / found).clamp_min(1 / _LARGEST_GAIN), largest)
        gain = functional.pad(1 + corrected * (gain - 1), (1, 1), mode="replicate")
        at = gain.gather(-1, index)
        at = at + share * (gain.gather(-1, index + 1) - at)
        gains = power.new_zeros(power.shape).scatter_add(-1, part, self.weight * at) / self.total
        power = power * gains
        tone, noise = power.sqrt().tensor_split(2, dim=-1)
        return tone, noise


def _taps(
    spread: dict[float, float], partials: int, *, centre: float
) -> Iterator[tuple[float, float, int]]:
    """Where the power of partials or of gaps is taken: harmonic number, weight, and which it is."""
    total = sum(weight * (2 if bins else 1) for bins, weight in spread.items())
    for part in range(partials):
        number = part + 1 + centre
        if part >= _WIDE_PARTIALS:
            yield number, total, part
            continue
        for bins, weight in spread.items():
            for side in {-bins, bins}:
                yield number + side / SPACING, weight, part
