"""The analysis beside the libraries that `wms_torch` is built from, in one run.

Each row times the same work on the same audio, alternating, and prints the median. Needs
librosa, soxr and torchcrepe (``pip install librosa soxr torchcrepe``); a peer that is missing is
left out.

Usage: python benches/analysis.py [--seconds 60] [--repeats 3] [--threads 2]
"""

from __future__ import annotations

import argparse
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import wms

RECORDING = Path(__file__).parent.parent / "demo" / "audio" / "alto_sax.flac"
RATE, WINDOW, HOP, N_FFT, CYCLES, N_MFCC, BINS = 16000, 1024, 256, 1024, 2, 8, 80
FMIN, FMAX = 46.0, 1600.0
Work = Callable[[], object]


def librosa_f0(y: np.ndarray, method: str) -> np.ndarray:
    """Pitch as wms_torch asks librosa for it."""
    import librosa

    settings = {
        "fmin": FMIN, "fmax": FMAX, "sr": RATE, "frame_length": WINDOW, "hop_length": HOP,
    }  # fmt: skip
    if method == "yin":
        return librosa.yin(y, **settings)
    return librosa.pyin(y, fill_na=None, **settings)[0]


def torchcrepe_f0(y: np.ndarray) -> np.ndarray:
    """Pitch as wms_torch asks torchcrepe for it."""
    import torch
    import torchcrepe

    pitch, _ = torchcrepe.predict(
        torch.from_numpy(y)[None], RATE, HOP, FMIN, FMAX, "tiny", batch_size=256,
        return_periodicity=True,
    )  # fmt: skip
    return pitch[0].numpy()


def library_chain(y: np.ndarray, f0: np.ndarray) -> None:
    """Segments, cycle frames, MFCC and spectra, frame by frame, as wms_torch does."""
    import librosa

    padded = np.pad(y, WINDOW // 2)
    window = np.hanning(WINDOW)
    target = RATE / WINDOW * CYCLES
    for index, hz in enumerate(f0):
        frame = padded[index * HOP : index * HOP + WINDOW]
        length = int(np.ceil(RATE / hz * CYCLES))
        start = max(0, WINDOW // 2 - length // 2)
        segment = frame[start : start + length]
        faded = frame[max(0, start - 16) : start + length + 16].copy()
        ramp = np.linspace(0, 1, 16)[: len(faded)]
        faded[: len(ramp)] *= ramp
        faded[len(faded) - len(ramp) :] *= ramp[::-1]
        cycles = librosa.resample(
            faded, orig_sr=target, target_sr=hz, res_type="soxr_hq", scale=True
        )
        surplus = len(cycles) - WINDOW
        cycles = cycles[surplus // 2 : surplus // 2 + WINDOW]
        np.log1p(np.abs(np.fft.rfft(cycles * window, N_FFT)))[:BINS]
        windowed = segment * np.hanning(len(segment))
        wrapped = np.pad(windowed, (0, max(0, N_FFT - len(windowed))), mode="wrap")
        librosa.feature.mfcc(y=wrapped, sr=RATE, n_fft=N_FFT, n_mfcc=N_MFCC, hop_length=10 * N_FFT)


def median_s(works: list[Work], repeats: int) -> list[float]:
    """Median seconds of each, taken in turns after one warm-up."""
    for work in works:
        work()
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repeats):
        for work, taken in zip(works, times, strict=True):
            start = time.perf_counter()
            work()
            taken.append(time.perf_counter() - start)
    return [statistics.median(taken) for taken in times]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    y, _ = wms.load_audio(RECORDING, RATE)
    y = np.resize(y, int(options.seconds * RATE))
    base = wms.Params(compatibility="main")

    def chain(method: str, threads: int = options.threads) -> Work:
        params = base.replace(pitch_detection_method=method, include_voicedness=method != "yin")
        return lambda: wms.analyze(y, params, sample_rate=RATE, num_threads=threads)

    def peer_chain(f0: Callable[[], np.ndarray]) -> Work:
        return lambda: library_chain(y, f0())

    settings = {
        "fmin": FMIN, "fmax": FMAX, "sr": RATE, "frame_length": WINDOW, "hop_length": HOP,
    }  # fmt: skip
    rows: list[tuple[str, Work | None, Work]] = [
        ("whole chain, yin", peer_chain(lambda: librosa_f0(y, "yin")), chain("yin")),
        ("whole chain, pyin", peer_chain(lambda: librosa_f0(y, "pyin")), chain("pyin")),
        ("whole chain, crepe", peer_chain(lambda: torchcrepe_f0(y)), chain("crepe")),
        ("yin alone", lambda: librosa_f0(y, "yin"), lambda: wms.yin(y, **settings)),
        ("pyin alone", lambda: librosa_f0(y, "pyin"), lambda: wms.pyin(y, **settings)),
        (
            "crepe alone",
            lambda: torchcrepe_f0(y),
            lambda: wms.crepe(y, sr=RATE, fmin=FMIN, fmax=FMAX, hop_length=HOP),
        ),
        ("whole chain, yin, 1 thread / more", chain("yin", 1), chain("yin")),
        ("whole chain, pyin, 1 thread / more", chain("pyin", 1), chain("pyin")),
        ("whole chain, crepe, 1 thread / more", chain("crepe", 1), chain("crepe")),
    ]
    print(f"{options.seconds:g} s of audio, {options.threads} threads, {platform.processor()}")
    print(f"{'':36} {'peer, s':>9} {'wms, s':>9} {'times':>7}")
    for name, peer, ours in rows:
        try:
            theirs, own = median_s([peer, ours], options.repeats)
        except ImportError as error:
            own = median_s([ours], options.repeats)[0]
            print(f"{name:36} {'-':>9} {own:9.3f}         ({error})")
            continue
        print(f"{name:36} {theirs:9.3f} {own:9.3f} {theirs / own:7.1f}")


if __name__ == "__main__":
    main()
