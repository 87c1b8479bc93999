"""Passages: recordings, cut to a length and analysed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .. import Frames, Params, analyze, load_audio, resample

Float32 = npt.NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Passage:
    """The part of a recording that is judged.

    Attributes
    ----------
    name : str
        Name of the file.
    start_s : float
        Start in the recording, seconds.
    sample_rate : int
        Sample rate of `original`, Hz.
    original : (n,) float32
        The sound of the passage.
    frames : Frames
        The frames of its analysis.
    """

    name: str
    start_s: float
    sample_rate: int
    original: Float32
    frames: Frames

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.original) / self.sample_rate


def read_middle(path: Path, *, seconds: float, channel: str = "mix") -> tuple[Float32, int, float]:
    """Read a recording, or the middle of it if it is too long.

    Parameters
    ----------
    path : Path
        Audio file.
    seconds : float
        Longest part to read, seconds.
    channel : str
        Its channel: "mix", "left" or "right".

    Returns
    -------
    sound : (n,) float32
    sample_rate : int
        Sample rate of the recording, Hz.
    start_s : float
        Start of the part in the recording, seconds.

    Raises
    ------
    AudioFileError
        If it cannot be read or is empty.
    """
    sound, rate = load_audio(path, channel=channel)
    longest = max(1, round(seconds * rate))
    start = max(0, (len(sound) - longest) // 2)
    return sound[start : start + longest], rate, start / rate


def read_passage(
    path: Path, params: Params, *, seconds: float, sample_rate: int, channel: str = "mix"
) -> Passage:
    """Read a recording, or the middle of it if it is too long, and analyse it.

    Parameters
    ----------
    path : Path
        Audio file.
    params : Params
        Params of the analysis.
    seconds : float
        Longest passage, seconds.
    sample_rate : int
        Sample rate for the sound of the passage, Hz.
    channel : str
        The recording's channel: "mix", "left" or "right".

    Raises
    ------
    AudioFileError
        If it cannot be read or is empty.
    """
    sound, rate, start_s = read_middle(path, seconds=seconds, channel=channel)
    # Analysed at the recording's own rate, as in training, not after resampling.
    frames = analyze(sound, params, sample_rate=rate)
    original = resample(sound, orig_sr=rate, target_sr=sample_rate)
    return Passage(path.name, start_s, sample_rate, original, frames)
