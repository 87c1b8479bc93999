"""The columns of a report's table: which measures there are, and what they mean."""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import metrics
from ..errors import ParameterError

_FloatArray = npt.NDArray[np.floating[Any]]


@dataclasses.dataclass(frozen=True)
class Measure:
    """One column of the table.

    Attributes
    ----------
    key : str
        Its key in figures.json.
    name, unit : str
        Heading of the column; the unit may be empty.
    digits : int
        Digits after the decimal point.
    best : float
        Value of a sound that equals the original: 0 if lower is better, 1 if higher is better.
    words : str
        What it measures, in plain words.
    """

    key: str
    name: str
    unit: str
    digits: int
    best: float
    words: str


#: All measures, in the order in which they are shown.
MEASURES = (
    Measure(
        "spectrum_error", "Spectrum error", "", 4, 0.0,
        "How far the network's spectra are from the analysed ones: mean absolute error of "
        "ln(1 + magnitude), over all bins and frames. It judges the network alone; all others "
        "judge the sound.",
    ),
    Measure(
        "mss", "Multi-scale spectral", "", 2, 0.0,
        "Distance of the spectrograms in six resolutions (FFT 2048 to 64), linear and logarithmic "
        "parts added, as the DDSP papers have it. Close to how different it sounds overall.",
    ),
    Measure(
        "lin", "its linear part", "", 3, 0.0,
        "The part of the distance above that loud components make; pitch errors show here first.",
    ),
    Measure(
        "lsd_db", "Log-spectral", "dB", 2, 0.0,
        "Typical level error of a frequency bin at a moment, down to 80 dB below the loudest; "
        "weak bins and noise count as much as loud ones.",
    ),
    Measure(
        "mcd_db", "Mel cepstral", "dB", 2, 0.0,
        "Level error of the timbre's coarse shape, in bands as wide as the ear's.",
    ),
    Measure(
        "f0_median_cents", "Pitch error", "cents", 1, 0.0,
        "Median difference in pitch, by a tracker that the analysis does not use; 100 cents are "
        "a semitone, about 5 are just heard.",
    ),
    Measure(
        "f0_within_50_cents", "Pitch right", "", 3, 1.0,
        "Share of the moments in which both have a pitch and it is less than a quarter tone apart.",
    ),
    Measure(
        "loudness_correlation", "Loudness corr.", "", 3, 1.0,
        "How closely the loudness follows the original's ups and downs (A-weighted); 1 is exactly.",
    ),
    Measure(
        "loudness_rms_db", "Loudness error", "dB", 2, 0.0,
        "Typical difference in loudness from moment to moment (A-weighted).",
    ),
)  # fmt: skip


def measure_sound(
    original: _FloatArray, made: _FloatArray, *, sr: float, fmin: float, fmax: float
) -> dict[str, float | None]:
    """Measure a synthesis against the recording, after `metrics.remove_delay`.

    Parameters
    ----------
    original, made : (n,)
        Signals. The end of the longer one is ignored.
    sr : float
        Their sample rate in Hz, at least 4000.
    fmin, fmax : float
        Range of the pitch in Hz. Pitches above sr / 4 are not looked for.

    Returns
    -------
    dict
        Values by the keys of `MEASURES`, without the spectrum error. None if there is nothing to
        measure, because there is no moment in which both have a pitch.

    Raises
    ------
    ParameterError
        If a signal is empty, not one-dimensional or not finite, or the rate is too low.
    """
    a, b = metrics.remove_delay(original, made, sr=sr)
    distance = metrics.multi_scale_spectral_parts(a, b)
    loudness = metrics.loudness_errors(a, b, sr=sr)
    tracks = [metrics.track_pitch(x, sr=sr, fmin=fmin, fmax=min(fmax, sr / 4)) for x in (a, b)]
    try:
        pitch = metrics.f0_error_cents(*tracks)
    except ParameterError:
        pitch = metrics.PitchErrors(math.nan, math.nan)
    found = {
        "mss": distance.total,
        "lin": distance.linear,
        "lsd_db": metrics.log_spectral_distance(a, b, sr=sr),
        "mcd_db": metrics.mel_cepstral_distortion(a, b, sr=sr),
        "f0_median_cents": pitch.median_cents,
        "f0_within_50_cents": pitch.within_50_cents,
        "loudness_correlation": loudness.correlation,
        "loudness_rms_db": loudness.rms_db,
    }
    return {key: float(value) if math.isfinite(value) else None for key, value in found.items()}
