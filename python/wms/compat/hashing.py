"""The hashes by which wms_torch finds its cached features."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ..errors import ParameterError

VERSIONS = ("main", "dev")
# Added to the pitch in Hz before wms_torch takes its logarithm, so that the lowest pitch is finite.
PITCH_OFFSET_HZ = 0.0001

# The arguments that are hashed, in this order. Numbers are written to JSON as they stand in
# params.json, so 46 and 46.0 give different hashes.
_FROM_PARAMS = (
    "sample_rate",
    "n_fft",
    "window_size",
    "hop_size",
    "pitch_detection_method",
    "include_voicedness",
    "f_low",
    "f_high",
    "cycles_per_window",
    "power",
    "n_mel",
    "n_mfcc",
    "mfcc_dim_reduction",
)


class ParamsLike(Protocol):
    """`wms.Params`, or a dictionary with all keys."""

    def __getitem__(self, key: str, /) -> Any: ...


def check_version(version: str) -> None:
    """Check that `version` is a branch of wms_torch.

    Raises
    ------
    ParameterError
        If it is neither "main" nor "dev".
    """
    if version not in VERSIONS:
        raise ParameterError(f'version is {version!r}, wanted "main" or "dev"')


def waveform_hash(waveform: npt.NDArray[np.float32]) -> str:
    """Return the hash of a whole padded waveform, (n,)."""
    return hashlib.md5(waveform.tobytes(), usedforsecurity=False).hexdigest()


def cached_arguments(params: ParamsLike, waveform: str, version: str) -> dict[str, Any]:
    """Return the arguments of an analysis in the form that wms_torch stores.

    Parameters
    ----------
    params : Params
        Those in the params.json that wms_torch will read.
    waveform : str
        Hash of the waveform.
    version : "main" or "dev"
        Branch of wms_torch.
    """
    arguments = {key: params[key] for key in _FROM_PARAMS}
    arguments |= {"normalize_mfcc": True, "pitch_log_scale": True}
    if version == "main":
        arguments["pitch_log_eps"] = PITCH_OFFSET_HZ
    arguments["center"] = True
    arguments["force_recompute_features"] = params["force_recompute_features"]
    return {**arguments, "verbose": True, "waveform_hash": waveform}


def arguments_hash(arguments: dict[str, Any]) -> str:
    """Return the hash of the arguments of an analysis."""
    return hashlib.md5(json.dumps(arguments).encode(), usedforsecurity=False).hexdigest()
