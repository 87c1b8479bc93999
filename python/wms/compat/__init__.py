"""Files of wms_torch, written without PyTorch: its feature cache, its MIDI export, its networks."""

from .cache import CacheEntry, write_cache
from .midi import write_midi
from .models import write_model

__all__ = ["CacheEntry", "write_cache", "write_midi", "write_model"]
