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
}
LOSSY = ["vorbis.ogg", "layer3.mp3"]


def test_every_fixture_is_tested():
    assert {path.name for path in FORMATS.iterdir()} == {*LOSSLESS, *LOSSY, "mono.wav"}


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


def test_saving_clips_at_full_scale(tmp_path):
    path = tmp_path / "loud.wav"
    wms.save_audio(path, np.array([-3.0, 0.0, 3.0]), 8000)
    np.testing.assert_allclose(wms.load_audio(path)[0], [-1, 0, 1], rtol=0, atol=2 / 2**23)
