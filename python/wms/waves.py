"""Band-limited test waveforms: sound whose pitch is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .errors import ParameterError

# Amplitude of partial k = 1, 2, ... of each shape, up to a common factor.
_SHAPES = {
    "saw": lambda k: 1.0 / k,
    "square": lambda k: (k % 2) / k,
    "triangle": lambda k: (k % 2) * (-1.0) ** (k // 2) / k**2,
    "pulse": lambda k: np.sin(np.pi * k * 0.1) / k,
    "sine": lambda k: 1.0 * (k == 1),
}


def make_waves(
    seconds: float,
    *,
    sample_rate: int,
    f_low: float,
    f_high: float,
    seed: int = 0,
    mean_note_s: float = 0.6,
) -> npt.NDArray[np.float32]:
    """Make a signal of notes of random pitch and waveform, without any partial above Nyquist.

    The waveforms are saw, square, triangle, pulse and sine.

    Parameters
    ----------
    seconds : float
        Length of the signal, more than 0 and less than 100000.
    sample_rate : int
        Sample rate in Hz.
    f_low, f_high : float
        Range of the pitches in Hz. They are distributed evenly over the octaves.
    seed : int
        Seed of the random notes.
    mean_note_s : float
        Mean length of a note in seconds. Lengths are exponentially distributed, at least 0.1 s.

    Returns
    -------
    (n,) float32
        The signal. Each note has a peak of 0.7 and is faded in and out over 5 ms.

    Raises
    ------
    ParameterError
        If the length is out of range, or the range of pitches is empty or above Nyquist.

    Examples
    --------
    >>> from wms.waves import make_waves
    >>> make_waves(2.0, sample_rate=16000, f_low=100, f_high=800).shape
    (32000,)
    """
    if not 0 < seconds < 1e5:
        raise ParameterError(f"seconds is {seconds}, wanted more than 0 and less than 100000")
    if not 0 < f_low < f_high <= sample_rate / 2:
        raise ParameterError(
            f"f_low is {f_low} Hz and f_high {f_high} Hz, wanted 0 < f_low < f_high <= "
            f"{sample_rate / 2} Hz"
        )
    random = np.random.default_rng(seed)
    total = max(1, round(seconds * sample_rate))
    out = np.zeros(total)
    start = 0
    while start < total:
        length = round(max(0.1, random.exponential(mean_note_s)) * sample_rate)
        f0 = f_low * (f_high / f_low) ** random.random()
        shape = random.choice(list(_SHAPES))
        note = _note(shape, f0, min(length, total - start), sample_rate)
        out[start : start + len(note)] = note
        start += length
    return out.astype(np.float32)


def _note(shape: str, f0: float, length: int, sample_rate: int) -> npt.NDArray[np.float64]:
    time = np.arange(length) / sample_rate
    wave = np.zeros(length)
    for k in range(1, int(sample_rate / 2 / f0) + 1):
        amplitude = _SHAPES[shape](k)
        if amplitude and k * f0 < sample_rate / 2:
            wave += amplitude * np.sin(2 * np.pi * k * f0 * time)
    fade = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.005)
    peak = np.abs(wave).max()
    return 0.7 / peak * wave * fade if peak > 0 else wave
