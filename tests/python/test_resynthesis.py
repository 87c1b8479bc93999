"""Playing recordings through a model: what lies beyond the model's range, and silence."""

import numpy as np
import pytest

import wms

SAMPLE_RATE = 44100
MODELS = wms.factory_models()


def peak_db(sound):
    return 20 * np.log10(np.abs(sound).max() + 1e-12)


def frames_of(model, sound):
    """Analyse a sound as a model wants it."""
    return wms.analyze(np.asarray(sound, np.float32), model, sample_rate=SAMPLE_RATE)


def known_range(model):
    """Return the lowest and the highest value that each input may have."""
    statistics = model.config["input_statistics"]
    low, high = np.array(statistics["min"]), np.array(statistics["max"])
    margin = 0.5 * np.maximum(high - low, 1e-3)
    return (low - margin).astype(np.float32), (high + margin).astype(np.float32)


@pytest.fixture(scope="module")
def tone_sound():
    """Make a tone whose pitch and loudness move, with a little noise."""
    time = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    phase = 2 * np.pi * np.cumsum(180 + 20 * np.sin(3 * time)) / SAMPLE_RATE
    sound = sum(np.sin(k * phase) / k**2 for k in range(1, 12)) * (0.2 + 0.1 * np.cos(5 * time))
    sound += 1e-3 * np.random.default_rng(0).standard_normal(len(time))
    return sound


@pytest.mark.parametrize("name", MODELS)
def test_zeros_are_silent(name):
    model = wms.Model.load(f"factory:{name}")
    assert not wms.resynthesize(model, frames_of(model, np.zeros(3 * SAMPLE_RATE))).any()


@pytest.mark.parametrize("name", MODELS)
def test_an_offset_and_a_click_are_never_loud(name):
    model = wms.Model.load(f"factory:{name}")
    offset = wms.resynthesize(model, frames_of(model, np.full(3 * SAMPLE_RATE, 0.5)))
    assert peak_db(offset[9600:-9600]) < -60
    # At its beginning and its end it is a click, and no louder than in the recording.
    assert peak_db(offset) < peak_db([0.5]) - 1
    for length in (1, 8):
        click = np.zeros(3 * SAMPLE_RATE)
        click[SAMPLE_RATE : SAMPLE_RATE + length] = 0.9
        sound = wms.resynthesize(model, frames_of(model, click))
        assert peak_db(sound) < peak_db(click) - (18 if length == 1 else 9)
        assert np.sqrt(np.mean(np.square(sound))) < 2 * np.sqrt(np.mean(np.square(click)))
        assert not sound[:40000].any() and not sound[-40000:].any()


@pytest.mark.parametrize("name", MODELS)
def test_silence_within_a_recording_is_silent(name):
    model = wms.Model.load(f"factory:{name}")
    time = np.arange(SAMPLE_RATE) / SAMPLE_RATE
    tone = 0.2 * np.sin(2 * np.pi * 220 * time)
    frames = frames_of(model, np.concatenate([tone, np.zeros(SAMPLE_RATE), tone]))
    sound = wms.resynthesize(model, frames)
    assert not sound[int(48000 * 1.2) : int(48000 * 1.8)].any()
    assert peak_db(sound) > -60


def test_recordings_within_the_range_are_played_as_predicted(tone_sound):
    inside = 0
    for name in MODELS:
        model = wms.Model.load(f"factory:{name}")
        tone = frames_of(model, tone_sound)
        low, high = model.config["f0_range_hz"]
        inputs = model.inputs(tone)
        below, above = known_range(model)
        is_inside = ((inputs >= below) & (inputs <= above)).all()
        if not is_inside or tone.f0_hz.min() < low or tone.f0_hz.max() > high:
            continue
        inside += 1
        spectra, _ = model.predict(inputs)
        plain = wms.play_spectra(spectra, tone.f0_hz, tone.voicedness, layout=model, seed=5)
        assert np.array_equal(wms.resynthesize(model, tone, seed=5), plain)
    assert inside >= 3


def test_inputs_beyond_the_range_are_held(tone_sound):
    for name in MODELS:
        model = wms.Model.load(f"factory:{name}")
        tone = frames_of(model, tone_sound)

        class Strange:
            """The same frames with timbres that no recording has."""

            f0_hz = tone.f0_hz
            voicedness = tone.voicedness
            spectrum = tone.spectrum
            mfcc = tone.mfcc * 100
            mfcc_raw = tone.mfcc_raw * 100

        held = np.clip(model.inputs(Strange), *known_range(model))
        low, high = model.config["f0_range_hz"]
        mapping, pitch = model.config["f0_mapping"], model.input_names.index("pitch")
        f0_hz = np.clip(tone.f0_hz, np.float32(low), np.float32(high))
        held[:, pitch] = np.log(f0_hz - np.float32(mapping["f_low_hz"]) + np.float32(1e-4))
        spectra, _ = model.predict(held.astype(np.float32))
        sound = wms.resynthesize(model, Strange, noise=0)
        if np.array_equal(f0_hz, tone.f0_hz):
            spectra = no_louder(spectra, tone.spectrum, model.config["spectrum"])
            plain = wms.play_spectra(spectra, f0_hz, tone.voicedness, layout=model, noise=0)
            assert np.allclose(sound, plain, atol=1e-4)
        # The pitch that sounds is the recording's own, and so is the loudness at most.
        assert np.isfinite(sound).all() and peak_db(sound) < peak_db(tone_sound) + 6


def no_louder(spectra, measured, layout):
    """Scale log1p spectra, frame by frame, to at most the power measured without the offset."""
    first = -(-2 * layout["n_fft"] // layout["window_size"])
    magnitude = np.expm1(spectra)
    own, wanted = (np.square(m[:, first:]).sum(axis=1) for m in (magnitude, np.expm1(measured)))
    magnitude *= np.minimum(1, np.sqrt(wanted / own))[:, None]
    magnitude[:, :first] = 0
    return np.log1p(magnitude)
