"""Measures of how different two sounds are, for judging a synthesis against a recording.

Signals are mono and have the same sample rate. Align them first (`remove_delay`); the end of the
longer signal is ignored. Unless said otherwise lower is better, and 0 means equal.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from ._formulas import dct_rows, hann, hz_to_mel, mel_to_hz
from ._yin import track_pitch
from .errors import ParameterError

__all__ = [
    "LoudnessErrors",
    "PitchErrors",
    "PitchScores",
    "SpectralDistance",
    "f0_error_cents",
    "log_spectral_distance",
    "loudness",
    "loudness_errors",
    "mel_cepstral_distortion",
    "multi_scale_spectral",
    "multi_scale_spectral_parts",
    "pitch_scores",
    "remove_delay",
    "track_pitch",
]

_Signal = npt.NDArray[np.floating[Any]]
_Float64 = npt.NDArray[np.float64]

_MSS_FFT_SIZES = (2048, 1024, 512, 256, 128, 64)
_MSS_EPSILON = 1e-5
_LSD_FFT_SIZE, _LSD_HOP = 2048, 512
# Levels are limited to this far below the loudest bin of the reference.
_FLOOR_DB = 80.0
# Correlation from which two waveforms are alike, one of them perhaps delayed.
_ALIKE = 0.5
# Frames that are this far below the loudest frame of the reference are ignored.
_FRAME_RANGE_DB = 60.0
_MCD_FFT_SIZE, _MCD_HOP_S = 1024, 0.005
_MCD_MELS, _MCD_LOWEST_HZ, _MCD_COEFFICIENTS = 40, 40.0, 13


class SpectralDistance(NamedTuple):
    """The two parts of the multi-scale spectral distance; `total` is their sum."""

    linear: float
    log: float

    @property
    def total(self) -> float:
        """Sum of both parts."""
        return self.linear + self.log


class LoudnessErrors(NamedTuple):
    """Correlation of the levels of frames (1 is best), and RMS of their difference in dB."""

    correlation: float
    rms_db: float


class PitchErrors(NamedTuple):
    """Median of the absolute pitch error in cents, and share of the frames within 50 cents."""

    median_cents: float
    within_50_cents: float


class PitchScores(NamedTuple):
    """Scores of a pitch track, 0 to 1; NaN if the truth has no frame that a score could count."""

    raw_pitch_accuracy: float
    raw_chroma_accuracy: float
    voicing_recall: float
    voicing_false_alarm: float
    overall_accuracy: float


def multi_scale_spectral_parts(a: _Signal, b: _Signal) -> SpectralDistance:
    """Compute the two parts of the multi-scale spectral distance.

    For FFT sizes 2048, 1024, 512, 256, 128 and 64 (periodic Hann windows, 75 % overlap,
    unnormalised magnitudes A and B) the linear part is the mean of |A - B| and the logarithmic part
    the mean of |ln(A + 1e-5) - ln(B + 1e-5)|, each summed over the sizes (Engel et al. 2020,
    "DDSP").

    Parameters
    ----------
    a, b : (n,)
        Signals.

    Raises
    ------
    ParameterError
        If a signal is empty, not one-dimensional or not finite.

    Examples
    --------
    >>> y = np.sin(0.1 * np.arange(16000))
    >>> wms.metrics.multi_scale_spectral_parts(y, y)
    SpectralDistance(linear=0.0, log=0.0)
    """
    a, b = _pair(a, b)
    linear = log = 0.0
    for size in _MSS_FFT_SIZES:
        first, second = (_magnitudes(x, size, size // 4) for x in (a, b))
        linear += float(np.abs(first - second).mean())
        log += float(np.abs(np.log(first + _MSS_EPSILON) - np.log(second + _MSS_EPSILON)).mean())
    return SpectralDistance(linear, log)


def multi_scale_spectral(a: _Signal, b: _Signal) -> float:
    """Compute the multi-scale spectral distance: the sum of `multi_scale_spectral_parts`.

    Parameters
    ----------
    a, b : (n,)
        Signals.

    Raises
    ------
    ParameterError
        If a signal is empty, not one-dimensional or not finite.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> wms.metrics.multi_scale_spectral(tone, tone)
    0.0
    >>> wms.metrics.multi_scale_spectral(tone, 0.5 * tone) > 1
    True
    """
    return multi_scale_spectral_parts(a, b).total


def log_spectral_distance(a: _Signal, b: _Signal, *, sr: float | None = None) -> float:
    """Compute the log-spectral distance in dB: the RMS over bins, averaged over frames.

    The FFT size is 2048 and the hop 512, with Hann windows. The levels of both spectra are limited
    to 80 dB below the loudest bin of `a`. Frames in which `a` is more than 60 dB below its loudest
    frame are ignored.

    Parameters
    ----------
    a : (n,)
        The reference.
    b : (n,)
        What is compared with it.
    sr : float, optional
        Not used; it is here so that all measures can be called with the same arguments.

    Raises
    ------
    ParameterError
        If a signal is empty, not one-dimensional or not finite.

    Examples
    --------
    >>> noise = np.random.default_rng(0).standard_normal(16000)
    >>> round(wms.metrics.log_spectral_distance(noise, 0.5 * noise), 2)
    6.02
    """
    del sr
    a, b = _pair(a, b)
    first, second = (_magnitudes(x, _LSD_FFT_SIZE, _LSD_HOP) for x in (a, b))
    difference = _floored_db(first**2, first**2) - _floored_db(second**2, first**2)
    frames = np.sqrt((difference**2).mean(axis=1))
    return float(frames[_audible(first)].mean())


def mel_cepstral_distortion(a: _Signal, b: _Signal, *, sr: float) -> float:
    """Compute the mel-cepstral distortion in dB, scaled to an RMS over mel bands.

    The power spectrum (FFT size 1024, Hann, hop 5 ms) is summed in 40 mel bands from 40 Hz to half
    the sample rate. With the differences d of coefficients 1 to 13 of an orthonormal DCT, a frame's
    distortion is (10 / ln 10) sqrt(2 sum d^2) / sqrt(2 * 40). It is averaged over frames. Levels
    are limited and frames ignored as by `log_spectral_distance`.

    Parameters
    ----------
    a : (n,)
        The reference.
    b : (n,)
        What is compared with it.
    sr : float
        Sample rate in Hz, at least 4000.

    Raises
    ------
    ParameterError
        If a signal is empty, not one-dimensional or not finite, or the rate is too low.

    Examples
    --------
    >>> y = np.sin(0.1 * np.arange(16000))
    >>> wms.metrics.mel_cepstral_distortion(y, y, sr=16000)
    0.0
    """
    a, b = _pair(a, b)
    if not sr >= 4000:
        raise ParameterError(f"sr is {sr!r}, wanted at least 4000 Hz")
    hop = max(1, round(_MCD_HOP_S * sr))
    bank = _mel_bank(sr, _MCD_FFT_SIZE)
    first, second = (_magnitudes(x, _MCD_FFT_SIZE, hop) for x in (a, b))
    reference = first**2 @ bank.T
    difference = _floored_db(reference, reference) - _floored_db(second**2 @ bank.T, reference)
    # The DCT is linear, so one of the difference is enough. The levels are in dB already, which
    # includes the factor 10 / ln 10.
    cepstrum = difference @ dct_rows(_MCD_MELS, _MCD_COEFFICIENTS + 1)[1:].T
    frames = np.sqrt(2 * (cepstrum**2).sum(axis=1)) / math.sqrt(2 * _MCD_MELS)
    return float(frames[_audible(first)].mean())


def loudness(x: _Signal, *, sr: float, hop_length: int = _LSD_HOP) -> _Float64:
    """Compute the A-weighted level of frames in dB (IEC 61672); FFT size 2048, Hann windows.

    Parameters
    ----------
    x : (n,)
        Signal.
    sr : float
        Sample rate in Hz.
    hop_length : int
        Samples from one frame to the next. The first frame starts at the first sample.

    Returns
    -------
    (T,) float64
        Levels, where a full-scale sine of 1 kHz has 0 dB; not below -120 dB.

    Raises
    ------
    ParameterError
        If the signal is empty, not one-dimensional or not finite.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    >>> round(float(wms.metrics.loudness(0.5 * tone, sr=16000)[0]), 2)
    -6.02
    """
    power = _magnitudes(_checked(x), _LSD_FFT_SIZE, hop_length) ** 2
    hz = np.arange(power.shape[1]) * sr / _LSD_FFT_SIZE
    window = hann(_LSD_FFT_SIZE)
    # The power of a full-scale sine in a one-sided spectrum with this window (Parseval).
    sine = 0.25 * _LSD_FFT_SIZE * (window**2).sum()
    level: _Float64 = 10 * np.log10(np.maximum(power @ _a_weighting(hz) / sine, 1e-12))
    return level


def loudness_errors(a: _Signal, b: _Signal, *, sr: float) -> LoudnessErrors:
    """Compare the A-weighted levels in those frames in which `a` is within 60 dB of its loudest.

    Parameters
    ----------
    a : (n,)
        The reference.
    b : (n,)
        What is compared with it.
    sr : float
        Sample rate in Hz.

    Raises
    ------
    ParameterError
        If a signal is empty, not one-dimensional or not finite.

    Examples
    --------
    >>> y = np.sin(0.1 * np.arange(16000))
    >>> round(wms.metrics.loudness_errors(y, 0.5 * y, sr=16000).rms_db, 2)
    6.02
    """
    a, b = _pair(a, b)
    first, second = loudness(a, sr=sr), loudness(b, sr=sr)
    heard = first > first.max() - _FRAME_RANGE_DB
    first, second = first[heard], second[heard]
    rms = float(np.sqrt(((first - second) ** 2).mean()))
    spread = first.std() * second.std()
    if spread == 0:
        return LoudnessErrors(1.0 if rms == 0 else 0.0, rms)
    covariance = ((first - first.mean()) * (second - second.mean())).mean()
    return LoudnessErrors(float(covariance / spread), rms)


def f0_error_cents(f0_a: npt.ArrayLike, f0_b: npt.ArrayLike) -> PitchErrors:
    """Compare two pitch tracks in the frames in which both have a pitch.

    Parameters
    ----------
    f0_a, f0_b : (T,)
        Pitches in Hz. Values that are not above 0 or not finite mean that there is no pitch.

    Raises
    ------
    ParameterError
        If the lengths differ, or no frame has a pitch in both.

    Examples
    --------
    >>> errors = wms.metrics.f0_error_cents([440.0, 220.0, 0.0], [440.0, 233.08, 220.0])
    >>> round(errors.median_cents), errors.within_50_cents
    (50, 0.5)
    """
    a, b = np.asarray(f0_a, np.float64), np.asarray(f0_b, np.float64)
    if a.shape != b.shape or a.ndim != 1:
        raise ParameterError(
            f"pitch tracks have shapes {a.shape} and {b.shape}, wanted the same (T,)"
        )
    both = np.isfinite(a) & np.isfinite(b)
    both[both] = (a[both] > 0) & (b[both] > 0)
    if not both.any():
        raise ParameterError("no frame has a pitch in both tracks, wanted at least one")
    cents = 1200 * np.abs(np.log2(a[both] / b[both]))
    return PitchErrors(float(np.median(cents)), float((cents <= 50).mean()))


def pitch_scores(
    f0_true: npt.ArrayLike,
    voiced_true: npt.ArrayLike,
    f0_est: npt.ArrayLike,
    voiced_est: npt.ArrayLike,
) -> PitchScores:
    """Score a pitch track against the truth, frame by frame, as mir_eval.melody does.

    Raw pitch accuracy is the share of the voiced frames whose pitch is less than 50 cents off,
    whether or not the track calls them voiced; raw chroma accuracy is the same with octave errors
    forgiven. Voicing recall is the share of the voiced frames that are called voiced, voicing false
    alarm the share of the unvoiced frames that are called voiced. Overall accuracy is the share of
    all frames that are either voiced, called voiced and less than 50 cents off, or unvoiced and
    called unvoiced (Poliner et al. 2007; Raffel et al. 2014, "mir_eval").

    Parameters
    ----------
    f0_true, f0_est : (T,)
        Pitches in Hz. Values that are not above 0 or not finite mean that there is no pitch. The
        pitch of a frame that is called unvoiced counts for the raw accuracies.
    voiced_true, voiced_est : (T,) bool
        Whether a frame is voiced.

    Raises
    ------
    ParameterError
        If the shapes differ or there are no frames.

    Examples
    --------
    >>> voiced = [True, True, False]
    >>> scores = wms.metrics.pitch_scores([440, 440, 0], voiced, [441, 220, 0], voiced)
    >>> scores.raw_pitch_accuracy, scores.raw_chroma_accuracy
    (0.5, 1.0)
    """
    truth, found = (np.asarray(x, np.float64) for x in (f0_true, f0_est))
    voiced, called = (np.asarray(x, np.bool_) for x in (voiced_true, voiced_est))
    shapes = [x.shape for x in (truth, voiced, found, called)]
    if truth.ndim != 1 or not len(truth) or len(set(shapes)) > 1:
        listed = ", ".join(map(str, shapes))
        raise ParameterError(f"f0 and voicing have shapes {listed}; wanted (T,), T at least 1")
    cents = np.full(len(truth), np.inf)
    both = np.isfinite(truth) & np.isfinite(found) & (truth > 0) & (found > 0)
    cents[both] = 1200 * np.log2(found[both] / truth[both])
    right = np.abs(cents) < 50
    chroma = right.copy()
    chroma[both] = np.abs(cents[both] - 1200 * np.floor(cents[both] / 1200 + 0.5)) < 50

    def share(of: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> float:
        return float(of[among].mean()) if among.any() else math.nan

    return PitchScores(
        raw_pitch_accuracy=share(right, voiced),
        raw_chroma_accuracy=share(chroma, voiced),
        voicing_recall=share(called, voiced),
        voicing_false_alarm=share(called, ~voiced),
        overall_accuracy=float(np.where(voiced, called & right, ~called).mean()),
    )


def remove_delay(
    a: _Signal, b: _Signal, *, sr: float, max_delay_s: float = 0.01
) -> tuple[_Float64, _Float64]:
    """Align two signals by the delay, in whole samples, at which they correlate best.

    Where their waveforms do not correlate (a coefficient below 0.5 at best), as when a synthesis
    has phases of its own, the delay would be a matter of chance, and they are left as they are.

    Parameters
    ----------
    a, b : (n,)
        Signals.
    sr : float
        Sample rate in Hz.
    max_delay_s : float
        Longest delay to look for in seconds, in both directions.

    Returns
    -------
    tuple of (m,)
        Both signals, shifted and trimmed to the same length.

    Raises
    ------
    ParameterError
        If a signal is empty, not one-dimensional or not finite.

    Examples
    --------
    >>> y = np.random.default_rng(0).standard_normal(1600)
    >>> a, b = wms.metrics.remove_delay(y, np.roll(y, 5), sr=16000)
    >>> len(a), bool(np.allclose(a, b))
    (1595, True)
    """
    a, b = _pair(a, b)
    longest = min(round(max_delay_s * sr), len(a) - 1)
    size = 1 << (2 * len(a) - 1).bit_length()
    correlation = np.fft.irfft(np.fft.rfft(b, size) * np.conj(np.fft.rfft(a, size)), size)
    lags = np.arange(-longest, longest + 1)
    delay = int(lags[np.argmax(correlation[lags])])
    if correlation[delay] < _ALIKE * np.linalg.norm(a) * np.linalg.norm(b):
        delay = 0
    if delay >= 0:
        return a[: len(a) - delay], b[delay:]
    return a[-delay:], b[:delay]


def _checked(x: _Signal) -> _Float64:
    signal: _Float64 = np.asarray(x, np.float64)
    if signal.ndim != 1 or not len(signal):
        raise ParameterError(f"the signal has shape {signal.shape}, wanted (n,) with n at least 1")
    if not np.isfinite(signal).all():
        raise ParameterError("the signal has samples that are not finite")
    return signal


def _pair(a: _Signal, b: _Signal) -> tuple[_Float64, _Float64]:
    a, b = _checked(a), _checked(b)
    n = min(len(a), len(b))
    return a[:n], b[:n]


def _magnitudes(x: _Float64, size: int, hop: int) -> _Float64:
    # Zeros are appended so that every sample is in a frame.
    count = max(1, math.ceil((len(x) - size) / hop) + 1)
    x = np.pad(x, (0, max(0, (count - 1) * hop + size - len(x))))
    frames = np.lib.stride_tricks.sliding_window_view(x, size)[::hop]
    window = hann(size)
    out = np.empty((count, size // 2 + 1))
    for start in range(0, count, 1024):
        out[start : start + 1024] = np.abs(np.fft.rfft(frames[start : start + 1024] * window))
    return out


def _floored_db(power: _Float64, reference: _Float64) -> _Float64:
    floor = max(float(reference.max()) * 10 ** (-_FLOOR_DB / 10), np.finfo(np.float64).tiny)
    level: _Float64 = 10 * np.log10(np.maximum(power, floor))
    return level


def _audible(magnitudes: _Float64) -> npt.NDArray[np.bool_]:
    energy = (magnitudes**2).sum(axis=1)
    audible: npt.NDArray[np.bool_] = energy >= energy.max() * 10 ** (-_FRAME_RANGE_DB / 10)
    return audible


def _mel_bank(sr: float, size: int) -> _Float64:
    """Return triangular filters of equal area on the mel scale, (40, size / 2 + 1)."""
    low, high = hz_to_mel(np.array([_MCD_LOWEST_HZ, sr / 2]))
    edges = mel_to_hz(np.linspace(low, high, _MCD_MELS + 2))
    hz = np.arange(size // 2 + 1) * sr / size
    left, centre, right = (e[:, None] for e in (edges[:-2], edges[1:-1], edges[2:]))
    rising, falling = (hz - left) / (centre - left), (right - hz) / (right - centre)
    bank: _Float64 = np.maximum(0, np.minimum(rising, falling)) * 2 / (right - left)
    return bank


def _a_weighting(hz: _Float64) -> _Float64:
    """Return the A-weighting of power by IEC 61672, which is 1 at 1 kHz."""
    s = np.append(hz, 1000.0) ** 2
    poles = np.sqrt((s + 107.7**2) * (s + 737.9**2))
    response = 12194.0**2 * s**2 / ((s + 20.6**2) * (s + 12194.0**2) * poles)
    weights: _Float64 = (response[:-1] / response[-1]) ** 2
    return weights
