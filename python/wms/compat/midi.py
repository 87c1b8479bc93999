"""Features as MIDI controllers, the way wms_torch's branch dev exports them."""

from __future__ import annotations

import os
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from .._files import check_writable, replacing
from ..errors import ParameterError
from .hashing import PITCH_OFFSET_HZ

_FIRST_CONTROLLER = 20
_LAST_CONTROLLER = 127
_TICKS_PER_QUARTER = 480
# A frame takes 10 ms in the export, whatever the hop: 9.6 ticks at 120 quarters a minute, rounded.
_TICKS_PER_FRAME = 10
# About 30 of the 100 frames a second are written.
_STRIDE = 3


class FramesLike(Protocol):
    """Analysed frames: `wms.Frames`, or anything like it."""

    @property
    def inputs(self) -> npt.NDArray[np.float32]:
        """Features, (T, C)."""

    @property
    def params(self) -> Any:
        """Parameters of the analysis."""


def write_midi(frames: FramesLike, path: str | os.PathLike[str]) -> None:
    """Write features as a MIDI file of controller changes, as wms_torch's branch dev does.

    Controllers from 20 on stand for the columns of `frames.inputs`: coefficients from -3 to 3
    become 0 to 127, the pitch a MIDI note number, the voicedness 0 to 127, all rounded down. Every
    third frame is written, 10 ms a frame, and of it what changed.

    Parameters
    ----------
    frames : Frames
        What to write.
    path : path
        File to write; an existing one is replaced.

    Raises
    ------
    ParameterError
        If there are more features than controllers, 108.
    FileAccessError
        If the file cannot be written.

    Examples
    --------
    >>> y = 0.5 * np.sin(2 * np.pi * 220 * np.arange(16000) / 16000)
    >>> wms.compat.write_midi(wms.analyze(y, sample_rate=16000), "features.mid")
    """
    values = _seven_bit(np.asarray(frames.inputs, np.float32)[::_STRIDE], frames.params)
    count = values.shape[1]
    if count > _LAST_CONTROLLER + 1 - _FIRST_CONTROLLER:
        raise ParameterError(f"{count} features, wanted at most 108: as many as MIDI controllers")
    track = _track(values)
    header = b"MThd" + (6).to_bytes(4, "big") + b"\x00\x01\x00\x01"
    header += _TICKS_PER_QUARTER.to_bytes(2, "big")
    with replacing(check_writable(path, overwrite=True)) as temporary:
        temporary.write_bytes(header + b"MTrk" + len(track).to_bytes(4, "big") + track)


def _seven_bit(inputs: npt.NDArray[np.float32], params: Any) -> npt.NDArray[np.uint8]:
    # In single precision throughout, as there: what is cut off depends on it.
    has_voicedness = bool(params["include_voicedness"])
    pitch = inputs.shape[1] - 1 - has_voicedness
    values = (np.clip(inputs, -3, 3) + 3) / 6 * 127
    hz = np.exp(inputs[:, pitch]) + np.float32(params["f_low"]) - np.float32(PITCH_OFFSET_HZ)
    note = 12 * (np.log2(hz).astype(np.float64) - np.log2(440.0)) + 69
    values[:, pitch] = np.floor(np.clip(note, 0, 127))
    if has_voicedness:
        values[:, -1] = np.clip(inputs[:, -1], 0, 1) * 127
    return values.astype(np.uint8)


def _track(values: npt.NDArray[np.uint8]) -> bytes:
    changed = np.ones(values.shape, bool)
    changed[1:] = values[1:] != values[:-1]
    body = bytearray()
    # Messages of the same kind follow the first without repeating it (running status).
    status = b"\xb0"
    now = 0
    for row in np.flatnonzero(changed.any(axis=1)):
        # A frame's values take effect at its end.
        tick = (int(row) * _STRIDE + 1) * _TICKS_PER_FRAME
        for column in np.flatnonzero(changed[row]):
            body += _delta(tick - now) + status
            body += bytes((_FIRST_CONTROLLER + int(column), int(values[row, column])))
            status, now = b"", tick
    return bytes(body) + b"\x00\xff\x2f\x00"


def _delta(ticks: int) -> bytes:
    """Variable-length quantity: seven bits a byte, the highest bit set on all but the last."""
    groups = [ticks & 0x7F]
    while ticks := ticks >> 7:
        groups.insert(0, ticks & 0x7F | 0x80)
    return bytes(groups)
