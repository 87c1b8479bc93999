"""Frames made up so that a tiny network can learn them in a second."""

import dataclasses
from typing import Any

import numpy as np

PARAMS: dict[str, Any] = {
    "sample_rate": 16000,
    "hop_size": 256,
    "window_size": 1024,
    "n_fft": 1024,
    "cycles_per_window": 2,
    "n_mfcc": 2,
    "n_mel": 40,
    "f_low": 46,
    "f_high": 1600,
    "include_voicedness": True,
    "hidden_size": 8,
    "batch_size": 32,
    "training_seq_length": 10,
    "validation_fraction": 0.15,
    "validation_stretch_s": 0.5,
    "warmup_steps": 5,
    "learning_rate": 0.01,
    "num_epochs": 4,
    "seed": 7,
}


@dataclasses.dataclass
class Scaler:
    mean: np.ndarray
    scale: np.ndarray


@dataclasses.dataclass
class MadeUpFrames:
    inputs: np.ndarray
    targets: np.ndarray
    file_index: np.ndarray
    f0_hz: np.ndarray
    voicedness: np.ndarray
    scaler: Scaler
    params: Any


def made_up_frames(num_frames: int = 600, num_bins: int = 6, **params: Any) -> MadeUpFrames:
    """Two MFCC that wander, pitch and voicedness, and a spectrum that follows from them."""
    rng = np.random.default_rng(1)
    walk = np.cumsum(rng.standard_normal((num_frames, 2)), axis=0)
    mfcc = (walk - walk.mean(axis=0)) / walk.std(axis=0)
    f0_hz = 220 * 2 ** np.sin(np.arange(num_frames) / 40)
    voicedness = np.full(num_frames, 0.9)
    inputs = np.column_stack([mfcc, np.log(f0_hz - 46 + 1e-4), voicedness]).astype(np.float32)
    mix = rng.standard_normal((4, num_bins))
    targets = np.log1p(np.exp(np.tanh(inputs - inputs.mean(axis=0)) @ mix)).astype(np.float32)
    return MadeUpFrames(
        inputs=inputs,
        targets=targets,
        file_index=np.zeros(num_frames, np.int32),
        f0_hz=f0_hz.astype(np.float32),
        voicedness=voicedness.astype(np.float32),
        scaler=Scaler(np.array([-300.0, 80.0]), np.array([90.0, 40.0])),
        params={**PARAMS, **params},
    )
