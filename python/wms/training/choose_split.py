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
from .splits import Split, split_frames


def split_by_settings(
    frames: FramesLike,
    settings: TrainSettings,
    notes: Callable[[], npt.NDArray[np.void]] | None = None,
) -> Split:
    """Split frames as the settings ask for.

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
        If no frame remains to train on or to validate on.
    """
    params = params_dict(frames.params)
    frame_rate = params["sample_rate"] / params["hop_size"]
    length, fraction = settings.training_seq_length, settings.validation_fraction
    guard = math.ceil(params["window_size"] / params["hop_size"])
    file_index = np.asarray(frames.file_index)
    split = None
    if settings.validation_split == "notes":
        split = split_notes(
            file_index,
            find_notes(frames) if notes is None else notes(),
            length=length,
            fraction=fraction,
            guard=guard,
            seed=settings.seed,
        )
    return split or split_frames(
        file_index,
        length=length,
        fraction=fraction,
        stretch=max(1, round(settings.validation_stretch_s * frame_rate)),
        guard=guard,
    )
