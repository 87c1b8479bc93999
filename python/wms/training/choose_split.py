"""Splitting frames as the settings ask for."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from .._frames import FramesLike
from ..notes import find_notes
from .frames import params_dict
from .note_split import split_notes
from .settings import TrainSettings
from .silence import PAUSE_S, sounding_frames, split_kept, trained_frames
from .splits import Split, runs, split_frames


def split_by_settings(
    frames: FramesLike,
    settings: TrainSettings,
    notes: Callable[[], npt.NDArray[np.void]] | None = None,
) -> Split:
    """Split frames as the settings ask for, without silence of more than half a second.

    Parameters
    ----------
    frames : Frames
        T frames.
    settings : TrainSettings
        validation_split says how: whole notes are kept aside by `split_notes`, or stretches by
        `split_frames`, also where there are too few notes.
    notes : callable, optional
        Gives the frames' notes, and is called only if they are needed; default: finds them.

    Raises
    ------
    ParameterError
        If there is no sound, or no frame remains to train on or to validate on.
    """
    params = params_dict(frames.params)
    frame_rate = params["sample_rate"] / params["hop_size"]
    length, fraction = settings.training_seq_length, settings.validation_fraction
    guard = math.ceil(params["window_size"] / params["hop_size"])
    file_index = np.asarray(frames.file_index)
    targets = frames.targets if isinstance(frames.targets, list) else np.asarray(frames.targets)
    kept = trained_frames(
        file_index, sounding_frames(targets), pause=math.ceil(PAUSE_S * frame_rate)
    )
    if settings.validation_split == "notes":
        split = split_notes(
            file_index,
            find_notes(frames) if notes is None else notes(),
            length=length,
            fraction=fraction,
            guard=guard,
            seed=settings.seed,
        )
        if split is not None:
            split = Split(runs(split.training, kept, length), runs(split.validation, kept, 1))
            if split.training and split.validation:
                return split
    return split_kept(
        lambda pieces: split_frames(
            pieces,
            length=length,
            fraction=fraction,
            stretch=max(1, round(settings.validation_stretch_s * frame_rate)),
            guard=guard,
        ),
        file_index,
        kept,
    )
