"""Checks of analysed frames and their params before training."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from .._frames import FloatArray, IntArray
from .._pieces import piece_rows
from .._wms import Params
from ..errors import ParameterError


def params_dict(params: Any) -> dict[str, Any]:
    """Return `params` as a flat dictionary.

    Parameters
    ----------
    params : wms.Params, Mapping, str or path
        Text and paths are what `wms.Params.load` takes: the name of a profile, or a file.

    Raises
    ------
    ParameterError
        If it is none of these.
    """
    if isinstance(params, str | os.PathLike):
        params = Params.load(params)
    if isinstance(params, Mapping):
        return dict(params)
    to_dict = getattr(params, "to_dict", None)
    if not callable(to_dict):
        raise ParameterError(
            f"params is a {type(params).__name__}, wanted wms.Params, a mapping, the name of a "
            "profile or the path of a params.json"
        )
    return dict(to_dict())


def n_bins(targets: FloatArray | Sequence[FloatArray]) -> int:
    """Return the number of spectrum bins, K."""
    first = targets[0] if isinstance(targets, Sequence) else targets
    return int(first.shape[1])


def check_frames(
    inputs: FloatArray, targets: FloatArray | Sequence[FloatArray], file_index: IntArray
) -> None:
    """Raise ParameterError unless the arrays describe the same finite frames.

    The targets may be one array, or one for each recording.
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
            # In pieces, so that a memory-mapped array is never in memory as a whole.
            piece = piece_rows(array.shape[1])
            for start in range(0, len(array), piece):
                bad = ~np.isfinite(array[start : start + piece]).all(axis=1)
                if bad.any():
                    frame = before + start + int(np.argmax(bad))
                    raise ParameterError(f"frames: {name} of frame {frame} are not finite")
            before += len(array)
