"""One table of params: the program's, the docs' and the training's; and what can be played."""

import dataclasses
import json
import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import wms
from training_helpers import made_up_frames
from wms.cli import main
from wms.errors import ParameterError
from wms.training import TrainSettings, train

PUBLISHED = Path(__file__).resolve().parents[1] / "data" / "wms_torch_params.json"
TABLE = {key["name"]: key for key in wms.Params.table()}


def test_the_table_describes_every_key():
    assert list(TABLE) == list(wms.Params().to_dict())
    for key in TABLE.values():
        assert key["meaning"].endswith(".") and key["section"] and key["wanted"]
        assert wms.Params(**{key["name"]: key["default"]})
        if key["kind"] in ("number", "whole number"):
            beyond = {key["name"]: key["high"] + 1}
            with pytest.raises(ParameterError, match=f'"{key["name"]}" is .*, wanted '):
                wms.Params().replace(**beyond)


def test_training_takes_defaults_types_and_meanings_from_the_table():
    settings = TrainSettings()
    for field in dataclasses.fields(TrainSettings):
        key = TABLE[field.name]
        assert getattr(settings, field.name) == key["default"]
        assert ("None" in field.type) == key["nullable"]
        kind = {"int": "whole number", "float": "number", "bool": "switch", "str": "choice"}
        assert kind[field.type.removesuffix(" | None")] == key["kind"]
        assert f"{field.name} : {key['wanted'][:20].replace('null', 'None')}" in settings.__doc__


@pytest.mark.parametrize(
    "wrong",
    [
        {"hidden_size": 8193},
        {"momentum": 1.0},
        {"training_seq_length": 1},
        {"validation_fraction": 0.0},
        {"input_noise": 11.0},
        {"learning_rate": 2e3},
        {"learning_rate": math.nan},
        {"criterion": "L7"},
        {"hiden_size": 8},
    ],
)
def test_a_dict_is_checked_in_the_same_words_as_params(wrong):
    frames = made_up_frames(200)
    with pytest.raises(ParameterError) as by_params:
        wms.Params(**wrong)
    with pytest.raises(ParameterError) as by_training:
        train({**frames.params, **wrong}, frames, progress=False)
    assert str(by_training.value) == str(by_params.value)
    assert "\n" not in str(by_params.value)


def test_the_published_params_never_warn():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        published = wms.Params.load(PUBLISHED)
        published.check_playable()
        assert TrainSettings.from_params(published).batch_size == published["batch_size"]
        assert TrainSettings.from_params(json.loads(PUBLISHED.read_text())).hidden_size == 256


def test_a_key_without_effect_is_warned_of_when_it_is_set():
    with pytest.warns(UserWarning, match='"power": 2.0 has no effect'):
        params = wms.Params(power=2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert params.replace(hop_size=128)["power"] == 2.0


UNPLAYABLE = [
    {"cycles_per_window": 0},
    {"cycles_per_window": None},
    {"hop_size": 65537},
    {"n_fft": 131073},
    {"n_fft_preserved": 2},
    {"hidden_size": 8192},
]


@pytest.mark.parametrize("changes", UNPLAYABLE, ids=str)
def test_training_refuses_before_it_starts_what_could_not_be_played(changes, tmp_path, capsys):
    ((key, value),) = changes.items()
    message = f'"{key}" is {json.dumps(value)}, wanted .*for a model that can be played'
    params = wms.Params(**changes)
    with pytest.raises(ParameterError, match=message):
        params.check_playable()
    # With frames, and before there are any: the recording does not even exist.
    frames = made_up_frames(200, **changes)
    with pytest.raises(ParameterError, match=message):
        train(frames.params, frames, progress=pytest.fail)
    missing = str(tmp_path / "none.wav")
    with pytest.raises(ParameterError, match=message):
        train(params.replace(audio_files_path=missing), progress=pytest.fail)
    params.save(tmp_path / "p.json")
    out = tmp_path / "m.safetensors"
    arguments = ["train", missing, "--out", str(out), "--params", str(tmp_path / "p.json")]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert f'"{key}"' in error and error.count("\n") == 1 and not out.exists()


RATES = (8000, 16000, 22050)


@st.composite
def moderate_params(draw):
    """Keys of moderate size; most combinations are legal, some are not."""
    rate = draw(st.sampled_from(RATES))
    window = draw(st.sampled_from((256, 512, 1024, 2048)))
    n_fft = draw(st.sampled_from((window, window + 6, 2 * window)))
    method = draw(st.sampled_from(("yin", "pyin", "crepe")))
    return {
        "sample_rate": rate,
        "window_size": window,
        "n_fft": n_fft,
        "hop_size": draw(st.integers(64, 512)),
        "n_fft_preserved": draw(st.none() | st.integers(1, n_fft // 2 + 1)),
        "cycles_per_window": draw(st.sampled_from((1, 2, 3, 4, 8, 0, None))),
        "n_mfcc": draw(st.integers(1, 24)),
        "n_mel": draw(st.integers(20, 64)),
        "f_low": draw(st.integers(30, 200)),
        "f_high": draw(st.integers(400, 3000)),
        "pitch_detection_method": method,
        "include_voicedness": draw(st.booleans()),
        "mfcc_dim_reduction": draw(st.sampled_from(("", "", "", "pacmap"))),
        "compatibility": draw(st.sampled_from((None, None, None, None, "main", "dev"))),
        "hidden_size": draw(st.integers(1, 48)),
        "criterion": draw(st.sampled_from(TABLE["criterion"]["choices"])),
        "optimizer": draw(st.sampled_from(TABLE["optimizer"]["choices"])),
        "amsgrad": draw(st.booleans()),
        "learning_rate": draw(st.floats(1e-6, 1e-2)),
        "weight_decay": draw(st.floats(0.0, 0.5)),
        "lr_schedule": draw(st.sampled_from(TABLE["lr_schedule"]["choices"])),
        "warmup_steps": draw(st.integers(0, 3)),
        "dropout": draw(st.floats(0.0, 0.9)),
        "batch_size": draw(st.integers(1, 64)),
        "training_seq_length": draw(st.integers(2, 30)),
        "sequence_stride": draw(st.none() | st.integers(1, 30)),
        "validation_fraction": draw(st.floats(0.05, 0.5)),
        "validation_stretch_s": draw(st.floats(0.05, 1.0)),
        "grad_clip_norm": draw(st.none() | st.floats(1e-3, 10.0)),
        "ema_decay": draw(st.sampled_from((0.0, 0.9, 0.98))),
        "input_noise": draw(st.floats(0.0, 0.5)),
        "random_gain_db": draw(st.floats(0.0, 10.0)),
        "normalise_inputs": draw(st.booleans()),
        "huber_delta": draw(st.none() | st.floats(1e-4, 1.0)),
        "smoothness_weight": draw(st.floats(0.0, 1.0)),
        "min_voicedness": draw(st.sampled_from((0.0, 0.0, 0.3))),
    }


def melody(rate):
    """Three seconds of three gliding notes with partials, and some noise."""
    t = np.arange(3 * rate) / rate
    f0_hz = 220 * 2 ** (np.floor(t) * 4 / 12 + 0.02 * np.sin(10 * t))
    phase = 2 * np.pi * np.cumsum(f0_hz) / rate
    tone = sum(np.sin(k * phase) / k for k in range(1, 6))
    noise = np.random.default_rng(0).standard_normal(len(t))
    return (0.2 * tone * (0.6 + 0.4 * np.sin(6 * t)) + 0.001 * noise).astype(np.float32)


OUTCOMES = {"played": 0, "refused": 0}


@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
@given(changes=moderate_params())
def one_step(folder, changes):
    trained = []
    path = folder / "m.safetensors"
    try:
        params = wms.Params(**changes)
        params.check_playable()
        rate = params["sample_rate"]
        frames = wms.analyze(melody(rate), params, sample_rate=rate)
        one_batch = {"num_batches": 1, "num_epochs": 1}
        train(
            params.replace(**one_batch),
            frames,
            out=path,
            overwrite=True,
            progress=trained.append,
        )
    except ParameterError as error:
        # In one line, and before the first step.
        assert "\n" not in str(error) and not trained
        OUTCOMES["refused"] += 1
        return
    model = wms.Model.load(path)
    sound = wms.resynthesize(model, frames, sample_rate=16000)
    assert len(sound) and np.isfinite(sound).all()
    synth = wms.Synth(model, sample_rate=48000)
    synth.note_on(57)
    assert np.isfinite(synth.process(4800)).all()
    OUTCOMES["played"] += 1


def test_whatever_is_accepted_trains_into_a_model_that_plays(tmp_path):
    one_step(tmp_path)
    assert OUTCOMES["played"] >= 5 and OUTCOMES["refused"] >= 2, OUTCOMES
