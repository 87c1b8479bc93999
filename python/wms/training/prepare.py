"""From settings and frames to a `Trainer` that is ready to run."""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch

from .._frames import FramesLike
from ..baselines import baseline_errors
from ..errors import ParameterError
from .augment import RandomGain
from .choose_split import split_by_settings
from .dataset import FrameSequences
from .frames import check_frames, params_dict
from .parallel import Processes
from .partial_network import PartialNet
from .rows import Chosen, Rows
from .settings import TrainSettings
from .trainer import Trainer
from .voiced import voiced_split

# Largest number of validation frames that the baselines predict: the search for the nearest
# frame compares each of them with every training frame.
_BASELINE_FRAMES = 20_000


def choose_device(name: str | torch.device | None) -> torch.device:
    """Return the device of that name; by default a GPU if there is one, otherwise the CPU.

    Raises
    ------
    ParameterError
        If this PyTorch has no such device.
    """
    if name is None:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    # PyTorch has no exception of its own for a device that it was built without.
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        has = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        there = ", ".join(["cpu", *(kind for kind, available in has.items() if available)])
        raise ParameterError(
            f"device is {str(name)!r}, wanted one that this PyTorch has: {there}"
        ) from error
    return device


def make_trainer(
    settings: TrainSettings,
    frames: FramesLike,
    device: torch.device,
    precision: str | None,
    processes: Processes,
    notes: Callable[[], npt.NDArray[np.void]],
) -> Trainer:
    """Check the frames, split them, and make the trainer of a new network.

    `notes` gives the frames' notes, see `split_by_settings`.

    Raises
    ------
    ParameterError
        If the frames' arrays do not fit together, or too few of them are left to train on.
    """
    inputs, file_index = np.asarray(frames.inputs), np.asarray(frames.file_index)
    targets = frames.targets if isinstance(frames.targets, list) else np.asarray(frames.targets)
    check_frames(inputs, targets, file_index)
    params = params_dict(frames.params)
    split = voiced_split(
        split_by_settings(frames, settings, notes),
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
    # wms_torch's width: it counts the MFCC before any reduction of their number.
    encoded_size = int(params["n_mfcc"]) + 2
    return Trainer(
        settings,
        sequences,
        split,
        encoded_size=encoded_size,
        device=device,
        partial_network=_partial_network(settings, frames),
        gain=RandomGain(frames, settings.random_gain_db),
        precision=precision,
        processes=processes,
    )


def _partial_network(
    settings: TrainSettings, frames: FramesLike
) -> Callable[[], PartialNet] | None:
    if settings.model_type != "WMS-2":
        return None
    params, scaler = params_dict(frames.params), frames.scaler
    return lambda: PartialNet(
        params,
        scaler.mean,
        scaler.scale,
        hidden_size=settings.hidden_size,
        decoder_size=settings.hidden_size,
        input_noise=settings.input_noise,
    )


def fingerprint(trainer: Trainer) -> int:
    """Return a checksum of the frames and their split, by which a checkpoint knows its frames."""
    sequences, crc = trainer.sequences, zlib.crc32(repr(trainer.split).encode())
    # About a hundred rows are enough to tell one set of frames from another.
    some = range(0, len(sequences.targets), max(1, len(sequences.targets) // 100))
    for rows in (sequences.inputs[list(some)], sequences.targets.pick(some)):
        crc = zlib.crc32(rows.numpy().tobytes(), crc)
    return crc


def baselines_of(trainer: Trainer) -> dict[str, float]:
    """Return the errors of the baselines on the validation frames, or on an even choice of them."""
    inputs, targets = trainer.sequences.inputs.numpy(), trainer.sequences.targets
    train, test = trainer.split.training_frames, trainer.split.validation_frames
    test = test[:: math.ceil(len(test) / _BASELINE_FRAMES)]
    return baseline_errors(
        inputs[train], Chosen(targets, train), inputs[test], Chosen(targets, test)
    )
