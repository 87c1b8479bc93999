"""The spectral envelope that MFCC and f0 imply."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from .._formulas import (
    SLANEY_BEND_HZ,
    SLANEY_BEND_MEL,
    SLANEY_MEL_PER_HZ,
    SLANEY_MEL_PER_LN,
    dct_rows,
    hz_to_slaney_mel,
    slaney_mel_to_hz,
)
from ..compat.hashing import PITCH_OFFSET_HZ

#: Band levels are bounded to these, in dB, so that no input makes the output infinite.
_LEVEL_RANGE_DB = (-150.0, 60.0)
#: Coefficients are bounded to this, so that no sum of them is infinite.
_LARGEST_INPUT = 1e6


class EnvelopeFrames(NamedTuple):
    """Envelope, pitch and voicedness of some frames.

    Attributes
    ----------
    bands_db : (..., bands)
        Levels of the mel bands.
    f0_hz : (...)
        The pitch.
    voicedness : (...)
        0 to 1.
    """

    bands_db: torch.Tensor
    f0_hz: torch.Tensor
    voicedness: torch.Tensor


class Envelope(nn.Module):
    """Mel band levels, pitch and voicedness of network inputs.

    Parameters
    ----------
    params : Mapping
        Params of the analysis.
    mean, scale : (n_mfcc,)
        Figures by which the MFCC are standardised (`Frames.scaler`).
    """

    dct: torch.Tensor
    band_hz: torch.Tensor
    centre_hz: torch.Tensor
    scaler_mean: torch.Tensor
    scaler_scale: torch.Tensor

    def __init__(self, params: Any, mean: npt.ArrayLike, scale: npt.ArrayLike) -> None:
        super().__init__()
        n_mfcc, self.bands = int(params["n_mfcc"]), int(params["n_mel"])
        #: Whether the MFCC hold the levels of all bands, and not a smoother envelope.
        self.exact = n_mfcc == self.bands
        self._f_low = float(params["f_low"])
        self._samples = float(params["sample_rate"]) * int(params["cycles_per_window"])
        self._n_fft = int(params["n_fft"])
        self._top_mel = float(hz_to_slaney_mel(float(params["sample_rate"]) / 2))
        edges = slaney_mel_to_hz(np.linspace(0, self._top_mel, self.bands + 2))
        constants = {
            "scaler_mean": np.asarray(mean),
            "scaler_scale": np.asarray(scale),
            "dct": dct_rows(self.bands, n_mfcc),
            "band_hz": (edges[2:] - edges[:-2]) / 2,
            "centre_hz": edges[1:-1],
        }
        for name, value in constants.items():
            self.register_buffer(name, torch.tensor(value).float(), persistent=False)

    def forward(self, x: torch.Tensor) -> EnvelopeFrames:
        """Read inputs (..., C): the standardised MFCC, the pitch's logarithm and the voicedness."""
        # In bfloat16 a band of 60 dB would be wrong by a quarter of a decibel.
        with torch.autocast(x.device.type, enabled=False):
            mfcc = (
                x[..., :-2].clamp(-_LARGEST_INPUT, _LARGEST_INPUT) * self.scaler_scale
                + self.scaler_mean
            )
            f0_hz = torch.exp(x[..., -2].clamp(-10.0, 11.0)) + (self._f_low - PITCH_OFFSET_HZ)
            return EnvelopeFrames((mfcc @ self.dct).clamp(*_LEVEL_RANGE_DB), f0_hz, x[..., -1])

    def place(self, hz: torch.Tensor) -> torch.Tensor:
        """Where frequencies lie among the mel bands, in bands."""
        log = SLANEY_BEND_MEL + torch.log(hz.clamp_min(1.0) / SLANEY_BEND_HZ) * SLANEY_MEL_PER_LN
        mel = torch.where(hz < SLANEY_BEND_HZ, hz * SLANEY_MEL_PER_HZ, log)
        return mel * ((self.bands + 1) / self._top_mel) - 1

    def level_at(self, bands_db: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """Band levels (..., bands) at places (..., M), linear between the bands' centres."""
        place = place.clamp(0, self.bands - 1)
        low = place.floor().clamp_max(self.bands - 2)
        index = low.long()
        below, above = bands_db.gather(-1, index), bands_db.gather(-1, index + 1)
        return below + (place - low) * (above - below)

    def band_power(self, frames: EnvelopeFrames) -> torch.Tensor:
        """Sum of the squared magnitudes of the cycle spectra in each band (..., bands)."""
        in_band = 10 ** (frames.bands_db / 10) * self.band_hz
        return in_band * (self._samples / self._n_fft / frames.f0_hz[..., None])
