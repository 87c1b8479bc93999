"""Small formulas that measures and pictures share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

_Float64 = npt.NDArray[np.float64]


def hann(size: int) -> _Float64:
    """Return the periodic Hann window of `size` samples; np.hanning is the symmetric one."""
    window: _Float64 = np.hanning(size + 1)[:-1]
    return window


def hz_to_mel(hz: npt.NDArray[np.floating[Any]] | float) -> _Float64:
    """Convert frequencies in Hz to the mel scale of O'Shaughnessy (1987)."""
    return np.asarray(2595 * np.log10(1 + np.asarray(hz, np.float64) / 700), np.float64)


def mel_to_hz(mel: npt.NDArray[np.floating[Any]]) -> _Float64:
    """Convert mel of O'Shaughnessy's scale to frequencies in Hz."""
    return np.asarray(700 * (10 ** (np.asarray(mel, np.float64) / 2595) - 1), np.float64)
