"""Training a network on analysed frames, from the frames to the model file."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

import wms

from .._files import check_writable
from .._frames import FramesLike, frames_of_store
from ..errors import ParameterError
from ..notes import find_notes
from .checkpoint import load_checkpoint
from .curves import plot_history
from .export import fold_normalisation, save_model
from .frames import params_dict
from .log import TrainingLog
from .loop import TrainingLoop
from .network import GRUNet
from .note_split import trained_keys
from .parallel import Processes
from .partial_network import PartialNet
from .prepare import baselines_of, choose_device, fingerprint, make_trainer
from .progress import EpochRecord, Progress, TrainingProgress
from .projection import projected
from .settings import TrainSettings, checked_params
from .splits import Split
from .trainer import Trainer
from .validation import StretchErrors


@dataclasses.dataclass(frozen=True)
class TrainResult:
    """What `train` returns.

    Attributes
    ----------
    network : GRUNet or PartialNet
        The best averaged weights, on the CPU. It takes the frames' inputs as they are: the
        normalisation of the inputs is part of its weights.
    model_path, curve_path, checkpoint_path : Path or None
        The files written: the model, the picture of the loss curves, and, if the training was
        interrupted, the checkpoint that `resume` takes.
    history : list of EpochRecord
        One record for each validation.
    validation : StretchErrors
        Errors of `network` on the stretches kept aside for validation.
    baselines : dict
        Mean absolute errors of the baselines "mean", "nearest" and "ridge" on the same frames.
        Empty in every process but the first.
    split : Split
        Which frames were trained on and which were kept aside.
    epochs : int
        Epochs trained.
    minutes : float
        Time trained, as `minutes` of `train` counts it.
    interrupted : bool
        Whether Ctrl-C ended the training.
    remaining : (float or None, int or None)
        Minutes and epochs that were left to train; None for one that was not limited.
    """

    network: GRUNet | PartialNet
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
    remaining: tuple[float | None, int | None]


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

    Ctrl-C ends the training after the current batch. The best weights so far are kept and written
    as if the training had ended by itself, together with a checkpoint to resume from. On the CPU,
    the same params and frames give the same weights, provided that the number of epochs is given
    and the number of threads is the same.

    Under torchrun all processes train together, each on its share of every batch. The result is
    that of a single process, except for the random numbers of noise and dropout. Only the first
    process writes files, shows progress and computes baselines; in the others the paths are None.

    Parameters
    ----------
    params : wms.Params, Mapping, str or path
        `TrainSettings` lists the keys that are read; a key that a mapping lacks takes its default.
        Text and paths are what `wms.Params.load` takes: the name of a profile, or a file.
    frames : Frames or Store, optional
        T frames. The spectra of a store stay in its files and are read when they are needed.
        Default: params' audio_files_path is analysed. If the frames' params set
        mfcc_dim_reduction to "pacmap", `ProjectedFrames` are made of them and the map is written
        into the model.
    out : path, optional
        Model file to write (.safetensors). A picture of the loss curves (.png) and the checkpoint
        (.checkpoint.pt) are written beside it. Default: nothing is written.
    name : str, optional
        Name of the model; default: the name of the file.
    resume : path, optional
        Checkpoint to continue from, for `minutes` or `epochs` more. The file stays.
    minutes : float, optional
        Time to train, instead of params' train_minutes. On the CPU it is processor time divided by
        the number of threads, so that other work on the machine does not shorten the training.
    epochs : int, optional
        Epochs to train, instead of params' num_epochs. If both are given, training ends with
        whichever is reached first.
    progress : bool or callable
        True shows a line on stderr; a callable is called with each `EpochRecord`.
    device : str or torch.device, optional
        Where to compute; default: a GPU if there is one. Under torchrun each process gets its own.
    precision : {"float32", "bfloat16", "float16"}, optional
        Precision of the network's arithmetic during training (autocast); weights and validation
        stay float32. Default: bfloat16 on a GPU that supports it, otherwise float32.
    log : path, optional
        Folder for log.csv, one row for each validation (the fields of `EpochRecord`), and for
        TensorBoard events if TensorBoard is installed.
    overwrite : bool
        Replace `out`, and the log in `log`, if they exist. A resumed training always replaces its
        log.

    Raises
    ------
    ParameterError
        If a param is out of range, there are too few frames, the checkpoint does not fit the
        frames, or the device or precision is not available.
    FileAccessError
        If `out` exists already or cannot be written. This is checked before training starts.
    WmsError
        If the loss becomes infinite or NaN.

    Examples
    --------
    >>> t = np.arange(4 * 16000) / 16000
    >>> y = 0.5 * np.sin(2 * np.pi * 220 * t) * np.sin(3 * t) ** 2
    >>> frames = wms.analyze(y, sample_rate=16000)
    >>> result = wms.training.train(
    ...     frames.params, frames, out="tone.safetensors", epochs=1, progress=False
    ... )
    >>> wms.Model.load(result.model_path).output_size
    80
    """
    settings, minutes, epochs = _settings_and_limits(params, minutes, epochs)
    processes = Processes()
    where = choose_device(processes.device(device))
    model_path = None if out is None else check_writable(out, overwrite=overwrite)
    frames = _frames_to_train_on(params, frames, settings)
    # Both the split and the model file may want them, and a store is read to find them.
    notes = functools.cache(functools.partial(find_notes, frames))
    state = None if resume is None else load_checkpoint(resume)

    if not processes.first:
        model_path = log = None
        progress = False
    training_log = None
    if log is not None:
        training_log = TrainingLog(log, overwrite=overwrite or resume is not None)
    checkpoint = None if model_path is None else model_path.with_suffix(".checkpoint.pt")
    # The caller's own random state is left as it was.
    with torch.random.fork_rng(devices=[where] if where.type == "cuda" else []):
        processes.start(where)
        trainer = make_trainer(settings, frames, where, precision, processes, notes)
        loop = TrainingLoop(
            trainer, minutes=minutes, epochs=epochs, fingerprint=fingerprint(trainer)
        )
        if state is not None:
            loop.restore(state)
        with _threads_for(trainer):
            _run(loop, progress, training_log, checkpoint)

    baselines = baselines_of(trainer) if processes.first else {}
    network = _best_network(loop)
    curve_path = None
    if model_path is not None and checkpoint is not None:
        # The params of the frames' analysis take precedence over the params given here.
        kept = params_dict(params) | params_dict(frames.params) | dataclasses.asdict(settings)
        provenance = _provenance(loop, baselines, _trained_seconds(frames, notes(), trainer.split))
        save_model(
            model_path, network, frames, name=name, params=kept, provenance=provenance,
            overwrite=True,
        )  # fmt: skip
        curve_path = model_path.with_suffix(".png")
        plot_history(loop.history, curve_path, baselines=baselines)
        if not loop.interrupted and not _is_same(checkpoint, resume):
            checkpoint.unlink(missing_ok=True)
    return TrainResult(
        network=network,
        model_path=model_path,
        curve_path=curve_path,
        checkpoint_path=checkpoint if loop.interrupted else None,
        history=loop.history,
        validation=loop.best,
        baselines=baselines,
        split=trainer.split,
        epochs=trainer.epoch,
        minutes=loop.elapsed_s / 60,
        interrupted=loop.interrupted,
        remaining=loop.remaining,
    )


def _is_same(path: Path, other: str | os.PathLike[str] | None) -> bool:
    """Whether two names are of one file, which may have gone."""
    return other is not None and path.resolve() == Path(other).resolve()


def _settings_and_limits(
    params: Any, minutes: float | None, epochs: int | None
) -> tuple[TrainSettings, float | None, int | None]:
    """Read the settings, and how long to train: from the arguments, or else from params."""
    overrides = {"train_minutes": minutes, "num_epochs": epochs}
    settings = TrainSettings.from_params(
        params, **{key: value for key, value in overrides.items() if value is not None}
    )
    if minutes is None and epochs is None:
        minutes = settings.train_minutes
        epochs = settings.num_epochs if minutes is None else None
    return settings, minutes, epochs


def _frames_to_train_on(
    params: Any, frames: FramesLike | wms.Store | None, settings: TrainSettings
) -> FramesLike:
    """Analyse recordings if there are no frames yet, and reduce the MFCC if params ask for it.

    Params whose model could not be played are refused before the work begins.
    """
    if frames is None:
        source = params_dict(params).get("audio_files_path")
        if not source:
            raise ParameterError(
                "there are no frames and params has no audio_files_path, wanted one of the two"
            )
        settings.check_playable(params)
        frames = wms.analyze(source, checked_params(params))
    settings.check_playable(frames.params)
    if isinstance(frames, wms.Store):
        frames = frames_of_store(frames)
    return projected(frames)


@contextlib.contextmanager
def _threads_for(trainer: Trainer) -> Iterator[None]:
    """Train a PartialNet on one thread: its matrices are too small to be worth sharing."""
    threads = torch.get_num_threads()
    if isinstance(trainer.network, PartialNet):
        torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _run(
    loop: TrainingLoop,
    progress: bool | Progress,
    training_log: TrainingLog | None,
    checkpoint: Path | None,
) -> None:
    """Run the loop to its end, with its progress line, its log and the other processes."""
    shown = TrainingProgress() if progress is True else progress or None

    def report(record: EpochRecord) -> None:
        for listener in (shown, training_log):
            if listener is not None:
                listener(record)

    if training_log is not None:
        training_log.start(loop.history)
    try:
        loop.run(report, checkpoint)
    finally:
        if isinstance(shown, TrainingProgress):
            shown.close()
        if training_log is not None:
            training_log.close()
        loop.trainer.processes.stop()


def _best_network(loop: TrainingLoop) -> GRUNet | PartialNet:
    trainer: Trainer = loop.trainer
    trainer.average.load_state_dict(loop.best_weights)
    if isinstance(trainer.average, PartialNet):
        return trainer.average.cpu().eval()
    return fold_normalisation(trainer.average, trainer.mean, trainer.scale)


def _trained_seconds(
    frames: FramesLike, notes: npt.NDArray[np.void], split: Split
) -> dict[str, float]:
    """Return how many seconds of the sustain of each MIDI key were trained on."""
    given = params_dict(frames.params)
    hop_s = given["hop_size"] / given["sample_rate"]
    keys = trained_keys(notes, split)
    return {str(key): round(count * hop_s, 2) for key, count in keys.items()}


def _provenance(
    loop: TrainingLoop, baselines: dict[str, float], trained_seconds: dict[str, float]
) -> dict[str, Any]:
    return {
        "epochs": loop.trainer.epoch,
        "minutes": loop.elapsed_s / 60,
        "validation_loss": loop.best.loss,
        "validation_mae": loop.best.mae,
        "baseline_mae": baselines,
        "trained_keys": trained_seconds,
    }
