"""The spectral envelope that MFCC and f0 imply."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from ..compat.hashing import PITCH_OFFSET_HZ

#: Band levels are bounded to these, in dB, so that no input makes the output infinite.
_LEVEL_RANGE_DB = (-150.0, 60.0)
#: Coefficients are bounded to this, so that no sum of them is infinite.
_LARGEST_INPUT = 1e6
# M. Slaney's mel scale (Auditory Toolbox, 1998): linear below 1000 Hz, logarithmic above.
_MEL_PER_HZ, _BEND_HZ, _BEND_MEL = 0.015, 1000.0, 15.0
_MEL_PER_LOG = 27 / math.log(6.4)


class Heard(NamedTuple):
    """What the inputs of some frames say.

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
    scaler_mean: torch.Tensor
    scaler_scale: torch.Tensor

    def __init__(self, params: Any, mean: npt.ArrayLike, scale: npt.ArrayLike) -> None:
        super().__init__()
        n_mfcc, self.bands = int(params["n_mfcc"]), int(params["n_mel"])
        self._f_low = float(params["f_low"])
        self._samples = float(params["sample_rate"]) * int(params["cycles_per_window"])
        self._n_fft = int(params["n_fft"])
        self._top_mel = _mel(float(params["sample_rate"]) / 2)
        edges = np.array([_hz(self._top_mel * i / (self.bands + 1)) for i in range(self.bands + 2)])
        constants = {
            "scaler_mean": np.asarray(mean),
            "scaler_scale": np.asarray(scale),
            "dct": _dct(n_mfcc, self.bands),
            "band_hz": (edges[2:] - edges[:-2]) / 2,
        }
        for name, value in constants.items():
            self.register_buffer(name, torch.tensor(value).float(), persistent=False)

    def forward(self, x: torch.Tensor) -> Heard:
        """Read inputs (..., C): the standardised MFCC, the pitch's logarithm and the voicedness."""
        # In bfloat16 a band of 60 dB would be wrong by a quarter of a decibel.
        with torch.autocast(x.device.type, enabled=False):
            mfcc = (
                x[..., :-2].clamp(-_LARGEST_INPUT, _LARGEST_INPUT) * self.scaler_scale
                + self.scaler_mean
            )
            f0_hz = torch.exp(x[..., -2].clamp(-10.0, 11.0)) + (self._f_low - PITCH_OFFSET_HZ)
            return Heard((mfcc @ self.dct).clamp(*_LEVEL_RANGE_DB), f0_hz, x[..., -1])

    def place(self, hz: torch.Tensor) -> torch.Tensor:
        """Where frequencies lie among the mel bands, in bands."""
        log = _BEND_MEL + torch.log(hz.clamp_min(1.0) / _BEND_HZ) * _MEL_PER_LOG
        mel = torch.where(hz < _BEND_HZ, hz * _MEL_PER_HZ, log)
        return mel * ((self.bands + 1) / self._top_mel) - 1

    def level_at(self, bands_db: torch.Tensor, place: torch.Tensor) -> torch.Tensor:
        """Band levels (..., bands) at places (..., M), linear between the bands' centres."""
        place = place.clamp(0, self.bands - 1)
        low = place.floor().clamp_max(self.bands - 2)
        index = low.long()
        below, above = bands_db.gather(-1, index), bands_db.gather(-1, index + 1)
        return below + (place - low) * (above - below)

    def power(self, heard: Heard) -> torch.Tensor:
        """Sum of the squared magnitudes of the cycle spectra (...) that have these band levels."""
        in_bands = (10 ** (heard.bands_db / 10) * self.band_hz).sum(dim=-1)
        return in_bands * (self._samples / heard.f0_hz) / self._n_fft


def _dct(n_mfcc: int, bands: int) -> npt.NDArray[np.float64]:
    """The orthonormal DCT-II's first vectors, (n_mfcc, bands)."""
    k, i = np.arange(n_mfcc)[:, None], np.arange(bands)
    basis: npt.NDArray[np.float64] = np.sqrt(2 / bands) * np.cos(np.pi * k * (i + 0.5) / bands)
    basis[0] /= math.sqrt(2)
    return basis


def _mel(hz: float) -> float:
    if hz < _BEND_HZ:
        return hz * _MEL_PER_HZ
    return _BEND_MEL + math.log(hz / _BEND_HZ) * _MEL_PER_LOG


def _hz(mel: float) -> float:
    if mel < _BEND_MEL:
        return mel / _MEL_PER_HZ
    return _BEND_HZ * math.exp((mel - _BEND_MEL) / _MEL_PER_LOG)
