"""What training needs to know about analysed frames and their params."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .._pieces import piece_rows
from .._wms import Store
from ..errors import ParameterError

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]


class ScalerLike(Protocol):
    """Mean and scale (n_mfcc,) by which raw MFCC were standardised."""

    @property
    def mean(self) -> FloatArray:
        """Mean of each coefficient, (n_mfcc,)."""

    @property
    def scale(self) -> FloatArray:
        """Standard deviation of each coefficient, (n_mfcc,)."""


class FramesLike(Protocol):
    """The part of `wms.Frames` that training reads; T frames, C inputs, K spectrum bins."""

    @property
    def inputs(self) -> FloatArray:
        """Network inputs, (T, C)."""

    @property
    def targets(self) -> FloatArray | Sequence[FloatArray]:
        """log1p magnitude spectra, (T, K); or one such array for each recording."""

    @property
    def file_index(self) -> IntArray:
        """Number of the recording that each frame is from, (T,), not descending."""

    @property
    def f0_hz(self) -> FloatArray:
        """Fundamental frequency in Hz, (T,)."""

    @property
    def voicedness(self) -> FloatArray:
        """Probability of a pitch, 0 to 1, (T,)."""

    @property
    def scaler(self) -> ScalerLike:
        """Standardisation of the MFCC."""

    @property
    def params(self) -> Any:
        """Params of the analysis: a `wms.Params` or a mapping."""


def params_dict(params: Any) -> dict[str, Any]:
    """Return `params` as a flat dictionary.

    Parameters
    ----------
    params : wms.Params or Mapping

    Raises
    ------
    ParameterError
        If it is neither.
    """
    if isinstance(params, Mapping):
        return dict(params)
    to_dict = getattr(params, "to_dict", None)
    if not callable(to_dict):
        raise ParameterError(f"params is a {type(params).__name__}, wanted wms.Params or a mapping")
    return dict(to_dict())


class StoreFrames:
    """The frames of a store: its spectra stay in their files, the rest is small.

    Parameters
    ----------
    store : wms.Store

    Raises
    ------
    FeatureFileError
        If one of its files is damaged.
    ParameterError
        If it has no frames.
    """

    def __init__(self, store: Store) -> None:
        shards = store.shards
        if not shards:
            raise ParameterError("the store has no recordings")
        self.params, self.scaler = store.params, store.scaler
        self.targets = [shard.targets for shard in shards]
        self.inputs = np.concatenate([shard.inputs for shard in shards])
        self.f0_hz = np.concatenate([shard.f0_hz for shard in shards])
        self.voicedness = np.concatenate([shard.voicedness for shard in shards])
        lengths = [len(shard) for shard in shards]
        self.file_index = np.repeat(np.arange(len(shards), dtype=np.int32), lengths)


def n_bins(targets: FloatArray | Sequence[FloatArray]) -> int:
    """Return the number of spectrum bins, K."""
    first = targets[0] if isinstance(targets, Sequence) else targets
    return int(first.shape[1])


def check_frames(
    inputs: FloatArray, targets: FloatArray | Sequence[FloatArray], file_index: IntArray
) -> None:
    """Raise ParameterError unless the arrays describe the same finite frames.

    The targets may be one array a recording.
    """
    parts = targets if isinstance(targets, Sequence) else [targets]
    count, bins = sum(map(len, parts)), np.shape(parts[0])
    if inputs.ndim != 2 or len(bins) != 2 or file_index.ndim != 1:
        raise ParameterError(
            "frames have inputs, targets and file_index of shapes "
            f"{inputs.shape}, {bins}, {file_index.shape}; wanted (T, C), (T, K) and (T,)"
        )
    if not len(inputs) == count == len(file_index):
        raise ParameterError(
            f"frames have {len(inputs)} inputs, {count} targets and {len(file_index)} file "
            "numbers; wanted the same number of each"
        )
    for name, arrays in (("inputs", [inputs]), ("targets", parts)):
        before = 0
        for array in arrays:
            # In pieces, so that a memory-mapped array never lies in memory as a whole.
            piece = piece_rows(array.shape[1])
            for start in range(0, len(array), piece):
                bad = ~np.isfinite(array[start : start + piece]).all(axis=1)
                if bad.any():
                    frame = before + start + int(np.argmax(bad))
                    raise ParameterError(f"frames: {name} of frame {frame} are not finite")
            before += len(array)
