"""Leaving frames without a clear pitch out of the training."""

from __future__ import annotations

import numpy as np

from .._frames import FloatArray
from ..errors import ParameterError
from .splits import Split, runs


def voiced_split(
    split: Split, voicedness: FloatArray, *, min_voicedness: float, length: int
) -> Split:
    """Remove all frames whose voicedness is below `min_voicedness` from a split.

    Stretches are cut at these frames: no training sequence contains or crosses one, and none is
    validated on. With 0 the split stays as it is.

    Parameters
    ----------
    split : Split
        Split of T frames.
    voicedness : (T,) float
        Voicedness of each frame, 0 to 1.
    min_voicedness : float
        Lowest voicedness that is kept, 0 to 1.
    length : int
        Frames in a training sequence. Shorter remainders are not trained on.

    Raises
    ------
    ParameterError
        If no frame remains to train on or to validate on.
    """
    if min_voicedness <= 0:
        return split
    voiced = np.asarray(voicedness) >= min_voicedness
    training = runs(split.training, voiced, length)
    validation = runs(split.validation, voiced, 1)
    if not training or not validation:
        longest = max((len(run) for run in runs(split.training, voiced, 1)), default=0)
        raise ParameterError(
            f"min_voicedness is {min_voicedness:g}: {voiced.mean():.0%} of the frames reach it, "
            f"at most {longest} of them in a row to train on and {sum(map(len, validation))} to "
            f"validate on, wanted at least {length} and 1; set a lower min_voicedness"
        )
    return Split(training, validation)
