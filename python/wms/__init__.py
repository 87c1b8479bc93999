"""Wavetable Manifold Synthesis: wavetables made in real time by a small neural network."""

from ._wms import (
    Model,
    Synth,
    __version__,
    cycle_waveform,
    play_spectra,
    render,
    resynthesize,
)

__all__ = [
    "Model",
    "Synth",
    "__version__",
    "cycle_waveform",
    "play_spectra",
    "render",
    "resynthesize",
]
