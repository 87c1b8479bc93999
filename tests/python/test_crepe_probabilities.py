"""The CREPE network by itself. Its numbers are compared with torchcrepe's in `tests/crepe.rs`."""

import numpy as np
import pytest

import wms


def tone(hz, rate, seconds=0.4):
    t = np.arange(int(seconds * rate)) / rate
    return sum(np.sin(2 * np.pi * hz * k * t) / k for k in range(1, 6)).astype(np.float32)


@pytest.mark.parametrize("rate", [16000, 44100])
def test_the_likeliest_bin_is_the_tone(rate):
    probabilities = wms.crepe_probabilities(tone(220, rate), sr=rate, hop_length=441)
    assert probabilities.dtype == np.float32
    assert probabilities.shape == (1 + int(0.4 * rate) // 441, 360)
    assert probabilities.min() >= 0
    assert probabilities.max() <= 1
    cents = 1200 * np.log2(220 / 10) - 1997.3794084376191
    inner = probabilities[4:-4]
    assert np.abs(20 * inner.argmax(axis=1) - cents).max() < 25
    assert inner.max(axis=1).min() > 0.5


def test_agrees_with_the_decoder_that_takes_them_as_they_are():
    y = tone(330, 16000)
    search = {"sr": 16000, "fmin": 32, "fmax": 2000, "hop_length": 256}
    _, periodicity = wms.crepe(y, **search, decoder="argmax")
    probabilities = wms.crepe_probabilities(y, sr=16000, hop_length=256)
    np.testing.assert_array_equal(probabilities.max(axis=1), periodicity)


def test_a_hop_of_nothing():
    with pytest.raises(wms.errors.ParameterError, match="hop_length is 0"):
        wms.crepe_probabilities(np.zeros(100, np.float32), sr=16000, hop_length=0)
