"""`wms.Params` as a mapping with attributes, and what is taken in its place."""

import json
import re
from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import wms
from training_helpers import made_up_frames
from wms.errors import FileAccessError, ParameterError
from wms.training import TrainSettings, train

RATE = 16000
TONE = 0.5 * np.sin(2 * np.pi * 220 * np.arange(RATE // 4) / RATE)
YIN = {"pitch_detection_method": "yin", "n_mfcc": 5}


def test_params_are_a_mapping_like_their_dict():
    params = wms.Params(hop_size=128, train_minutes=None)
    values = params.to_dict()
    assert isinstance(params, Mapping)
    assert dict(params) == values == {**params}
    assert list(params) == list(values) and len(params) == len(values)
    assert list(params.keys()) == list(values)
    assert list(params.values()) == list(values.values())
    assert list(params.items()) == list(values.items())
    assert wms.Params(**params) == params
    match params:
        case {"hop_size": hop_size}:
            assert hop_size == 128
        case _:
            pytest.fail("params do not match a pattern of a mapping")


def test_a_key_that_is_missing_is_one_like_in_a_dict():
    params = wms.Params()
    assert "hop_size" in params and "hop_sise" not in params and 7 not in params
    assert params.get("hop_size") == params["hop_size"]
    assert params.get("hop_sise") is None and params.get("hop_sise", 3) == params.get(7, 3) == 3
    for key in ("hop_sise", 7, None):
        with pytest.raises(KeyError, match=re.escape(repr(key))):
            params[key]


def test_every_key_is_an_attribute():
    params = wms.Params(hop_size=128)
    for key, value in params.items():
        assert getattr(params, key) == value
        assert key in dir(params)
    assert "replace" in dir(params)
    assert not set(params) & set(dir(wms.Params)), "a method hides a key"
    with pytest.raises(AttributeError, match='no "hop_sise"; did you mean "hop_size"'):
        _ = params.hop_sise
    with pytest.raises(AttributeError):
        params.hop_size = 64


def test_notes_are_kept_in_files_but_are_no_keys(tmp_path):
    values = wms.Params().to_dict() | {"hop_size_comment": "small"}
    params = wms.Params.from_dict(values)
    assert "hop_size_comment" not in params and params.get("hop_size_comment") is None
    assert params == wms.Params() and hash(params) == hash(wms.Params())
    params.save(tmp_path / "p.json")
    assert json.loads((tmp_path / "p.json").read_text())["hop_size_comment"] == "small"


@given(
    st.sampled_from(["f_low", "learning_rate", "momentum", "hop_size", "seed"]),
    st.integers(40, 400) | st.floats(0.125, 0.5) | st.just(0) | st.just(-0.0),
)
def test_values_decide_what_is_equal_and_hashes_agree(key, value):
    try:
        params = wms.Params(**{key: value})
    except ParameterError:
        return
    assert params == wms.Params(**{key: value})
    if key in ("f_low", "learning_rate", "momentum"):
        same = wms.Params(**{key: float(value)})
        assert params == same and hash(params) == hash(same) and len({params, same}) == 1
    other = params.replace(n_mfcc=params.n_mfcc + 1)
    assert params != other and len({params, other}) == 2


def test_params_are_unequal_to_other_things():
    assert wms.Params() != wms.Params(seed=2**32 - 1)
    for other in (None, 3, "default", {}):
        assert wms.Params() != other


def test_load_takes_a_profile_or_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert wms.Params.load("hifi") == wms.Params.profile("hifi")
    # A folder of this name is not in the way, a file is.
    (tmp_path / "default").mkdir()
    assert wms.Params.load("default") == wms.Params()
    wms.Params(hop_size=128).save("hifi")
    assert wms.Params.load("hifi").hop_size == 128
    with pytest.raises(ParameterError, match=r'no profile "lofi", .*default, hifi, or the path of'):
        wms.Params.load("lofi")
    for name in ("lofi.json", "folder/lofi"):
        with pytest.raises(FileAccessError, match=f"{name}: No such file"):
            wms.Params.load(name)


def equivalents(tmp_path):
    """Params, and everything that stands for them."""
    params = wms.Params(**YIN)
    params.save(tmp_path / "p.json")
    yield params
    yield YIN
    yield dict(params)
    yield tmp_path / "p.json"
    yield str(tmp_path / "p.json")


def test_everything_that_stands_for_params_is_taken(tmp_path):
    wms.save_audio(tmp_path / "tone.wav", TONE, RATE)
    params = wms.Params(**YIN)
    for number, given_params in enumerate(equivalents(tmp_path)):
        frames = wms.analyze(TONE, given_params, sample_rate=RATE)
        assert frames.params == params
        store = wms.Store.update(tmp_path / f"s{number}", tmp_path / "tone.wav", given_params)
        assert store.params == params
        assert TrainSettings.from_params(given_params) == TrainSettings.from_params(params)
    assert wms.analyze(TONE, "hifi", sample_rate=RATE).params == wms.Params.profile("hifi")
    frames = wms.analyze(TONE, sample_rate=RATE)
    sound = wms.play_spectra(frames.spectrum, frames.f0_hz, layout="default")
    np.testing.assert_array_equal(
        sound, wms.play_spectra(frames.spectrum, frames.f0_hz, layout=frames.params)
    )


def test_training_takes_the_name_of_a_profile():
    frames = made_up_frames(300)
    named = train("default", frames, epochs=1, progress=False)
    given_whole = train(wms.Params(), frames, epochs=1, progress=False)
    for a, b in zip(named.network.parameters(), given_whole.network.parameters(), strict=True):
        assert a.equal(b)


@pytest.mark.parametrize("wrong", [3, 2.5, ["hop_size"], object()])
def test_what_does_not_stand_for_params_is_refused_in_the_same_words(wrong, tmp_path):
    wanted = r"params is a \w+, wanted .*name of a profile or the path of a params\.json"
    with pytest.raises(ParameterError, match=wanted):
        wms.analyze(TONE, wrong, sample_rate=RATE)
    with pytest.raises(ParameterError, match=wanted):
        wms.Store.update(tmp_path / "s", tmp_path, wrong)
    with pytest.raises(ParameterError, match=wanted):
        TrainSettings.from_params(wrong)


def test_a_dict_of_changes_is_checked_and_warned_of():
    with pytest.raises(ParameterError, match='did you mean "hop_size"'):
        wms.analyze(TONE, {"hop_sise": 128}, sample_rate=RATE)
    with pytest.raises(ParameterError, match='"f_low" is nan'):
        wms.analyze(TONE, {"f_low": float("nan")}, sample_rate=RATE)
    with pytest.warns(UserWarning, match='"power": 2.0 has no effect'):
        wms.analyze(TONE, {**YIN, "power": 2.0}, sample_rate=RATE)
