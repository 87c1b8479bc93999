"""Baselines that are networks themselves: one without memory, and wms_torch's own recipe."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from .._frames import FloatArray, FramesLike
from .._wms import Params
from ..baselines import Predictor
from .choose_split import split_by_settings
from .clock import TrainingClock
from .frames import params_dict
from .progress import EpochRecord, Progress, TrainingProgress
from .schedule import Schedule
from .settings import TrainSettings
from .train import train

_BATCH = 512
_BATCHES_BETWEEN_VALIDATIONS = 50

#: The training params of wms_torch's published params.json, and what its code does in addition.
_RECIPE = {
    "model_type": "GRU",
    "criterion": "MSE",
    "optimizer": "Adam",
    "amsgrad": False,
    "batch_size": 512,
    "learning_rate": 1e-4,
    "weight_decay": 1e-5,
    "dropout": 0.0,
    "num_batches": None,
    "training_seq_length": 50,
    "sequence_stride": 1,
    "lr_schedule": "plateau",
    "warmup_steps": 0,
    "grad_clip_norm": None,
    "ema_decay": 0.0,
    "input_noise": 0.0,
    "random_gain_db": 0.0,
    "normalise_inputs": False,
    "huber_delta": None,
    "smoothness_weight": 0.0,
    "early_stop_patience": None,
}


def wms_torch_recipe(params: Mapping[str, Any]) -> dict[str, Any]:
    """The params by which wms_torch would train on frames of these params."""
    recipe = {**params, **_RECIPE}
    if params.get("model_type", "GRU") != "GRU":
        recipe["hidden_size"] = Params()["hidden_size"]
    return recipe


def train_baselines(
    frames: FramesLike, *, num_weights: int, minutes: float, show_progress: bool
) -> dict[str, Predictor]:
    """Train both networks on the CPU: "mlp" (`train_mlp`) and "wms_torch" (`train_wms_torch`).

    Parameters
    ----------
    frames : FramesLike
        T frames to train on, their targets as one array.
    num_weights : int
        Size of the network that they are to be compared with.
    minutes : float
        Time to train each of the two (`TrainingClock`).
    show_progress : bool
        Whether to show a line of progress on stderr.
    """
    line = TrainingProgress() if show_progress else None
    try:
        mlp = train_mlp(frames, num_weights=num_weights, minutes=minutes, progress=line)
    finally:
        if line is not None:
            line.close()
    recipe = train_wms_torch(frames, minutes=minutes, progress=show_progress)
    return {"mlp": mlp, "wms_torch": recipe}


def train_wms_torch(
    frames: FramesLike, *, minutes: float, progress: bool | Progress = False
) -> Predictor:
    """Train the same kind of network by wms_torch's recipe and keep its best weights.

    The best weights are those with the lowest loss on frames that share no audio with the training
    frames. (wms_torch's own validation frames may share some.)

    Parameters
    ----------
    frames : FramesLike
        T frames to train on. If their params are for a GRU, its hidden size is theirs, otherwise it
        is that of the shipped params.
    minutes : float
        Time to train (`TrainingClock`).
    progress : bool or callable
        True shows a line on stderr; a callable is called with each `EpochRecord`.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C.
    """
    params = wms_torch_recipe(params_dict(frames.params))
    result = train(params, frames, minutes=minutes, progress=progress, device="cpu")
    # `train` itself treats Ctrl-C as the wish to end early and returns a result.
    if result.interrupted:
        raise KeyboardInterrupt
    network = result.network

    @torch.no_grad()
    def predict(x: FloatArray) -> npt.NDArray[np.float32]:
        y, _ = network(torch.from_numpy(np.ascontiguousarray(x))[None])
        return np.asarray(y[0].numpy(), np.float32)

    return predict


def train_mlp(
    frames: FramesLike, *, num_weights: int, minutes: float, progress: Progress | None = None
) -> Predictor:
    """Train a network without memory, which sees one frame at a time.

    It has two hidden layers with ReLU and a softplus at the end. It is trained by AdamW on the mean
    squared error, with a cosine schedule and a little noise on the standardised inputs, and keeps
    the weights with the lowest error on frames kept aside.

    Parameters
    ----------
    frames : FramesLike
        T frames to train on, their targets as one array.
    num_weights : int
        Size of the network that it is to be compared with; it gets about as many weights.
    minutes : float
        Time to train (`TrainingClock`).
    progress : callable, optional
        Called with an `EpochRecord` after each validation.
    """
    settings = TrainSettings(learning_rate=3e-3)
    x = torch.from_numpy(np.ascontiguousarray(frames.inputs))
    y = torch.from_numpy(np.array(frames.targets))
    split = split_by_settings(frames, settings)
    known = torch.from_numpy(split.training_frames)
    mean, scale = x[known].mean(dim=0), x[known].std(dim=0)
    scale[scale < 1e-6] = 1.0
    x = (x - mean) / scale
    kept_aside = torch.from_numpy(split.validation_frames)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = make_mlp(x.shape[1], y.shape[1], num_weights)
        with torch.no_grad():
            # The inverse of softplus: training starts from the mean spectrum.
            start = torch.expm1(y[known].mean(dim=0).clamp_min(1e-3)).log()
            dict(network.named_parameters())["4.bias"].copy_(start)
        _fit(network, settings, x, y, known, kept_aside, minutes, progress)

    @torch.no_grad()
    def predict(inputs: FloatArray) -> npt.NDArray[np.float32]:
        given = (torch.from_numpy(np.ascontiguousarray(inputs)) - mean) / scale
        return np.asarray(network(given).numpy(), np.float32)

    return predict


def _fit(
    network: nn.Module,
    settings: TrainSettings,
    x: torch.Tensor,
    y: torch.Tensor,
    known: torch.Tensor,
    kept_aside: torch.Tensor,
    minutes: float,
    progress: Progress | None,
) -> None:
    """Train on the frames `known`; leave the weights that are best on `kept_aside`."""
    optimizer = torch.optim.AdamW(network.parameters(), weight_decay=settings.weight_decay)
    schedule = Schedule(settings)
    best, best_weights = math.inf, network.state_dict()
    clock, limit_s, elapsed_s, step = TrainingClock(x.device), 60 * minutes, 0.0, 0
    while elapsed_s < limit_s:
        rows = known[torch.randint(len(known), (_BATCH,))]
        noisy = x[rows] + settings.input_noise * torch.randn(_BATCH, x.shape[1])
        rate = schedule.rate(step, elapsed_s / limit_s)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        loss: torch.Tensor = nn.functional.mse_loss(network(noisy), y[rows])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        step += 1
        elapsed_s = clock.seconds()
        if step % _BATCHES_BETWEEN_VALIDATIONS and elapsed_s < limit_s:
            continue
        with torch.no_grad():
            errors = network(x[kept_aside]) - y[kept_aside]
        mae = float(errors.abs().mean())
        if mae < best:
            best, best_weights = mae, copy.deepcopy(network.state_dict())
        if progress is not None:
            progress(
                EpochRecord(
                    epoch=step * _BATCH // len(known),
                    step=step,
                    train_loss=float(loss.detach()),
                    validation_loss=float(errors.square().mean()),
                    validation_mae=mae,
                    learning_rate=rate,
                    elapsed_s=elapsed_s,
                    remaining_s=max(0.0, limit_s - elapsed_s),
                )
            )
    network.load_state_dict(best_weights)


def make_mlp(inputs: int, outputs: int, num_weights: int) -> nn.Sequential:
    """Make a network of two equally wide hidden layers with about `num_weights` weights."""
    # num_weights = width^2 + width (inputs + outputs + 2) + outputs.
    half = (inputs + outputs + 2) / 2
    width = max(1, round(math.sqrt(max(half**2 + num_weights - outputs, 0.0)) - half))
    return nn.Sequential(
        nn.Linear(inputs, width), nn.ReLU(),
        nn.Linear(width, width), nn.ReLU(),
        nn.Linear(width, outputs), nn.Softplus(),
    )  # fmt: skip
