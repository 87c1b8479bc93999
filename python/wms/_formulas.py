"""Small formulas that measures and pictures share."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

_Float64 = npt.NDArray[np.float64]


def hann(size: int) -> _Float64:
    """Return the periodic Hann window of `size` samples; np.hanning is the symmetric one."""
    window: _Float64 = np.hanning(size + 1)[:-1]
    return window


def hz_to_midi(hz: float) -> float:
    """Return the fractional MIDI note of a frequency above 0 in Hz: 440 is 69."""
    return 69 + 12 * math.log2(hz / 440)


def hz_to_mel(hz: npt.NDArray[np.floating[Any]] | float) -> _Float64:
    """Convert frequencies in Hz to the mel scale of O'Shaughnessy (1987)."""
    return np.asarray(2595 * np.log10(1 + np.asarray(hz, np.float64) / 700), np.float64)


def mel_to_hz(mel: npt.NDArray[np.floating[Any]]) -> _Float64:
    """Convert mel of O'Shaughnessy's scale to frequencies in Hz."""
    return np.asarray(700 * (10 ** (np.asarray(mel, np.float64) / 2595) - 1), np.float64)


#: M. Slaney's mel scale (Auditory Toolbox, 1998), in which `wms` analyses: linear below 1000 Hz.
SLANEY_BEND_HZ, SLANEY_MEL_PER_HZ = 1000.0, 0.015
#: Mel per unit of the natural logarithm above 1000 Hz.
SLANEY_MEL_PER_LN = 27 / math.log(6.4)
#: The mel of 1000 Hz.
SLANEY_BEND_MEL = SLANEY_BEND_HZ * SLANEY_MEL_PER_HZ


def hz_to_slaney_mel(hz: npt.NDArray[np.floating[Any]] | float) -> _Float64:
    """Convert frequencies in Hz to Slaney's mel scale."""
    hz = np.asarray(hz, np.float64)
    above = np.log(np.maximum(hz, SLANEY_BEND_HZ) / SLANEY_BEND_HZ) * SLANEY_MEL_PER_LN
    return np.asarray(np.minimum(hz, SLANEY_BEND_HZ) * SLANEY_MEL_PER_HZ + above, np.float64)


def slaney_mel_to_hz(mel: npt.NDArray[np.floating[Any]] | float) -> _Float64:
    """Convert mel of Slaney's scale to frequencies in Hz."""
    mel = np.asarray(mel, np.float64)
    above = np.exp(np.maximum(mel - SLANEY_BEND_MEL, 0) / SLANEY_MEL_PER_LN)
    return np.asarray(np.minimum(mel, SLANEY_BEND_MEL) / SLANEY_MEL_PER_HZ * above, np.float64)


def dct_rows(size: int, count: int) -> _Float64:
    """Return the first `count` rows of the orthonormal DCT-II of `size` points."""
    k, n = np.arange(count)[:, None], np.arange(size)
    rows: _Float64 = math.sqrt(2 / size) * np.cos(math.pi * k * (2 * n + 1) / (2 * size))
    rows[0] /= math.sqrt(2)
    return rows
