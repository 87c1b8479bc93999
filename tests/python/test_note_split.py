"""Whole notes, and whole keys, are kept aside for validation."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wms
from wms.notes import COLUMNS
from wms.training import TrainSettings, split_frames, split_notes, trained_keys
from wms.training.choose_split import split_by_settings
from wms.training.note_split import keys_of

GUARD = 4


def make_notes(rows, pause=10):
    """Notes of (key, frames) with pauses between them, and the number of all frames."""
    notes, now = np.zeros(len(rows), COLUMNS), pause
    for note, (key, frames) in zip(notes, rows, strict=True):
        note["first"], note["stop"] = now, now + frames
        note["settled"], note["release"] = now + 2, now + frames - 2
        note["key"] = key
        now += frames + pause
    return notes, now


def inside(notes, stretches):
    """Share of each note's frames that lie in some stretches."""
    frames = np.concatenate([np.arange(s.start, s.stop) for s in stretches])
    return np.array([np.isin(np.arange(n["first"], n["stop"]), frames).mean() for n in notes])


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(st.integers(40, 90), st.integers(20, 200)), min_size=8, max_size=120),
    st.sampled_from([0.05, 0.1, 0.15, 0.3]),
    st.integers(0, 5),
)
def test_a_note_is_never_on_both_sides(rows, fraction, seed):
    notes, frames = make_notes(rows)
    files = np.zeros(frames, np.int32)

    def split(fraction):
        return split_notes(
            files, notes, length=20, fraction=fraction, guard=GUARD, seed=seed
        )  # fmt: skip

    found = split(fraction)
    if found is None:
        assert (notes["stop"] - notes["first"]).max() > 0.25 * sum(n for _, n in rows)
        return
    assert found == split(fraction)
    validated, trained = inside(notes, found.validation), inside(notes, found.training)
    assert set(validated) == {0.0, 1.0}
    assert not np.any((validated > 0) & (trained > 0))
    assert len(found.validation) == int(validated.sum())
    gaps = np.abs(np.subtract.outer(found.training_frames, found.validation_frames))
    assert gaps.min() > GUARD
    kept_aside = sum(len(s) for s in found.validation) / sum(n for _, n in rows)
    assert kept_aside < 2 * fraction + 0.25
    keys = keys_of(notes)
    never = set(keys[validated > 0]) - set(keys[validated == 0])
    if len(set(keys)) >= 12:
        # Neither end of the range is kept aside because of its key.
        assert kept_aside > 0
    assert set(trained_keys(notes, found)) <= set(keys) - never


def test_some_keys_are_kept_aside_and_other_takes_of_known_ones():
    rows = [(key, 100) for key in range(50, 80) for _ in range(2)]
    notes, frames = make_notes([rows[i] for i in np.random.default_rng(1).permutation(60)])
    split = split_notes(
        np.zeros(frames, np.int32), notes, length=60, fraction=0.15, guard=GUARD, seed=42
    )
    held = inside(notes, split.validation) > 0
    keys = keys_of(notes)
    never = set(keys[held]) - set(keys[~held])
    known = set(keys[held]) - never
    assert len(never) == 2 and len(known) >= 4
    assert 0.12 < held.mean() < 0.18
    assert not never & {50, 79} and abs(max(never) - min(never)) > 1
    assert set(trained_keys(notes, split)) == set(range(50, 80)) - never
    other = split_notes(
        np.zeros(frames, np.int32), notes, length=60, fraction=0.15, guard=GUARD, seed=43
    )
    assert other != split


def test_few_notes_or_a_long_one_are_left_to_stretches():
    for rows in ([(60, 50)] * 7, [(60, 50)] * 12 + [(61, 2000)], []):
        notes, frames = make_notes(rows)
        found = split_notes(
            np.zeros(frames, np.int32), notes, length=20, fraction=0.1, guard=GUARD, seed=0
        )
        assert found is None


def test_notes_that_leave_nothing_to_train_on_are_told():
    notes, frames = make_notes([(60 + i, 20) for i in range(8)])
    with pytest.raises(wms.ParameterError, match="no 300 frames in a row remain"):
        split_notes(np.zeros(frames, int), notes, length=300, fraction=0.5, guard=GUARD, seed=0)


def test_the_setting_chooses_what_is_kept_aside():
    t = np.arange(8 * 16000) / 16000
    sound = 0.3 * np.sin(2 * np.pi * 220 * t) * (t % 0.5 < 0.4)
    frames = wms.analyze(sound, wms.Params(pitch_detection_method="yin"), sample_rate=16000)
    chosen = TrainSettings(training_seq_length=10, validation_split="notes")
    notes = wms.find_notes(frames)
    borders = set(zip(notes["first"].tolist(), notes["stop"].tolist(), strict=True))
    split = split_by_settings(frames, chosen)
    assert {(s.start, s.stop) for s in split.validation} <= borders
    plain = split_by_settings(frames, dataclasses.replace(chosen, validation_split="stretches"))
    assert plain == split_frames(frames.file_index, length=10, fraction=0.1, stretch=250, guard=4)
    few = wms.analyze(sound[:16000], frames.params, sample_rate=16000)
    assert split_by_settings(few, chosen).validation
    assert wms.Params()["validation_split"] == "stretches"
    assert wms.Params.profile("hifi")["validation_split"] == "notes"


def test_silence_is_in_neither_part_of_a_split():
    t = np.arange(8 * 16000) / 16000
    sound = 0.3 * np.sin(2 * np.pi * 220 * t) * (t % 0.5 < 0.4)
    sound = np.concatenate([np.zeros(20 * 16000), sound, np.zeros(40 * 16000), sound[:40000]])
    frames = wms.analyze(sound, wms.Params(pitch_detection_method="yin"), sample_rate=16000)
    for kind in ("notes", "stretches"):
        split = split_by_settings(
            frames, TrainSettings(training_seq_length=10, validation_split=kind)
        )
        for part in (split.training_frames, split.validation_frames):
            times = frames.times_s[part]
            is_silent = (times < 19.8) | ((times > 28.2) & (times < 67.8))
            assert len(part) and not is_silent.any()
