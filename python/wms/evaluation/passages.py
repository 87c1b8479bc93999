"""Recordings as passages of bounded length, analysed."""

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
        Name of its file.
    start_s : float
        Where it starts in the recording, seconds.
    sample_rate : int
        Of `original`, Hz.
    original : (n,) float32
        The sound.
    frames : Frames
        Its analysis.
    """

    name: str
    start_s: float
    sample_rate: int
    original: Float32
    frames: Frames

    @property
    def seconds(self) -> float:
        """Length, seconds."""
        return len(self.original) / self.sample_rate


def read_middle(path: Path, *, seconds: float) -> tuple[Float32, int, float]:
    """Read a recording, of a long one its middle.

    Parameters
    ----------
    path : Path
        Audio file.
    seconds : float
        Longest part, seconds.

    Returns
    -------
    sound : (n,) float32
    sample_rate : int
        Its own, Hz.
    start_s : float
        Where the part starts, seconds.

    Raises
    ------
    AudioFileError
        If it cannot be read or is empty.
    """
    sound, rate = load_audio(path)
    longest = max(1, round(seconds * rate))
    start = max(0, (len(sound) - longest) // 2)
    return sound[start : start + longest], rate, start / rate


def read_passage(path: Path, params: Params, *, seconds: float, sample_rate: int) -> Passage:
    """Read a recording, of a long one its middle, and analyse it.

    Parameters
    ----------
    path : Path
        Audio file.
    params : Params
        What to analyse.
    seconds : float
        Longest passage, seconds.
    sample_rate : int
        Rate of the passage's sound, Hz.

    Raises
    ------
    AudioFileError
        If it cannot be read or is empty.
    """
    sound, rate, start_s = read_middle(path, seconds=seconds)
    # From the recording's own rate, as training analyses it.
    frames = analyze(sound, params, sample_rate=rate)
    original = resample(sound, orig_sr=rate, target_sr=sample_rate)
    return Passage(path.name, start_s, sample_rate, original, frames)
