"""Baselines that are trained themselves (needs PyTorch: ``pip install 'wms[train]'``)."""

from __future__ import annotations

import copy
import math
import time

import numpy as np
import torch
from torch import nn

from ..training import EpochRecord, GRUNet, Split, TrainSettings, split_frames, train
from ..training.progress import Progress, ProgressLine
from ..training.schedule import Schedule
from .systems import Float32, Predictor, TrainingFrames

_BATCH = 512
_BATCHES_BETWEEN_VALIDATIONS = 50

#: What wms_torch's published params.json says of training, and what its code does besides.
WMS_TORCH_RECIPE = {
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


def trained_baselines(
    seen: TrainingFrames, *, num_weights: int, minutes: float, show: bool
) -> dict[str, Predictor]:
    """Train "mlp" and "wms_torch", `minutes` each; `show` a line of progress on stderr or not."""
    line = ProgressLine() if show else None
    try:
        mlp = memoryless_mlp(seen, num_weights=num_weights, minutes=minutes, progress=line)
    finally:
        if line is not None:
            line.close()
    return {"mlp": mlp, "wms_torch": wms_torch_recipe(seen, minutes=minutes, progress=show)}


def wms_torch_recipe(
    seen: TrainingFrames, *, minutes: float, progress: bool | Progress = False
) -> Predictor:
    """Train a network of the same size by wms_torch's recipe, and keep its best weights.

    They are chosen on frames kept aside, which wms_torch's own split does not quite do.

    Parameters
    ----------
    seen : TrainingFrames
        T frames, C inputs, K bins; the hidden size is that of their params.
    minutes : float
        Wall-clock time to train.
    progress : bool or callable
        As for `wms.training.train`.

    Raises
    ------
    KeyboardInterrupt
        On Ctrl-C, which alone would end the training early.
    """
    params = {**seen.params.to_dict(), **WMS_TORCH_RECIPE}
    result = train(params, seen, minutes=minutes, progress=progress, device="cpu")
    if result.interrupted:
        raise KeyboardInterrupt
    network: GRUNet = result.network

    @torch.no_grad()
    def predict(x: Float32) -> Float32:
        y, _ = network(torch.from_numpy(np.ascontiguousarray(x))[None])
        return np.asarray(y[0].numpy(), np.float32)

    return predict


def memoryless_mlp(
    seen: TrainingFrames, *, num_weights: int, minutes: float, progress: Progress | None = None
) -> Predictor:
    """Train a network of about `num_weights` weights that sees one frame at a time.

    Two hidden layers with ReLU, softplus at the end; AdamW on the mean squared error of
    standardised inputs with a little noise, a warmed-up cosine; the best weights on frames kept
    aside.

    Parameters
    ----------
    seen : TrainingFrames
        T frames, C inputs, K bins.
    num_weights : int
        Size of the network to be compared with.
    minutes : float
        Wall-clock time to train.
    progress : callable, optional
        Called with an `EpochRecord` after each validation.
    """
    settings = TrainSettings(learning_rate=3e-3)
    x = torch.from_numpy(np.ascontiguousarray(seen.inputs))
    y = torch.from_numpy(np.array(seen.targets))
    split = _split(seen, settings)
    known, asked = (torch.from_numpy(i) for i in (split.training_frames, split.validation_frames))
    mean, scale = x[known].mean(dim=0), x[known].std(dim=0)
    scale[scale < 1e-6] = 1.0
    x = (x - mean) / scale
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.seed)
        network = _mlp(x.shape[1], y.shape[1], num_weights)
        with torch.no_grad():
            # The inverse of softplus: training starts from the mean spectrum.
            start = torch.expm1(y[known].mean(dim=0).clamp_min(1e-3)).log()
            dict(network.named_parameters())["4.bias"].copy_(start)
        optimizer = torch.optim.AdamW(network.parameters(), weight_decay=settings.weight_decay)
        schedule = Schedule(settings)
        best, best_weights = math.inf, network.state_dict()
        started, limit_s, elapsed_s, step = time.monotonic(), 60 * minutes, 0.0, 0
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
            elapsed_s = time.monotonic() - started
            if step % _BATCHES_BETWEEN_VALIDATIONS and elapsed_s < limit_s:
                continue
            with torch.no_grad():
                wrong = network(x[asked]) - y[asked]
            error = float(wrong.abs().mean())
            if error < best:
                best, best_weights = error, copy.deepcopy(network.state_dict())
            if progress is not None:
                progress(
                    EpochRecord(
                        epoch=step * _BATCH // len(known),
                        step=step,
                        train_loss=float(loss.detach()),
                        validation_loss=float(wrong.square().mean()),
                        validation_mae=error,
                        learning_rate=rate,
                        elapsed_s=elapsed_s,
                        remaining_s=max(0.0, limit_s - elapsed_s),
                    )
                )
    network.load_state_dict(best_weights)

    @torch.no_grad()
    def predict(inputs: Float32) -> Float32:
        given = (torch.from_numpy(np.ascontiguousarray(inputs)) - mean) / scale
        return np.asarray(network(given).numpy(), np.float32)

    return predict


def _split(seen: TrainingFrames, settings: TrainSettings) -> Split:
    frame_rate = seen.params["sample_rate"] / seen.params["hop_size"]
    return split_frames(
        seen.file_index,
        length=settings.training_seq_length,
        fraction=settings.validation_fraction,
        stretch=max(1, round(settings.validation_stretch_s * frame_rate)),
        guard=math.ceil(seen.params["window_size"] / seen.params["hop_size"]),
    )


def _mlp(inputs: int, outputs: int, num_weights: int) -> nn.Sequential:
    # num_weights = width^2 + width (inputs + outputs + 2) + outputs.
    half = (inputs + outputs + 2) / 2
    width = max(1, round(math.sqrt(max(half**2 + num_weights - outputs, 0.0)) - half))
    return nn.Sequential(
        nn.Linear(inputs, width), nn.ReLU(),
        nn.Linear(width, width), nn.ReLU(),
        nn.Linear(width, outputs), nn.Softplus(),
    )  # fmt: skip
