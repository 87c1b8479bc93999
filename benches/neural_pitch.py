"""Pitch trackers of other projects that are networks: SwiftF0, PESTO and FCPE.

Those that are installed are found (``pip install swift-f0 pesto-pitch torchfcpe``). All work at
16 kHz and tell of one frame every 16 ms or, FCPE, every 10 ms.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import io
from collections.abc import Callable

import numpy as np

RATE = 16000
# Times in seconds, pitches in Hz, voicedness, and whether the tracker itself calls it voiced.
Found = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@functools.cache
def swift_f0_network() -> object:
    """Load SwiftF0 once."""
    from swift_f0 import SwiftF0

    return SwiftF0(threads=1)


def swift_f0(y: np.ndarray, fmin: float, fmax: float) -> Found:
    """SwiftF0; voiced from a confidence of 0.5 on, as it writes its tables."""
    found = swift_f0_network().detect(y, RATE, fmin=fmin, fmax=fmax)
    voicedness = np.asarray(found.confidence)
    return np.asarray(found.timestamps), np.asarray(found.pitch_hz), voicedness, voicedness >= 0.5


def pesto(y: np.ndarray, fmin: float, fmax: float) -> Found:
    """PESTO, which cannot be told a range; voiced from a confidence of 0.5 on."""
    import pesto
    import torch

    times_ms, f0_hz, voicedness, _ = (
        x.numpy() for x in pesto.predict(torch.from_numpy(y), RATE, step_size=16.0)
    )
    return times_ms / 1000, f0_hz, voicedness, voicedness >= 0.5


@functools.cache
def fcpe_network() -> object:
    """Load FCPE once, which tells about it."""
    import torchfcpe

    with contextlib.redirect_stdout(io.StringIO()):
        return torchfcpe.spawn_bundled_infer_model(device="cpu")


def fcpe(y: np.ndarray, fmin: float, fmax: float) -> Found:
    """FCPE, which does not tell how sure it is, only whether, at its own threshold."""
    import torch

    samples = torch.from_numpy(y)[None, :, None]
    infer = functools.partial(
        fcpe_network().infer, samples, sr=RATE, decoder_mode="local_argmax",
        f0_min=fmin, f0_max=fmax,
    )  # fmt: skip
    # It tells on the standard output of samples beyond full scale.
    with contextlib.redirect_stdout(io.StringIO()):
        f0_hz, sure = (infer(threshold=at)[0, :, 0].numpy() for at in (0.0, 0.006))
    return np.arange(len(f0_hz)) * 0.01, f0_hz, (sure > 0).astype(float), sure > 0


def installed() -> dict[str, Callable[[np.ndarray, float, float], Found]]:
    """Return those whose packages are there, by their names."""
    all_of_them = {"SwiftF0": (swift_f0, "swift_f0"), "PESTO": (pesto, "pesto")}
    all_of_them["FCPE"] = (fcpe, "torchfcpe")
    found = importlib.util.find_spec
    return {name: run for name, (run, package) in all_of_them.items() if found(package)}
