"""Training from frames to a model file."""

from __future__ import annotations

import dataclasses
import math
import os
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import torch

import wms

from .._files import check_writable
from ..errors import ParameterError
from .augment import RandomGain
from .baselines import baseline_errors
from .checkpoint import load_checkpoint
from .curves import plot_history
from .dataset import FrameSequences
from .evaluate import StretchErrors
from .export import fold_normalisation, save_model
from .frames import FramesLike, StoreFrames, check_frames, params_dict
from .log import RunLog
from .network import GRUNet
from .parallel import Processes
from .progress import EpochRecord, Progress, ProgressLine
from .projection import projected
from .rows import Chosen, Rows
from .run import Run
from .settings import TrainSettings
from .splits import Split, split_frames
from .trainer import Trainer
from .voiced import voiced_split

# Frames that the baselines are asked about, at most: the nearest-frame search is exhaustive.
_BASELINE_FRAMES = 20_000


@dataclasses.dataclass(frozen=True)
class TrainResult:
    """What a training gave.

    Attributes
    ----------
    network : GRUNet
        The best averaged weights; takes frames' inputs as they are. On the CPU.
    model_path, curve_path, checkpoint_path : Path or None
        Files written: the model, the picture of the loss curves, and, where training was
        interrupted, what `resume` takes.
    history : list of EpochRecord
        One record a validation.
    validation : StretchErrors
        Errors of `network` on the stretches kept aside, the state carried through each.
    baselines : dict
        Mean absolute errors of "mean", "nearest" and "ridge" on the same frames; empty in all
        but the first process.
    split : Split
        Frames trained on and kept aside.
    epochs : int
        Epochs trained.
    minutes : float
        Wall-clock time trained.
    interrupted : bool
        Whether Ctrl-C ended it.
    """

    network: GRUNet
    model_path: Path | None
    curve_path: Path | None
    checkpoint_path: Path | None
    history: list[EpochRecord]
    validation: StretchErrors
    baselines: dict[str, float]
    split: Split
    epochs: int
    minutes: float
    interrupted: bool


def train(
    params: Any,
    frames: FramesLike | wms.Store | None = None,
    *,
    out: str | os.PathLike[str] | None = None,
    name: str | None = None,
    resume: str | os.PathLike[str] | None = None,
    minutes: float | None = None,
    epochs: int | None = None,
    progress: bool | Progress = True,
    device: str | torch.device | None = None,
    precision: str | None = None,
    log: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
) -> TrainResult:
    """Train a network on frames and write it as a model file.

    Ctrl-C ends the training after the batch under way; the best weights so far are kept and
    written like those of a training that has ended by itself, beside a checkpoint to resume from.
    On the CPU, with the same number of threads and a given number of epochs, the same params and
    frames give the same weights.

    Under torchrun all processes train together, each on its share of every batch: the result is
    that of one process, but for noise and dropout. The first process alone writes files, shows
    progress and compares with baselines; in the others the paths are None.

    Parameters
    ----------
    params : wms.Params or Mapping
        `TrainSettings` says which keys are read.
    frames : Frames or Store, optional
        T frames; a store's spectra are read from its files as they are needed. Default: the
        analysis of params' audio_files_path. Where their params say mfcc_dim_reduction "pacmap",
        `ProjectedFrames` are made of them, and the map is kept in the model.
    out : path, optional
        Model file to write (.safetensors), with a picture of the loss curves (.png) and the
        checkpoint (.checkpoint.pt) beside it. Default: nothing is written.
    name : str, optional
        Name of the model; default: that of the file.
    resume : path, optional
        Checkpoint to go on from.
    minutes : float, optional
        Wall-clock time to train, in place of what params say.
    epochs : int, optional
        Epochs to train, in place of what params say. With `minutes`, what is over first counts.
    progress : bool or callable
        Whether to show a line on stderr; or what to call with each `EpochRecord`.
    device : str or torch.device, optional
        Where to compute; default: a GPU where there is one, under torchrun one a process.
    precision : {"float32", "bfloat16", "float16"}, optional
        Of the network's arithmetic while training, by autocast; weights and validation are
        float32. Default: bfloat16 on a GPU that has it, else float32.
    log : path, optional
        Folder that gets log.csv, a row a validation (the fields of `EpochRecord`), and events for
        TensorBoard where that is installed.
    overwrite : bool
        Replace `out`, and a log in `log`, if they exist. A resumed log is replaced always.

    Raises
    ------
    ParameterError
        If a param is out of range, the frames are too few, the checkpoint does not fit them, or
        there is no such device or precision.
    FileAccessError
        If `out` exists or cannot be written, before training starts.
    WmsError
        If the loss becomes infinite or not a number.
    """
    overrides = {"train_minutes": minutes, "num_epochs": epochs}
    settings = TrainSettings.from_params(
        params, **{key: value for key, value in overrides.items() if value is not None}
    )
    if minutes is None and epochs is None:
        minutes = settings.train_minutes
        epochs = settings.num_epochs if minutes is None else None
    processes = Processes()
    where = _device(processes.device(device))
    model_path = None if out is None else check_writable(out, overwrite=overwrite)
    if frames is None:
        source = params_dict(params).get("audio_files_path")
        if not source:
            raise ParameterError("there are no frames, and params has no audio_files_path either")
        frames = wms.analyze(source, params)
    if isinstance(frames, wms.Store):
        frames = StoreFrames(frames)
    frames = projected(frames)
    state = None if resume is None else load_checkpoint(resume)

    if not processes.first:
        model_path = log = None
        progress = False
    run_log = None if log is None else RunLog(log, overwrite=overwrite or resume is not None)
    checkpoint = None if model_path is None else model_path.with_suffix(".checkpoint.pt")
    shown = ProgressLine() if progress is True else progress or None
    # The seed is this training's alone: the caller's random numbers go on as they were.
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        processes.start(where)
        trainer = _make_trainer(settings, frames, where, precision, processes)
        run = Run(trainer, minutes=minutes, epochs=epochs, fingerprint=_fingerprint(trainer))
        if state is not None:
            run.restore(state)
        if run_log is not None:
            run_log.start(run.history)
        try:
            run.to_the_end(_all_of(shown, run_log), checkpoint)
        finally:
            if isinstance(shown, ProgressLine):
                shown.close()
            if run_log is not None:
                run_log.close()
            processes.stop()
    baselines = _baselines(trainer) if processes.first else {}
    network = _best_network(run)
    curve_path = None
    if model_path is not None and checkpoint is not None:
        provenance = {
            "epochs": trainer.epoch,
            "minutes": run.elapsed_s / 60,
            "validation_loss": run.best.loss,
            "validation_mae": run.best.mae,
            "baseline_mae": baselines,
        }
        save_model(
            model_path,
            network,
            frames,
            name=name,
            # What the frames were analysed with counts, whatever was asked for here.
            params={
                **params_dict(params),
                **params_dict(frames.params),
                **dataclasses.asdict(settings),
            },
            provenance=provenance,
            overwrite=True,
        )
        curve_path = model_path.with_suffix(".png")
        plot_history(run.history, curve_path, baselines=baselines)
        if not run.interrupted:
            checkpoint.unlink(missing_ok=True)
    return TrainResult(
        network=network,
        model_path=model_path,
        curve_path=curve_path,
        checkpoint_path=checkpoint if run.interrupted else None,
        history=run.history,
        validation=run.best,
        baselines=baselines,
        split=trainer.split,
        epochs=trainer.epoch,
        minutes=run.elapsed_s / 60,
        interrupted=run.interrupted,
    )


def _all_of(*listeners: Progress | None) -> Progress:
    def tell(record: EpochRecord) -> None:
        for listener in listeners:
            if listener is not None:
                listener(record)

    return tell


def _device(name: str | torch.device | None) -> torch.device:
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    # PyTorch has no error of its own for a device that it was built without.
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        raise ParameterError(
            f"device is {str(name)!r}, wanted one that this PyTorch has"
        ) from error
    return device


def _make_trainer(
    settings: TrainSettings,
    frames: FramesLike,
    device: torch.device,
    precision: str | None,
    processes: Processes,
) -> Trainer:
    inputs, file_index = np.asarray(frames.inputs), np.asarray(frames.file_index)
    targets = frames.targets if isinstance(frames.targets, list) else np.asarray(frames.targets)
    check_frames(inputs, targets, file_index)
    params = params_dict(frames.params)
    frame_rate = params["sample_rate"] / params["hop_size"]
    split = split_frames(
        file_index,
        length=settings.training_seq_length,
        fraction=settings.validation_fraction,
        stretch=max(1, round(settings.validation_stretch_s * frame_rate)),
        guard=math.ceil(params["window_size"] / params["hop_size"]),
    )
    split = voiced_split(
        split,
        frames.voicedness,
        min_voicedness=settings.min_voicedness,
        length=settings.training_seq_length,
    )
    sequences = FrameSequences(
        inputs,
        Rows(targets if isinstance(targets, list) else [targets]),
        file_index,
        length=settings.training_seq_length,
        stride=1,
        stretches=split.training,
    )
    # As wms_torch has it, which counts the MFCC before any reduction.
    encoded_size = int(params["n_mfcc"]) + 2
    return Trainer(
        settings,
        sequences,
        split,
        encoded_size=encoded_size,
        device=device,
        gain=RandomGain(frames, settings.random_gain_db),
        precision=precision,
        processes=processes,
    )


def _fingerprint(trainer: Trainer) -> int:
    sequences, crc = trainer.sequences, zlib.crc32(repr(trainer.split).encode())
    # A hundred rows tell frames apart as well as all of them.
    some = range(0, len(sequences.targets), max(1, len(sequences.targets) // 100))
    for rows in (sequences.inputs[list(some)], sequences.targets.pick(some)):
        crc = zlib.crc32(rows.numpy().tobytes(), crc)
    return crc


def _best_network(run: Run) -> GRUNet:
    trainer = run.trainer
    trainer.average.load_state_dict(run.best_weights)
    return fold_normalisation(trainer.average, trainer.mean, trainer.scale)


def _baselines(trainer: Trainer) -> dict[str, float]:
    inputs, targets = trainer.sequences.inputs.numpy(), trainer.sequences.targets
    known, asked = trainer.split.training_frames, trainer.split.validation_frames
    asked = asked[:: math.ceil(len(asked) / _BASELINE_FRAMES)]
    return baseline_errors(
        inputs[known], Chosen(targets, known), inputs[asked], Chosen(targets, asked)
    )
