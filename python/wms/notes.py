"""Notes in analysed recordings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from ._frames import FloatArray, FramesLike, frames_of_store
from ._wms import Params, Store, _note_columns, frame_loudness

#: Columns of `find_notes`, with their types.
COLUMNS = np.dtype(
    [
        ("file", np.int32),
        ("first", np.int64),
        ("settled", np.int64),
        ("release", np.int64),
        ("stop", np.int64),
        ("key", np.float32),
        ("loudness_db", np.float32),
        ("slurred", np.bool_),
    ]
)


def find_notes(frames: FramesLike | Store) -> npt.NDArray[np.void]:
    """Find the notes in analysed recordings.

    A note is found by its pitch (a step that stays; a vibrato of up to one semitone comes back, and
    a glide belongs to the note that it leads to), by its loudness (a new attack on the same key)
    and by its voicedness. What sounds without pitch is cut at silence into stretches, which are
    rows without a key. Notes do not overlap, and silence is in none of them.

    Parameters
    ----------
    frames : Frames or Store
        T frames of recordings.

    Returns
    -------
    (N,) structured array
        A row for each note, in the order of the frames, which ``pandas.DataFrame`` takes as it is:

        file : recording, as `file_index` numbers it
        first : first frame
        settled : first frame behind the onset
        release : first frame of the release
        stop : frame behind the last one
        key : fractional MIDI key, the median of the sustain; NaN for a stretch without pitch
        loudness_db : mean level of the sustain, A-weighted, as `frame_loudness` has it
        slurred : whether it follows the note before without a new attack

    Examples
    --------
    >>> t = np.arange(16000) / 16000
    >>> y = 0.3 * np.sin(2 * np.pi * np.cumsum(np.where(t < 0.5, 220, 330)) / 16000)
    >>> frames = wms.analyze(y, sample_rate=16000)
    >>> notes = wms.find_notes(frames)
    >>> notes["key"].round().tolist(), notes["slurred"].tolist()
    ([57.0, 64.0], [False, True])
    >>> loudest = notes[notes["loudness_db"].argmax()]
    >>> sustain = frames.mfcc[loudest["settled"] : loudest["release"]]
    """
    if isinstance(frames, Store):
        frames = frames_of_store(frames)
    params = _params(frames.params)
    columns = _note_columns(
        np.ascontiguousarray(frames.file_index, np.int32),
        frames.f0_hz,
        frames.voicedness,
        _loudness(frames.targets, np.asarray(frames.f0_hz, np.float32), params),
        params["sample_rate"] / params["hop_size"],
    )
    notes = np.empty(len(columns["file"]), COLUMNS)
    for name in COLUMNS.names or ():
        notes[name] = columns[name]
    return notes


def _params(params: Any) -> Params:
    return params if isinstance(params, Params) else Params().replace(**dict(params))


def _loudness(
    targets: FloatArray | Sequence[FloatArray], f0_hz: npt.NDArray[np.float32], params: Params
) -> npt.NDArray[np.float32]:
    """Loudness of all frames, (T,), whose spectra are in one array or one for each recording."""
    parts = targets if isinstance(targets, Sequence) else [targets]
    stops = np.cumsum([len(part) for part in parts])
    levels = [
        frame_loudness(np.asarray(part, np.float32), f0_hz[stop - len(part) : stop], params)
        for part, stop in zip(parts, stops, strict=True)
    ]
    return np.concatenate([np.empty(0, np.float32), *levels])
