"""What is compared in an evaluation: the model, and other ways from its inputs to spectra."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from .. import Frames, Model, Store
from .._frames import FrameArrays, number_parts
from ..baselines import Predictor, fit_baselines
from ..errors import ParameterError, WmsError
from .passages import Float32

#: Name and description of every system that a report can have, by its key in figures.json.
SYSTEMS = {
    "true_spectra": ("True spectra", "what a network without errors would play"),
    "model": ("Model", "what the network makes of pitch and timbre, played"),
    "model_2": ("Second model", "the same sound, analysed as it wants it and played"),
    "model_3": ("Third model", "the same sound, analysed as it wants it and played"),
    "model_4": ("Fourth model", "the same sound, analysed as it wants it and played"),
    "wms_torch": ("wms_torch's recipe", "the same network, trained as wms_torch does"),
    "mlp": ("No memory", "a network as large without recurrence"),
    "nearest": ("Nearest frame", "the spectrum of the most similar training frame"),
    "ridge": ("Ridge", "linear regression"),
    "mean": ("Mean", "always the mean training spectrum"),
}

# Minutes to train a baseline if the model file does not say how long the model was trained.
_DEFAULT_MINUTES = 5.0


def training_frames(model: Model, frames: Frames | Store) -> FrameArrays:
    """Compute the inputs of `model` from analysed frames; those of a store are all read.

    Raises
    ------
    ParameterError
        If there are no frames, or they have another number of bins than the model.
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
    index = number_parts([len(part) for part in parts])
    return FrameArrays(
        inputs=np.concatenate([model.inputs(part) for part in parts]),
        targets=np.concatenate([part.spectrum for part in parts]),
        file_index=frames.file_index if isinstance(frames, Frames) else index,
        f0_hz=np.concatenate([part.f0_hz for part in parts]),
        voicedness=np.concatenate([part.voicedness for part in parts]),
        scaler=frames.scaler,
        params=frames.params,
    )


def model_predictor(model: Model) -> Predictor:
    """Return a function from inputs to the model's spectra, as log1p magnitudes."""
    is_magnitude = model.config["spectrum"]["domain"] == "magnitude"

    def predict(x: npt.NDArray[np.floating[Any]]) -> Float32:
        y, _ = model.predict(np.asarray(x, np.float32))
        return np.log1p(np.maximum(y, 0.0)) if is_magnitude else y

    return predict


def baseline_predictors(
    model: Model,
    frames: Frames | Store,
    *,
    trained: bool,
    minutes: float | None,
    show_progress: bool,
) -> tuple[Mapping[str, Predictor], dict[str, Any]]:
    """Fit the baselines to the training sound.

    Parameters
    ----------
    model : Model
        The model that they are compared with.
    frames : Frames or Store
        Its training sound.
    trained : bool
        Whether to train the two networks too (needs PyTorch).
    minutes : float, optional
        Time to train each network; default: as long as the model was trained according to its
        file, or 5.
    show_progress : bool
        Whether to show a line of progress of these trainings on stderr.

    Returns
    -------
    predictors : mapping
        Functions from inputs to log1p spectra, by the keys of `SYSTEMS`.
    description : dict
        What they were made from, for figures.json.

    Raises
    ------
    ParameterError
        If there are no frames, or they have another number of bins than the model.
    WmsError
        If networks are to be trained and PyTorch is not installed.
    """
    known = training_frames(model, frames)
    simple = fit_baselines(known.inputs, np.asarray(known.targets))
    predictors = {name: simple[name] for name in ("nearest", "ridge", "mean")}
    description: dict[str, Any] = {
        "recordings": [Path(name).name for name in frames.files],
        "seconds": len(frames) * model.hop_size / model.sample_rate,
        "minutes_trained": None,
    }
    if trained:
        try:
            from ..training.trained_baselines import train_baselines
        except ImportError as error:
            raise WmsError(str(error)) from error
        if minutes is None:
            minutes = float(model.config.get("provenance", {}).get("minutes") or _DEFAULT_MINUTES)
        size = sum(array.size for array in model.state_dict().values())
        predictors |= train_baselines(
            known, num_weights=size, minutes=minutes, show_progress=show_progress
        )
        description["minutes_trained"] = minutes
    return predictors, description
