"""Train and judge a DDSP-style decoder in the same way as a WMS model, for comparison.

J. Engel, L. Hantrakul, C. Gu, A. Roberts, "DDSP: Differentiable Digital Signal Processing", ICLR
2020. A GRU decoder gets pitch, loudness and MFCC at 100 frames per second and controls a bank of
harmonics and noise in 65 bands; the loss is the multi-scale spectral distance. There are three
differences from the paper: the MFCC are used directly, without an encoder; there is no reverb; and
the learning rate falls by a cosine over the given time, which suits short trainings better. The
time is processor time, so that other work on the machine does not matter: 20 minutes are about 10
minutes on two free cores.

Prints the measures of `wms evaluate` on a passage that was not trained on, with and without the
decoder's noise, and those of a WMS model if one is given. Everything is measured at 16 kHz.

Usage: python benches/ddsp_baseline.py TRAIN_AUDIO... --test AUDIO [--minutes 20] [--model MODEL]
           [--out table.json or table.md]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

import wms
from wms.evaluation import MEASURES, evaluate, measure_sound, read_middle

RATE, HOP = 16000, 160
F_MIN, F_MAX = 46.0, 1600.0
WIDTH, MFCC, MOST_HARMONICS, NOISE_BANDS = 256, 8, 100, 65
FFT_SIZES = (2048, 1024, 512, 256, 128, 64)
EXCERPT_FRAMES, BATCH = 200, 6
LEARNING_RATE, CLIP_NORM, SEED = 1e-3, 3.0, 0
SOUND_MEASURES = [measure for measure in MEASURES if measure.key != "spectrum_error"]


@dataclasses.dataclass
class Recording:
    """Sound and what the decoder is told of it: n = T hop samples, T frames."""

    sound: torch.Tensor
    f0_hz: torch.Tensor
    loudness_db: torch.Tensor
    mfcc: torch.Tensor


def listen(sound: np.ndarray) -> Recording:
    """Track pitch, loudness and MFCC of a sound at 16 kHz."""
    count = len(sound) // HOP
    f0, _ = wms.crepe(sound, sr=RATE, fmin=F_MIN, fmax=F_MAX, hop_length=HOP, decoder="wms")
    padded = np.pad(sound, 1024)
    loudness = wms.metrics.loudness(padded, sr=RATE, hop_length=HOP)
    mfcc = wms.segment_mfcc(
        sound, np.zeros(len(f0), np.float32), sr=RATE, window_size=1024, hop_length=HOP, cycles=0,
        n_fft=1024, n_mfcc=MFCC, n_mels=40, variant="own",
    )  # fmt: skip
    # A pitch everywhere: between notes it moves from one to the next.
    voiced = np.flatnonzero(f0 > 0)
    if len(voiced):
        f0 = np.exp(np.interp(np.arange(len(f0)), voiced, np.log(f0[voiced])))
    else:
        f0 = np.full(len(f0), 220.0)
    arrays = (sound[: count * HOP], f0[:count], loudness[:count], mfcc[:count])
    return Recording(*(torch.from_numpy(np.ascontiguousarray(a, np.float32)) for a in arrays))


class Decoder(nn.Module):
    """Pitch, loudness and MFCC to levels of harmonics and noise bands, and to sound."""

    def __init__(self, recordings: list[Recording]) -> None:
        super().__init__()
        f0 = torch.cat([r.f0_hz for r in recordings])
        lowest = float(f0.quantile(0.01))
        self.harmonics = max(1, min(MOST_HARMONICS, int(RATE / 2 / lowest)))
        loudness = torch.cat([r.loudness_db for r in recordings])
        mfcc = torch.cat([r.mfcc for r in recordings])
        self.register_buffer("loudness_moments", torch.stack([loudness.mean(), loudness.std()]))
        self.register_buffer("mfcc_moments", torch.stack([mfcc.mean(dim=0), mfcc.std(dim=0)]))
        self.pitch_in, self.loudness_in = perceptron(1), perceptron(1)
        self.mfcc_in = perceptron(MFCC)
        self.gru = nn.GRU(3 * WIDTH, WIDTH, batch_first=True)
        self.after = perceptron(WIDTH + 2)
        self.out = nn.Linear(WIDTH, 1 + self.harmonics + NOISE_BANDS)
        with torch.no_grad():
            # Noise begins far below the harmonics, as in the paper.
            self.out.bias[1 + self.harmonics :] -= 5.0

    def controls(
        self, f0_hz: torch.Tensor, loudness_db: torch.Tensor, mfcc: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Map (B, T), (B, T), (B, T, 8) to harmonics (B, T, H) and noise bands (B, T, 65)."""
        pitch = (torch.log2(f0_hz / 440.0) / 4)[..., None]
        mean, deviation = self.loudness_moments
        level = ((loudness_db - mean) / (deviation + 1e-6))[..., None]
        timbre = (mfcc - self.mfcc_moments[0]) / (self.mfcc_moments[1] + 1e-6)
        told = (self.pitch_in(pitch), self.loudness_in(level), self.mfcc_in(timbre))
        hidden, _ = self.gru(torch.cat(told, dim=-1))
        made = self.out(self.after(torch.cat([hidden, pitch, level], dim=-1)))
        amplitude, shares, noise = made.split([1, self.harmonics, NOISE_BANDS], dim=-1)
        number = torch.arange(1, self.harmonics + 1)
        shares = positive(shares) * (f0_hz[..., None] * number < RATE / 2)
        shares = shares / shares.sum(dim=-1, keepdim=True).clamp_min(1e-7)
        return positive(amplitude) * shares, positive(noise)

    def forward(
        self, f0_hz: torch.Tensor, loudness_db: torch.Tensor, mfcc: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Make sound: the harmonics' and the noise's, (B, T hop) each."""
        harmonics, bands = self.controls(f0_hz, loudness_db, mfcc)
        return play_harmonics(f0_hz, harmonics), play_noise(bands)


def perceptron(inputs: int) -> nn.Sequential:
    """Three layers, each linear, normalised, and rectified."""
    layers: list[nn.Module] = []
    for size in (inputs, WIDTH, WIDTH):
        layers += [nn.Linear(size, WIDTH), nn.LayerNorm(WIDTH), nn.LeakyReLU()]
    return nn.Sequential(*layers)


def positive(x: torch.Tensor) -> torch.Tensor:
    """The paper's sigmoid with a wide range of levels, 0 to 2."""
    return 2 * torch.sigmoid(x) ** math.log(10) + 1e-7


def following(values: torch.Tensor) -> torch.Tensor:
    """Values (B, T, ...) of the next frame; the last has its own."""
    return torch.cat([values[:, 1:], values[:, -1:]], dim=1)


def play_harmonics(f0_hz: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """Add up sines at multiples of f0 (B, T) with levels (B, T, H), linear between frames."""
    share = torch.arange(HOP) / HOP
    samples_hz = f0_hz[..., None] + share * (following(f0_hz) - f0_hz)[..., None]
    # In double precision, as the phase of half a minute is large.
    cycles = torch.cumsum(samples_hz.flatten(1).double() / RATE, dim=1)
    phase = (2 * math.pi * (cycles % 1.0)).float().view(samples_hz.shape)
    sines = torch.sin(phase[..., None] * torch.arange(1, levels.shape[-1] + 1))
    # A level and its slope within a frame, so that no level is spelled out for every sample.
    lines = torch.stack([levels, following(levels) - levels], dim=-1)
    level, slope = (sines @ lines).unbind(dim=-1)
    return (level + share * slope).flatten(1)


def play_noise(bands: torch.Tensor) -> torch.Tensor:
    """Filter white noise, frame by frame, by zero-phase responses with levels (B, T, 65)."""
    length = 2 * (NOISE_BANDS - 1)
    response = torch.fft.irfft(bands.to(torch.complex64), length).roll(length // 2, dims=-1)
    response = response * torch.hann_window(length)
    white = 2 * torch.rand(*bands.shape[:2], HOP) - 1
    # Two frames long, so that what rings on adds to the next frame only.
    size = 2 * HOP
    ringing = torch.fft.irfft(torch.fft.rfft(white, size) * torch.fft.rfft(response, size), size)
    now, later = ringing[..., :HOP], ringing[..., HOP:]
    sound = now + functional.pad(later, (0, 0, 1, 0))[:, :-1]
    # The response's middle is its time.
    return functional.pad(sound.flatten(1), (0, length // 2))[:, length // 2 :]


def spectral_distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """The multi-scale spectral distance of sounds (B, n), as `wms.metrics` has it."""
    total = torch.zeros(())
    for size in FFT_SIZES:
        window = torch.hann_window(size)
        first, second = (
            torch.stft(x, size, size // 4, window=window, return_complex=True).abs() for x in (a, b)
        )
        total = total + (first - second).abs().mean()
        total = total + (torch.log(first + 1e-5) - torch.log(second + 1e-5)).abs().mean()
    return total


def train(recordings: list[Recording], minutes: float) -> tuple[Decoder, int]:
    """Train a decoder on random excerpts for so long; return it and the number of batches."""
    torch.manual_seed(SEED)
    draw = np.random.default_rng(SEED)
    decoder = Decoder(recordings)
    optimizer = torch.optim.Adam(decoder.parameters(), lr=LEARNING_RATE)
    lengths = np.array([len(r.f0_hz) for r in recordings], float)
    shortest = min(EXCERPT_FRAMES, int(lengths.min()))
    started, step, done, shown = time.process_time(), 0, 0.0, 0.0
    while done < 1.0:
        excerpts = []
        for index in draw.choice(len(recordings), BATCH, p=lengths / lengths.sum()):
            start = int(draw.integers(len(recordings[index].f0_hz) - shortest + 1))
            excerpts.append(excerpt(recordings[index], start, shortest))
        sound, *told = (torch.stack(parts) for parts in zip(*excerpts, strict=True))
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * done)))
        optimizer.zero_grad(set_to_none=True)
        harmonic, noise = decoder(*told)
        loss = spectral_distance(sound, harmonic + noise)
        loss.backward()
        nn.utils.clip_grad_norm_(decoder.parameters(), CLIP_NORM)
        optimizer.step()
        step += 1
        elapsed = time.process_time() - started
        done = elapsed / (60 * minutes)
        if elapsed >= shown:
            shown = elapsed + 10
            print(f"batch {step}, {elapsed:.0f} s: distance {float(loss.detach()):.3f}", flush=True)
    return decoder, step


def excerpt(recording: Recording, start: int, frames: int) -> tuple[torch.Tensor, ...]:
    """Sound, pitch, loudness and MFCC of some frames."""
    rows = slice(start, start + frames)
    return (
        recording.sound[start * HOP : (start + frames) * HOP],
        recording.f0_hz[rows],
        recording.loudness_db[rows],
        recording.mfcc[rows],
    )


@torch.no_grad()
def judge(decoder: Decoder, original: np.ndarray) -> dict[str, dict[str, float | None]]:
    """Measure what the decoder makes of a sound, with its noise and without."""
    heard = listen(original)
    torch.manual_seed(SEED)
    harmonic, noise = decoder(heard.f0_hz[None], heard.loudness_db[None], heard.mfcc[None])
    sounds = {"DDSP-style": harmonic + noise, "DDSP-style, without noise": harmonic}
    return {
        name: measure_sound(original, sound[0].numpy(), sr=RATE, fmin=F_MIN, fmax=F_MAX)
        for name, sound in sounds.items()
    }


def as_markdown(rows: dict[str, dict[str, float | None]]) -> str:
    """Write the figures as a Markdown table."""
    heads = [f"{m.name}{f', {m.unit}' if m.unit else ''}" for m in SOUND_MEASURES]
    lines = [f"| system | {' | '.join(heads)} |", "| --- |" + " ---: |" * len(heads)]
    for name, row in rows.items():
        values = ((row[m.key], m.digits) for m in SOUND_MEASURES)
        cells = ("-" if value is None else f"{value:.{digits}f}" for value, digits in values)
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Train, judge, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("audio", nargs="+", help="files and folders to train on")
    parser.add_argument("--test", required=True, type=Path, help="a recording not trained on")
    parser.add_argument(
        "--minutes", type=float, default=20.0, help="processor time to train (default 20)"
    )
    parser.add_argument("--seconds", type=float, default=30.0, help="longest passage (default 30)")
    parser.add_argument("--model", type=Path, help="a WMS model to judge beside it")
    parser.add_argument("--out", type=Path, help="write the table, as .json or .md")
    options = parser.parse_args()
    if options.out and options.out.suffix not in (".json", ".md"):
        parser.error(f"--out is {options.out}, wanted a file ending in .json or .md")

    recordings = [listen(wms.load_audio(path, RATE)[0]) for path in wms.list_audio(options.audio)]
    sound, rate, _ = read_middle(options.test, seconds=options.seconds)
    original = wms.resample(sound, orig_sr=rate, target_sr=RATE)
    decoder, batches = train(recordings, options.minutes)
    weights = sum(p.numel() for p in decoder.parameters())
    print(f"{weights:,} weights, {batches} batches in {options.minutes:g} minutes")
    rows = judge(decoder, original)
    if options.model:
        model = wms.Model.load(options.model)
        found = evaluate(model, options.test, seconds=options.seconds, sample_rate=RATE)
        rows |= {f"WMS, {model.name}": found["model"], "true spectra": found["true_spectra"]}
    table = as_markdown(rows)
    print(table)
    if options.out:
        as_json = json.dumps({"minutes": options.minutes, "batches": batches, "systems": rows})
        options.out.write_text((as_json if options.out.suffix == ".json" else table) + "\n")


if __name__ == "__main__":
    main()
