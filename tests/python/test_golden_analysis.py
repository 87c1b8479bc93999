"""Agreement with wms_torch stage by stage: each stage is given the golden input of that stage."""

import hashlib

import numpy as np
import pytest

import golden
import wms
from golden import INPUTS, NAMES, SEARCH, STAGE

RESAMPLED = {"organ_44k1_24bit", "flute_48k_16bit"}
BINS = int(120 * np.log2(1600 / 46)) + 1
# On constant samples (here 0.5) the difference function is zero but for rounding: in the frame
# where they end, a plateau's first trough is wherever the FFT's noise of 1e-16 puts it, and
# librosa's own answer changes with the CPU that runs it. YIN differs in that frame alone; pYIN's
# path to it (13 of 129 frames) differs too.
NOISE_DECIDES = {("yin", "edge_dc_0p5_2s"): 128 / 129, ("pyin", "edge_dc_0p5_2s"): 116 / 129}


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return golden.unpack(tmp_path_factory.mktemp("golden"))


@pytest.fixture(scope="module")
def waves(paths):
    """Decoded, resampled and padded inputs."""
    empty = np.zeros(0, np.float32)
    return {
        name: golden.pad(wms.load_audio(path, 16000)[0] if INPUTS[name]["samples"] else empty)
        for name, path in paths.items()
    }


@pytest.fixture(scope="module")
def arrays():
    return {method: golden.Arrays(method) for method in ("yin", "pyin", "crepe")}


def relative_rms(got, want):
    """Of each row; a silent row must be silent."""
    error = np.sqrt(np.mean((got.astype(float) - want) ** 2, axis=1))
    level = np.sqrt(np.mean(want.astype(float) ** 2, axis=1))
    assert not error[level == 0].any()
    return error / np.where(level == 0, 1, level)


@pytest.mark.parametrize("name", NAMES)
def test_decoding_and_padding(waves, name):
    wave, known = waves[name], INPUTS[name]
    assert wave.dtype == np.float32
    assert len(wave) == known["padded_samples"]
    if name in RESAMPLED:
        kept = np.load(golden.FOLDER / "resample.npz")
        first = kept[f"{name}/first"]
        np.testing.assert_allclose(wave[: len(first)], first, rtol=0, atol=3e-6)
        np.testing.assert_allclose(wave[::41], kept[f"{name}/every_41st"], rtol=0, atol=3e-6)
    else:
        assert hashlib.md5(wave.tobytes()).hexdigest() == known["padded_md5"]


@pytest.mark.parametrize("rate", [44100, 48000])
def test_resampling(rate):
    kept = np.load(golden.FOLDER / "resample.npz")
    want = kept[f"out_{rate}"]
    got = wms.resample(kept[f"in_{rate}"], orig_sr=rate, target_sr=16000)[: len(want)]
    np.testing.assert_allclose(got, want, rtol=0, atol=3e-6)


def yin_agreement(waves, arrays, name):
    want = arrays["yin"][name]["f0_hz"]
    got = wms.yin(waves[name], **SEARCH)
    assert got.shape == want.shape
    return np.abs(1200 * np.log2(got / want)) < 0.05


def pyin_agreement(waves, arrays, name):
    want = arrays["pyin"][name]
    f0_hz, voiced, voiced_prob = wms.pyin(waves[name], **SEARCH)
    assert np.abs(voiced_prob - want["voiced_prob"]).max() < 1e-6
    states = np.round(120 * np.log2(f0_hz / 46)).astype(int) + np.where(voiced, 0, BINS)
    assert states.shape == want["states"].shape
    equal = states == want["states"]
    # The same state is the same frequency.
    np.testing.assert_allclose(f0_hz[equal], want["f0_hz"][equal], rtol=1e-6)
    return equal


@pytest.mark.parametrize("name", NAMES)
def test_yin(waves, arrays, name):
    wanted = NOISE_DECIDES.get(("yin", name), 0.995)
    assert yin_agreement(waves, arrays, name).mean() >= wanted


@pytest.mark.parametrize("name", NAMES)
def test_pyin(waves, arrays, name):
    wanted = NOISE_DECIDES.get(("pyin", name), 0.995)
    assert pyin_agreement(waves, arrays, name).mean() >= wanted


@pytest.mark.parametrize("agreement", [yin_agreement, pyin_agreement])
def test_pitch_of_all_frames_together(waves, arrays, agreement):
    agree = np.concatenate([agreement(waves, arrays, name) for name in NAMES])
    assert agree.mean() >= 0.995


@pytest.mark.parametrize("method", ["yin", "pyin", "crepe"])
def test_cycle_frames_given_f0(waves, arrays, method):
    errors = []
    for name in NAMES:
        want = arrays[method][name]
        got = wms.cycle_frames(waves[name], want["f0_hz"], **STAGE)
        assert got.shape == (len(want["f0_hz"]), 1024)
        error = relative_rms(got[want["cycle_rows"]], want["cycle_frames"])
        assert error.max() < 2.5e-2, name
        errors.append(error)
    assert np.median(np.concatenate(errors)) < 2e-3


@pytest.mark.parametrize("method", ["yin", "pyin", "crepe"])
def test_spectrum_of_golden_cycle_frames(arrays, method):
    rows = 0
    for name in NAMES:
        want = arrays[method][name]
        got = wms.cycle_spectrum(want["cycle_frames"], n_fft=1024)
        assert np.abs(got - want["cycle_spectra"]).max() < 1e-6, name
        rows += len(got)
    assert rows >= 2 * len(NAMES)


@pytest.mark.parametrize("method", ["yin", "pyin", "crepe"])
def test_spectrum_given_f0(waves, arrays, method):
    errors = []
    for name in NAMES:
        want = arrays[method][name]
        rows = want["spectrum_rows"]
        frames = wms.cycle_frames(waves[name], want["f0_hz"], **STAGE)[rows]
        error = np.abs(wms.cycle_spectrum(frames, n_fft=1024, n_bins=80) - want["spectra"])
        assert np.median(error) < 1e-5, name
        assert error.max() < 0.15, name
        errors.append(error)
    errors = np.concatenate(errors)
    assert np.median(errors) < 1e-5
    assert np.quantile(errors, 0.99) < 1e-2


def reference_wave(waves, name):
    """What the stages after the resampler were given, and how many frames of it are known."""
    if name not in RESAMPLED:
        return waves[name], None
    first = np.load(golden.FOLDER / "resample.npz")[f"{name}/first"]
    known = 1 + (len(first) - STAGE["window_size"] // 2) // STAGE["hop_length"]
    return np.concatenate([first, waves[name][len(first) :]]), known


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("method", "variant", "key", "step"),
    [
        ("yin", "main", "mfcc_raw", 1),
        ("pyin", "main", "mfcc_raw", 1),
        ("crepe", "main", "mfcc_raw", 3),
        ("crepe", "dev", "mfcc_raw_dev", 3),
    ],
)
def test_raw_mfcc_of_segments(waves, arrays, name, method, variant, key, step):
    want = arrays[method][name]
    wave, known = reference_wave(waves, name)
    got = wms.segment_mfcc(
        wave, want["f0_hz"], **STAGE, n_fft=1024, n_mfcc=8, n_mels=40, variant=variant
    )[:known:step]
    assert np.abs(got - want[key][: len(got)]).max() < 1e-3


def analysed(path, method, compatibility="main"):
    params = wms.Params(
        compatibility=compatibility,
        pitch_detection_method=method,
        include_voicedness=method == "pyin",
    )
    return wms.analyze(path, params)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("method", ["yin", "pyin"])
def test_inputs_and_targets_row_for_row(paths, waves, arrays, method, name):
    want = arrays[method][name]
    frames = analysed(paths[name], method)
    mean, scale = want["scaler_mean"], want["scaler_scale"]
    mfcc = (want["mfcc_raw"] - mean) / scale
    # What the test standardises is what scikit-learn did.
    np.testing.assert_allclose(mfcc[::4], want["mfcc"], rtol=0, atol=1e-5)
    width = 10 if method == "pyin" else 9
    assert frames.inputs.shape == (len(want["f0_hz"]), width)
    assert frames.targets.shape == (len(want["f0_hz"]), 80)

    # Where another fundamental was found, the segment and all that follows are another's.
    same = np.abs(1200 * np.log2(frames.f0_hz / want["f0_hz"])) < 0.05
    assert same.mean() >= NOISE_DECIDES.get((method, name), 0.995)
    # The 3e-6 that the resampler may be off show in the quietest bands.
    tolerance = 1e-2 if name in RESAMPLED else 1e-3
    assert np.abs(frames.mfcc_raw - want["mfcc_raw"])[same].max() < tolerance
    x = frames.inputs
    if same.all():
        np.testing.assert_allclose(frames.scaler.mean, mean, rtol=0, atol=tolerance)
        assert (np.abs(x[:, :8] - mfcc) < tolerance / scale + 1e-5).all()
    exact = frames.f0_hz == want["f0_hz"].astype(np.float32)
    assert exact.mean() > 0.85
    assert np.abs(x[:, 8] - want["log_pitch"])[exact].max() < 2e-6
    if method == "pyin":
        assert np.abs(x[:, 9] - want["voicedness"]).max() < 1e-6
    kept = same[want["spectrum_rows"]]
    error = np.abs(frames.targets[want["spectrum_rows"]] - want["spectra"])[kept]
    assert np.median(error) < 1e-5
    assert error.max() < 0.15


@pytest.mark.parametrize("method", ["yin", "pyin"])
def test_standardisation_given_raw(paths, arrays, method):
    for name in NAMES:
        want = arrays[method][name]
        frames = analysed(paths[name], method)
        mean, scale = frames.scaler.mean, frames.scaler.scale
        raw = frames.mfcc_raw.astype(float)
        np.testing.assert_allclose(mean, raw.mean(axis=0), rtol=1e-9, atol=1e-9)
        spread = raw.std(axis=0)
        np.testing.assert_allclose(scale, np.where(spread < 1e-9, 1, spread), rtol=1e-9)
        np.testing.assert_allclose(frames.mfcc, (raw - mean) / scale, rtol=0, atol=1e-5)
        np.testing.assert_array_equal(frames.inputs[:, :8], frames.mfcc)
        assert want["mfcc_raw"].shape == raw.shape
