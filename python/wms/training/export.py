"""Trained networks as model files: this project's, and wms_torch's."""

from __future__ import annotations

import copy
import datetime
import json
import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from .. import Model, __version__
from .._files import check_writable, replacing
from .._frames import FloatArray, FramesLike
from ..compat import write_model
from ..compat.hashing import PITCH_OFFSET_HZ
from ..compat.models import check_known_to_wms_torch, save_rt_json
from ..compat.torch_file import save_tensors
from ..errors import ParameterError
from .frames import n_bins, params_dict
from .network import GRUNet
from .partial_network import PartialNet
from .projection import ProjectedFrames


def fold_normalisation(
    network: GRUNet, mean: npt.NDArray[np.float64], scale: npt.NDArray[np.float64]
) -> GRUNet:
    """Make the network that maps x as `network` maps (x - mean) / scale.

    Parameters
    ----------
    network : GRUNet
        A network that was trained on normalised inputs; it is not changed.
    mean, scale : (C,)
        Mean and standard deviation of the inputs; no scale is 0.

    Returns
    -------
    GRUNet
        The new network, on the CPU and in evaluation mode.

    Examples
    --------
    >>> import torch
    >>> network = wms.training.GRUNet(input_size=10, hidden_size=8, encoded_size=8, output_size=80)
    >>> folded = wms.training.fold_normalisation(network, np.zeros(10), np.full(10, 2.0))
    >>> x = torch.ones(1, 5, 10)
    >>> bool(torch.allclose(folded(x)[0], network.eval()(x / 2)[0], atol=1e-6))
    True
    """
    folded = copy.deepcopy(network).cpu().eval().requires_grad_(requires_grad=False)
    state = folded.state_dict()
    # In double precision, because the pitch's mean is large against its scale.
    weight = state["input_encoder.0.weight"].double() / torch.from_numpy(scale)
    bias = state["input_encoder.0.bias"].double() - weight @ torch.from_numpy(mean)
    folded.load_state_dict(
        {**state, "input_encoder.0.weight": weight, "input_encoder.0.bias": bias}
    )
    return folded


def model_config(
    frames: FramesLike, *, name: str, params: Any, provenance: dict[str, Any]
) -> dict[str, Any]:
    """Return the configuration object of a model file for a network trained on `frames`."""
    given = params_dict(params)
    inputs = np.asarray(frames.inputs)
    has_voicedness = bool(given.get("include_voicedness", True))
    names = [f"mfcc_{i}" for i in range(inputs.shape[1] - 1 - has_voicedness)] + ["pitch"]
    names += ["voicedness"] if has_voicedness else []
    projection = {}
    if isinstance(frames, ProjectedFrames):
        names = frames.input_names
        projection = {"projection": frames.projection.to_config()}
    created = datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    return {
        "generation": "2026-08",
        "name": name,
        "input_names": names,
        "scaler": {"mean": _floats(frames.scaler.mean), "scale": _floats(frames.scaler.scale)},
        **projection,
        "f0_mapping": {
            "kind": "log_offset",
            "f_low_hz": float(given["f_low"]),
            "offset": PITCH_OFFSET_HZ,
        },
        "f0_range_hz": _f0_range(frames, given),
        "input_statistics": {
            "min": _floats(inputs.min(axis=0)),
            "max": _floats(inputs.max(axis=0)),
            "mean": _floats(inputs.mean(axis=0, dtype=np.float64)),
            "std": _floats(inputs.std(axis=0, dtype=np.float64)),
            "rest": _floats(_rest(frames, inputs)),
        },
        "spectrum": {
            "domain": "log1p",
            "window_size": given["window_size"],
            "n_fft": given["n_fft"],
            "n_bins": n_bins(frames.targets),
            "cycles_per_window": given["cycles_per_window"],
        },
        "sample_rate": given["sample_rate"],
        "hop_size": given["hop_size"],
        "provenance": {"created": created, "wms_version": __version__, **provenance},
        # Last, where a description beside a file of wms_torch has it too.
        "params": given,
    }


def _rest(frames: FramesLike, inputs: FloatArray) -> FloatArray:
    """Inputs that a note begins with, (C,): the mean of the louder half of the voiced frames.

    The mean of all frames would be a soft sound, because pauses and fading notes are among them.
    """
    voicedness = np.asarray(frames.voicedness)
    sounding = voicedness >= min(0.5, float(np.median(voicedness)))
    targets = frames.targets if isinstance(frames.targets, Sequence) else [frames.targets]
    loudness = np.concatenate([part.mean(axis=1, dtype=np.float64) for part in targets])
    louder = sounding & (loudness >= np.median(loudness[sounding]))
    rest: FloatArray = inputs[louder].mean(axis=0, dtype=np.float64)
    return rest


def save_model(
    path: str | os.PathLike[str],
    network: GRUNet | PartialNet,
    frames: FramesLike,
    *,
    name: str | None = None,
    params: Any = None,
    provenance: dict[str, Any] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a network and everything that is needed to play it as one model file.

    `wms.Model.from_state` makes the model and `wms.Model.save` writes it. A `PartialNet` gets
    directions, measured on the frames (`wms.Model.with_directions`).

    Parameters
    ----------
    path : path
        The file to write.
    network : GRUNet or PartialNet
        A network that takes inputs as `frames` has them (`fold_normalisation`).
    frames : Frames
        The frames that it was trained on.
    name : str, optional
        The model's display name. Default: the file's name without its ending.
    params : wms.Params or Mapping, optional
        Params to keep in the file. Default: those of `frames`.
    provenance : dict, optional
        What else to keep about the model's origin.
    overwrite : bool
        Whether to replace an existing file.

    Raises
    ------
    FileAccessError
        If the file exists or cannot be written.
    ParameterError
        If the network does not fit the frames, or no model with these params can be played.

    Examples
    --------
    >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> frames = wms.analyze(y, sample_rate=16000)
    >>> network = wms.training.GRUNet(input_size=10, hidden_size=8, encoded_size=8, output_size=80)
    >>> wms.training.save_model("untrained.safetensors", network, frames).name
    'untrained.safetensors'
    """
    path = check_writable(path, overwrite=overwrite)
    kind = {}
    if isinstance(network, PartialNet):
        kind = {"generation": "wms-2", "mel_bands": network.envelope.bands}
    config = model_config(
        frames,
        name=path.stem if name is None else name,
        params=frames.params if params is None else params,
        provenance=provenance or {},
    )
    model = Model.from_state({**config, **kind}, _arrays(network))
    if isinstance(network, PartialNet):
        model = _with_directions(model, frames)
    model.save(path)
    return path


def _with_directions(model: Model, frames: FramesLike) -> Model:
    """Measure the model's directions; a training that is over is not lost for want of them."""
    try:
        return model.with_directions(frames)
    except ParameterError as error:
        warnings.warn(f"the model has no directions: {error}", stacklevel=3)
        return model


def _arrays(network: torch.nn.Module) -> dict[str, npt.NDArray[np.float32]]:
    """The network's weights by their state-dict names."""
    return {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()}


def export_wms_torch(
    model: torch.nn.Module | str | os.PathLike[str],
    folder: str | os.PathLike[str],
    *,
    comment: str = "",
    time: datetime.datetime | None = None,
) -> tuple[Path, Path]:
    """Write a network as wms_torch does: state dict, RTNeural JSON, and last_network.json.

    Parameters
    ----------
    model : torch.nn.Module or path
        A network that takes wms_torch's X, or a model file. What a model file says besides the
        weights is kept beside the two, as by `wms.compat.write_model`.
    folder : path
        The folder that gets models/, rtneural_models/ and last_network.json.
    comment : str
        Text to append to the file names.
    time : datetime, optional
        The time in the file names. Default: now.

    Returns
    -------
    tuple of Path
        The .pth file and the .json file.

    Raises
    ------
    ModelFileError
        If `model` is a path that is not a model file.
    ParameterError
        If the network is of a generation that wms_torch cannot read.
    FileAccessError
        If a file exists already or cannot be written.

    Examples
    --------
    >>> network = wms.training.GRUNet(input_size=10, hidden_size=8, encoded_size=8, output_size=80)
    >>> pth, json = wms.training.export_wms_torch(network, "saved_models")
    """
    loaded = None if isinstance(model, torch.nn.Module) else Model.load(model)
    if loaded or isinstance(model, PartialNet):
        check_known_to_wms_torch(loaded.generation if loaded else "wms-2")
    stamp = f"{time or datetime.datetime.now():%Y-%m-%d_%H-%M-%S}{comment}"
    folder = Path(folder)
    weights = check_writable(folder / "models" / f"model_{stamp}.pth", overwrite=False)
    rtneural = check_writable(
        folder / "rtneural_models" / f"rt_model_{stamp}.json", overwrite=False
    )
    if isinstance(model, torch.nn.Module):
        state = _arrays(model)
        save_tensors(weights, state)
        save_rt_json(rtneural, state)
    elif loaded:
        write_model(loaded, weights)
        write_model(loaded, rtneural)
    newest = {
        "last_network": f"./models/{weights.name}",
        "last_rt_network": f"./rtneural_models/{rtneural.name}",
    }
    with replacing(folder / "last_network.json") as temporary:
        temporary.write_text(json.dumps(newest))
    return weights, rtneural


def _f0_range(frames: FramesLike, params: dict[str, Any]) -> list[float]:
    f0_hz = np.asarray(frames.f0_hz)
    voiced = f0_hz[(f0_hz > 0) & (np.asarray(frames.voicedness) > 0.5)]
    if not len(voiced):
        return [float(params["f_low"]), float(params["f_high"])]
    return _floats(np.percentile(voiced, [1, 99]))


def _floats(values: FloatArray) -> list[float]:
    return [float(value) for value in values]
