"""Models and how sound is analysed for them: `model.params`, and frames of another analysis."""

import json
import re
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import wms
from wms.errors import ModelFileError, ParameterError

RATE = 44100
TONE = 0.3 * np.sin(2 * np.pi * 440 * np.arange(RATE // 4) / RATE)
BARE = Path(__file__).parents[1] / "data" / "wms_torch" / "2026-08.pth"


@pytest.fixture(scope="module")
def model():
    """A factory model that was trained on frames whose pitch YIN found, which is quick."""
    flute = wms.Model.load("factory:flute")
    params = flute.params.replace(pitch_detection_method="yin")
    return wms.Model.from_state({**flute.config, "params": dict(params)}, flute.state_dict())


@pytest.fixture(scope="module")
def frames(model):
    return wms.analyze(TONE, model, sample_rate=RATE)


def test_every_factory_model_says_its_params():
    for name in wms.factory_models():
        model = wms.Model.load(f"factory:{name}")
        params = model.params
        assert params == wms.Params.from_dict(model.config["params"])
        assert (params.sample_rate, params.hop_size) == (model.sample_rate, model.hop_size)


def test_a_model_stands_for_its_params(model, frames):
    assert frames.params == model.params
    assert model.inputs(frames).shape == (len(frames), model.input_size)
    y = wms.resynthesize(model, frames, sample_rate=RATE)
    # As long as what was analysed, up to a frame.
    assert abs(len(y) - len(TONE)) <= 2 * model.hop_size


@pytest.mark.parametrize(
    "change",
    [
        {"sample_rate": 16000},
        {"hop_size": 128},
        {"window_size": 1024, "n_fft": 1024, "n_fft_preserved": 80},
        {"n_fft": 8192},
        {"cycles_per_window": 2},
        {"n_mfcc": 14},
        {"n_mel": 80},
        {"f_low": 60},
        {"pitch_detection_method": "pyin"},
        {"compatibility": "main", "include_voicedness": False},
    ],
    ids=lambda change: next(iter(change)),
)
def test_frames_of_another_analysis_are_refused(model, change):
    params = model.params.replace(**change)
    other = wms.analyze(TONE, params, sample_rate=RATE)
    key = next(key for key in change if params[key] != model.params[key])
    given, wanted = (re.escape(json.dumps(each[key])) for each in (params, model.params))
    told = rf"analysed with {key} {given}, wanted {wanted}, .*wms\.analyze\(sound, model\)"
    for use in (model.inputs, lambda frames: wms.resynthesize(model, frames)):
        with pytest.raises(ParameterError, match=told):
            use(other)
    # As the command line does with --params.
    with pytest.raises(ModelFileError, match=r"but the params (say|ask for) "):
        wms.Model.load("factory:flute", {**params, "pitch_detection_method": "crepe"} | change)


@pytest.mark.parametrize("change", [{"seed": 3}, {"f_high": 1500}, {"hidden_size": 8}])
def test_what_does_not_change_the_inputs_is_not_compared(model, change):
    frames = wms.analyze(TONE, model.params.replace(**change), sample_rate=RATE)
    assert np.isfinite(model.inputs(frames)).all()


def test_frames_that_do_not_say_their_analysis_are_played(model, frames):
    bare = SimpleNamespace(
        f0_hz=frames.f0_hz, voicedness=frames.voicedness, mfcc_raw=frames.mfcc_raw
    )
    np.testing.assert_array_equal(model.inputs(bare), model.inputs(frames))
    # A mapping says what it has.
    bare.params = {"hop_size": frames.params.hop_size}
    model.inputs(bare)
    bare.params = {"hop_size": 1.5}
    with pytest.raises(ParameterError, match=r"hop_size 1\.5"):
        model.inputs(bare)


def test_a_network_that_does_not_say_its_analysis_is_played_with_a_warning():
    with pytest.warns(UserWarning, match="assumed"):
        network = wms.Model.load(BARE)
    quick = network.params.replace(pitch_detection_method="yin")
    y = TONE[::2]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        network.inputs(wms.analyze(y, quick, sample_rate=22050))
    other = wms.analyze(y, quick.replace(hop_size=128), sample_rate=22050)
    with pytest.warns(UserWarning, match=r"hop_size 128, but 256 was assumed.*a params\.json"):
        assert wms.resynthesize(network, other).size > 0


def test_a_network_with_its_params_compares_those_that_it_says(tmp_path):
    # wms_torch's own files have no key of this project.
    params = wms.Params(pitch_detection_method="pyin", n_fft_preserved=20)
    own = {key["name"] for key in wms.Params.table() if key["required"]}
    (tmp_path / "params.json").write_text(json.dumps({k: params[k] for k in own}))
    (tmp_path / "model.pth").write_bytes(BARE.read_bytes())
    with pytest.warns(UserWarning, match="assumed"):
        network = wms.Model.load(tmp_path / "model.pth")
    assert network.params == params
    y = TONE[::2]
    network.inputs(wms.analyze(y, params.replace(compatibility="main"), sample_rate=22050))
    with pytest.raises(ParameterError, match="hop_size 128, wanted 256"):
        network.inputs(wms.analyze(y, params.replace(hop_size=128), sample_rate=22050))


def test_names_and_paths_stand_for_models(model, frames, tmp_path):
    model.save(tmp_path / "m.safetensors")
    for given in (tmp_path / "m.safetensors", str(tmp_path / "m.safetensors"), "factory:flute"):
        synth = wms.Synth(given)
        synth.note_on(69)
        played = synth.process(1000)
        synth = wms.Synth(model)
        synth.note_on(69)
        np.testing.assert_array_equal(played, synth.process(1000))
        synth.set_model(given)
    assert wms.resynthesize(tmp_path / "m.safetensors", frames).size > 0
    with pytest.raises(ParameterError, match=r"model is a int, wanted a wms\.Model, the path"):
        wms.Synth(3)
    with pytest.raises(ParameterError, match="there is no factory model"):
        wms.Synth("factory:no")
    with pytest.raises(wms.FileAccessError, match=r"no\.safetensors"):
        wms.Synth("no.safetensors")
