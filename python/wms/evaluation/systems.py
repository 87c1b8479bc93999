"""What the model is compared with: simple ways from the same inputs to spectra."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import Frames, Model, Store
from ..errors import ParameterError, WmsError

Float32 = npt.NDArray[np.float32]
#: From inputs (T, C) as the model takes them to log1p spectra (T, K).
Predictor = Callable[[Float32], Float32]

#: Name and description of every system that a report can have, by its key in figures.json.
SYSTEMS = {
    "true_spectra": ("True spectra", "what a network without errors would play"),
    "model": ("Model", "what the network makes of pitch and timbre, played"),
    "wms_torch": ("wms_torch's recipe", "the same network, trained as wms_torch does"),
    "mlp": ("No memory", "a network as large without recurrence"),
    "nearest": ("Nearest frame", "the spectrum of the most similar training frame"),
    "ridge": ("Ridge", "linear regression"),
    "mean": ("Mean", "always the mean training spectrum"),
}


@dataclasses.dataclass(frozen=True)
class TrainingFrames:
    """Training sound as a model's inputs and targets; what `wms.training` takes as frames."""

    inputs: Float32
    targets: Float32
    file_index: npt.NDArray[np.int32]
    f0_hz: Float32
    voicedness: Float32
    scaler: Any
    params: Any


def training_frames(model: Model, frames: Frames | Store) -> TrainingFrames:
    """See analysed frames as `model` does, those of a store all in memory.

    Raises
    ------
    ParameterError
        If there are none, or they have another number of bins than the model.
    """
    parts = frames.shards if isinstance(frames, Store) else [frames]
    if not any(len(part) for part in parts):
        raise ParameterError("there are no training frames, wanted at least one")
    bins = parts[0].spectrum.shape[1]
    if bins != model.output_size:
        raise ParameterError(
            f"the training frames have {bins} bins, wanted the model's {model.output_size}"
        )
    # Each part of a store is one recording.
    index = np.repeat(np.arange(len(parts), dtype=np.int32), [len(part) for part in parts])
    return TrainingFrames(
        inputs=np.concatenate([model.inputs(part) for part in parts]),
        targets=np.concatenate([part.spectrum for part in parts]),
        file_index=frames.file_index if isinstance(frames, Frames) else index,
        f0_hz=np.concatenate([part.f0_hz for part in parts]),
        voicedness=np.concatenate([part.voicedness for part in parts]),
        scaler=frames.scaler,
        params=frames.params,
    )


def simple_baselines(seen: TrainingFrames) -> dict[str, Predictor]:
    """Make the predictors that need no training: nearest frame, ridge regression, mean.

    Raises
    ------
    WmsError
        If PyTorch, with which they come, is not installed.
    """
    try:
        from ..training import nearest_frame, predict_mean, ridge_regression
    except ImportError as error:
        raise WmsError(str(error)) from error
    mean = seen.inputs.mean(axis=0, dtype=np.float64)
    scale = seen.inputs.std(axis=0, dtype=np.float64)
    scale[scale < 1e-6] = 1.0
    known = (seen.inputs - mean) / scale
    return {
        "nearest": lambda x: nearest_frame(known, seen.targets, (x - mean) / scale),
        "ridge": lambda x: ridge_regression(known, seen.targets, (x - mean) / scale),
        "mean": lambda x: predict_mean(seen.targets, len(x)),
    }


def model_predictor(model: Model) -> Predictor:
    """Make a predictor of the model itself, log1p whatever its domain is."""
    is_magnitude = model.config["spectrum"]["domain"] == "magnitude"

    def predict(x: Float32) -> Float32:
        y, _ = model.predict(x)
        return np.log1p(np.maximum(y, 0.0)) if is_magnitude else y

    return predict
