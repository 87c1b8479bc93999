"""Frames cut, joined, compared, taken by recording and as columns of a table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wms
from wms.errors import ParameterError

RATE = 16000
YIN = wms.Params(pitch_detection_method="yin", n_mfcc=3)


def tone(f0_hz, seconds):
    time_s = np.arange(int(seconds * RATE)) / RATE
    return 0.3 * np.sin(2 * np.pi * f0_hz * time_s) * np.exp(-time_s)


@pytest.fixture(scope="module")
def frames(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    wms.save_audio(folder / "a.wav", tone(220, 0.3), RATE)
    wms.save_audio(folder / "b.wav", tone(330, 0.2), RATE)
    return wms.analyze(folder, YIN)


def index(draw, length):
    rows = st.integers(-length, length - 1)
    return draw(
        st.one_of(
            rows,
            st.slices(length).filter(lambda cut: (cut.step or 1) > 0),
            st.lists(st.booleans(), min_size=length, max_size=length).map(np.array),
            st.sets(st.integers(0, length - 1), min_size=1).map(sorted),
        )
    )


@given(st.data())
def test_an_index_takes_what_numpy_takes(frames, data):
    rows = index(data.draw, len(frames))
    some = frames[rows]
    for name in ("f0_hz", "voicedness", "times_s"):
        wanted = np.atleast_1d(getattr(frames, name)[rows])
        np.testing.assert_array_equal(getattr(some, name), wanted)
    for name in ("inputs", "mfcc", "mfcc_raw", "spectrum"):
        np.testing.assert_array_equal(
            getattr(some, name), np.atleast_2d(getattr(frames, name)[rows])
        )
    assert some.params == frames.params and some.scaler == frames.scaler
    names = [frames.files[i] for i in np.atleast_1d(frames.file_index[rows])]
    assert [some.files[i] for i in some.file_index] == names


@given(st.data())
def test_what_was_cut_can_be_joined_again(frames, data):
    at = data.draw(st.integers(0, len(frames)))
    assert frames[:at] + frames[at:] == frames


def test_joined_recordings(frames):
    other = wms.analyze(tone(440, 0.2), YIN, sample_rate=RATE)
    both = frames + other
    assert both.files == [*frames.files, "array"]
    assert len(both) == len(frames) + len(other)
    np.testing.assert_array_equal(both.spectrum, np.vstack([frames.spectrum, other.spectrum]))
    # The scaler is that of all.
    np.testing.assert_allclose(both.scaler.mean, both.mfcc_raw.mean(axis=0), rtol=1e-5)
    assert (other + other).files == ["array", "array"]
    with pytest.raises(ParameterError, match="hop_size 256 and 128, wanted frames of one"):
        frames + wms.analyze(tone(440, 0.2), YIN.replace(hop_size=128), sample_rate=RATE)
    with pytest.raises(TypeError):
        frames + 3


def test_recordings_one_by_one(frames):
    parts = frames.by_file()
    assert [part.files for part in parts] == [[name] for name in frames.files]
    assert parts[0] + parts[1] == frames and parts[0] != parts[1]
    assert [len(one) for one in frames] == [1] * len(frames)


@pytest.mark.parametrize(
    ("wrong", "kind", "message"),
    [
        (slice(None, None, -1), ParameterError, r"frame \d+ is to follow frame \d+"),
        ([3, 1], ParameterError, "frame 1 is to follow frame 3"),
        ([1, 1], ParameterError, "frame 1 is to follow frame 1"),
        (10**6, IndexError, "out of bounds"),
        ([True, False], IndexError, "boolean"),
        ((1, 2), IndexError, "too many indices"),
        ([[0, 1]], ParameterError, "two dimensions, wanted one"),
        ("f0_hz", IndexError, "only integers"),
    ],
)
def test_an_index_that_takes_nothing_sensible(frames, wrong, kind, message):
    with pytest.raises(kind, match=message):
        frames[wrong]


def test_frames_are_unequal_to_other_things(frames):
    assert frames != frames[:-1] and frames != 3 and frames != None  # noqa: E711
    with pytest.raises(TypeError, match="unhashable"):
        hash(frames)


def test_columns_of_a_table(frames):
    columns = frames.to_dict()
    assert list(columns) == ["file", "time_s", "f0_hz", "voicedness", "mfcc_0", "mfcc_1", "mfcc_2"]
    assert set(columns["file"]) == set(frames.files)
    np.testing.assert_array_equal(columns["mfcc_1"], frames.mfcc_raw[:, 1])
    whole = frames.to_dict(spectrum=True)
    assert len(whole) == len(columns) + frames.spectrum.shape[1]
    np.testing.assert_array_equal(whole["bin_7"], frames.spectrum[:, 7])
    table = pytest.importorskip("pandas").DataFrame(columns)
    assert table.shape == (len(frames), len(columns))


def test_a_scaler_is_made_and_told():
    scaler = wms.Scaler([0.0, 1.5], [1.0, 2.0])
    np.testing.assert_array_equal(scaler.mean, [0.0, 1.5])
    assert repr(scaler) == "Scaler(mean=[0.0, 1.5], scale=[1.0, 2.0])"
    assert scaler == wms.Scaler([0, 1.5], [1, 2]) and scaler != wms.Scaler([0, 1.5], [1, 3])
    for mean, scale in (([0.0], [1.0, 2.0]), ([0.0], [0.0]), ([np.nan], [1.0]), ([0.0], [np.inf])):
        with pytest.raises(ParameterError, match="wanted"):
            wms.Scaler(mean, scale)
