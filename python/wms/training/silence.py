"""Leaving silence out of the training."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from .._frames import FloatArray, IntArray
from .._pieces import piece_rows
from ..errors import ParameterError
from .splits import Split, Stretch

#: Silence that is trained on, s: instruments have pauses, and a model is to know them.
PAUSE_S = 0.5
# Values of a log1p spectrum below which a frame is silent: about 90 dB below full scale.
_SILENT = 1e-3


def sounding_frames(targets: FloatArray | Sequence[FloatArray]) -> npt.NDArray[np.bool_]:
    """Return which frames are not silent, (T,).

    Parameters
    ----------
    targets : (T, K) float, or one such array for each recording
        log1p magnitude spectra.
    """
    parts = targets if isinstance(targets, Sequence) else [targets]
    sounding = []
    for array in parts:
        # In pieces, so that a memory-mapped array is never in memory as a whole.
        piece = piece_rows(array.shape[1])
        for start in range(0, len(array), piece):
            sounding.append((array[start : start + piece] > _SILENT).any(axis=1))
    return np.concatenate(sounding)


def trained_frames(
    file_index: IntArray, sounding: npt.NDArray[np.bool_], *, pause: int
) -> npt.NDArray[np.bool_]:
    """Return which frames sound or lie in a pause that is trained on, (T,).

    Parameters
    ----------
    file_index : (T,) int
        Index of the recording that each frame belongs to.
    sounding : (T,) bool
        Which frames are not silent.
    pause : int
        Frames of silence in a row that are still trained on.

    Raises
    ------
    ParameterError
        If there is no sound.
    """
    if not sounding.any():
        raise ParameterError(
            "there is no sound in the recordings, wanted some to train on; wms check says what is "
            "in them"
        )
    edges = np.flatnonzero(np.diff(sounding) | (np.diff(file_index) != 0)) + 1
    kept = np.ones(len(sounding), bool)
    for start, stop in zip([0, *edges], [*edges, len(sounding)], strict=True):
        kept[start:stop] = sounding[start] or stop - start <= pause
    return kept


def split_kept(
    split: Callable[[IntArray], Split], file_index: IntArray, kept: npt.NDArray[np.bool_]
) -> Split:
    """Split frames as if recordings were cut where frames are not kept.

    Parameters
    ----------
    split : callable
        Splits frames by the number of the recording that each belongs to, (N,) int.
    file_index : (T,) int
        Index of the recording that each frame belongs to.
    kept : (T,) bool
        Which frames are kept.
    """
    if kept.all():
        return split(file_index)
    frames = np.flatnonzero(kept)
    # A piece begins where a recording does, or behind a silence.
    begins = (np.diff(frames) > 1) | (np.diff(file_index[frames]) != 0)
    pieces = np.concatenate([[0], np.cumsum(begins)]).astype(np.int32)

    def placed(stretches: tuple[Stretch, ...]) -> tuple[Stretch, ...]:
        return tuple(Stretch(int(frames[s.start]), int(frames[s.stop - 1]) + 1) for s in stretches)

    found = split(pieces)
    return Split(placed(found.training), placed(found.validation))
