"""Splitting frames into those trained on and those kept aside, without any shared audio."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import numpy.typing as npt

from .._frames import IntArray
from ..errors import ParameterError


@dataclasses.dataclass(frozen=True, order=True)
class Stretch:
    """Consecutive frames of one recording, from `start` to `stop` - 1."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclasses.dataclass(frozen=True)
class Split:
    """The stretches to train on and those to validate on, which have no frame in common."""

    training: tuple[Stretch, ...]
    validation: tuple[Stretch, ...]

    @property
    def training_frames(self) -> npt.NDArray[np.int64]:
        """Indices of all frames trained on, (N,)."""
        return _frames(self.training)

    @property
    def validation_frames(self) -> npt.NDArray[np.int64]:
        """Indices of all frames validated on, (N,)."""
        return _frames(self.validation)


def split_frames(
    file_index: IntArray, *, length: int, fraction: float, stretch: int, guard: int
) -> Split:
    """Keep stretches of consecutive frames, spread over all recordings, aside for validation.

    A long recording is divided into equal parts, and the middle of each part is kept aside, about
    `stretch` frames. If many recordings are too short for this, one in every few of them is kept
    aside as a whole; if only few are too short, each gives one shorter stretch. The same arguments
    always give the same split.

    Parameters
    ----------
    file_index : (T,) int
        Index of the recording that each frame belongs to; the frames of a recording are
        consecutive.
    length : int
        Frames in a training sequence. Shorter remainders are not trained on.
    fraction : float
        Share of the frames to keep aside, above 0 and below 1.
    stretch : int
        Preferred length of a stretch, frames.
    guard : int
        Frames left out between training and validation. With ceil(window_size / hop_size) or
        more, no analysis window reaches into both.

    Raises
    ------
    ParameterError
        If no frame remains to train on or to validate on.

    Examples
    --------
    >>> split = wms.training.split_frames(
    ...     np.zeros(1000, np.int32), length=20, fraction=0.1, stretch=50, guard=4
    ... )
    >>> split.validation
    (Stretch(start=225, stop=275), Stretch(start=725, stop=775))
    """
    files = whole_recordings(file_index)
    short = [f for f in files if len(f) * fraction < stretch / 2]
    # Of the short recordings, one in `period` is kept aside as a whole.
    period = max(2, round(1 / fraction))
    whole = set(short[period // 2 :: period]) if len(short) >= period else None

    training: list[Stretch] = []
    validation: list[Stretch] = []
    for file in files:
        if whole is not None and len(file) * fraction < stretch / 2:
            held = [file] if file in whole else []
        else:
            held = _held_out(file, length, fraction, stretch, guard)
        validation += held
        training += [r for r in remainders(file, held, guard) if len(r) >= length]
    if not training or not validation:
        longest = max((len(f) for f in files), default=0)
        raise ParameterError(
            f"the longest recording has {longest} frames, wanted at least {length + guard + 1}: "
            f"training_seq_length {length}, {guard} between training and validation, 1 to "
            "validate on"
        )
    return Split(tuple(training), tuple(validation))


def whole_recordings(file_index: IntArray) -> list[Stretch]:
    """Return the frames of each recording.

    Raises
    ------
    ParameterError
        If the frames of a recording are not consecutive.
    """
    file_index = np.asarray(file_index)
    borders = np.flatnonzero(np.diff(file_index)) + 1
    edges = [0, *borders.tolist(), len(file_index)]
    files = [Stretch(a, b) for a, b in itertools.pairwise(edges) if b > a]
    if len({int(file_index[f.start]) for f in files}) < len(files):
        raise ParameterError(
            "file_index has a recording in several places, wanted its frames to be consecutive"
        )
    return files


def _held_out(
    file: Stretch, length: int, fraction: float, stretch: int, guard: int
) -> list[Stretch]:
    frames = len(file)
    count = max(1, round(frames * fraction / stretch))
    size = math.ceil(frames * fraction / count)
    cell = frames / count
    if (cell - size) / 2 - guard >= length:
        starts = [file.start + round((i + 0.5) * cell - size / 2) for i in range(count)]
        return [Stretch(start, start + size) for start in starts]
    # Too short to train on both sides of a stretch: keep the end aside, as far as it reaches.
    size = min(size, frames - guard - length)
    return [Stretch(file.stop - size, file.stop)] if size > 0 else []


def remainders(file: Stretch, held: list[Stretch], guard: int) -> list[Stretch]:
    """Return what remains of a recording, `guard` frames away from what is kept aside, in order."""
    starts = [file.start, *(h.stop + guard for h in held)]
    stops = [*(h.start - guard for h in held), file.stop]
    return [Stretch(a, b) for a, b in zip(starts, stops, strict=True) if b > a]


def runs(
    stretches: tuple[Stretch, ...], kept: npt.NDArray[np.bool_], length: int
) -> tuple[Stretch, ...]:
    """Return the runs of at least `length` kept frames within each stretch."""
    found = []
    for stretch in stretches:
        inside = kept[stretch.start : stretch.stop].astype(np.int8)
        edges = np.flatnonzero(np.diff(inside, prepend=0, append=0)) + stretch.start
        found += [Stretch(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    return tuple(run for run in found if len(run) >= length)


def _frames(stretches: tuple[Stretch, ...]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.arange(s.start, s.stop) for s in stretches])
