"""What training needs to know about analysed frames and their params."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

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
    def targets(self) -> FloatArray:
        """log1p magnitude spectra, (T, K)."""

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


def check_frames(inputs: FloatArray, targets: FloatArray, file_index: IntArray) -> None:
    """Raise ParameterError unless the three arrays describe the same finite frames."""
    if inputs.ndim != 2 or targets.ndim != 2 or file_index.ndim != 1:
        raise ParameterError(
            "frames have inputs, targets and file_index of shapes "
            f"{inputs.shape}, {targets.shape}, {file_index.shape}; wanted (T, C), (T, K) and (T,)"
        )
    if not len(inputs) == len(targets) == len(file_index):
        raise ParameterError(
            f"frames have {len(inputs)} inputs, {len(targets)} targets and {len(file_index)} file "
            "numbers; wanted the same number of each"
        )
    for name, array in (("inputs", inputs), ("targets", targets)):
        # In pieces, so that a memory-mapped array never lies in memory as a whole.
        for start in range(0, len(array), 65536):
            bad = ~np.isfinite(array[start : start + 65536]).all(axis=1)
            if bad.any():
                frame = start + int(np.argmax(bad))
                raise ParameterError(f"frames: {name} of frame {frame} are not finite")
