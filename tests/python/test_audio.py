"""Reading, writing, listing and resampling audio."""

import math
from pathlib import Path

import numpy as np
import pytest

import wms

FORMATS = Path(__file__).resolve().parents[1] / "data" / "formats"
RATE = 8000
TIME = np.arange(800) / RATE
LEFT = 0.5 * np.sin(2 * np.pi * 440 * TIME)
RIGHT = 0.25 * np.sin(2 * np.pi * 660 * TIME)
# Largest error of a sample: half a step of the format for each channel, and what its writer adds.
LOSSLESS = {
    "u8.wav": 2 / 2**7,
    "s16.wav": 2 / 2**15,
    "s24.wav": 2 / 2**23,
    "s32.wav": 2e-7,
    "f32.wav": 2e-7,
    "extensible.WAV": 2 / 2**23,
    "s16.flac": 2 / 2**15,
    "s24.FLAC": 2 / 2**23,
    "s16.aiff": 2 / 2**15,
    "s24.AIF": 2 / 2**23,
    "f64.wav": 2e-7,
    "rf64.wav": 2 / 2**15,
    "s8.aiff": 2 / 2**7,
    "f32.aiff": 2e-7,
    "f64.aifc": 2e-7,
    "s16.caf": 2 / 2**15,
    "alac.m4a": 2 / 2**15,
    "s16.mkv": 2 / 2**15,
    "alaw.wav": 0.02,
    "ulaw.wav": 0.02,
    "ulaw.aifc": 0.02,
}
LOSSY = ["vorbis.ogg", "layer3.mp3"]
# What their encoders put before and behind the sound is read too, or their header is wrong.
OTHER_LENGTHS = {"aac.m4a": 800, "aac.aac": 800, "layer2.mp2": 1600, "ima.wav": 800, "ms.wav": 800}


def test_every_fixture_is_tested():
    assert {path.name for path in FORMATS.iterdir()} == {
        *LOSSLESS,
        *LOSSY,
        *OTHER_LENGTHS,
        "mono.wav",
        "mono.mp3",
    }


@pytest.mark.parametrize("name", LOSSLESS)
def test_whole_numbers_and_floats(name):
    y, sr = wms.load_audio(FORMATS / name)
    assert (y.dtype, y.shape, sr) == (np.float32, (800,), RATE)
    np.testing.assert_allclose(y, (LEFT + RIGHT) / 2, rtol=0, atol=LOSSLESS[name])


@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_are_in_time_and_at_level(name):
    y, sr = wms.load_audio(FORMATS / name)
    assert (y.shape, sr) == ((800,), RATE)
    want = (LEFT + RIGHT) / 2
    inside = slice(100, 700)
    assert np.sqrt(np.mean((y - want)[inside] ** 2)) < 0.03 * np.sqrt(np.mean(want**2))


@pytest.mark.parametrize("name", OTHER_LENGTHS)
def test_formats_whose_length_is_not_exact(name):
    y, _ = wms.load_audio(FORMATS / name)
    assert len(y) >= OTHER_LENGTHS[name]
    assert np.abs(y).max() == pytest.approx(0.36, abs=0.03)


def test_the_content_decides_and_not_the_name(tmp_path):
    for name in ("s16.flac", "layer3.mp3", "vorbis.ogg", "s16.aiff"):
        path = tmp_path / "sound.wav"
        path.write_bytes((FORMATS / name).read_bytes())
        np.testing.assert_array_equal(
            wms.load_audio(path)[0], wms.load_audio(FORMATS / name)[0], name
        )


def test_channels_are_chosen():
    for channel, want in (("left", LEFT), ("right", RIGHT), ("mix", (LEFT + RIGHT) / 2)):
        y, _ = wms.load_audio(FORMATS / "s24.wav", channel=channel)
        np.testing.assert_allclose(y, want, rtol=0, atol=2 / 2**23)
    with pytest.raises(wms.ParameterError, match='channel is "middle", wanted "left", "right"'):
        wms.load_audio(FORMATS / "s24.wav", channel="middle")
    with pytest.raises(wms.AudioFileError, match="has one channel"):
        wms.load_audio(FORMATS / "mono.wav", channel="right")


def test_a_damaged_file_gives_what_is_there_and_a_warning(tmp_path):
    path = tmp_path / "cut.wav"
    path.write_bytes((FORMATS / "s16.wav").read_bytes()[: 44 + 1600])
    with pytest.warns(wms.AudioWarning, match=r"cut\.wav: is cut short: 0\.05 s of 0\.10 s"):
        y, _ = wms.load_audio(path)
    assert len(y) == 400


def test_warnings_are_listed_by_frames_and_stores(tmp_path):
    wms.save_audio(tmp_path / "a.wav", 0.3 * np.sin(0.2 * np.arange(16000)), 16000)
    cut = tmp_path / "b.wav"
    cut.write_bytes((tmp_path / "a.wav").read_bytes()[:24044])
    opus = FORMATS.parent / "formats_not_read" / "opus.ogg"
    (tmp_path / "c.opus").write_bytes(opus.read_bytes())
    with pytest.warns(wms.AudioWarning) as issued:
        frames = wms.analyze(tmp_path)
    lines = [line for _, line in frames.warnings]
    assert [path for path, _ in frames.warnings] == [tmp_path, cut]
    assert "1 file is not audio that can be read: c.opus" in lines[0]
    assert "is cut short: 0.50 s of 1.00 s are there" in lines[1]
    assert [str(warning.message) for warning in issued] == lines
    store_path = tmp_path / "store"
    for _ in range(2):
        with pytest.warns(wms.AudioWarning):
            store = wms.Store.update(store_path, tmp_path, wms.Params())
        assert store.warnings == frames.warnings
    assert store.kept == 2
    assert wms.Store.open(store_path).warnings == frames.warnings
    assert store.shards[1].warnings == frames.warnings[1:]


def test_mono_and_str_paths():
    y, _ = wms.load_audio(str(FORMATS / "mono.wav"))
    np.testing.assert_allclose(y, LEFT, rtol=0, atol=1 / 2**15)


def test_loading_at_another_rate_resamples():
    y, sr = wms.load_audio(FORMATS / "s24.wav", 16000)
    assert sr == 16000
    own = wms.load_audio(FORMATS / "s24.wav")[0]
    np.testing.assert_array_equal(y, wms.resample(own, orig_sr=RATE, target_sr=16000))
    same, _ = wms.load_audio(FORMATS / "s24.wav", sample_rate=RATE)
    np.testing.assert_array_equal(same, own)


def test_folders_are_listed_sorted_and_recursively(tmp_path):
    names = ["b.WAV", "a.flac", "sub/deep/c.Ogg", "sub/a.mp3", "z.AiFf", "A.wave"]
    for name in [*names, "notes.txt", "._a.wav", ".hidden/x.wav", "wav"]:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    want = sorted(tmp_path / name for name in names)
    assert wms.list_audio(tmp_path) == want
    assert wms.list_audio(str(tmp_path)) == want
    both = wms.list_audio([tmp_path / "sub", tmp_path / "b.WAV"])
    assert both == [tmp_path / "sub" / "a.mp3", tmp_path / "sub/deep/c.Ogg", tmp_path / "b.WAV"]


def plain_resample(y, orig, new):
    """Each output sample by itself, in double precision, from the definition of the kernel."""
    divisor = math.gcd(orig, new)
    orig, new = orig // divisor, new // divisor
    cutoff = min(orig, new) * 0.99
    out = np.empty(-(-len(y) * new // orig))
    places = np.arange(len(y))
    for j in range(len(out)):
        t = (places - j * orig / new) * cutoff / orig
        window = np.cos(np.clip(t, -6, 6) * np.pi / 12) ** 2
        out[j] = np.sum(y * np.sinc(t) * window) * cutoff / orig
    return out


@pytest.mark.parametrize(
    ("orig", "new"),
    [(44100, 16000), (48000, 16000), (16000, 44100), (11025, 16000), (7, 5), (3, 100), (997, 991)],
)
@pytest.mark.parametrize("length", [1, 2, 333])
def test_resampling_at_any_ratio(orig, new, length):
    y = np.random.default_rng(orig + length).standard_normal(length).astype(np.float32)
    got = wms.resample(y, orig_sr=orig, target_sr=new)
    want = plain_resample(y, orig, new)
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=0, atol=3e-6)


def test_resampling_nothing_and_at_the_same_rate():
    y = np.linspace(-1, 1, 9, dtype=np.float32)
    np.testing.assert_array_equal(wms.resample(y, orig_sr=8000, target_sr=8000), y)
    assert wms.resample(y[:0], orig_sr=8000, target_sr=44100).shape == (0,)


@pytest.mark.parametrize("rate", [8000, 44100, 192_000])
def test_what_is_saved_is_loaded(tmp_path, rate):
    y = np.random.default_rng(1).uniform(-1, 1, 500).astype(np.float32)
    path = tmp_path / "y.wav"
    wms.save_audio(path, y, rate)
    got, sr = wms.load_audio(path)
    assert sr == rate
    np.testing.assert_allclose(got, y, rtol=0, atol=2 / 2**23)
    wms.save_audio(str(path), np.stack([y, -y / 2]), rate)
    np.testing.assert_allclose(wms.load_audio(path)[0], y / 4, rtol=0, atol=2 / 2**23)
    assert [p.name for p in tmp_path.iterdir()] == ["y.wav"]


def test_saving_under_the_name_of_another_kind_is_refused(tmp_path):
    with pytest.raises(wms.ParameterError, match=r"flac is not written, wanted .*\.wav"):
        wms.save_audio(tmp_path / "x.flac", LEFT, RATE)
    assert not list(tmp_path.iterdir())


def test_saving_clips_at_full_scale(tmp_path):
    path = tmp_path / "loud.wav"
    with pytest.warns(wms.AudioWarning, match="2 samples were clipped to full scale"):
        wms.save_audio(path, np.array([-3.0, 0.0, 3.0]), 8000)
    np.testing.assert_allclose(wms.load_audio(path)[0], [-1, 0, 1], rtol=0, atol=2 / 2**23)
