"""Exporting features as MIDI controllers, as wms_torch's branch dev does."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import numpy.typing as npt

from .._files import check_writable, replacing
from .._frames import FramesLike
from ..errors import ParameterError
from .hashing import PITCH_OFFSET_HZ

_FIRST_CONTROLLER = 20
_LAST_CONTROLLER = 127
_TICKS_PER_QUARTER = 480
# A frame always takes 10 ms in the export, whatever the hop size. At 120 quarters per minute these
# are 9.6 ticks, which are rounded.
_TICKS_PER_FRAME = 10
# Every third frame is written, about 33 per second.
_STRIDE = 3


def write_midi(frames: FramesLike, path: str | os.PathLike[str]) -> None:
    """Write features as a MIDI file of controller changes, as wms_torch's branch dev does.

    The columns of `frames.inputs` become controllers 20, 21 and so on. Coefficients from -3 to 3
    and the voicedness from 0 to 1 become 0 to 127, the pitch becomes a MIDI note number, and all
    are rounded down. Every third frame is written, 10 ms per frame, and of it only what has
    changed.

    Parameters
    ----------
    frames : Frames
        T frames.
    path : path
        File to write. An existing file is replaced.

    Raises
    ------
    ParameterError
        If there are more than 108 features, one for each controller from 20 to 127.
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
        raise ParameterError(
            f"{count} features, wanted at most 108, the number of MIDI controllers from 20"
        )
    track = _track(values)
    header = b"MThd" + (6).to_bytes(4, "big") + b"\x00\x01\x00\x01"
    header += _TICKS_PER_QUARTER.to_bytes(2, "big")
    with replacing(check_writable(path, overwrite=True)) as temporary:
        temporary.write_bytes(header + b"MTrk" + len(track).to_bytes(4, "big") + track)


def _seven_bit(inputs: npt.NDArray[np.float32], params: Any) -> npt.NDArray[np.uint8]:
    # In single precision throughout, as in wms_torch, so that the same values are rounded down.
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
    # Running status: the status byte is written once and not repeated.
    status = b"\xb0"
    now = 0
    for row in np.flatnonzero(changed.any(axis=1)):
        # wms_torch writes the values of a frame at its end.
        tick = (int(row) * _STRIDE + 1) * _TICKS_PER_FRAME
        for column in np.flatnonzero(changed[row]):
            body += _delta(tick - now) + status
            body += bytes((_FIRST_CONTROLLER + int(column), int(values[row, column])))
            status, now = b"", tick
    return bytes(body) + b"\x00\xff\x2f\x00"


def _delta(ticks: int) -> bytes:
    """Encode a time as seven bits per byte, with the highest bit set in all bytes but the last."""
    groups = [ticks & 0x7F]
    while ticks := ticks >> 7:
        groups.insert(0, ticks & 0x7F | 0x80)
    return bytes(groups)
