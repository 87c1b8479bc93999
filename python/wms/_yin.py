"""A pitch tracker that shares no code with the analysis, so that it can judge the analysis."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import ParameterError

_Float64 = npt.NDArray[np.float64]

_HOP_S = 0.01
# Shortest window that is compared with its shifted self; 25 ms average out the noise of high notes.
_WINDOW_S = 0.025
# The first dip of the difference function below _CLEAR_DIP gives the period. If there is none, the
# deepest dip does, provided that it is below _LEAST_DIP.
_CLEAR_DIP, _LEAST_DIP = 0.1, 0.3
# Frames that are this far below the loudest one count as having no pitch.
_RANGE_DB = 40.0
_FRAMES_AT_ONCE = 256


def track_pitch(
    x: npt.NDArray[np.floating[Any]], *, sr: float, fmin: float, fmax: float
) -> _Float64:
    """Track the pitch by YIN every 10 ms, in frames within 40 dB of the loudest one.

    This implementation is independent of `wms.yin`, so that the analysis can be judged by it.

    Parameters
    ----------
    x : (n,)
        Signal.
    sr : float
        Sample rate in Hz.
    fmin, fmax : float
        Range of the pitch in Hz; 0 < fmin < fmax <= sr / 4.

    Returns
    -------
    (T,) float64
        Pitch in Hz, 0 where there is none; T = 1 + n // (sr / 100).

    Raises
    ------
    ParameterError
        If the signal is not one-dimensional or not finite, or the range of the pitch is wrong.

    References
    ----------
    A. de Cheveigné, H. Kawahara, "YIN, a fundamental frequency estimator for speech and music",
    JASA 111 (2002), steps 1 to 5.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> f0_hz = wms.metrics.track_pitch(tone, sr=16000, fmin=50, fmax=1000)
    >>> len(f0_hz), round(float(np.median(f0_hz)))
    (101, 220)
    """
    signal = np.asarray(x, np.float64)
    if signal.ndim != 1 or not np.isfinite(signal).all():
        raise ParameterError(f"the signal has shape {signal.shape}, wanted finite samples (n,)")
    if not 0 < fmin < fmax <= sr / 4:
        raise ParameterError(
            f"fmin is {fmin} Hz and fmax {fmax} Hz, wanted 0 < fmin < fmax <= {sr / 4} Hz"
        )
    lowest, longest = math.floor(sr / fmax), math.ceil(sr / fmin) + 1
    window = max(longest, round(_WINDOW_S * sr))
    hop, length = max(1, round(_HOP_S * sr)), window + longest
    padded = np.pad(signal, (length // 2, length))
    frames = np.lib.stride_tricks.sliding_window_view(padded, length)[: len(signal) + 1 : hop]
    energy = np.einsum("ij,ij->i", frames, frames)
    heard = energy > max(energy.max() * 10 ** (-_RANGE_DB / 10), np.finfo(np.float64).tiny)
    f0_hz = np.zeros(len(frames))
    chosen = np.flatnonzero(heard)
    for start in range(0, len(chosen), _FRAMES_AT_ONCE):
        rows = chosen[start : start + _FRAMES_AT_ONCE]
        period = _periods(frames[rows], window, lowest, longest)
        f0_hz[rows] = np.divide(sr, period, out=np.zeros(len(rows)), where=period > 0)
    return f0_hz


def _periods(frames: _Float64, window: int, lowest: int, longest: int) -> _Float64:
    """Return the period of each frame in samples, 0 where there is none."""
    difference = _difference(frames, window, longest)
    lags = np.arange(1, longest)
    total = np.cumsum(difference[:, 1:], axis=1)
    # The cumulative mean normalised difference for lags 1 to longest - 1.
    relative = np.divide(difference[:, 1:] * lags, total, out=np.ones_like(total), where=total > 0)
    inner = relative[:, 1:-1]
    dips = (inner <= relative[:, :-2]) & (inner < relative[:, 2:])
    dips[:, : max(0, lowest - 2)] = False
    clear = dips & (inner < _CLEAR_DIP)
    deepest = np.where(dips, inner, np.inf).argmin(axis=1)
    place = np.where(clear.any(axis=1), clear.argmax(axis=1), deepest)
    row = np.arange(len(frames))
    found = dips[row, place] & (inner[row, place] < _LEAST_DIP)
    lag = place + 2
    before, at, after = (difference[row, lag + step] for step in (-1, 0, 1))
    curvature = before - 2 * at + after
    # A parabola through the dip and its neighbours.
    shift = np.divide(
        0.5 * (before - after), curvature, out=np.zeros(len(frames)), where=curvature > 0
    )
    period: _Float64 = np.where(found, lag + np.clip(shift, -1, 1), 0.0)
    return period


def _difference(frames: _Float64, window: int, longest: int) -> _Float64:
    """Return the squared difference between the start of each frame and the same shifted by a lag.

    The lags are 0 to `longest` - 1.
    """
    size = 1 << (frames.shape[1] - 1).bit_length()
    beginning = np.fft.rfft(frames[:, :window], size)
    product = np.fft.rfft(frames, size) * np.conj(beginning)
    correlation = np.fft.irfft(product, size)[:, :longest]
    sums = np.cumsum(np.pad(frames**2, ((0, 0), (1, 0))), axis=1)
    energy = sums[:, window : window + longest] - sums[:, :longest]
    difference: _Float64 = np.maximum(energy[:, :1] + energy - 2 * correlation, 0.0)
    return difference
