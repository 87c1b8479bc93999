"""The explorer, without a browser."""

import base64
import io
import sys
import wave

import numpy as np
import pytest

import wms
from wms._sounding import Sounding, wav_data_url
from wms.errors import ParameterError, WmsError


@pytest.fixture(scope="module")
def model():
    return wms.Model.load("factory:fm_bell")


def test_axes_have_the_range_of_the_training_sound(model):
    axes = {axis.name: axis for axis in Sounding(model).axes}
    assert list(axes) == [name for name in model.input_names if name != "pitch"]
    for axis in axes.values():
        assert axis.low <= axis.rest <= axis.high
    assert axes["voicedness"].low >= 0 and axes["voicedness"].high <= 1
    statistics = model.config["input_statistics"]
    at = model.input_names.index("mfcc_1")
    spread = (statistics["max"][at] - statistics["mean"][at]) / statistics["std"][at]
    assert axes["mfcc_1"].high == pytest.approx(spread)
    wide = wms.Synth(model).timbre_range
    assert all(wide[a.name][0] <= a.low and a.high <= wide[a.name][1] for a in axes.values())


def test_the_sound_follows_timbre_and_note(model):
    sounding = Sounding(model, sample_rate=22050)
    rest = sounding.spectrum(60, {})
    assert rest.shape == (model.output_size,)
    moved = sounding.spectrum(60, {"mfcc_1": sounding.axes[1].low})
    assert np.abs(moved - rest).mean() > 0.01
    assert sounding.waveform(rest).shape == (model.config["spectrum"]["window_size"],)
    low, high = (sounding.play(note, {}, seconds=0.4) for note in (57, 69))
    assert len(low) == int(0.4 * 22050) + int(0.3 * 22050)
    for sound, f0_hz in ((low, 220.0), (high, 440.0)):
        measured = wms.yin(
            sound[:8000], fmin=80, fmax=1000, sr=22050, frame_length=2048, hop_length=512
        )
        assert np.median(measured[4:-4]) == pytest.approx(f0_hz, rel=0.01)
    assert 0.05 < np.abs(low).max() <= 1
    dull = {axis.name: axis.low for axis in sounding.axes if axis.name != "voicedness"}
    other = sounding.play(57, dull, seconds=0.4)
    assert np.abs(other - low).max() > 0.1 * np.abs(low).max()


def test_a_model_with_directions_takes_its_inputs_too():
    sounding = Sounding(wms.Model.load("factory:flute"), sample_rate=22050)
    assert "mfcc_1" not in {axis.name for axis in sounding.axes}
    rest = sounding.spectrum(72, {})
    assert np.abs(sounding.spectrum(72, {"mfcc_1": 2.0}) - rest).max() > 0.01


def test_a_place_that_is_not_there(model):
    sounding = Sounding(model)
    with pytest.raises(ParameterError, match="no axis 'brightness', the model has mfcc_0"):
        sounding.spectrum(60, {"brightness": 1.0})
    with pytest.raises(ParameterError, match="note is 128"):
        sounding.play(128, {})
    with pytest.raises(ParameterError, match="seconds is 0"):
        sounding.play(60, {}, seconds=0)


def test_sound_for_a_page():
    kind, data = wav_data_url(np.array([0, 0.5, -2], np.float32), 8000).split(",")
    assert kind == "data:audio/wav;base64"
    with wave.open(io.BytesIO(base64.b64decode(data))) as file:
        assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (8000, 1, 2)
        assert np.frombuffer(file.readframes(3), "<i2").tolist() == [0, 16384, -32767]


def test_controls_move_each_other(model):
    pytest.importorskip("anywidget")
    explorer = wms.explore(model, sample_rate=22050)
    pictures = [bytes(explorer._picture.value)]
    assert pictures[0].startswith(b"\x89PNG")

    explorer.pad.x = 0.75
    across = explorer.sliders[explorer.across.value]
    assert across.value == pytest.approx(across.min + 0.75 * (across.max - across.min), abs=0.01)
    pictures.append(bytes(explorer._picture.value))
    up = explorer.sliders[explorer.up.value]
    up.value = up.max
    assert explorer.pad.y == pytest.approx(1)
    explorer.note.value += 5
    explorer.across.value = "mfcc_3"
    assert explorer.pad.x_name == "mfcc_3"
    pictures.append(bytes(explorer._picture.value))
    assert len(set(pictures)) == 3

    explorer.rest.click()
    for axis in explorer.sounding.axes:
        assert explorer.timbre[axis.name] == pytest.approx(axis.rest, abs=0.01)
    explorer.button.click()
    assert explorer.pad.sound.startswith("data:audio/wav")


def test_one_line_says_what_is_missing(model, monkeypatch):
    monkeypatch.setitem(sys.modules, "anywidget", None)
    monkeypatch.delitem(sys.modules, "wms._explorer_widgets", raising=False)
    with pytest.raises(
        WmsError, match=r"^the explorer needs .* pip install '\.\[notebooks\]' in the checkout$"
    ):
        wms.explore(model)
