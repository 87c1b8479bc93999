"""Whatever comes gives the right result or one clear error, by every method and in every mode."""

import numpy as np
import pytest

import wms
from wms.errors import AudioFileError, ParameterError
from wms.training import train

RATE = 16000
METHODS = ("yin", "pyin", "crepe")
MODES = (None, "main", "dev")
every_method = pytest.mark.parametrize("method", METHODS)
every_mode = pytest.mark.parametrize("mode", MODES)


def params(method, mode=None, **changes):
    """Params with voicedness wherever the method has it."""
    voicedness = mode is None or method != "yin"
    return wms.Params(
        pitch_detection_method=method,
        compatibility=mode,
        include_voicedness=voicedness,
        **changes,
    )


def tone(f0_hz, seconds=0.3, rate=RATE):
    time_s = np.arange(int(seconds * rate)) / rate
    partials = [k for k in range(1, 6) if k * f0_hz < rate / 2]
    y = sum(np.sin(2 * np.pi * k * f0_hz * time_s) / k for k in partials)
    return (0.2 * y).astype(np.float32)


def noise(n, seed=0):
    return np.random.default_rng(seed).uniform(-0.5, 0.5, n).astype(np.float32)


def checked(frames, n=None):
    """Return frames whose arrays agree, hold numbers only, and keep to their ranges."""
    p, t = frames.params, len(frames)
    if n is not None:
        padding = 0 if p["compatibility"] is None else p["window_size"] - n % p["window_size"]
        assert t == 1 + (n + padding) // p["hop_size"]
    bins = p["n_fft_preserved"] or p["n_fft"] // 2 + 1
    assert frames.mfcc_raw.shape == (t, p["n_mfcc"])
    assert frames.spectrum.shape == (t, bins)
    assert frames.inputs.shape == (t, p["n_mfcc"] + 1 + p["include_voicedness"])
    for name in ("f0_hz", "voicedness", "times_s", "file_index"):
        assert getattr(frames, name).shape == (t,)
    for name in ("f0_hz", "voicedness", "mfcc_raw", "mfcc", "spectrum", "inputs", "times_s"):
        assert np.isfinite(getattr(frames, name)).all(), name
    assert ((frames.voicedness >= 0) & (frames.voicedness <= 1)).all()
    f0_hz = frames.f0_hz[frames.f0_hz != 0]
    # librosa's YIN searches whole periods: its highest pitch is that of the one below f_high's.
    highest = p["f_high"] if p["compatibility"] is None else 1.2 * p["f_high"]
    assert (f0_hz >= 0.99 * p["f_low"]).all() and (f0_hz <= highest * (1 + 1e-6)).all()
    return frames


def cents_off(frames, f0_hz):
    """Median distance from a pitch, the ends left out."""
    return np.median(np.abs(1200 * np.log2(frames.f0_hz[3:-3] / f0_hz)))


# Sizes


@every_mode
@every_method
@pytest.mark.parametrize(
    "sizes",
    [
        {"hop_size": 1},
        {"hop_size": 5000},
        {"window_size": 1001, "hop_size": 333, "n_fft": 1001},
        {"window_size": 511, "n_fft": 4096, "n_fft_preserved": None},
        {"window_size": 2048, "n_fft": 2048, "cycles_per_window": 0},
        {"cycles_per_window": None},
        {"cycles_per_window": 64},
        {"f_low": 300, "f_high": 301, "n_mfcc": 1, "n_mel": 1, "n_fft_preserved": 1},
    ],
    ids=str,
)
def test_frames_of_any_size(method, mode, sizes):
    if mode == "main":
        sizes = {key: value for key, value in sizes.items() if key != "n_mel"}
    if sizes.get("f_high") == 301 and method != "crepe":
        sizes = sizes | {"f_high": 320}
    y = tone(310, 0.05 if sizes.get("hop_size") == 1 else 0.3)
    checked(wms.analyze(y, params(method, mode, **sizes), sample_rate=RATE), len(y))


@every_mode
@every_method
@pytest.mark.parametrize("n", [1, 2, 15, 255, 256, 257, 1023, 1024, 1025])
def test_recordings_shorter_than_a_frame(method, mode, n):
    for y in (noise(n), np.ones(n, np.float32), np.zeros(n, np.float32)):
        checked(wms.analyze(y, params(method, mode), sample_rate=RATE), n)


@every_mode
@every_method
def test_an_empty_recording(method, mode):
    empty = np.zeros(0, np.float32)
    if mode is None:
        with pytest.raises(ParameterError, match="no samples, wanted at least one"):
            wms.analyze(empty, params(method, mode), sample_rate=RATE)
    else:
        # wms_torch pads it to a window of silence.
        checked(wms.analyze(empty, params(method, mode), sample_rate=RATE), 0)


@every_mode
@every_method
def test_samples_that_are_no_numbers(method, mode):
    y = tone(220)
    y[1000] = np.nan
    with pytest.raises(ParameterError, match="sample 1000 is NaN, wanted finite"):
        wms.analyze(y, params(method, mode), sample_rate=RATE)


# Rates, channels, folders


@every_method
@pytest.mark.parametrize("rate", [8000, 11025, 22050, 44100, 48000, 96000, 192000])
def test_every_rate(method, rate):
    window = 1 << round(np.log2(0.064 * rate))
    changes = {"sample_rate": rate, "window_size": window, "n_fft": window}
    y = tone(440, 0.3, rate)
    frames = wms.analyze(y, params(method, hop_size=window // 4, **changes), sample_rate=rate)
    assert cents_off(checked(frames, len(y)), 440) < 2
    assert np.median(frames.voicedness) > 0.5
    # The cycle frame holds two cycles: bins 2, 4, ... are the partials.
    assert (frames.spectrum[5:-5, 2] > frames.spectrum[5:-5, [1, 3, 5]].max(axis=1) - 1).all()


@every_method
@pytest.mark.parametrize("mode", ["main", "dev"])
@pytest.mark.parametrize("rate", [8000, 48000])
def test_every_rate_in_compatible_modes(method, mode, rate):
    y = tone(440, 0.3, rate)
    changes = {"sample_rate": rate, "window_size": 2048, "n_fft": 2048}
    if method == "crepe":
        # As torchcrepe's own model does.
        with pytest.raises(ParameterError, match=f'"sample_rate" is {rate}.* 16000 Hz only'):
            params(method, mode, **changes)
    else:
        frames = wms.analyze(y, params(method, mode, **changes), sample_rate=rate)
        assert cents_off(checked(frames, len(y)), 440) < 10


@every_mode
@every_method
def test_a_folder_of_all_kinds(tmp_path, method, mode):
    wms.save_audio(tmp_path / "a.wav", tone(220, 0.4), RATE)
    stereo = np.stack([tone(330, 0.3, 44100), np.zeros(13230, np.float32)])
    wms.save_audio(tmp_path / "b.wav", stereo, 44100)
    wms.save_audio(tmp_path / "c.wav", noise(1, 3), 8000)
    wms.save_audio(tmp_path / "d.wav", np.zeros((6, 300), np.float32), 96000)
    frames = checked(wms.analyze(tmp_path, params(method, mode)))
    assert sorted(set(frames.file_index.tolist())) == [0, 1, 2, 3]
    for index, f0_hz in ((0, 220), (1, 330)):
        found = frames.f0_hz[frames.file_index == index][4:-6]
        assert np.median(np.abs(1200 * np.log2(found / f0_hz))) < 25


# Segments


@every_method
def test_segments_longer_than_the_frame_reach_into_the_recording(method):
    # 4 cycles at 55 Hz are 1164 samples, more than the frame's 1024.
    y = tone(55, 0.8)
    frames = checked(wms.analyze(y, params(method, cycles_per_window=4), sample_rate=RATE))
    assert cents_off(frames, 55) < 2
    inner = np.expm1(frames.spectrum[8:-8])
    # All four cycles are there: the spectrum lies at multiples of 4 and a window's width beside.
    assert (inner[:, [4, 8, 12]].min(axis=1) > 20 * inner[:, [6, 10, 14]].max(axis=1)).all()


@pytest.mark.parametrize("mode", ["main", "dev"])
@every_method
def test_segments_longer_than_the_frame_are_cut_in_compatible_modes(method, mode):
    y = tone(55, 0.5)
    changes = params(method, mode, cycles_per_window=4)
    checked(wms.analyze(y, changes, sample_rate=RATE), len(y))


@pytest.mark.parametrize("variant", ["main", "dev", "own"])
def test_frames_without_a_pitch_are_taken_whole(variant):
    y, f0_hz = noise(4000), np.array([0, 200, 0, 1e-3, 1e6], np.float32)
    cut = {"sr": RATE, "window_size": 1024, "hop_length": 512, "cycles": 2}
    # 2 cycles at a thousandth of a Hertz are 32 million samples.
    f0_hz[3] = 10
    frames = wms.cycle_frames(y, f0_hz, **cut)
    np.testing.assert_array_equal(frames[0], np.pad(y, 512)[:1024])
    np.testing.assert_array_equal(frames[2], y[512:1536])
    mfcc = wms.segment_mfcc(y, f0_hz, n_fft=1024, n_mfcc=8, n_mels=40, variant=variant, **cut)
    assert np.isfinite(frames).all() and np.isfinite(mfcc).all()


@every_method
def test_a_frame_depends_on_what_is_near_it_alone(method):
    before, after = tone(196, 0.5) + 0.01 * noise(8000), tone(196, 0.5) + 0.01 * noise(8000, 1)
    near = tone(147, 1.0) + 0.003 * noise(16000, 2)
    settings = params(method)
    one = wms.analyze(np.concatenate([before, near, after]), settings, sample_rate=RATE)
    other = wms.analyze(
        np.concatenate([0.9 * after[::-1], near, 0 * before]), settings, sample_rate=RATE
    )
    # Frames that touch nothing but the same second; their MFCC are not yet standardised.
    inner = np.arange(8000 // 256 + 5, 24000 // 256 - 5)
    for name in ("f0_hz", "voicedness", "mfcc_raw", "spectrum"):
        a, b = getattr(one, name)[inner], getattr(other, name)[inner]
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-4, err_msg=name)


def test_n_mel_is_honoured():
    y, f0_hz = tone(220), np.full(19, 220, np.float32)
    cut = {"sr": RATE, "window_size": 1024, "hop_length": 256, "cycles": 2, "n_fft": 1024}
    found = [
        wms.segment_mfcc(y, f0_hz, n_mfcc=8, n_mels=bands, variant="own", **cut)
        for bands in (20, 40)
    ]
    assert np.abs(found[0] - found[1]).max() > 1


# Nothing to hear


def nothing():
    """Sounds without a pitch, by name."""
    n = 2 * RATE
    rng = np.random.default_rng(3)
    dither = (rng.random(n) - rng.random(n)) / 32768
    return {
        "silence": np.zeros(n),
        "DC": np.full(n, 0.5),
        "DC and dither": 0.3 + dither,
        "dither": dither,
        "white noise": 0.1 * rng.standard_normal(n),
        "soft white noise": 1e-4 * rng.standard_normal(n),
        "one click": np.eye(1, n, n // 2)[0],
    }


@pytest.mark.parametrize("name", nothing())
@every_method
def test_what_has_no_pitch_is_no_note(method, name):
    frames = checked(wms.analyze(nothing()[name], params(method), sample_rate=RATE))
    assert np.quantile(frames.voicedness, 0.95) < 0.05
    assert frames.voicedness.max() < 0.2
    # A pitch that is held through a rest does not leap.
    if name in ("silence", "DC"):
        assert len(set(frames.f0_hz.tolist())) == 1


@every_method
def test_rests_hold_the_last_pitch(method):
    y = np.concatenate([np.zeros(8000), tone(330, 0.5), np.zeros(8000)])
    frames = checked(wms.analyze(y, params(method), sample_rate=RATE))
    rest = np.r_[0:27, 68 : len(frames)]
    assert frames.voicedness[rest].max() < 0.01
    assert np.abs(1200 * np.log2(frames.f0_hz[rest] / 330)).max() < 50


@every_method
@pytest.mark.parametrize("f0_hz", [30, 1900, 3000, 4700])
def test_tones_out_of_range_are_no_notes(method, f0_hz):
    frames = checked(wms.analyze(tone(f0_hz, 0.5), params(method), sample_rate=RATE))
    assert np.mean(frames.voicedness > 0.2) < 0.1


# Training


def trained(y, method="yin", **changes):
    settings = params(method, training_seq_length=20, hidden_size=8, **changes)
    frames = wms.analyze(y, settings, sample_rate=RATE)
    return train(settings, frames, epochs=1, progress=False)


def test_a_recording_shorter_than_a_training_sequence():
    with pytest.raises(ParameterError, match=r"has 19 frames, wanted at least 25: training_seq"):
        trained(tone(220, 0.3))


def test_training_on_silence_is_refused():
    with pytest.raises(ParameterError, match="there is no sound in the recordings"):
        trained(np.zeros(2 * RATE))


def test_training_on_noise():
    noise = 0.1 * np.random.default_rng(0).standard_normal(2 * RATE)
    assert np.isfinite(trained(noise).validation.loss)
    with pytest.raises(ParameterError, match=r"min_voicedness is 1: 0% of the frames"):
        trained(noise, min_voicedness=1.0)


def test_training_on_voiced_frames_alone():
    parts = [tone(220, 1.0), np.zeros(RATE // 2), tone(330, 1.0), np.zeros(RATE // 2)]
    result = trained(np.concatenate([*parts, tone(440, 2.0)]), min_voicedness=0.5)
    rests = [*range(66, 90), *range(160, 184)]
    assert not set(result.split.training_frames) & set(rests)
    assert not set(result.split.validation_frames) & set(rests)


# Files


def test_an_empty_file_of_samples_is_named(tmp_path):
    wms.save_audio(tmp_path / "none.wav", np.zeros(0), RATE)
    for method in METHODS:
        with pytest.raises(AudioFileError, match=r"none\.wav.* no samples"):
            wms.analyze(tmp_path / "none.wav", params(method))
