"""A gain put on analysed frames is what the analysis of louder sound gives."""

import math

import numpy as np
import pytest
import torch

import wms
from training_helpers import made_up_frames
from wms.training.augment import RandomGain

RATE = 16000


def sound() -> np.ndarray:
    time_s = np.arange(RATE) / RATE
    partials = sum(np.sin(2 * np.pi * 220 * k * time_s) / k for k in range(1, 9))
    noise = np.random.default_rng(0).standard_normal(RATE)
    return (0.05 * partials + 0.002 * noise).astype(np.float32)


@pytest.mark.parametrize("compatibility", [None, "main", "dev"])
def test_a_gain_gives_the_frames_of_louder_sound(compatibility):
    params = wms.Params(pitch_detection_method="pyin", compatibility=compatibility)
    frames = wms.analyze(sound(), params, sample_rate=RATE)
    gain = RandomGain(frames, 6.0)
    torch.manual_seed(0)
    x, y = torch.tensor(frames.inputs)[None], torch.tensor(frames.targets)[None]
    before = x.clone()
    moved, spectra = gain(x, y)
    assert torch.equal(x, before)
    torch.manual_seed(0)
    gain_db = 6.0 * float(torch.randn(1))
    louder = wms.analyze(sound() * 10 ** (gain_db / 20), params, sample_rate=RATE)
    # Standardised as the frames before the gain were.
    expected = (louder.mfcc_raw - frames.scaler.mean) / frames.scaler.scale
    count = expected.shape[1]
    np.testing.assert_allclose(moved[0, 2:-8, :count], expected[2:-8], atol=2e-3)
    np.testing.assert_array_equal(moved[0, :, count:], x[0, :, count:])
    np.testing.assert_allclose(spectra[0, 2:-8], louder.targets[2:-8], atol=1e-3)


def test_gains_are_as_far_apart_as_asked_and_one_a_sequence():
    frames = made_up_frames(40)
    x, y = torch.zeros(4000, 3, 4), torch.zeros(4000, 3, 6)
    moved, _ = RandomGain(frames, 5.0)(x, y)
    assert torch.equal(moved[:, 0], moved[:, 2])
    step = math.sqrt(40) / frames.scaler.scale[0]
    assert float(moved[:, 0, 0].std()) == pytest.approx(5 * step, rel=0.05)


def test_reduced_mfcc_and_no_spread_are_left_alone():
    x, y = torch.ones(2, 3, 4), torch.ones(2, 3, 6)
    reduced = RandomGain(made_up_frames(40, mfcc_dim_reduction="pacmap"), 5.0)
    for gain in (reduced, RandomGain(made_up_frames(40), 0.0)):
        assert all(a is b for a, b in zip(gain(x, y), (x, y), strict=True))
