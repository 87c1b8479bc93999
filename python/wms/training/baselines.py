"""What can be had without a network, on the same split: figures that a network has to beat."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from .frames import FloatArray, piece_rows
from .rows import Chosen

Float32 = npt.NDArray[np.float32]


def predict_mean(train_targets: FloatArray | Chosen, num_frames: int) -> Float32:
    """Predict the mean training spectrum for every frame: (num_frames, K)."""
    total = np.zeros(train_targets.shape[1])
    piece = piece_rows(train_targets.shape[1])
    for start in range(0, len(train_targets), piece):
        total += train_targets[start : start + piece].sum(axis=0, dtype=np.float64)
    mean = (total / len(train_targets)).astype(np.float32)
    return np.broadcast_to(mean, (num_frames, len(mean)))


def nearest_frame(
    train_inputs: FloatArray,
    train_targets: FloatArray | Chosen,
    inputs: FloatArray,
    *,
    chunk: int = 1024,
) -> Float32:
    """Predict the spectrum of the training frame nearest in Euclidean distance of inputs.

    Parameters
    ----------
    train_inputs : (N, C)
        Standardised inputs.
    train_targets : (N, K)
    inputs : (T, C)
        Standardised as `train_inputs` are.
    chunk : int
        Frames compared at once; bounds the memory, not the result.

    Returns
    -------
    (T, K) float32
    """
    chosen = np.empty(len(inputs), np.int64)
    for start in range(0, len(inputs), chunk):
        queries = np.asarray(inputs[start : start + chunk], np.float64)
        best = np.full(len(queries), np.inf)
        for first in range(0, len(train_inputs), 8192):
            rows = np.asarray(train_inputs[first : first + 8192], np.float64)
            # |a - b|^2 without |a|^2, which is the same for every b.
            distance = (rows * rows).sum(axis=1) - 2.0 * (queries @ rows.T)
            index = distance.argmin(axis=1)
            found = distance[np.arange(len(queries)), index]
            nearer = found < best
            best[nearer] = found[nearer]
            chosen[start : start + chunk][nearer] = first + index[nearer]
    return np.asarray(train_targets[chosen], dtype=np.float32)


def ridge_regression(
    train_inputs: FloatArray,
    train_targets: FloatArray | Chosen,
    inputs: FloatArray,
    *,
    ridge: float = 1.0,
) -> Float32:
    """Predict by linear regression with an L2 penalty on all weights but the offset.

    Parameters
    ----------
    train_inputs : (N, C)
        Standardised inputs.
    train_targets : (N, K)
    inputs : (T, C)
        Standardised as `train_inputs` are.
    ridge : float
        Weight of the penalty, at least 0.

    Returns
    -------
    (T, K) float32
        No bin below 0, as no log1p magnitude is.
    """
    return _ridge_predict(_ridge_weights(train_inputs, train_targets, ridge), inputs)


def _ridge_weights(
    train_inputs: FloatArray, train_targets: FloatArray | Chosen, ridge: float
) -> npt.NDArray[np.float64]:
    width = train_inputs.shape[1] + 1
    gram = np.zeros((width, width))
    moment = np.zeros((width, train_targets.shape[1]))
    piece = piece_rows(train_targets.shape[1])
    for start in range(0, len(train_inputs), piece):
        x = _with_offset(train_inputs[start : start + piece])
        gram += x.T @ x
        moment += x.T @ train_targets[start : start + piece]
    penalty = np.full(width, ridge)
    penalty[-1] = 0.0
    weights: npt.NDArray[np.float64] = np.linalg.lstsq(gram + np.diag(penalty), moment, rcond=None)[
        0
    ]
    return weights


def _ridge_predict(weights: npt.NDArray[np.float64], inputs: FloatArray) -> Float32:
    predicted: npt.NDArray[np.float64] = np.maximum(_with_offset(inputs) @ weights, 0.0)
    return predicted.astype(np.float32)


def baseline_errors(
    train_inputs: FloatArray,
    train_targets: FloatArray | Chosen,
    inputs: FloatArray,
    targets: FloatArray | Chosen,
) -> dict[str, float]:
    """Mean absolute errors of the log1p spectrum of the three baselines.

    Parameters
    ----------
    train_inputs, train_targets : (N, C), (N, K)
        Frames trained on, inputs as they are.
    inputs, targets : (T, C), (T, K)
        Frames kept aside.

    Returns
    -------
    dict
        "mean", "nearest" and "ridge".
    """
    mean = train_inputs.mean(axis=0, dtype=np.float64)
    scale = train_inputs.std(axis=0, dtype=np.float64)
    scale[scale == 0] = 1.0
    known, asked = (train_inputs - mean) / scale, (inputs - mean) / scale
    means, weights = predict_mean(train_targets, 1), _ridge_weights(known, train_targets, 1.0)
    sums = dict.fromkeys(("mean", "nearest", "ridge"), 0.0)
    piece = piece_rows(targets.shape[1])
    for start in range(0, len(asked), piece):
        x, y = asked[start : start + piece], targets[start : start + piece]
        predictions = {
            "mean": means,
            "nearest": nearest_frame(known, train_targets, x),
            "ridge": _ridge_predict(weights, x),
        }
        for name, predicted in predictions.items():
            sums[name] += float(np.abs(predicted - y).sum(dtype=np.float64))
    return {name: total / (len(asked) * targets.shape[1]) for name, total in sums.items()}


def _with_offset(x: FloatArray) -> npt.NDArray[np.float64]:
    column: npt.NDArray[Any] = np.ones((len(x), 1))
    return np.concatenate([np.asarray(x, np.float64), column], axis=1)
