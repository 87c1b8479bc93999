"""Directions in Python: from the training to the file, the synthesizer and the explorer."""

import copy
import json
import math
import pickle
import re

import numpy as np
import pytest

import wms
from wms._sounding import Sounding
from wms.cli import main
from wms.errors import ParameterError

pytest.importorskip("torch")

from wms import training

RATE = 16000
NAMED = ["loudness", "brightness", "breath", "odd/even balance"]


def recording() -> np.ndarray:
    """Notes whose loudness, brightness and noise change, each in its own time."""
    rng = np.random.default_rng(1)
    t = np.arange(8 * RATE) / RATE
    f0_hz = 220 * 2 ** (np.floor(t) % 4 / 12)
    phase = 2 * np.pi * np.cumsum(f0_hz) / RATE
    level = 10 ** (np.sin(2.1 * t) / 2)
    tilt = 1.2 + 0.6 * np.sin(3.7 * t)
    even = 10 ** (-0.5 + 0.5 * np.sin(5.3 * t))
    tone = sum(k**-tilt * (even if k % 2 == 0 else 1) * np.sin(k * phase) for k in range(1, 20))
    noise = rng.normal(size=len(t)) * 10 ** (-2.2 + 0.6 * np.sin(1.3 * t))
    return (0.05 * level * (tone + noise)).astype(np.float32)


@pytest.fixture(scope="module")
def frames() -> wms.Frames:
    params = wms.Params().replace(
        model_type="WMS-2", n_mfcc=40, n_fft=2048, n_fft_preserved=257, hidden_size=8
    )
    return wms.analyze(recording(), params, sample_rate=RATE)


@pytest.fixture(scope="module")
def path(frames, tmp_path_factory):
    out = tmp_path_factory.mktemp("model") / "small.safetensors"
    training.train(frames.params, frames, out=out, epochs=2, progress=False)
    return out


@pytest.fixture(scope="module")
def model(path):
    return wms.Model.load(path)


def test_training_names_and_measures_them(model, frames):
    directions = model.directions
    assert directions.names[:4] == NAMED
    assert directions.names[4:] == [f"principal {i}" for i in range(1, len(directions) - 3)]
    assert 4 < len(directions) <= 12
    again = model.with_directions(frames).directions
    for direction, other in zip(directions, again, strict=True):
        np.testing.assert_allclose(direction.vector, other.vector, rtol=1e-4, atol=1e-5)
        assert direction.low <= 0 <= direction.high
        assert direction.vector.shape == (model.input_size,)
        assert direction.vector[model.input_names.index("pitch")] == 0


def test_they_are_a_sequence_with_names_and_a_table(model):
    directions = model.directions
    assert directions[0].name == directions["loudness"].name == directions[-len(directions)].name
    assert directions["odd_even_balance"].unit == "dB"
    assert "breath" in directions
    assert "mfcc_0" not in directions
    table = repr(directions).splitlines()
    assert len(table) == 1 + len(directions)
    assert table[2].startswith("brightness") and "octaves" in table[2]
    assert repr(directions["brightness"]).startswith('Direction("brightness", -')
    with pytest.raises(IndexError):
        directions[12]
    with pytest.raises(KeyError):
        directions["warmth"]
    with pytest.raises(TypeError):
        directions[0.5]
    bell = wms.Model.load("factory:fm_bell")
    assert (len(bell.directions), repr(bell.directions)) == (0, "no directions")


def level_db(model, **timbre):
    spectra, _ = model.predict(np.tile(model.tone_inputs(220.0, **timbre), (20, 1)))
    return 10 * np.log10(np.sum(np.expm1(spectra[-1]) ** 2))


def test_loudness_and_brightness_do_what_they_say(model):
    directions = model.directions
    rest = level_db(model)
    for place in (-1.0, 0.5, 1.0):
        loudness = directions["loudness"]
        amount = place * (loudness.high if place > 0 else -loudness.low)
        assert level_db(model, loudness=place) - rest == pytest.approx(amount, abs=2.5)

    def centroid(place):
        inputs = np.tile(model.tone_inputs(220.0, brightness=place), (20, 1))
        magnitude = np.expm1(model.predict(inputs)[0][-1])
        return np.log2(np.sum(magnitude * np.arange(len(magnitude))) / np.sum(magnitude))

    spans = directions["brightness"]
    moved = centroid(1.0) - centroid(-1.0)
    assert moved == pytest.approx(spans.high - spans.low, rel=0.4)
    assert level_db(model, brightness=1.0) - level_db(model, brightness=-1.0) < 6


def sound(model, *places, **named):
    synth = wms.Synth(model, sample_rate=RATE, noise=0)
    for place in places:
        synth.set_timbre(place)
    synth.set_timbre(**named)
    synth.note_on(57, 0.9)
    return synth.process(4000)[0]


def test_the_synthesizer_takes_names_dicts_and_raw_inputs(model):
    rest = sound(model)
    brighter = sound(model, brightness=0.7)
    assert np.abs(brighter - rest).max() > 0.01 * np.abs(rest).max()
    np.testing.assert_array_equal(sound(model, {"brightness": 0.7}), brighter)
    np.testing.assert_array_equal(sound(model, brightness=5.0), sound(model, brightness=1.0))
    both = sound(model, {"odd/even balance": -0.5, "principal 1": 0.5})
    np.testing.assert_array_equal(sound(model, odd_even_balance=-0.5, principal_1=0.5), both)
    raw = np.zeros(model.input_size - 2)
    inputs = sound(model, raw, voicedness=0.9)
    assert np.abs(inputs - rest).max() > 0
    assert np.abs(sound(model, mfcc_0=1.0) - rest).max() > 0
    synth = wms.Synth(model)
    assert synth.timbre_range["brightness"] == (-1, 1)
    with pytest.raises(ParameterError, match="no direction or timbre input warmth, wanted one of"):
        synth.set_timbre(warmth=1.0)
    with pytest.raises(ParameterError, match="breath is NaN"):
        synth.set_timbre(breath=float("nan"))
    with pytest.raises(ParameterError, match="not a finite number"):
        model.tone_inputs(220.0, breath=float("inf"))
    with pytest.raises(ParameterError, match="no text"):
        synth.set_timbre({3: 1.0})


def test_they_are_kept_when_a_model_is_made_anew(model, tmp_path):
    config = {**model.config, "name": "renamed"}
    kept = wms.Model.from_state(config, model.state_dict(), like=model)
    assert kept.directions.names == model.directions.names
    assert len(wms.Model.from_state(config, model.state_dict()).directions) == 0
    kept.save(tmp_path / "half.safetensors", half=True)
    again = wms.Model.load(tmp_path / "half.safetensors")
    np.testing.assert_array_equal(again.directions[1].vector, model.directions[1].vector)


def test_they_are_pickled_and_copied(model):
    for thing in (model, model.directions, model.directions["breath"]):
        for made in (
            *(pickle.loads(pickle.dumps(thing, n)) for n in range(2, pickle.HIGHEST_PROTOCOL + 1)),
            copy.copy(thing),
            copy.deepcopy(thing),
        ):
            assert type(made) is type(thing) and made == thing and hash(made) == hash(thing)
    assert model.directions[0] != model.directions[1]
    bare = wms.Model.from_state(model.config, model.state_dict())
    # Models that differ in what moves them are not the same.
    assert bare != model
    assert bare.directions != model.directions
    again = pickle.loads(pickle.dumps(model)).directions["brightness"]
    np.testing.assert_array_equal(again.vector, model.directions["brightness"].vector)


def test_frames_that_do_not_fit_are_named(model, frames):
    silence = wms.analyze(np.zeros(RATE, np.float32), frames.params, sample_rate=RATE)
    with pytest.raises(ParameterError, match="wanted at least 50 to measure directions"):
        model.with_directions(silence)
    bell = wms.Model.load("factory:fm_bell")
    with pytest.raises(ParameterError, match="wanted"):
        bell.with_directions(frames)


def test_a_store_gives_the_same_directions(frames, tmp_path):
    wms.save_audio(tmp_path / "one.wav", recording(), RATE)
    store = wms.analyze([tmp_path / "one.wav"], frames.params)
    arrays = {
        "inputs": store.inputs,
        "targets": [store.targets[:100], store.targets[100:]],
        "f0_hz": store.f0_hz,
    }

    class Parts:
        """Frames whose spectra are in several arrays, as those of a store."""

        def __getattr__(self, name):
            return arrays[name] if name in arrays else object.__getattribute__(self, name)

    out = tmp_path / "m.safetensors"
    training.train(frames.params, store, out=out, epochs=1, progress=False)
    model = wms.Model.load(out)
    parts = model.with_directions(Parts()).directions
    for direction, other in zip(model.directions, parts, strict=True):
        np.testing.assert_allclose(direction.vector, other.vector, rtol=1e-3, atol=1e-4)


def test_of_many_frames_some_are_enough(model, frames):
    # Of 101 copies of the same frames each third counts, or whatever shares no factor with them.
    few = frames[: len(frames) // 6 * 6 - 1]
    copies = 201 if len(few) * 201 > 50_000 else 0
    step = -(-len(few) * copies // 50_000)
    assert copies and step > 1 and math.gcd(step, len(few)) == 1

    class Copies:
        inputs = np.tile(model.inputs(few), (copies, 1))
        targets = [few.targets] * copies
        f0_hz = np.tile(few.f0_hz, copies)

    many = model.with_directions(Copies()).directions
    for one, other in zip(model.with_directions(few).directions, many, strict=True):
        np.testing.assert_allclose(one.vector, other.vector, rtol=0.02, atol=0.01)

    class Wrong(Copies):
        f0_hz = Copies.f0_hz[1:]

    with pytest.raises(ParameterError, match="wanted a row and 42 inputs for each of f0_hz"):
        model.with_directions(Wrong())
    with pytest.raises(ParameterError, match="frames have no mfcc_raw"):
        model.with_directions(object())


def test_the_command_line_moves_them(path, tmp_path):
    song = tmp_path / "a4.mid"
    song.write_bytes(bytes.fromhex(
        "4d546864 00000006 0000 0001 0060 4d54726b 0000000c 00904564 60804500 00ff2f00"
    ))  # fmt: skip

    def rendered(*settings):
        out = tmp_path / "out.wav"
        given = [word for setting in settings for word in ("--set", setting)]
        words = ["render", str(song), "--model", str(path), "--out", str(out), "--overwrite"]
        assert main([*words, *given]) == 0
        return wms.load_audio(out)[0]

    rest = rendered()
    bright = rendered("brightness=1")
    assert np.abs(bright - rest).max() > 0.01 * np.abs(rest).max()
    np.testing.assert_array_equal(rendered("brightness=9"), bright)
    # Spelled as in Python's keywords, and as it is.
    spelled = rendered("odd_even_balance=-1")
    np.testing.assert_array_equal(rendered("odd/even balance=-1"), spelled)
    assert np.abs(spelled - rest).max() > 0


def test_info_and_explorer_show_them(model, path, capsys):
    assert main(["info", str(path)]) == 0
    shown = capsys.readouterr().out
    assert re.search(r"^    brightness: -\d\.\d\d to \d\.\d\d octaves \(", shown, flags=re.M)
    assert f"{len(model.directions)} directions" in shown and "(louder)" in shown
    # What nobody moves by hand is not listed; --json has it.
    assert "mfcc_3" not in shown
    assert main(["info", str(path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert "mfcc_3" in found["inputs"]
    described = found["directions"]
    assert list(described) == model.directions.names
    loudness = model.directions["loudness"]
    assert described["loudness"] == {
        "range": [loudness.low, loudness.high],
        "spread": loudness.spread,
        "unit": "dB",
        "meaning": "louder",
    }
    assert repr(model).endswith(f" bins, {len(model.directions)} directions>")
    card = model._repr_html_()
    assert "odd/even balance" in card and "mfcc_3" in card
    assert main(["info", "factory:fm_bell"]) == 0
    assert "directions" not in capsys.readouterr().out
    axes = Sounding(model).axes
    assert [axis.name for axis in axes] == [*model.directions.names, "voicedness"]
    assert (axes[0].low, axes[0].rest, axes[0].high) == (-1, 0, 1)
    sounding = Sounding(model, sample_rate=RATE)
    moved = sounding.spectrum(57, {"loudness": -1.0})
    assert np.abs(moved - sounding.spectrum(57, {})).max() > 0
    # Places of frames are given by inputs, which add to the directions.
    assert "mfcc_1" not in {axis.name for axis in axes}
    by_input = sounding.spectrum(57, {"mfcc_1": 2.0})
    assert np.abs(by_input - sounding.spectrum(57, {})).max() > 0.01
    with pytest.raises(ParameterError, match="no axis 'warmth', the model has loudness"):
        sounding.spectrum(57, {"warmth": 1.0})
    with pytest.raises(SystemExit):
        main(["render", "song.mid", "--model", str(path), "--out", "x.wav", "--set", "help"])
    assert "brightness is -1.00 to 1.00 (at rest 0.00)" in capsys.readouterr().out
    widgets = pytest.importorskip("wms._explorer_widgets")
    assert list(widgets.build(sounding).sliders)[:4] == NAMED
