"""How far the levels of predicted partials are from the true ones."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

import wms

HIGHEST_HZ = 12000.0
# Partials that are softer, beside the loudest of their frame, do not count.
RANGE_DB = 50.0
# A partial that is missing counts as one that is this much softer than the loudest.
FLOOR_DB = 80.0
VOICED = 0.5

Spectra = npt.NDArray[np.float32]


def partial_levels_db(spectra: Spectra, params: wms.Params) -> npt.NDArray[np.float64]:
    """Levels of the partials in dB, (T, P), of log1p spectra (T, K)."""
    spacing = params["cycles_per_window"] * params["n_fft"] / params["window_size"]
    count = int((spectra.shape[1] - 1) / spacing)
    bins = np.round(np.arange(1, count + 1) * spacing).astype(int)
    magnitudes = np.expm1(spectra[:, bins].astype(np.float64))
    return 20 * np.log10(np.maximum(magnitudes, 1e-9))


def partial_error_db(predicted: Spectra, frames: wms.Frames) -> float:
    """Mean absolute error of the partials' levels in dB; NaN if no frame is voiced.

    Counted are the voiced frames, and in each the partials that truly are within 50 dB of its
    loudest one and not above 12 kHz.
    """
    params = frames.params
    true = partial_levels_db(frames.spectrum, params)
    made = partial_levels_db(predicted, params)
    hz = frames.f0_hz[:, None] * np.arange(1, true.shape[1] + 1)
    heard = hz <= min(HIGHEST_HZ, params["sample_rate"] / 2)
    loudest = np.where(heard, true, -np.inf).max(axis=1, keepdims=True)
    counted = heard & (true > loudest - RANGE_DB) & (frames.voicedness[:, None] >= VOICED)
    errors = np.abs(np.maximum(made, loudest - FLOOR_DB) - true)[counted]
    return float(errors.mean()) if errors.size else math.nan
