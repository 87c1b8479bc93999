"""The rows of several arrays as if they were one array."""

from __future__ import annotations

import bisect
import itertools
import warnings
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt
import torch

from .._frames import FloatArray
from .._pieces import piece_rows
from ..errors import ParameterError


class Rows:
    """The rows of arrays of equal width, one array after another, without copying them.

    Parameters
    ----------
    parts : sequence of (T_i, K) arrays
        The arrays, which may be memory-mapped.

    Raises
    ------
    ParameterError
        If there are no arrays, or they have different widths.
    """

    def __init__(self, parts: Sequence[FloatArray]) -> None:
        shapes = [np.shape(part) for part in parts]
        if not parts or any(len(s) != 2 or s[1] != shapes[0][1] for s in shapes):
            raise ParameterError(f"rows of shapes {shapes}, wanted (T, K) with the same K")
        self._parts = [as_tensor(part) for part in parts]
        self._starts = [0, *itertools.accumulate(len(part) for part in parts)]

    def __len__(self) -> int:
        return self._starts[-1]

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of columns."""
        return len(self), self._parts[0].shape[1]

    def run(self, start: int, stop: int) -> torch.Tensor:
        """Return rows `start` to `stop` - 1, without copying them if they are all in one array."""
        pieces = []
        at = bisect.bisect_right(self._starts, start) - 1
        while start < stop:
            end = min(stop, self._starts[at + 1])
            first = self._starts[at]
            pieces.append(self._parts[at][start - first : end - first])
            start, at = end, at + 1
        if not pieces:
            return self._parts[0][:0]
        return pieces[0] if len(pieces) == 1 else torch.cat(pieces)

    def pick(self, rows: Iterable[int] | npt.NDArray[np.int64]) -> torch.Tensor:
        """Return copies of the rows with these numbers, (N, K)."""
        chosen = np.asarray(rows, np.int64)
        out = torch.empty((len(chosen), self.shape[1]), dtype=self._parts[0].dtype)
        part = np.searchsorted(self._starts, chosen, side="right") - 1
        for at in np.unique(part):
            inside = part == at
            local = torch.from_numpy(chosen[inside] - self._starts[at])
            out[torch.from_numpy(inside)] = self._parts[at][local]
        return out

    def pieces(self, start: int, stop: int) -> Iterator[torch.Tensor]:
        """Yield rows `start` to `stop` - 1 in pieces of a few megabytes."""
        size = piece_rows(self.shape[1])
        for first in range(start, stop, size):
            yield self.run(first, min(first + size, stop))


class Chosen:
    """A selection of rows, which are read when they are indexed.

    Parameters
    ----------
    rows : Rows
    numbers : (N,) int
        Numbers of the rows that are selected, in order.
    """

    def __init__(self, rows: Rows, numbers: npt.NDArray[np.int64]) -> None:
        self._rows, self._numbers = rows, numbers
        self.shape = (len(numbers), rows.shape[1])

    def __len__(self) -> int:
        return len(self._numbers)

    def __getitem__(self, which: slice | npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        picked: npt.NDArray[np.float32] = self._rows.pick(self._numbers[which]).numpy()
        return picked


def as_tensor(array: FloatArray) -> torch.Tensor:
    """Return a tensor that shares an array's memory."""
    with warnings.catch_warnings():
        # PyTorch warns of read-only arrays such as memory-mapped ones; nothing writes to them.
        warnings.filterwarnings("ignore", message=".*not writable.*")
        return torch.as_tensor(array)
