"""Wavetable Manifold Synthesis: wavetables made in real time by a small neural network."""

from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from . import compat, metrics
from ._profile import params_for
from ._wms import (
    Direction,
    Directions,
    Frames,
    Model,
    Params,
    Report,
    Scaler,
    Store,
    Synth,
    __version__,
    analyze,
    audio_info,
    band_limit,
    crepe,
    crepe_probabilities,
    cycle_frames,
    cycle_spectrum,
    cycle_waveform,
    factory_models,
    frame_loudness,
    list_audio,
    load_audio,
    midi_messages,
    play_spectra,
    pyin,
    render,
    resample,
    resynthesize,
    save_audio,
    segment_mfcc,
    wav_bytes,
    yin,
)
from .errors import (
    AudioFileError,
    AudioWarning,
    FeatureFileError,
    FileAccessError,
    MidiFileWarning,
    ModelFileError,
    ParameterError,
    WmsError,
)
from .explorer import explore
from .notes import find_notes

if TYPE_CHECKING:
    from . import baselines as baselines
    from . import evaluation as evaluation
    from . import overview as overview
    from . import plot as plot
    from . import training as training
    from . import waves as waves

# Imported when they are first used: some need packages that are not always installed.
_LATER = ("baselines", "evaluation", "overview", "plot", "training", "waves")

__all__ = [
    "AudioFileError",
    "AudioWarning",
    "Direction",
    "Directions",
    "FeatureFileError",
    "FileAccessError",
    "Frames",
    "MidiFileWarning",
    "Model",
    "ModelFileError",
    "ParameterError",
    "Params",
    "Report",
    "Scaler",
    "Store",
    "Synth",
    "WmsError",
    "__version__",
    "analyze",
    "audio_info",
    "band_limit",
    "compat",
    "crepe",
    "crepe_probabilities",
    "cycle_frames",
    "cycle_spectrum",
    "cycle_waveform",
    "explore",
    "factory_models",
    "find_notes",
    "frame_loudness",
    "list_audio",
    "load_audio",
    "metrics",
    "midi_messages",
    "params_for",
    "play_spectra",
    "pyin",
    "render",
    "resample",
    "resynthesize",
    "save_audio",
    "segment_mfcc",
    "wav_bytes",
    "yin",
]


def __getattr__(name: str) -> ModuleType:
    if name in _LATER:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_LATER})
