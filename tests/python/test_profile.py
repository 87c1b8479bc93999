"""The profile that suits recordings, and what `wms train` makes of it."""

from pathlib import Path

import numpy as np
import pytest

import wms
from wms.cli import main


def recording(path: Path, rate: int, seconds: float = 1.5) -> Path:
    """A tone with partials, at a rate of its own."""
    phase = 2 * np.pi * 220 * np.arange(int(seconds * rate)) / rate
    sound = sum(0.3 / k * np.sin(k * phase) for k in range(1, 8))
    wms.save_audio(path, sound, rate)
    return path


@pytest.mark.parametrize("rate", [48000, 96000, 44100])
def test_recordings_of_full_bandwidth_get_the_profile_itself(tmp_path, rate):
    path = recording(tmp_path / "a.wav", rate)
    assert wms.params_for(path) == wms.Params.profile("hifi")


@pytest.mark.parametrize("rate", [4000, 8000, 11025, 16000, 22050, 24000, 32000])
def test_recordings_of_a_lower_rate_get_a_profile_of_that_rate(tmp_path, rate):
    params = wms.params_for([recording(tmp_path / "a.wav", rate)])
    params.check_playable()
    assert params["sample_rate"] == max(rate, 8000)
    # A hop takes between 4 and 9 ms, as at 44.1 kHz, and every partial has its bins.
    assert 0.004 < params["hop_size"] / params["sample_rate"] < 0.009
    partials = (params["n_fft_preserved"] - 1) // 4
    assert partials >= min(192, params["sample_rate"] / 2 / params["f_low"])
    assert params["n_mfcc"] == params["n_mel"] < 64


def test_the_highest_rate_of_a_folder_counts_and_other_files_do_not(tmp_path):
    recording(tmp_path / "a.wav", 16000)
    recording(tmp_path / "b.wav", 22050)
    (tmp_path / "c.wav").write_bytes(b"no sound")
    assert wms.params_for(tmp_path)["sample_rate"] == 22050


@pytest.mark.parametrize(("rate", "expected"), [(6000, 8000), (10000, 11025), (40000, 44100)])
def test_a_band_that_ends_below_half_of_the_rate_lowers_the_rate(tmp_path, rate, expected):
    noise = 0.1 * np.random.default_rng(rate).standard_normal(2 * 44100)
    spectrum = np.fft.rfft(noise)
    spectrum[np.fft.rfftfreq(len(noise), 1 / 44100) > rate / 2] = 0
    narrow = np.fft.irfft(spectrum)
    both = np.stack([narrow, 0.1 * noise])
    path = tmp_path / "a.wav"
    wms.save_audio(path, both, 44100)
    assert wms.params_for(path, channel="left")["sample_rate"] == expected
    assert wms.params_for(path)["sample_rate"] == 44100
    with pytest.raises(wms.ParameterError, match='channel is "middle"'):
        wms.params_for(path, channel="middle")


def test_train_takes_the_profile_for_recordings_and_their_own_params_for_frames(tmp_path, capsys):
    path = recording(tmp_path / "a.wav", 8000, 4.0)
    out = tmp_path / "m.safetensors"
    assert main(["train", str(path), "--out", str(out), "--epochs", "1"]) == 0
    said = "there is nothing above 4 kHz in the recordings, so the model is at 8000 Hz"
    assert said in capsys.readouterr().err
    assert wms.Model.load(out).generation == "wms-2"
    frames = tmp_path / "f.safetensors"
    wms.analyze(path, wms.Params(hidden_size=7)).save(frames)
    assert main(["train", str(frames), "--out", str(out), "--epochs", "1", "--overwrite"]) == 0
    model = wms.Model.load(out)
    assert (model.generation, model.config["params"]["hidden_size"]) == ("2026-08", 7)
