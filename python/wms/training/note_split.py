"""Keeping whole notes aside for validation, and some keys altogether."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from .._frames import IntArray
from ..errors import ParameterError
from .splits import Split, Stretch, remainders, whole_recordings

# With so many keys or more, some of them are kept aside altogether.
_ENOUGH_KEYS = 12
# Keys kept aside altogether have this part of what is kept aside.
_KEYS_PART = 0.5
# With fewer notes, or if one is longer than this part of the sound, notes cannot be kept aside.
_FEWEST_NOTES = 8
_LONGEST_NOTE = 0.25

_Notes = npt.NDArray[np.void]


def split_notes(
    file_index: IntArray, notes: _Notes, *, length: int, fraction: float, guard: int, seed: int
) -> Split | None:
    """Keep whole notes aside for validation.

    If the notes have 12 keys or more, all notes of some keys between the others are kept aside,
    about half of what is kept aside. The other half are single notes of keys that are trained on;
    where it is possible, of keys with several notes. The same arguments always give the same split.

    Parameters
    ----------
    file_index : (T,) int
        Index of the recording that each frame belongs to; the frames of a recording are
        consecutive.
    notes : (N,) structured array
        Notes of these frames (`wms.find_notes`).
    length : int
        Frames in a training sequence. Shorter remainders are not trained on.
    fraction : float
        Share of the notes' frames to keep aside, above 0 and below 1.
    guard : int
        Frames left out between training and validation. With ceil(window_size / hop_size) or
        more, no analysis window reaches into both.
    seed : int
        Chooses the notes.

    Returns
    -------
    Split or None
        None if there are too few notes, or one of them is too long, to keep whole notes aside:
        `split_frames` keeps stretches aside instead.

    Raises
    ------
    ParameterError
        If no frame remains to train on.

    Examples
    --------
    >>> t = np.arange(8 * 16000) / 16000
    >>> y = 0.3 * np.sin(2 * np.pi * 220 * t) * (t % 0.5 < 0.4)
    >>> frames = wms.analyze(y, sample_rate=16000)
    >>> notes = wms.find_notes(frames)
    >>> split = wms.training.split_notes(
    ...     frames.file_index, notes, length=20, fraction=0.1, guard=4, seed=0
    ... )
    >>> len(notes), len(split.validation)
    (16, 2)
    """
    frames = _frames(notes)
    if len(notes) < _FEWEST_NOTES or frames.max() > _LONGEST_NOTE * frames.sum():
        return None
    random = np.random.default_rng(seed)
    wanted = fraction * frames.sum()
    held = np.isin(keys_of(notes), _held_keys(notes, _KEYS_PART * fraction, random))
    for note in _in_turn(notes, held, random):
        if frames[held].sum() + 0.5 * frames[note] > wanted and held.any():
            break
        held[note] = True
    validation = [Stretch(int(n["first"]), int(n["stop"])) for n in notes[held]]
    training = [
        rest
        for file in whole_recordings(file_index)
        for rest in remainders(
            file, [v for v in validation if file.start <= v.start < file.stop], guard
        )
        if len(rest) >= length
    ]
    if not training:
        raise ParameterError(
            f"no {length} frames in a row remain between the notes that are kept aside, wanted "
            f"at least {length}: set a lower training_seq_length or validation_fraction"
        )
    return Split(tuple(training), tuple(validation))


def keys_of(notes: _Notes) -> npt.NDArray[np.int64]:
    """Return the MIDI key nearest to each note, (N,); -1 for a stretch without pitch."""
    keys: npt.NDArray[np.float32] = np.nan_to_num(notes["key"], nan=-1)
    return np.round(keys).astype(np.int64)


def trained_keys(notes: _Notes, split: Split) -> dict[int, int]:
    """Return how much of each key's sustain was trained on, in frames, by MIDI key.

    Parameters
    ----------
    notes : (N,) structured array
        Notes of T frames (`wms.find_notes`).
    split : Split
        Split of these frames.

    Examples
    --------
    >>> frames = wms.analyze(np.zeros(16000), sample_rate=16000)
    >>> split = wms.training.split_frames(
    ...     frames.file_index, length=10, fraction=0.1, stretch=5, guard=4
    ... )
    >>> wms.training.trained_keys(wms.find_notes(frames), split)
    {}
    """
    frames = split.training_frames
    found: dict[int, int] = {}
    for note, key in zip(notes, keys_of(notes), strict=True):
        count = int(np.searchsorted(frames, note["release"]))
        count -= int(np.searchsorted(frames, note["settled"]))
        if key >= 0 and count > 0:
            found[int(key)] = found.get(int(key), 0) + count
    return dict(sorted(found.items()))


def _held_keys(notes: _Notes, fraction: float, random: np.random.Generator) -> list[int]:
    """Choose keys spread over the range, but never the lowest or the highest."""
    keys = keys_of(notes)
    known = np.unique(keys[keys >= 0])
    if len(known) < _ENOUGH_KEYS:
        return []
    frames = np.array([_frames(notes[keys == key]).sum() for key in known[1:-1]])
    parts = np.array_split(np.arange(len(frames)), max(1, round(fraction * len(known))))
    chosen = []
    for part in parts:
        # The ends of the parts are left, so that no two keys are neighbours; and a key that has
        # much of the sound is too much to keep aside.
        inner = part[1:-1] if len(part) > 2 else part
        rare = inner[frames[inner] <= 2 * fraction * frames.sum()]
        if len(rare):
            chosen.append(int(known[1:-1][random.choice(rare)]))
    return chosen


def _in_turn(notes: _Notes, held: npt.NDArray[np.bool_], random: np.random.Generator) -> list[int]:
    """Put the notes that are not held yet in order: the last one of each key at the end."""
    keys = keys_of(notes)
    order = random.permutation(np.flatnonzero(~held))
    _, last = np.unique(keys[order][::-1], return_index=True)
    is_last = np.zeros(len(order), np.bool_)
    is_last[len(order) - 1 - last] = True
    return [*order[~is_last].tolist(), *order[is_last].tolist()]


def _frames(notes: _Notes) -> npt.NDArray[np.int64]:
    return np.asarray(notes["stop"] - notes["first"], np.int64)
