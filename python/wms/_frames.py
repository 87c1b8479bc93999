"""What counts as analysed frames: `wms.Frames`, or anything with the same arrays."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ._wms import Store
from .errors import ParameterError

FloatArray = npt.NDArray[np.floating[Any]]
IntArray = npt.NDArray[np.integer[Any]]


class FeaturesLike(Protocol):
    """What a model needs to know of analysed frames to play them; T frames."""

    @property
    def f0_hz(self) -> npt.NDArray[np.float32]:
        """Fundamental frequency in Hz, (T,)."""

    @property
    def voicedness(self) -> npt.NDArray[np.float32]:
        """Probability of a pitch, 0 to 1, (T,)."""

    @property
    def mfcc_raw(self) -> npt.NDArray[np.float32]:
        """MFCC that are not standardised, (T, n_mfcc)."""


class ScalerLike(Protocol):
    """Mean and scale (n_mfcc,) by which raw MFCC were standardised."""

    @property
    def mean(self) -> FloatArray:
        """Mean of each coefficient, (n_mfcc,)."""

    @property
    def scale(self) -> FloatArray:
        """Standard deviation of each coefficient, (n_mfcc,)."""


class FramesLike(Protocol):
    """What training needs to know of analysed frames; T frames, C network inputs, K bins."""

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


@dataclasses.dataclass(eq=False)
class FrameArrays:
    """Frames whose arrays come from several sources; see `FramesLike` for what each one holds."""

    inputs: FloatArray
    targets: FloatArray | Sequence[FloatArray]
    file_index: IntArray
    f0_hz: FloatArray
    voicedness: FloatArray
    scaler: ScalerLike
    params: Any

    def __len__(self) -> int:
        return len(self.inputs)


def frames_of_store(store: Store) -> FrameArrays:
    """Return the frames of a store, with its spectra left in their files; the rest is read.

    Parameters
    ----------
    store : wms.Store

    Raises
    ------
    FeatureFileError
        If one of its files is damaged.
    ParameterError
        If it has no recordings.
    """
    shards = store.shards
    if not shards:
        raise ParameterError("the store has no recordings, wanted at least one")
    return FrameArrays(
        inputs=np.concatenate([shard.inputs for shard in shards]),
        targets=[shard.targets for shard in shards],
        file_index=number_parts([len(shard) for shard in shards]),
        f0_hz=np.concatenate([shard.f0_hz for shard in shards]),
        voicedness=np.concatenate([shard.voicedness for shard in shards]),
        scaler=store.scaler,
        params=store.params,
    )


def number_parts(lengths: Sequence[int]) -> npt.NDArray[np.int32]:
    """Return each frame's recording number, (T,), given the number of frames of each recording."""
    return np.repeat(np.arange(len(lengths), dtype=np.int32), lengths)
