"""Writing the files of wms_torch: its feature cache, its MIDI export and its networks.

PyTorch is not needed.
"""

from .cache import CacheEntry, write_cache
from .midi import write_midi
from .models import write_model

__all__ = ["CacheEntry", "write_cache", "write_midi", "write_model"]
