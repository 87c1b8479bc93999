"""Bad input is met with the right exception and one line that says what is wrong."""

import json
import struct
from pathlib import Path

import numpy as np
import pytest

import wms
from wms.errors import AudioFileError, FeatureFileError, FileAccessError, ParameterError, WmsError

DATA = Path(__file__).resolve().parents[1] / "data"
FORMATS = DATA / "formats"
YIN = wms.Params(pitch_detection_method="yin", include_voicedness=False)


def refused(kind, call, *fragments):
    """Return the message of the exception that `call` raises."""
    with pytest.raises(WmsError) as caught:
        call()
    message = str(caught.value)
    assert type(caught.value) is kind
    assert message
    assert "\n" not in message
    for fragment in fragments:
        assert str(fragment) in message, message
    return message


def float_wav(path, samples):
    data = np.asarray(samples, "<f4").tobytes()
    head = struct.pack("<4sIHHIIHH4sI", b"fmt ", 16, 3, 1, 8000, 32000, 4, 32, b"data", len(data))
    path.write_bytes(b"RIFF" + struct.pack("<I", 4 + len(head) + len(data)) + b"WAVE" + head + data)


# Audio files


@pytest.mark.parametrize("call", [wms.list_audio, wms.analyze, lambda p: wms.analyze([p], YIN)])
def test_empty_folder(tmp_path, call):
    (tmp_path / "notes.txt").write_text("no sound")
    refused(AudioFileError, lambda: call(tmp_path), tmp_path, "holds no audio file", "wav")


def test_no_files_at_all():
    refused(ParameterError, lambda: wms.analyze([], YIN), "no audio file was given")


@pytest.mark.parametrize("call", [wms.list_audio, wms.analyze])
def test_missing_file(tmp_path, call):
    refused(AudioFileError, lambda: call(tmp_path / "none.wav"), "none.wav", "no such file")


def test_loading_a_missing_file_or_a_folder(tmp_path):
    refused(FileAccessError, lambda: wms.load_audio(tmp_path / "none.wav"), "none.wav")
    with pytest.raises(OSError, match=str(tmp_path)):
        wms.load_audio(tmp_path)


@pytest.mark.parametrize("call", [wms.load_audio, lambda p: wms.analyze(p, YIN)])
@pytest.mark.parametrize("ending", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_zero_length_and_foreign_files(tmp_path, ending, call):
    path = tmp_path / f"bad.{ending}"
    path.touch()
    refused(AudioFileError, lambda: call(path), path, "zero bytes long, wanted an audio file")
    path.write_bytes(b"this is no sound at all, whatever its name says" * 9)
    refused(AudioFileError, lambda: call(path), path, "readable")


@pytest.mark.parametrize("name", ["s16.wav", "s24.wav", "f32.wav", "s16.flac"])
def test_files_cut_short(tmp_path, name):
    whole = (FORMATS / name).read_bytes()
    path = tmp_path / name
    for kept in (13, 30, 44):
        path.write_bytes(whole[:kept])
        refused(AudioFileError, lambda: wms.load_audio(path), path)
    if not name.endswith("flac"):
        # What is there of the sound is read.
        path.write_bytes(whole[:-3])
        with pytest.warns(wms.AudioWarning):
            assert len(wms.load_audio(path)[0]) == 799


def test_wav_headers_that_make_no_sense(tmp_path):
    whole = bytearray((FORMATS / "s16.wav").read_bytes())
    path = tmp_path / "bad.wav"
    # Channels, rate, bytes a frame, bits a sample.
    for place, size in ((22, 2), (24, 4), (32, 2), (34, 2)):
        for value in (0, 1, 2**15, 2 ** (8 * size) - 1):
            changed = whole.copy()
            changed[place : place + size] = value.to_bytes(size, "little")
            path.write_bytes(changed)
            try:
                y, sr = wms.load_audio(path)
            except AudioFileError as error:
                assert str(path) in str(error)
                assert "\n" not in str(error)
            else:
                assert np.isfinite(y).all()
                assert sr > 0


def test_wav_without_samples(tmp_path):
    path = tmp_path / "none.wav"
    float_wav(path, [])
    for call in (wms.load_audio, lambda p: wms.analyze(p, YIN)):
        refused(AudioFileError, lambda call=call: call(path), path, "holds no samples, wanted at")


@pytest.mark.parametrize(
    ("value", "shown"), [(np.nan, "NaN"), (np.inf, "inf"), (-np.inf, "-inf"), (1e30, "1e30")]
)
def test_samples_that_are_not_finite(tmp_path, value, shown):
    samples = np.zeros(8000)
    samples[4000] = value
    path = tmp_path / "nan.wav"
    float_wav(path, samples)
    for call in (wms.load_audio, lambda p: wms.analyze(p, YIN)):
        refused(
            AudioFileError, lambda call=call: call(path), path, f"0.500 s is {shown}, wanted finite"
        )
    wanted = f"sample 4000 is {shown}, wanted finite"
    search = {"fmin": 46, "fmax": 1600, "sr": 8000, "frame_length": 1024, "hop_length": 256}
    for call in (
        lambda: wms.analyze(samples, YIN, sample_rate=8000),
        lambda: wms.yin(samples, **search),
        lambda: wms.pyin(samples, **search),
        lambda: wms.resample(samples, orig_sr=8000, target_sr=16000),
        lambda: wms.save_audio(tmp_path / "out.wav", samples, 8000),
    ):
        refused(ParameterError, call, wanted)
    assert not (tmp_path / "out.wav").exists()


def test_one_bad_file_is_reported_and_the_others_are_kept(tmp_path):
    tone = (0.3 * np.sin(np.arange(8000) * 0.2)).astype(np.float32)
    for name in ("a", "c", "e"):
        wms.save_audio(tmp_path / f"{name}.wav", tone, 16000)
    (tmp_path / "b.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:30])
    float_wav(tmp_path / "d.wav", [0.0, np.nan])
    for compatibility in (None, "main"):
        frames = wms.analyze(tmp_path, YIN.replace(compatibility=compatibility))
        assert [Path(name).name for name in frames.files] == ["a.wav", "c.wav", "e.wav"]
        assert [path.name for path, _ in frames.skipped] == ["b.wav", "d.wav"]
        for path, reason in frames.skipped:
            assert str(path) in reason
            assert "\n" not in reason
        assert sorted(set(frames.file_index)) == [0, 1, 2]
    saved = tmp_path / "frames.safetensors"
    frames.save(saved)
    assert wms.Frames.load(saved).skipped == frames.skipped


def test_only_bad_files(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.wav").touch()
    refused(
        ParameterError,
        lambda: wms.analyze(tmp_path, YIN),
        "none of the 2 audio files can be read",
        "a.wav",
        "zero bytes",
    )


def test_a_very_short_file_is_analysed(tmp_path):
    wms.save_audio(tmp_path / "short.wav", np.array([0.5]), 16000)
    frames = wms.analyze(tmp_path, YIN)
    assert len(frames) == 1
    assert np.isfinite(frames.inputs).all()


# Arrays and arguments


@pytest.mark.parametrize(
    ("y", "fragment"),
    [
        (np.zeros(100, np.int64), "int64, wanted floats with full scale at ±1, or samples of 16"),
        (np.zeros(100, complex), "complex128"),
        (np.zeros((100, 65)), "(channels, n) or (n, channels) of 1 to 64"),
        (np.zeros((65, 100)), "(channels, n) or (n, channels) of 1 to 64"),
        (np.zeros((0, 2)), "(channels, n)"),
        (np.zeros((1, 1, 9)), "1 or 2 dimensions"),
        (0.0, "1 or 2 dimensions"),
        (None, "the signal"),
        ("sound", "the signal"),
    ],
)
def test_arrays_that_are_no_signal(y, fragment):
    refused(ParameterError, lambda: wms.resample(y, orig_sr=8000, target_sr=16000), fragment)


def test_sample_rate_belongs_to_arrays():
    silence = np.zeros(2000, np.float32)
    refused(ParameterError, lambda: wms.analyze(silence, YIN), "sample_rate is missing")
    refused(
        ParameterError,
        lambda: wms.analyze(FORMATS / "s16.wav", YIN, sample_rate=8000),
        "sample_rate is for arrays",
    )
    refused(ParameterError, lambda: wms.analyze(silence, YIN, sample_rate=0), "0 Hz, wanted 1 to")
    refused(ParameterError, lambda: wms.analyze(silence[:0], YIN, sample_rate=16000), "no samples")
    refused(
        ParameterError,
        lambda: wms.analyze(silence, YIN, sample_rate=16000, num_threads=0),
        "num_threads is 0",
    )
    refused(ParameterError, lambda: wms.list_audio(3), "not a path, a folder or a list of them")


SEARCH = {"fmin": 46.0, "fmax": 1600.0, "sr": 16000.0, "frame_length": 1024, "hop_length": 256}


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        ({"hop_length": 0}, "hop_length is 0, wanted 1 to"),
        ({"hop_length": 2**60}, "hop_length is"),
        ({"frame_length": 0}, "frame_length is 0, wanted 1 to"),
        ({"frame_length": 2**50}, "frame_length is"),
        ({"frame_length": 16}, "frame_length is 16, too short"),
        ({"fmin": 0.0}, "0 < fmin < fmax"),
        ({"fmin": float("nan")}, "0 < fmin < fmax"),
        ({"fmin": 2000.0}, "0 < fmin < fmax"),
        ({"fmin": 1e-300}, "20 octaves"),
        ({"fmin": 1599.0}, "less than two samples"),
        ({"fmax": 9000.0}, "at most half of sr"),
        ({"fmax": float("inf")}, "at most half of sr"),
        ({"sr": 0.0}, "sr is 0, wanted a positive rate"),
        ({"sr": float("nan")}, "sr is NaN"),
    ],
)
@pytest.mark.parametrize("track", [wms.yin, wms.pyin])
def test_pitch_arguments(track, change, fragment):
    refused(ParameterError, lambda: track(np.zeros(100), **SEARCH | change), fragment)


CUT = {"sr": 16000, "window_size": 1024, "hop_length": 256, "cycles": 2}
MFCC = {"n_fft": 1024, "n_mfcc": 8, "n_mels": 40}


@pytest.mark.parametrize(
    ("f0_hz", "change", "fragment"),
    [
        ([-1.0], {}, "f0_hz[0] is -1.0, wanted finite"),
        ([100.0, np.nan], {}, "f0_hz[1] is NaN"),
        ([np.inf], {}, "f0_hz[0] is inf"),
        ([1e-30], {}, "f0_hz[0] is 1e-30 Hz, wanted 0 or a frequency of which 2 cycles"),
        ([[100.0]], {}, "f0_hz has shape [1, 1]"),
        ([100.0], {"window_size": 0}, "window_size is 0, wanted 1 to"),
        ([100.0], {"window_size": 2**40}, "window_size is"),
        ([100.0], {"hop_length": 0}, "hop_length is 0"),
        ([100.0], {"hop_length": 2**62}, "hop_length is"),
        ([100.0], {"cycles": 2**60}, "cycles last at most"),
        ([100.0], {"sr": 0}, "sr is 0"),
    ],
)
def test_cycle_arguments(f0_hz, change, fragment):
    y = np.zeros(3000)
    refused(ParameterError, lambda: wms.cycle_frames(y, f0_hz, **CUT | change), fragment)
    refused(ParameterError, lambda: wms.segment_mfcc(y, f0_hz, **MFCC, **CUT | change), fragment)


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        ({"n_fft": 0}, "n_fft is 0"),
        ({"n_fft": 2**40}, "n_fft is"),
        ({"n_mels": 0}, "n_mels is 0"),
        ({"n_mels": 2**40}, "n_mels is"),
        ({"n_mfcc": 0}, "n_mfcc is 0, wanted 1 to"),
        ({"n_mfcc": 41, "variant": "dev"}, "n_mfcc is 41, wanted 1 to the number of mel bands, 40"),
        ({"variant": "new"}, 'variant is "new", wanted "main", "dev" or "own"'),
    ],
)
def test_mfcc_arguments(change, fragment):
    y = np.zeros(3000)
    refused(ParameterError, lambda: wms.segment_mfcc(y, [100.0], **CUT, **MFCC | change), fragment)


@pytest.mark.parametrize(
    ("frames", "arguments", "fragment"),
    [
        (np.zeros((3, 64)), {"n_fft": 32}, "n_fft is 32, wanted at least the frames' length, 64"),
        (np.zeros((3, 64)), {"n_fft": 64, "n_bins": 34}, "n_bins is 34, wanted 1 to n_fft / 2"),
        (np.zeros((3, 64)), {"n_fft": 64, "n_bins": 0}, "n_bins is 0"),
        (np.zeros((3, 0)), {"n_fft": 64}, "at least 1"),
        (np.zeros((3, 64)), {"n_fft": 2**50}, "n_fft is"),
        (np.zeros(64), {"n_fft": 64}, "2 dimensions"),
    ],
)
def test_spectrum_arguments(frames, arguments, fragment):
    refused(ParameterError, lambda: wms.cycle_spectrum(frames, **arguments), fragment)


# Params


@pytest.mark.parametrize(
    ("change", "fragments"),
    [
        ({"hop_size": 0}, ('"hop_size" is 0', "from 1 to")),
        ({"hop_size": "256"}, ('"hop_size" is "256"', "a whole number")),
        ({"hop_size": 256.5}, ('"hop_size" is 256.5', "a whole number")),
        ({"hop_size": None}, ('"hop_size" is null', "a whole number")),
        ({"hop_size": True}, ('"hop_size" is true', "a whole number")),
        ({"window_size": 2048}, ('"n_fft" is 1024', '"window_size", which is 2048')),
        ({"n_fft_preserved": 514}, ('"n_fft_preserved" is 514', "513")),
        ({"f_low": 1600}, ('"f_low" is 1600', '"f_high"')),
        ({"f_high": 8001}, ('"f_high" is 8001', "8000 Hz")),
        ({"include_voicedness": 1}, ('"include_voicedness" is 1', "true or false")),
        (
            {"pitch_detection_method": "yin", "compatibility": "main"},
            ('"yin", which with "compatibility" set gives no voicedness', "pyin"),
        ),
        ({"pitch_detection_method": "swipe"}, ('"swipe"', '"crepe", "pyin", "yin"')),
        ({"fft_type": "complex"}, ('"fft_type" is "complex"', '"real"')),
        ({"hop_sise": 1}, ('unknown key "hop_sise"', '"hop_size"')),
        ({"learning_rate": {1, 2}}, ("cannot be written as JSON",)),
        ({"learning_rate": float("nan")}, ("learning_rate", "JSON")),
    ],
)
def test_params(change, fragments):
    params = wms.Params()
    for call in (lambda: wms.Params(**change), lambda: params.replace(**change)):
        refused(ParameterError, call, *(f for f in fragments if f != "learning_rate"))
    if "learning_rate" not in change:
        values = params.to_dict() | change
        refused(ParameterError, lambda: wms.Params.from_dict(values), *fragments)


def test_params_files(tmp_path):
    path = tmp_path / "params.json"
    refused(FileAccessError, lambda: wms.Params.load(path), path)
    values = wms.Params().to_dict()
    for key in ("hop_size", "n_mfcc"):
        values.pop(key)
    path.write_text(json.dumps(values))
    refused(ParameterError, lambda: wms.Params.load(path), path, '"hop_size" is missing', "n_mfcc")
    for text in ("", "{", "[1]", '{"hop_size": 0, }', "\x00\x01"):
        path.write_text(text)
        refused(ParameterError, lambda: wms.Params.load(path), path)
    path.write_bytes(b"\xff\xfe{}")
    refused(FileAccessError, lambda: wms.Params.load(path), path)
    with pytest.raises(ValueError, match="hop_size"):
        wms.Params(hop_size=0)


def test_files_that_cannot_be_written(tmp_path):
    frames = wms.analyze(np.zeros(2000), YIN, sample_rate=16000)
    missing = tmp_path / "no" / "folder" / "x"
    for call in (
        lambda p: frames.save(p),
        lambda p: wms.Params().save(p),
        lambda p: wms.save_audio(p, np.zeros(9), 8000),
    ):
        refused(FileAccessError, lambda call=call: call(missing), missing)
        refused(FileAccessError, lambda call=call: call(tmp_path), tmp_path)
    assert list(tmp_path.iterdir()) == []


# Models: more in test_model_and_synth.py.


def test_model_files(tmp_path):
    weights = DATA / "networks" / "2026-08.weights.safetensors"
    path = tmp_path / "model.safetensors"
    for content in (b"", b"RIFF", weights.read_bytes()[:5000], weights.read_bytes()):
        path.write_bytes(content)
        refused(wms.ModelFileError, lambda: wms.Model.load(path), path)
    wms.analyze(np.zeros(2000), YIN, sample_rate=16000).save(path)
    refused(wms.ModelFileError, lambda: wms.Model.load(path), path)
    refused(FeatureFileError, lambda: wms.Frames.load(weights), weights, "not a file of frames")
