"""Notes are found in sound that was made of known notes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wms

RATE = 16000
PARAMS = wms.Params(pitch_detection_method="yin")
FRAME_RATE = RATE / PARAMS["hop_size"]


def play(melody):
    """Sound of (key, seconds, gap_s, level, vibrato in semitones), and its notes' borders."""
    parts, borders, now = [np.zeros(RATE // 5)], [], 0.2
    for key, seconds, gap_s, level, vibrato in melody:
        t = np.arange(int(seconds * RATE)) / RATE
        f0_hz = 440 * 2 ** ((key + vibrato * np.sin(2 * np.pi * 5.5 * t) - 69) / 12)
        phase = 2 * np.pi * np.cumsum(f0_hz) / RATE
        sound = sum(np.sin(k * phase) / k for k in range(1, 8))
        shape = np.minimum(1, np.minimum(t / 0.02, (seconds - t) / 0.04))
        parts += [level * shape * sound, np.zeros(int(gap_s * RATE))]
        # The median pitch of a vibrato that ends within a cycle is beside the key.
        borders.append((now, now + seconds, 69 + 12 * np.log2(np.median(f0_hz) / 440)))
        now += seconds + gap_s
    noise = 1e-4 * np.random.default_rng(0).standard_normal(sum(map(len, parts)))
    return (np.concatenate(parts) + noise).astype(np.float32), borders


NOTES = st.tuples(
    st.integers(45, 80),
    st.floats(0.3, 0.8),
    st.floats(0.08, 0.3),
    st.floats(0.02, 0.2),
    st.floats(0, 0.8),
)


@settings(max_examples=12, derandomize=True, deadline=None)
@given(st.lists(NOTES, min_size=1, max_size=4))
def test_every_note_is_found_where_it_was_played(melody):
    sound, borders = play(melody)
    notes = wms.find_notes(wms.analyze(sound, PARAMS, sample_rate=RATE))
    notes = notes[~np.isnan(notes["key"])]
    assert len(notes) == len(borders)
    for note, (start, stop, key) in zip(notes, borders, strict=True):
        assert note["first"] / FRAME_RATE == pytest.approx(start, abs=0.05)
        assert note["stop"] / FRAME_RATE == pytest.approx(stop, abs=0.07)
        assert note["key"] == pytest.approx(key, abs=0.3)
        assert not note["slurred"]


def test_stores_and_frames_give_the_same_notes(tmp_path):
    for index, key in enumerate((57, 64)):
        sound, _ = play([(key, 0.5, 0.1, 0.1, 0.0)])
        wms.save_audio(tmp_path / f"{index}.wav", sound, RATE)
    store = wms.Store.update(tmp_path / "store", tmp_path, PARAMS)
    of_store = wms.find_notes(store)
    assert of_store["file"].tolist() == [0, 1]
    assert of_store["key"] == pytest.approx([57, 64], abs=0.1)
    assert np.array_equal(of_store, wms.find_notes(wms.Frames.load(tmp_path / "store")))


def test_the_loudness_of_frames_is_that_of_their_sound():
    sound, _ = play([(81, 1.0, 0.0, 0.1, 0.0)])
    frames = wms.analyze(sound, wms.Params.profile("hifi"), sample_rate=RATE)
    of_frames = wms.frame_loudness(frames.spectrum, frames.f0_hz, frames.params)
    of_sound = wms.metrics.loudness(sound, sr=RATE)
    assert np.median(of_frames[60:180]) == pytest.approx(np.median(of_sound[10:30]), abs=0.5)


def test_arrays_that_do_not_fit_are_refused():
    frames = wms.analyze(np.zeros(RATE, np.float32), PARAMS, sample_rate=RATE)
    assert len(wms.find_notes(frames)) == 0
    with pytest.raises(wms.ParameterError, match="63 frames and f0_hz 62, wanted the same"):
        wms.frame_loudness(frames.spectrum, frames.f0_hz[1:], PARAMS)
