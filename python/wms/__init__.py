"""Wavetable Manifold Synthesis: wavetables made in real time by a small neural network."""

from ._wms import __version__

__all__ = ["__version__"]
