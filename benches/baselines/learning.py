"""Training a decoder for so much processor time on random excerpts."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import nn

from .decoder import Decoder
from .hearing import Recording

FFT_SIZES = (2048, 1024, 512, 256, 128, 64)
EXCERPT_FRAMES, BATCH = 200, 6
LEARNING_RATE, CLIP_NORM = 1e-3, 3.0
SHOWN_EVERY_S = 10.0


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


def train(
    build: Callable[[list[Recording]], Decoder],
    recordings: list[Recording],
    *,
    minutes: float,
    seed: int = 0,
    pause_at: Sequence[float] = (),
    at_pause: Callable[[Decoder, float, int], None] | None = None,
) -> tuple[Decoder, int]:
    """Train a decoder; the learning rate falls by a cosine over the given time.

    Parameters
    ----------
    build
        Makes the decoder for the recordings.
    recordings
        What to train on.
    minutes
        Processor time, so that other work on the machine does not matter.
    seed
        Seed of the weights, the excerpts and the noise.
    pause_at
        Minutes at which `at_pause` is called with the decoder, the minutes and the number of
        batches so far. The time that it takes does not count.
    at_pause
        What to do then.

    Returns
    -------
    tuple of Decoder and int
        The trained decoder and the number of batches.
    """
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    decoder = build(recordings)
    trainable = [weights for weights in decoder.parameters() if weights.requires_grad]
    optimizer = torch.optim.Adam(trainable, lr=LEARNING_RATE)
    lengths = np.array([len(r.f0_hz) for r in recordings], float)
    shortest = min(EXCERPT_FRAMES, int(lengths.min()))
    pauses = sorted(minute for minute in pause_at if minute < minutes)
    started, step, done, shown = time.process_time(), 0, 0.0, 0.0
    while done < 1.0:
        excerpts = []
        for index in draw.choice(len(recordings), BATCH, p=lengths / lengths.sum()):
            start = int(draw.integers(len(recordings[index].f0_hz) - shortest + 1))
            excerpts.append(recordings[index].excerpt(start, shortest))
        sound, *told = (torch.stack(parts) for parts in zip(*excerpts, strict=True))
        for group in optimizer.param_groups:
            group["lr"] = LEARNING_RATE * (0.01 + 0.99 * (0.5 + 0.5 * math.cos(math.pi * done)))
        optimizer.zero_grad(set_to_none=True)
        tone, noise = decoder(*told)
        loss = spectral_distance(sound, tone + noise)
        loss.backward()
        nn.utils.clip_grad_norm_(trainable, CLIP_NORM)
        optimizer.step()
        step += 1
        elapsed = time.process_time() - started
        done = elapsed / (60 * minutes)
        if elapsed >= shown:
            shown = elapsed + SHOWN_EVERY_S
            print(f"batch {step}, {elapsed:.0f} s: distance {float(loss.detach()):.3f}", flush=True)
        if at_pause is not None and pauses and elapsed >= 60 * pauses[0]:
            paused, state = time.process_time(), torch.get_rng_state()
            at_pause(decoder, pauses.pop(0), step)
            torch.set_rng_state(state)
            started += time.process_time() - paused
    return decoder, step
