"""Which frames are trained on and which are kept aside, never sharing a sample of audio."""

from __future__ import annotations

import dataclasses
import itertools
import math

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError
from .frames import IntArray


@dataclasses.dataclass(frozen=True, order=True)
class Stretch:
    """Frames `start` to `stop` - 1, contiguous in one recording."""

    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


@dataclasses.dataclass(frozen=True)
class Split:
    """Disjoint stretches to train on and to validate on."""

    training: tuple[Stretch, ...]
    validation: tuple[Stretch, ...]

    @property
    def training_frames(self) -> npt.NDArray[np.int64]:
        """Numbers of all frames trained on."""
        return _frames(self.training)

    @property
    def validation_frames(self) -> npt.NDArray[np.int64]:
        """Numbers of all frames validated on."""
        return _frames(self.validation)


def split_frames(
    file_index: IntArray, *, length: int, fraction: float, stretch: int, guard: int
) -> Split:
    """Keep contiguous stretches, spread over every recording, aside for validation.

    A recording long enough gives stretches of about `stretch` frames in the middle of equal
    parts of it. Of recordings too short for that, where there are many, whole ones are kept
    aside at equal distances; where there are few, each gives one shorter stretch. The same
    arguments give the same split.

    Parameters
    ----------
    file_index : (T,) int
        Number of the recording of each frame, equal numbers side by side.
    length : int
        Frames in a training sequence; shorter remainders are not trained on.
    fraction : float
        Share of the frames to keep aside, 0 to 1 exclusive.
    stretch : int
        Wished length of a stretch, frames.
    guard : int
        Frames left out between training and validation: ceil(window_size / hop_size) and more
        keep their windows from overlapping.

    Raises
    ------
    ParameterError
        If no frame remains to train or to validate on.
    """
    file_index = np.asarray(file_index)
    borders = np.flatnonzero(np.diff(file_index)) + 1
    edges = [0, *borders.tolist(), len(file_index)]
    files = [Stretch(a, b) for a, b in itertools.pairwise(edges) if b > a]
    if len({int(file_index[f.start]) for f in files}) < len(files):
        raise ParameterError("file_index has a recording in several places, wanted one run each")

    short = [f for f in files if len(f) * fraction < stretch / 2]
    # A whole short recording in so many is kept aside.
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
        training += [r for r in _remainders(file, held, guard) if len(r) >= length]
    if not training or not validation:
        longest = max((len(f) for f in files), default=0)
        raise ParameterError(
            f"the longest recording has {longest} frames, wanted at least {length + guard + 1}: "
            f"training_seq_length {length}, {guard} between training and validation, 1 to "
            "validate on"
        )
    return Split(tuple(training), tuple(validation))


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
    # Too short to train on both sides of a stretch: keep its end aside, as much as there is.
    size = min(size, frames - guard - length)
    return [Stretch(file.stop - size, file.stop)] if size > 0 else []


def _remainders(file: Stretch, held: list[Stretch], guard: int) -> list[Stretch]:
    starts = [file.start, *(h.stop + guard for h in held)]
    stops = [*(h.start - guard for h in held), file.stop]
    return [Stretch(a, b) for a, b in zip(starts, stops, strict=True) if b > a]


def _frames(stretches: tuple[Stretch, ...]) -> npt.NDArray[np.int64]:
    return np.concatenate([np.arange(s.start, s.stop) for s in stretches])
