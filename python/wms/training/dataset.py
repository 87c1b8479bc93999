"""Sequences of frames to train on."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import Dataset

from .._frames import FloatArray, IntArray
from ..errors import ParameterError
from .rows import Rows, as_tensor
from .splits import Stretch


class FrameSequences(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Sequences of consecutive frames, each from one recording; they are views, not copies.

    Parameters
    ----------
    inputs : (T, C) float32
        Network inputs; the array may be memory-mapped.
    targets : (T, K) float32, or Rows
        Spectra; the array may be memory-mapped.
    file_index : (T,) int
        Number of the recording that each frame is from. Frames of one recording are consecutive.
    length : int
        Frames in a sequence.
    stride : int
        Frames between the starts of sequences.
    stretches : sequence of Stretch, optional
        Parts of the recordings, such as `Split.training`. Each sequence is within one of them;
        default: within one recording.

    Raises
    ------
    ParameterError
        If all parts are shorter than a sequence.

    Examples
    --------
    >>> inputs, targets = np.zeros((100, 10), np.float32), np.zeros((100, 80), np.float32)
    >>> sequences = wms.training.FrameSequences(
    ...     inputs, targets, np.zeros(100, np.int32), length=20, stride=20
    ... )
    >>> x, y = sequences[0]
    >>> len(sequences), tuple(x.shape), tuple(y.shape)
    (5, (20, 10), (20, 80))
    """

    def __init__(
        self,
        inputs: FloatArray,
        targets: FloatArray | Rows,
        file_index: IntArray,
        *,
        length: int,
        stride: int,
        stretches: Sequence[Stretch] | None = None,
    ) -> None:
        if length < 1 or stride < 1:
            raise ParameterError(f"length {length} and stride {stride}, wanted at least 1 each")
        borders = np.flatnonzero(np.diff(np.asarray(file_index))) + 1
        edges = [0, *borders.tolist(), len(file_index)]
        whole = [Stretch(a, b) for a, b in itertools.pairwise(edges)]
        runs = [
            Stretch(max(part.start, file.start), min(part.stop, file.stop))
            for part in (whole if stretches is None else stretches)
            for file in whole
            if part.start < file.stop and file.start < part.stop
        ]
        starts = [np.arange(r.start, r.stop - length + 1, stride) for r in runs]
        self.starts: npt.NDArray[np.int64] = np.concatenate([*starts, np.empty(0, np.int64)])
        if not len(self.starts):
            longest = max((len(r) for r in runs), default=0)
            raise ParameterError(
                f"the longest run of frames has {longest}, wanted at least {length} for a sequence"
            )
        self.length = length
        self.inputs = as_tensor(inputs)
        self.targets = targets if isinstance(targets, Rows) else Rows([targets])

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return inputs (length, C) and targets (length, K) of sequence `index`, not copied."""
        start = int(self.starts[index])
        stop = start + self.length
        return self.inputs[start:stop], self.targets.run(start, stop)

    def batch(self, indices: npt.NDArray[np.int64]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return copies of B sequences: inputs (B, length, C) and targets (B, length, K)."""
        inputs, targets = zip(*(self[int(index)] for index in indices), strict=True)
        return torch.stack(inputs), torch.stack(targets)
