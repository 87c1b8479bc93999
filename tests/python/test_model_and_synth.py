"""Models and the instrument, from Python."""

import json
import os
import pickle
import threading
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import wms
from wms.errors import FileAccessError, ModelFileError, ParameterError

DATA = Path(__file__).resolve().parents[1] / "data" / "networks"


def read_safetensors(path):
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    body = raw[8 + size :]
    header.pop("__metadata__", None)
    return {
        name: np.frombuffer(body[slice(*t["data_offsets"])], np.float32).reshape(t["shape"])
        for name, t in header.items()
    }


def write_safetensors(path, tensors, metadata):
    header, body = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        data = np.ascontiguousarray(tensor, np.float32).tobytes()
        offsets = [len(body), len(body) + len(data)]
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": offsets}
        body += data
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + body)


IO = read_safetensors(DATA / "2026-08.io.safetensors")
PARAMS = {
    "n_mfcc": 8,
    "include_voicedness": True,
    "n_fft_preserved": 80,
    "window_size": 1024,
    "n_fft": 1024,
    "cycles_per_window": 2,
    "sample_rate": 16000,
    "hop_size": 256,
}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    x = IO["x_feat"]
    config = {
        "generation": "2026-08",
        "name": "golden",
        "input_names": [*(f"mfcc_{i}" for i in range(8)), "pitch", "voicedness"],
        "scaler": {"mean": [0.5] * 8, "scale": [2.0] * 8},
        "f0_mapping": {"kind": "log_offset", "f_low_hz": 46.0, "offset": 1e-4},
        "f0_range_hz": [60.0, 1500.0],
        "input_statistics": {
            key: getattr(x, key)(axis=0).astype(float).tolist()
            for key in ("min", "max", "mean", "std")
        },
        "spectrum": {
            "domain": "log1p",
            "window_size": 1024,
            "n_fft": 1024,
            "n_bins": 80,
            "cycles_per_window": 2,
        },
        "sample_rate": 16000,
        "hop_size": 256,
        "params": PARAMS,
        "provenance": {"made": "by a test"},
    }
    file = tmp_path_factory.mktemp("model") / "golden.safetensors"
    weights = read_safetensors(DATA / "2026-08.weights.safetensors")
    metadata = {"format": "wms-model", "version": "1", "config": json.dumps(config)}
    write_safetensors(file, weights, metadata)
    return file


@pytest.fixture(scope="module")
def model(path):
    return wms.Model.load(path)


@pytest.fixture
def frames():
    t = 60
    return SimpleNamespace(
        mfcc_raw=np.zeros((t, 8), np.float32) + np.float32(0.5),
        f0_hz=np.full(t, 220.0, np.float32),
        voicedness=np.full(t, 0.9, np.float32),
    )


def test_model_tells_what_it_is(model):
    assert (model.generation, model.name) == ("2026-08", "golden")
    assert (model.input_size, model.output_size) == (10, 80)
    assert (model.sample_rate, model.hop_size) == (16000, 256)
    assert model.input_names[8:] == ["pitch", "voicedness"]
    assert model.config["provenance"] == {"made": "by a test"}
    assert "golden" in repr(model)


def test_predict_is_pytorchs_forward_and_carries_on(model):
    x, y = IO["x_feat"], IO["y_feat"]
    got, state = model.predict(x)
    assert got.dtype == np.float32
    assert np.abs(got - y).max() < 1e-5
    assert np.abs(state - IO["hn_feat"]).max() < 1e-5
    first, state = model.predict(x[:77].astype(np.float64))
    second, _ = model.predict(np.asfortranarray(x[77:]), state)
    np.testing.assert_array_equal(np.concatenate([first, second]), got)


def test_save_and_load(model, path, tmp_path):
    copy = tmp_path / "copy.safetensors"
    model.save(copy)
    half = tmp_path / "half.safetensors"
    model.save(half, half=True)
    halved = wms.Model.load(half).state_dict()
    for name, tensor in model.state_dict().items():
        np.testing.assert_allclose(halved[name], tensor, rtol=5e-4, atol=1e-7)
    half.unlink()
    again = wms.Model.load(str(copy), params=PARAMS)
    assert again.config == model.config
    np.testing.assert_array_equal(again.predict(IO["x_rand"])[0], model.predict(IO["x_rand"])[0])
    assert [p.name for p in tmp_path.iterdir()] == ["copy.safetensors"]
    with pytest.raises(FileAccessError):
        model.save(tmp_path / "no" / "folder.safetensors")


OLD = DATA.parent / "wms_torch"


@pytest.mark.parametrize("generation", ["2024-05", "2024-11-early", "2024-11", "2026-08"])
def test_wms_torchs_files_are_read_and_assumptions_named(generation):
    io = read_safetensors(OLD / f"{generation}.io.safetensors")
    for ending in ("pth", "json"):
        with pytest.warns(UserWarning, match="assumed: .*cycles_per_window 2"):
            model = wms.Model.load(OLD / f"{generation}.{ending}")
        assert model.generation == generation
        first, state = model.predict(io["x"][:11])
        rest, state = model.predict(io["x"][11:], state)
        np.testing.assert_allclose(np.concatenate([first, rest]), io["y"], atol=1e-5)
        if "hn" in io:
            np.testing.assert_allclose(state, io["hn"], atol=1e-5)


def test_a_model_of_wms_torch_plays_with_params_and_standardised_frames(tmp_path, frames):
    params = {**PARAMS, "n_fft_preserved": 20, "hop_size": 128, "f_low": 60}
    with pytest.warns(UserWarning) as warned:
        model = wms.Model.load(OLD / "2026-08.pth", params)
    assert "standardised" in str(warned[0].message)
    assert "hop_size" not in str(warned[0].message)
    assert model.hop_size == 128
    assert model.config["f0_mapping"]["f_low_hz"] == 60
    with pytest.raises(ParameterError, match="frames have no mfcc"):
        model.inputs(frames)
    frames.mfcc = np.full_like(frames.mfcc_raw, 0.25)
    assert (model.inputs(frames)[:, :8] == 0.25).all()
    sound = wms.resynthesize(model, frames)
    assert np.abs(sound).max() > 0
    with pytest.raises(ModelFileError, match="ask for 10 and 80"):
        wms.Model.load(OLD / "2026-08.pth", PARAMS)


def test_hostile_pickles_are_not_executed(tmp_path):
    class Hostile:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'executed'}",)

    file = tmp_path / "hostile.pth"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("m/data.pkl", pickle.dumps({"a": Hostile()}, protocol=2))
    with pytest.raises(ModelFileError, match=r"system, but only .* nothing is executed"):
        wms.Model.load(file)
    assert not (tmp_path / "executed").exists()


def test_decay_and_sustain_shape_a_note(model):
    levels = {}
    for sustain in (1.0, 0.25):
        synth = wms.Synth(model, noise=0.0, decay_s=0.05, sustain=sustain)
        synth.note_on(60)
        late = synth.process(48000)[0, 24000:]
        levels[sustain] = float(np.sqrt(np.mean(np.square(late))))
    assert levels[0.25] / levels[1.0] == pytest.approx(0.25, rel=0.01)
    with pytest.raises(ParameterError, match="sustain"):
        wms.Synth(model, sustain=1.5)
    with pytest.raises(ParameterError, match="decay"):
        wms.Synth(model, decay_s=-1.0)


def test_bad_model_files_are_one_line(path, tmp_path):
    bad = tmp_path / "bad.safetensors"
    for content in (b"", b"RIFF1234WAVE", path.read_bytes()[:-4]):
        bad.write_bytes(content)
        with pytest.raises(ModelFileError, match=r"bad\.safetensors: [^\n]+$"):
            wms.Model.load(bad)
    with pytest.raises(OSError, match="missing"):
        wms.Model.load(tmp_path / "missing.safetensors")
    with pytest.raises(ModelFileError, match=r"10 inputs .* 14"):
        wms.Model.load(path, PARAMS | {"n_mfcc": 12})
    with pytest.raises(ModelFileError, match=r"10 inputs .* 14"):
        wms.Model.load(path, SimpleNamespace(to_dict=lambda: PARAMS | {"n_mfcc": 12}))
    with pytest.raises(ParameterError, match="params is a int, wanted Params, a dict"):
        wms.Model.load(path, 3)


def test_inputs_are_scaled_and_mapped(model, frames):
    frames.mfcc_raw[3] = 4.5
    frames.f0_hz[3] = 146.0
    x = model.inputs(frames)
    assert x.shape == (60, 10)
    np.testing.assert_allclose(x[3], [2.0] * 8 + [np.log(100.0001), 0.9], rtol=1e-6)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"mfcc_raw": np.zeros((60, 7))}, "8 a frame"),
        ({"mfcc_raw": np.zeros(480)}, "2 dimensions"),
        ({"f0_hz": np.zeros(59)}, "60 rows"),
        ({"f0_hz": np.full(60, np.nan)}, "frame 0"),
        ({"voicedness": np.zeros(1)}, "voicedness"),
        ({"voicedness": np.array(["a"] * 60)}, "<U1, wanted real numbers"),
    ],
)
def test_bad_frames_are_named(model, frames, change, message):
    for name, value in change.items():
        setattr(frames, name, value)
    for call in (model.inputs, lambda f: wms.resynthesize(model, f)):
        with pytest.raises(ParameterError, match=message):
            call(frames)


def test_bad_arrays_are_named(model):
    for x in (np.zeros((3, 9)), np.zeros(10), np.zeros((1, 10), complex), [[1, 2], [3]], "x"):
        with pytest.raises(ParameterError):
            model.predict(x)
    with pytest.raises(ParameterError, match="frame 1 is NaN"):
        model.predict([[0.0] * 10, [np.nan] * 10])
    with pytest.raises(ParameterError, match="state has shape"):
        model.predict(np.zeros((1, 10)), np.zeros((2, 256)))


def test_a_note_sounds_at_its_pitch_and_dies_away(model):
    synth = wms.Synth(model, sample_rate=44100, noise=0.0)
    synth.note_on(69, velocity=0.8)
    y = synth.process(44100)
    assert y.shape == (2, 44100)
    assert y.dtype == np.float32
    spectrum = np.abs(np.fft.rfft(y[0, 10000:] * np.hanning(34100)))
    lowest = np.flatnonzero(spectrum > 0.05 * spectrum.max())[0] * 44100 / 34100
    assert abs(lowest - 440) < 4
    synth.note_off(69)
    synth.process(10000)
    assert synth.active_voices == 0
    assert not synth.process(100).any()


def test_blocks_buffers_and_threads_agree(model):
    def play(sizes):
        synth = wms.Synth(model, seed=5)
        synth.set_timbre(voicedness=0.3)
        synth.note_on(50)
        parts = []
        for size in sizes:
            out = np.empty((2, size), np.float32)
            synth.process_into(out)
            parts.append(out)
        return np.concatenate(parts, axis=1)

    whole = play([6000])
    results = {}
    threads = [
        threading.Thread(target=lambda n=n: results.update({n: play([n] * (6000 // n))}))
        for n in (1, 48, 500)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in results.values():
        np.testing.assert_array_equal(other, whole)


def test_bad_instrument_arguments_are_named(model):
    synth = wms.Synth(model)
    for call in (
        lambda: synth.note_on(128),
        lambda: synth.note_on(60, velocity=float("nan")),
        lambda: synth.note_off(60, channel=16),
        lambda: synth.pitch_bend(1e30),
        lambda: synth.set_timbre(np.zeros(3)),
        lambda: synth.set_timbre(np.full(8, np.nan)),
        lambda: synth.set_timbre(brightness=1.0),
        lambda: synth.set_timbre(mfcc_0="high"),
        lambda: synth.process_into(np.zeros((2, 10))),
        lambda: synth.process_into(np.zeros((2, 20), np.float32)[:, ::2]),
        lambda: synth.process_into([[0.0], [0.0]]),
        lambda: wms.Synth(model, sample_rate=0),
        lambda: wms.Synth(model, max_voices=0),
        lambda: wms.Synth(model, noise=-1),
    ):
        with pytest.raises(ParameterError):
            call()


def midi_file(path, events):
    body = b"".join(bytes([delta, *message]) for delta, message in events) + b"\x00\xff\x2f\x00"
    header = b"MThd" + (6).to_bytes(4, "big") + b"\x00\x00\x00\x01\x00\x60"
    path.write_bytes(header + b"MTrk" + len(body).to_bytes(4, "big") + body)


def test_render_plays_a_midi_file(model, tmp_path):
    song = tmp_path / "song.mid"
    midi_file(song, [(96, (0x90, 60, 100)), (96, (0x80, 60, 0))])
    y = wms.render(model, song, sample_rate=44100)
    assert y.shape[0] == 2
    assert 1.0 < y.shape[1] / 44100 < 1.3
    assert not y[:, :22000].any()
    assert np.abs(y[:, 22100:44000]).max() > 0.01
    song.write_bytes(b"no song at all")
    with pytest.raises(ParameterError, match=r"song\.mid: [^\n]*MIDI"):
        wms.render(model, song)
    with pytest.raises(OSError, match=r"none\.mid"):
        wms.render(model, tmp_path / "none.mid")


def test_render_plays_chosen_channels_and_tells_what_is_lost(model, tmp_path):
    song = tmp_path / "song.mid"
    midi_file(song, [(0, (0x99, 36, 100)), (48, (0x90, 60, 100)), (96, (0x80, 60, 0))])
    whole = wms.render(model, song)
    melody = wms.render(model, song, channels="1-9,11-16")
    assert whole[:, :11900].any()
    assert not melody[:, :11900].any()
    assert melody.any()
    assert np.array_equal(melody, wms.render(model, song, channels=range(1, 10)))
    with pytest.warns(wms.MidiFileWarning, match=r"song\.mid: there are no notes on channels 2"):
        assert wms.render(model, song, channels=[2]).shape == (2, 0)
    for wrong in ("0", "1-17", [], [0], [1.5], "drums"):
        with pytest.raises(ParameterError, match=r"channels is .*, wanted numbers from 1 to 16"):
            wms.render(model, song, channels=wrong)
    song.write_bytes(song.read_bytes()[:-6])
    with pytest.warns(wms.MidiFileWarning, match=r"song\.mid: damaged after \d+\.\d s"):
        assert wms.render(model, song).any()


def analysed(amplitudes, f0_hz):
    """A cycle spectrum by its definition: an ideal stretched tone under a Hann window."""
    n = np.arange(1024)
    ratio = f0_hz * 1024 / (16000 * 2)
    cycle = sum(a * np.cos(2 * np.pi * k * 2 * n / 1024 + k) for k, a in amplitudes.items())
    return np.log1p(np.abs(np.fft.rfft(cycle / np.sqrt(ratio) * np.hanning(1024)))[:80])


def test_given_spectra_are_played_at_their_level_and_pitch(model):
    amplitudes = {1: 0.3, 2: 0.1, 5: 0.05}
    f0_hz = 220.0
    spectra = np.tile(analysed(amplitudes, f0_hz), (100, 1))
    f0 = np.full(100, f0_hz)
    for layout in (model, PARAMS):
        y = wms.play_spectra(spectra, f0, layout=layout, sample_rate=48000, noise=0)
        assert y.shape == (100 * 256 * 3,)
        time = np.arange(48000) / 48000
        for k, a in amplitudes.items():
            level = 2 * abs(np.mean(y[9600:57600] * np.exp(-2j * np.pi * k * f0_hz * time)))
            assert abs(20 * np.log10(level / a)) < 0.1
    quiet = wms.play_spectra(spectra, f0, np.zeros(100), layout=model, noise=0)
    np.testing.assert_array_equal(quiet, y)
    noisy = wms.play_spectra(spectra, f0, np.zeros(100), layout=model)
    assert np.abs(noisy).max() > 0.01
    assert np.abs(noisy - quiet).max() > 0.01


def test_bad_spectra_are_named(model):
    good, f0 = np.zeros((4, 80)), np.full(4, 100.0)
    for call in (
        lambda: wms.play_spectra(good[:, :79], f0, layout=model),
        lambda: wms.play_spectra(good, f0[:3], layout=model),
        lambda: wms.play_spectra(good, f0 * np.nan, layout=model),
        lambda: wms.play_spectra(good * np.nan, f0, layout=model),
        lambda: wms.play_spectra(good, f0, np.zeros(3), layout=model),
        lambda: wms.play_spectra(good, f0, layout=PARAMS | {"hop_size": 0}),
        lambda: wms.play_spectra(good, f0, layout={}),
        lambda: wms.play_spectra(good, f0, layout=model, sample_rate=float("inf")),
        lambda: wms.cycle_waveform(good[0], layout=model),
    ):
        with pytest.raises(ParameterError):
            call()


def test_cycle_waveform_undoes_the_log(model):
    magnitudes = np.zeros((1, 80), np.float32)
    magnitudes[0, 2] = 256.0
    wave = wms.cycle_waveform(np.log1p(magnitudes), layout=model)
    n = np.arange(1024)
    wanted = 0.5 * np.cos(2 * np.pi * 2 * (n - 512) / 1024)
    np.testing.assert_allclose(wave, [wanted], atol=1e-5)


def test_resynthesis_has_the_length_of_its_frames(model, frames):
    y = wms.resynthesize(model, frames, sample_rate=44100)
    assert y.shape == (int(np.ceil(60 * 256 * 44100 / 16000)),)
    assert np.isfinite(y).all()
    assert np.abs(y).max() > 1e-3


def test_a_synth_says_what_it_plays():
    synth = wms.Synth("factory:flute", sample_rate=44100, max_voices=4)
    synth.note_on(60)
    assert repr(synth) == '<wms.Synth of "Flute": 44100 Hz, 1 of 4 voices sound>'
    for n in (-1, 2**40):
        with pytest.raises(ParameterError, match=f"n is {n}, wanted 0 to"):
            synth.process(n)
    assert synth.process(0).shape == (2, 0)
