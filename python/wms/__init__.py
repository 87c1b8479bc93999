"""Wavetable Manifold Synthesis: wavetables made in real time by a small neural network."""

from ._wms import (
    Frames,
    Params,
    Scaler,
    __version__,
    analyze,
    cycle_frames,
    cycle_spectrum,
    list_audio,
    load_audio,
    pyin,
    resample,
    segment_mfcc,
    yin,
)
from .errors import (
    AudioFileError,
    FeatureFileError,
    FileAccessError,
    ModelFileError,
    ParameterError,
    WmsError,
)

__all__ = [
    "AudioFileError",
    "FeatureFileError",
    "FileAccessError",
    "Frames",
    "ModelFileError",
    "ParameterError",
    "Params",
    "Scaler",
    "WmsError",
    "__version__",
    "analyze",
    "cycle_frames",
    "cycle_spectrum",
    "list_audio",
    "load_audio",
    "pyin",
    "resample",
    "segment_mfcc",
    "yin",
]
