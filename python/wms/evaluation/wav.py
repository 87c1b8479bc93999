"""Sounds inside a page."""

from __future__ import annotations

import io
import wave

import numpy as np

from .passages import Float32


def wav_bytes(sound: Float32, sample_rate: int) -> bytes:
    """Return a mono sound (n,) as a 16-bit wav file, which every browser plays."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(sample_rate)
        writer.writeframes(np.round(32767 * np.clip(sound, -1, 1)).astype("<i2").tobytes())
    return file.getvalue()
