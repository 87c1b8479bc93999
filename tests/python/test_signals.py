"""Arrays of samples as other programs make them: whole numbers, and channels last."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wms

RATE = 16000
YIN = wms.Params(pitch_detection_method="yin")
TONE = np.round(20000 * np.sin(2 * np.pi * 220 * np.arange(RATE // 4) / RATE)).astype(np.int16)


@pytest.mark.parametrize(
    ("dtype", "full_scale", "middle"),
    [(np.int16, 2.0**15, 0), (np.int32, 2.0**31, 0), (np.uint8, 2.0**7, 128)],
)
def test_whole_numbers_are_samples_of_sound_files(dtype, full_scale, middle):
    samples = (TONE / 2.0**15 * full_scale * 0.9 + middle).astype(dtype)
    floats = ((samples.astype(np.float64) - middle) / full_scale).astype(np.float32)
    assert 0.4 < np.abs(floats).max() < 1
    whole, wanted = (wms.analyze(y, YIN, sample_rate=RATE) for y in (samples, floats))
    assert whole == wanted
    np.testing.assert_array_equal(wms.wav_bytes(samples, RATE), wms.wav_bytes(floats, RATE))
    for function in (wms.yin, wms.pyin):
        for a, b in zip(
            np.atleast_2d(function(samples, sr=RATE, fmin=100, fmax=500)),
            np.atleast_2d(function(floats, sr=RATE, fmin=100, fmax=500)),
            strict=True,
        ):
            np.testing.assert_array_equal(a, b)


@given(st.integers(1, 4), st.integers(5, 40), st.booleans())
def test_channels_may_stand_first_or_last(channels, length, whole):
    y = np.random.default_rng(length).uniform(-1, 1, (channels, length)).astype(np.float32)
    if whole:
        y = (y * 32767).astype(np.int16)
    assert wms.wav_bytes(y.T, RATE) == wms.wav_bytes(y, RATE)
    assert wms.wav_bytes(np.asfortranarray(y), RATE) == wms.wav_bytes(y, RATE)
    mono = wms.resample(y, orig_sr=RATE, target_sr=8000)
    np.testing.assert_array_equal(wms.resample(y.T, orig_sr=RATE, target_sr=8000), mono)


def test_a_file_of_16_bits_comes_back_as_it_was(tmp_path):
    stereo = np.stack([TONE, TONE // 2], axis=1)
    wms.save_audio(tmp_path / "stereo.wav", stereo, RATE, subtype="PCM_16")
    wms.save_audio(tmp_path / "mono.wav", TONE, RATE, subtype="PCM_16")
    for read in (
        wms.load_audio(tmp_path / "stereo.wav", channel="left")[0],
        wms.load_audio(tmp_path / "mono.wav")[0],
    ):
        np.testing.assert_allclose(read, TONE / 32768, atol=1.01 / 32768)


def test_librosas_defaults():
    y = np.random.default_rng(0).standard_normal(22050)
    every = {"sr": 22050, "frame_length": 2048, "hop_length": 512}
    np.testing.assert_array_equal(
        wms.yin(y, fmin=65, fmax=2093), wms.yin(y, fmin=65, fmax=2093, **every)
    )
    f0_hz, voiced, _ = wms.pyin(y, fmin=65, fmax=2093)
    filled, *_ = wms.pyin(y, fmin=65, fmax=2093, **every, fill_na=np.nan)
    assert not voiced.all()
    np.testing.assert_array_equal(filled, np.where(voiced, f0_hz, np.nan))
