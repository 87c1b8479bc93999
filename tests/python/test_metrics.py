import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import wms.metrics as metrics
from wms.errors import ParameterError

SR = 16000


@pytest.fixture(scope="module")
def noises():
    return np.random.default_rng(0).standard_normal((2, 10 * SR)) * 0.1


def test_equal_signals_are_at_distance_zero(noises):
    a = noises[0, :SR]
    assert metrics.multi_scale_spectral(a, a) == 0
    assert metrics.log_spectral_distance(a, a, sr=SR) == 0
    assert metrics.mel_cepstral_distortion(a, a, sr=SR) == 0
    correlation, rms_db = metrics.loudness_errors(a, a, sr=SR)
    assert correlation == pytest.approx(1) and rms_db == 0


def test_independent_noises_of_equal_level_score_as_known(noises):
    a, b = noises
    assert metrics.multi_scale_spectral_parts(a, b).log == pytest.approx(4.21, abs=0.01)
    assert metrics.log_spectral_distance(a, b, sr=SR) == pytest.approx(7.9, abs=0.05)
    assert metrics.mel_cepstral_distortion(a, b, sr=SR) == pytest.approx(1.7, abs=0.05)


def test_a_factor_of_two_is_six_decibels(noises):
    a = noises[0, : 2 * SR]
    six = 20 * math.log10(2)
    assert metrics.log_spectral_distance(2 * a, a, sr=SR) == pytest.approx(six, abs=1e-6)
    parts = metrics.multi_scale_spectral_parts(2 * a, a)
    assert parts.log == pytest.approx(6 * math.log(2), rel=1e-3)
    assert parts.total == parts.linear + parts.log
    # All bands alike: the level is in c0, which is left out.
    assert metrics.mel_cepstral_distortion(2 * a, a, sr=SR) == pytest.approx(0, abs=1e-9)
    assert metrics.loudness_errors(2 * a, a, sr=SR).rms_db == pytest.approx(six, abs=1e-6)


def test_silence_is_floored_not_infinite(noises):
    a = noises[0, :SR]
    assert 60 < metrics.log_spectral_distance(a, np.zeros_like(a), sr=SR) < 80
    assert metrics.log_spectral_distance(np.zeros(SR), np.zeros(SR), sr=SR) == 0


def test_quiet_frames_of_the_reference_do_not_count(noises):
    loud, quiet = noises[:, : 4 * SR]
    a = np.concatenate([loud, 1e-5 * quiet])
    b = np.concatenate([loud, 0 * quiet])
    # One frame straddles the border and is loud enough to count.
    assert metrics.log_spectral_distance(a, b, sr=SR) < 0.5


def test_loudness_is_a_weighted():
    t = np.arange(2 * SR) / SR
    level = {
        hz: metrics.loudness(np.sin(2 * np.pi * hz * t), sr=SR)[10] for hz in (100, 1000, 4000)
    }
    assert level[1000] == pytest.approx(0, abs=0.01)
    assert level[100] == pytest.approx(-19.1, abs=0.3)
    assert level[4000] == pytest.approx(1.0, abs=0.2)
    finer = metrics.loudness(np.sin(2 * np.pi * 1000 * t), sr=SR, hop_length=160)
    assert len(finer) == 1 + math.ceil((2 * SR - 2048) / 160)


def test_f0_errors_count_frames_with_a_pitch_in_both():
    a = np.array([440.0, 440.0, 440.0, 0.0, 440.0, np.nan])
    b = np.array([440.0, 440.0 * 2 ** (10 / 1200), 880.0, 440.0, -1.0, 440.0])
    errors = metrics.f0_error_cents(a, b)
    assert errors.median_cents == pytest.approx(10)
    assert errors.within_50_cents == pytest.approx(2 / 3)


@pytest.mark.parametrize("hz", [50.0, 110.3, 440.0, 1234.5])
def test_pitch_is_tracked(hz):
    t = np.arange(SR) / SR
    tone = sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, int(SR / 2 / hz)))
    found = metrics.track_pitch(tone, sr=SR, fmin=46, fmax=1600)
    assert found.shape == (101,)
    # Frames at the ends reach into silence.
    assert np.abs(1200 * np.log2(found[4:-4] / hz)).max() < 3


def test_noise_silence_and_quiet_frames_have_no_pitch(noises):
    assert np.mean(metrics.track_pitch(noises[0, :SR], sr=SR, fmin=46, fmax=1600) > 0) < 0.02
    assert not metrics.track_pitch(np.zeros(SR), sr=SR, fmin=46, fmax=1600).any()
    tone = np.sin(2 * np.pi * 440 * np.arange(SR) / SR)
    tone[SR // 2 :] *= 1e-3
    found = metrics.track_pitch(tone, sr=SR, fmin=46, fmax=1600)
    assert (found[5:45] > 0).all() and not found[55:].any()


def test_pitch_scores_are_those_counted_by_hand():
    cent = 2 ** (1 / 1200)
    frames = [
        # true Hz, voiced, found Hz, called voiced
        (440.0, True, 440.0 * cent**49, True),
        (440.0, True, 440.0 * cent**51, True),
        (440.0, True, 880.0 * cent**-49, True),  # the octave above
        (440.0, True, 110.0, False),  # two octaves below, and called unvoiced
        (440.0, True, 440.0, False),
        (440.0, True, 0.0, True),
        (440.0, True, np.nan, False),
        (440.0, True, 660.0, True),
        (0.0, False, 300.0, True),
        (0.0, False, 300.0, False),
        (0.0, False, 0.0, False),
        (0.0, False, 0.0, False),
    ]
    scores = metrics.pitch_scores(*zip(*frames, strict=True))
    assert scores.raw_pitch_accuracy == pytest.approx(2 / 8)
    assert scores.raw_chroma_accuracy == pytest.approx(4 / 8)
    assert scores.voicing_recall == pytest.approx(5 / 8)
    assert scores.voicing_false_alarm == pytest.approx(1 / 4)
    assert scores.overall_accuracy == pytest.approx((1 + 3) / 12)


def test_pitch_scores_without_frames_to_judge_by():
    voiced = metrics.pitch_scores([440.0], [True], [440.0], [True])
    assert voiced[:3] == (1, 1, 1) and math.isnan(voiced.voicing_false_alarm)
    unvoiced = metrics.pitch_scores([0.0], [False], [440.0], [True])
    assert all(math.isnan(x) for x in unvoiced[:3])
    assert unvoiced[3:] == (1, 0)
    with pytest.raises(ParameterError, match=r"\(2,\)"):
        metrics.pitch_scores([440.0], [True], [440.0, 1.0], [True])
    with pytest.raises(ParameterError, match="at least 1"):
        metrics.pitch_scores([], [], [], [])


@pytest.mark.parametrize("delay", [-37, 0, 100])
def test_a_delay_is_found_and_removed(noises, delay):
    x = noises[0, :SR]
    later = np.concatenate([np.zeros(abs(delay)), x])
    a, b = (x, later) if delay >= 0 else (later, x)
    first, second = metrics.remove_delay(a, b, sr=SR)
    assert len(first) == len(second) == SR - abs(delay)
    np.testing.assert_array_equal(first, second)


def test_a_signal_shorter_than_a_window_is_measured():
    assert metrics.multi_scale_spectral(np.ones(5), np.ones(5)) == 0


@pytest.mark.parametrize("bad", [np.empty(0), np.ones((2, 5)), np.array([1.0, np.nan])])
def test_bad_signals_are_refused(bad):
    with pytest.raises(ParameterError, match="signal"):
        metrics.multi_scale_spectral(bad, np.ones(5))


def test_bad_arguments_are_refused():
    with pytest.raises(ParameterError, match="sr is 0"):
        metrics.mel_cepstral_distortion(np.ones(5), np.ones(5), sr=0)
    with pytest.raises(ParameterError, match="shapes"):
        metrics.f0_error_cents(np.ones(3), np.ones(4))
    with pytest.raises(ParameterError, match="fmin is 0 Hz"):
        metrics.track_pitch(np.ones(5), sr=SR, fmin=0, fmax=100)
    with pytest.raises(ParameterError, match="finite samples"):
        metrics.track_pitch(np.ones((2, 5)), sr=SR, fmin=50, fmax=100)
    with pytest.raises(ParameterError, match="no frame"):
        metrics.f0_error_cents(np.zeros(3), np.ones(3))


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=10, deadline=None)
def test_sounds_with_phases_of_their_own_are_left_in_place(seed):
    rng = np.random.default_rng(seed)
    t = np.arange(SR) / SR
    partials = np.arange(1, 13)[:, None]

    def tone():
        phases = 2 * np.pi * (partials * 220.3 * t + rng.random((12, 1)))
        # Phases wander, as those of a player do.
        wander = np.cumsum(rng.normal(0, 0.02, (12, SR)), axis=1)
        return (np.sin(phases + wander) / partials).sum(axis=0)

    a, b = tone(), tone()
    first, second = metrics.remove_delay(a, b, sr=SR)
    alike = max(np.corrcoef(a, np.roll(b, lag))[0, 1] for lag in range(-160, 161))
    assert alike >= 0.5 or (np.array_equal(first, a) and np.array_equal(second, b))
