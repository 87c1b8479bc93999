"""Silence is left out of the training."""

import numpy as np

from wms.training.silence import sounding_frames, split_kept, trained_frames
from wms.training.splits import Split, Stretch


def halves(file_index):
    """Each recording's first half to train on, its second to validate on."""
    edges = np.flatnonzero(np.diff(file_index)) + 1
    starts, stops = [0, *edges.tolist()], [*edges.tolist(), len(file_index)]
    middles = [(a + b) // 2 for a, b in zip(starts, stops, strict=True)]
    return Split(
        tuple(Stretch(a, m) for a, m in zip(starts, middles, strict=True) if a < m),
        tuple(Stretch(m, b) for m, b in zip(middles, stops, strict=True) if m < b),
    )


def split_sound(file_index, sounding, pause):
    return split_kept(halves, file_index, trained_frames(file_index, sounding, pause=pause))


def test_frames_sound_if_a_bin_does():
    targets = np.zeros((9000, 200), np.float32)
    targets[1, 3] = 0.1
    targets[8500, 0] = 0.1
    assert np.flatnonzero(sounding_frames(targets)).tolist() == [1, 8500]
    assert np.flatnonzero(sounding_frames([targets[:10], targets[8000:]])).tolist() == [1, 510]


def test_long_silence_is_cut_out_and_pauses_stay():
    file_index = np.repeat([0, 1], [40, 20])
    sounding = np.ones(60, bool)
    sounding[10:13] = False  # a pause
    sounding[20:30] = False
    found = split_sound(file_index, sounding, pause=3)
    assert found.training == (Stretch(0, 10), Stretch(30, 35), Stretch(40, 50))
    assert found.validation == (Stretch(10, 20), Stretch(35, 40), Stretch(50, 60))
    assert split_sound(file_index, sounding, pause=10) == halves(file_index)


def test_silent_frames_are_never_in_a_split():
    random = np.random.default_rng(0)
    for _ in range(50):
        file_index = np.sort(random.integers(0, 4, 200))
        sounding = np.repeat(random.random(40) > 0.4, 5)
        found = split_sound(file_index, sounding, pause=0)
        for stretch in (*found.training, *found.validation):
            assert sounding[stretch.start : stretch.stop].all()
            assert len(set(file_index[stretch.start : stretch.stop])) <= 1
        frames = np.concatenate([found.training_frames, found.validation_frames])
        np.testing.assert_array_equal(np.sort(frames), np.flatnonzero(sounding))
