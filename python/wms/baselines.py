"""Simple predictors of spectra, which a network has to beat.

Each is fitted to training frames once and can then predict any frames. Only NumPy is needed; the
baselines that are networks themselves are in `wms.training.trained_baselines`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ._pieces import piece_rows

_FloatArray = npt.NDArray[np.floating[Any]]
_Float32 = npt.NDArray[np.float32]
_Float64 = npt.NDArray[np.float64]

#: A function from inputs (T, C) to log1p spectra (T, K).
Predictor = Callable[[_FloatArray], _Float32]

# Training frames that the search for the nearest one takes at once.
_ROWS_AT_ONCE = 8192


class Spectra(Protocol):
    """Log1p spectra (N, K): an array, or rows that are read when they are indexed."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of frames and of bins, (N, K)."""

    def __len__(self) -> int: ...

    def __getitem__(self, rows: Any, /) -> _FloatArray: ...


def fit_baselines(inputs: _FloatArray, targets: Spectra) -> dict[str, Predictor]:
    """Fit all simple baselines.

    Inputs are standardised by the mean and the standard deviation of the training inputs, so that
    pitch and MFCC count alike in distances.

    Parameters
    ----------
    inputs : (N, C)
        Inputs of the training frames, not standardised.
    targets : (N, K)
        Their log1p spectra.

    Returns
    -------
    dict of callables
        "mean", "nearest" and "ridge": each maps inputs (T, C), not standardised, to log1p
        spectra (T, K), float32.

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0]])
    >>> baselines = wms.training.fit_baselines(x, 10 * x)
    >>> baselines["nearest"](np.array([[1.9]])).tolist()
    [[20.0]]
    """
    mean = inputs.mean(axis=0, dtype=np.float64)
    scale = inputs.std(axis=0, dtype=np.float64)
    # The standard deviation of a constant input is rounding error, which must not be blown up.
    scale[scale < 1e-6] = 1.0

    def standardised(predict: Predictor) -> Predictor:
        return lambda x: predict((x - mean) / scale)

    known = (inputs - mean) / scale
    return {
        "mean": fit_mean(targets),
        "nearest": standardised(fit_nearest(known, targets)),
        "ridge": standardised(fit_ridge(known, targets)),
    }


def fit_mean(targets: Spectra) -> Predictor:
    """Make the predictor that gives the mean training spectrum for every frame.

    Parameters
    ----------
    targets : (N, K)
        Log1p spectra of the training frames.
    """
    total = np.zeros(targets.shape[1])
    piece = piece_rows(targets.shape[1])
    for start in range(0, len(targets), piece):
        total += targets[start : start + piece].sum(axis=0, dtype=np.float64)
    mean = (total / len(targets)).astype(np.float32)
    return lambda x: np.broadcast_to(mean, (len(x), len(mean)))


def fit_nearest(inputs: _FloatArray, targets: Spectra, *, chunk: int = 1024) -> Predictor:
    """Make the predictor that gives the spectrum of the nearest training frame.

    Parameters
    ----------
    inputs : (N, C)
        Inputs of the training frames; the distance between frames is the Euclidean distance
        between their inputs as given here.
    targets : (N, K)
        Their log1p spectra.
    chunk : int
        Frames that are compared at once. It limits the memory and does not change the result.
    """

    def predict(x: _FloatArray) -> _Float32:
        chosen = np.empty(len(x), np.int64)
        for start in range(0, len(x), chunk):
            chosen[start : start + chunk] = _nearest(inputs, x[start : start + chunk])
        return np.asarray(targets[chosen], dtype=np.float32)

    return predict


def _nearest(inputs: _FloatArray, x: _FloatArray) -> npt.NDArray[np.int64]:
    queries = np.asarray(x, np.float64)
    best = np.full(len(queries), np.inf)
    chosen = np.zeros(len(queries), np.int64)
    for first in range(0, len(inputs), _ROWS_AT_ONCE):
        rows = np.asarray(inputs[first : first + _ROWS_AT_ONCE], np.float64)
        # |a - b|^2 without |a|^2, which is the same for every b.
        distance = (rows * rows).sum(axis=1) - 2.0 * (queries @ rows.T)
        index = distance.argmin(axis=1)
        found = distance[np.arange(len(queries)), index]
        nearer = found < best
        best[nearer] = found[nearer]
        chosen[nearer] = first + index[nearer]
    return chosen


def fit_ridge(inputs: _FloatArray, targets: Spectra, *, ridge: float = 1.0) -> Predictor:
    """Make the predictor by linear regression with an L2 penalty.

    Parameters
    ----------
    inputs : (N, C)
        Inputs of the training frames.
    targets : (N, K)
        Their log1p spectra.
    ridge : float
        Weight of the penalty, at least 0. The constant term is not penalised.

    Returns
    -------
    callable
        Maps inputs (T, C) to spectra (T, K). Values below 0 are set to 0, because no log1p
        magnitude is negative.
    """
    width = inputs.shape[1] + 1
    gram = np.zeros((width, width))
    moment = np.zeros((width, targets.shape[1]))
    piece = piece_rows(targets.shape[1])
    for start in range(0, len(inputs), piece):
        x = _with_constant(inputs[start : start + piece])
        gram += x.T @ x
        moment += x.T @ targets[start : start + piece]
    penalty = np.full(width, ridge)
    penalty[-1] = 0.0
    weights = np.linalg.lstsq(gram + np.diag(penalty), moment, rcond=None)[0]

    def predict(x: _FloatArray) -> _Float32:
        return np.asarray(np.maximum(_with_constant(x) @ weights, 0.0), np.float32)

    return predict


def baseline_errors(
    train_inputs: _FloatArray, train_targets: Spectra, inputs: _FloatArray, targets: Spectra
) -> dict[str, float]:
    """Return the mean absolute error of the log1p spectrum of each simple baseline.

    Parameters
    ----------
    train_inputs, train_targets : (N, C), (N, K)
        Training frames; the inputs are not standardised.
    inputs, targets : (T, C), (T, K)
        Frames kept aside.

    Returns
    -------
    dict
        Errors of "mean", "nearest" and "ridge".

    Examples
    --------
    >>> x = np.array([[0.0], [1.0], [2.0]], np.float32)
    >>> errors = wms.training.baseline_errors(x, 10 * x, x, 10 * x)
    >>> round(errors["mean"], 2), errors["nearest"]
    (6.67, 0.0)
    """
    predictors = fit_baselines(train_inputs, train_targets)
    sums = dict.fromkeys(predictors, 0.0)
    # Piece by piece, because the targets may be larger than the memory.
    piece = piece_rows(targets.shape[1])
    for start in range(0, len(inputs), piece):
        x, y = inputs[start : start + piece], targets[start : start + piece]
        for name, predict in predictors.items():
            sums[name] += float(np.abs(predict(x) - y).sum(dtype=np.float64))
    return {name: total / (len(inputs) * targets.shape[1]) for name, total in sums.items()}


def _with_constant(x: _FloatArray) -> _Float64:
    return np.concatenate([np.asarray(x, np.float64), np.ones((len(x), 1))], axis=1)
