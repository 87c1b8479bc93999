"""What a decoder is told of a recording: pitch, loudness and MFCC at 100 frames per second."""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

import wms

RATE, HOP = 16000, 160
F_MIN, F_MAX = 46.0, 1600.0
FEWEST_MELS = 40
# Pitch of a sound in which none was found.
ANY_PITCH_HZ = 220.0


@dataclasses.dataclass
class Recording:
    """Sound and what the decoder is told of it: n = T hop samples, T frames."""

    sound: torch.Tensor
    f0_hz: torch.Tensor
    loudness_db: torch.Tensor
    mfcc: torch.Tensor

    def excerpt(self, start: int, frames: int) -> tuple[torch.Tensor, ...]:
        """Sound, pitch, loudness and MFCC of some frames."""
        rows = slice(start, start + frames)
        return (
            self.sound[start * HOP : (start + frames) * HOP],
            self.f0_hz[rows],
            self.loudness_db[rows],
            self.mfcc[rows],
        )

    def first(self, seconds: float) -> Recording:
        """Return the beginning of the recording."""
        return Recording(*self.excerpt(0, max(1, round(seconds * RATE / HOP))))


def listen(sound: np.ndarray, *, mfcc: int) -> Recording:
    """Track pitch, loudness and so many MFCC of a sound at 16 kHz."""
    count = len(sound) // HOP
    f0, _ = wms.crepe(sound, sr=RATE, fmin=F_MIN, fmax=F_MAX, hop_length=HOP, decoder="wms")
    padded = np.pad(sound, 1024)
    loudness = wms.metrics.loudness(padded, sr=RATE, hop_length=HOP)
    timbre = wms.segment_mfcc(
        sound, np.zeros(len(f0), np.float32), sr=RATE, window_size=1024, hop_length=HOP, cycles=0,
        n_fft=1024, n_mfcc=mfcc, n_mels=max(FEWEST_MELS, mfcc), variant="own",
    )  # fmt: skip
    # A pitch everywhere: between notes it moves from one to the next.
    voiced = np.flatnonzero(f0 > 0)
    if len(voiced):
        f0 = np.exp(np.interp(np.arange(len(f0)), voiced, np.log(f0[voiced])))
    else:
        f0 = np.full(len(f0), ANY_PITCH_HZ)
    arrays = (sound[: count * HOP], f0[:count], loudness[:count], timbre[:count])
    return Recording(*(torch.from_numpy(np.ascontiguousarray(a, np.float32)) for a in arrays))
