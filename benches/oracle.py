"""Compare true spectra played by the realtime oscillator with a plain offline synthesis.

Both play the spectra of the same analysis, so no network can be better. The offline synthesis is a
sum of sines and of noise whose level is read halfway between the partials, computed without regard
to speed. Lower is better; `wms.metrics` describes the measures.

Usage: python benches/oracle.py AUDIO... [--sample-rate 44100] [--cycles 4] [--seconds 10]
       [--compare-at 16000]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import numpy.typing as npt

import wms
from wms import metrics

Float = npt.NDArray[np.float64]


def sines(spectra: Float, f0_hz: Float, length: int, params: wms.Params) -> Float:
    """Sum of partials, (length,): levels read at their bins, linear between frames."""
    rate, hop, window = params["sample_rate"], params["hop_size"], params["window_size"]
    cycles, n_fft = params["cycles_per_window"], params["n_fft"]
    frames = np.arange(len(f0_hz)) * hop
    time = np.arange(length)
    f0 = np.exp(np.interp(time, frames, np.log(f0_hz)))
    phase = 2 * np.pi * np.cumsum(f0) / rate
    spacing = cycles * n_fft / window
    ratio = f0_hz * window / (rate * cycles)
    hann = np.hanning(window).sum() / 2
    sound = np.zeros(length)
    for k in range(1, int((spectra.shape[1] - 1) / spacing) + 1):
        audible = k * f0 < rate / 2
        if not audible.any():
            break
        level = np.expm1(spectra[:, round(k * spacing)]) * np.sqrt(ratio) / hann
        gain = np.interp(time, frames, level) * audible
        # Schroeder-like phases keep the crest factor low; no measure here hears them.
        sound += gain * np.cos(k * phase - np.pi * k * k / 64)
    return sound


def noise(spectra: Float, f0_hz: Float, length: int, params: wms.Params) -> Float:
    """Noise, (length,): its spectrum read at the bins halfway between the partials."""
    rate, hop, window = params["sample_rate"], params["hop_size"], params["window_size"]
    cycles, n_fft = params["cycles_per_window"], params["n_fft"]
    size = 512
    hz = np.fft.rfftfreq(size, 1 / rate)
    window_power = (np.hanning(window) ** 2).sum()
    synthesis = np.sin(np.pi * (np.arange(size) + 0.5) / size)
    random = np.random.default_rng(0)
    sound = np.zeros(length + size)
    step = size // 2
    for start in range(0, length, step):
        frame = min(round((start + step) / hop), len(f0_hz) - 1)
        between = np.floor(hz / f0_hz[frame]) + 0.5
        bins = np.round(between * cycles * n_fft / window).astype(int)
        known = bins < spectra.shape[1]
        level = np.where(known, np.expm1(spectra[frame, np.minimum(bins, spectra.shape[1] - 1)]), 0)
        turn = np.exp(2j * np.pi * random.random(len(hz)))
        wave = np.fft.irfft(level * np.sqrt(size / window_power) * turn, size)
        sound[start : start + size] += wave * synthesis
    return sound[:length]


def figures(original: Float, sound: Float, rate: int, heard: int) -> list[float]:
    """mss, its linear part, lsd and mcd, of what both hold at the rate `heard`."""
    if heard != rate:
        original, sound = (
            wms.resample(y.astype(np.float32), orig_sr=rate, target_sr=heard).astype(np.float64)
            for y in (original, sound)
        )
        rate = heard
    a, b = metrics.remove_delay(original, sound, sr=rate)[:2]
    parts = metrics.multi_scale_spectral_parts(a, b)
    return [
        parts.total,
        parts.linear,
        metrics.log_spectral_distance(a, b, sr=rate),
        metrics.mel_cepstral_distortion(a, b, sr=rate),
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("audio", nargs="+")
    parser.add_argument("--sample-rate", type=int, default=44100)
    parser.add_argument("--cycles", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--start", type=float, default=30.0, help="where in the recording, s")
    parser.add_argument("--compare-at", type=int, help="compare at this rate, Hz")
    options = parser.parse_args()
    rate = options.sample_rate
    window = 1024 if rate <= 24000 else 2048
    params = wms.Params(
        sample_rate=rate, cycles_per_window=options.cycles, window_size=window, n_fft=window,
        n_fft_preserved=window // 2 + 1, hop_size=256,
    )  # fmt: skip
    heard = options.compare_at or rate
    print(f"compared at {heard} Hz; {rate} Hz, {options.cycles} cycles, {options.seconds:g} s")
    print(f"{'':32} {'mss':>6} {'lin':>6} {'lsd':>6} {'mcd':>6}")
    for path in options.audio:
        y, _ = wms.load_audio(path, rate)
        start = min(int(options.start * rate), max(0, len(y) - int(options.seconds * rate)))
        y = y[start : start + int(options.seconds * rate)]
        frames = wms.analyze(y, params, sample_rate=rate)
        spectra, f0_hz = frames.spectrum.astype(np.float64), frames.f0_hz.astype(np.float64)
        plain = sines(spectra, f0_hz, len(y), params)
        played = {
            "realtime oscillator": wms.play_spectra(
                frames.spectrum, frames.f0_hz, frames.voicedness, layout=params, sample_rate=rate
            )[: len(y)],
            "plain sines": plain,
            "plain sines and noise": plain + noise(spectra, f0_hz, len(y), params),
        }
        for name, sound in played.items():
            values = figures(y.astype(np.float64), np.asarray(sound, np.float64), rate, heard)
            row = f"{Path(path).stem}, {name}"
            print(f"{row:32} {values[0]:6.2f} {values[1]:6.3f} {values[2]:6.2f} {values[3]:6.2f}")


if __name__ == "__main__":
    main()
