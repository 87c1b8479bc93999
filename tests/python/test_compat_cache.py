"""wms_torch's cache: found by its hashes, with its tensors, without PyTorch."""

import hashlib
import json
import os
import pickletools
import shutil
import subprocess
import sys
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

import golden
import wms
from wms.cli import main
from wms.compat import write_cache
from wms.compat.hashing import arguments_hash, cached_arguments
from wms.compat.torch_file import save_tensors
from wms.errors import AudioFileError, FeatureFileError, FileAccessError, ParameterError

DATA = Path(__file__).resolve().parents[1] / "data" / "compat"
TONE = golden.FOLDER / "audio" / "edge_tone_0p3s.flac"
WAVEFORM = golden.INPUTS["edge_tone_0p3s"]["padded_md5"]
LAYOUT = json.loads((DATA / "cache.json").read_text())
CASES = [(version, case) for version in LAYOUT for case in LAYOUT[version]["cases"]]
YIN = {"pitch_detection_method": "yin", "include_voicedness": False}


def params_of(case):
    method, force = case.split("_force")
    return wms.Params(
        pitch_detection_method=method,
        include_voicedness=method != "yin",
        force_recompute_features=force == "True",
    )


@pytest.fixture(scope="module")
def tensors():
    return np.load(DATA / "cache.npz")


@pytest.fixture(scope="module")
def caches(tmp_path_factory):
    """Every golden case written here: by version the folder, and the entries by case."""
    written = {}
    for version, layout in LAYOUT.items():
        root = tmp_path_factory.mktemp(version)
        written[version] = root, {}
        for case in layout["cases"]:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", '"force_recompute_features')
                written[version][1][case] = write_cache(TONE, params_of(case), root, version)
    return written


@pytest.fixture
def wavs(tmp_path):
    """A folder of recordings that wms_torch reads as they are, and things it passes over."""
    folder = tmp_path / "wavs"
    folder.mkdir()
    rng = np.random.default_rng(3)
    for name, length in (("b.wav", 2048), ("a.wav", 1500), ("c.wav", 3000)):
        wms.save_audio(folder / name, rng.uniform(-0.5, 0.5, length), 16000)
    (folder / "notes.txt").write_text("not audio")
    (folder / "deeper").mkdir()
    shutil.copy(folder / "a.wav", folder / "deeper" / "d.wav")
    return folder


@pytest.mark.parametrize(("version", "case"), CASES)
def test_hashes_are_those_of_wms_torch(version, case):
    expected = LAYOUT[version]["cases"][case]
    arguments = cached_arguments(params_of(case), WAVEFORM, version)
    assert json.dumps(arguments) == expected["hashed"]
    assert arguments_hash(arguments) == expected["hash"]


def test_numbers_are_hashed_as_params_have_them():
    for given, text in ((46, "46,"), (46.0, "46.0,"), (46.5, "46.5,"), (1e2, "100.0,")):
        arguments = cached_arguments(wms.Params(f_low=given), WAVEFORM, "main")
        assert f'"f_low": {text}' in json.dumps(arguments)


@pytest.mark.parametrize(("version", "case"), CASES)
def test_an_entry_is_the_one_that_wms_torch_wrote(caches, tensors, version, case):
    root, entries = caches[version]
    entry = entries[case]
    assert entry.features == root / LAYOUT[version]["cases"][case]["path"]
    loaded = torch.load(entry.features, weights_only=True)
    assert list(loaded) == ["stft", "mfcc", "pitch"]
    assert loaded["stft"].shape == (21, 513) and entry.frames == 21
    for name, tensor in loaded.items():
        assert tensor.dtype == torch.float32 and tensor.is_contiguous()
        expected = tensors[f"{version}/{case}/{name}"]
        ours = tensor.numpy()[:: 7 if name == "stft" else 1]
        assert ours.shape == expected.shape
        if not case.startswith("crepe"):
            np.testing.assert_allclose(ours, expected, rtol=0, atol={"stft": 1e-2}.get(name, 1e-5))
    if case.startswith("crepe"):
        # Its pitch there is dithered by up to 20 cents, and the segments with it.
        hz = [np.exp(pitch[:, 0]) + 46 - 1e-4 for pitch in (loaded["pitch"].numpy(), expected)]
        assert np.abs(1200 * np.log2(hz[0] / hz[1])).max() < 20.1
        np.testing.assert_allclose(loaded["pitch"][:, 1], expected[:, 1], atol=1e-5)


def test_midi_is_the_one_that_wms_torch_wrote(caches, tensors):
    root, entries = caches["dev"]
    for case, entry in entries.items():
        path = LAYOUT["dev"]["cases"][case]["path"]
        path = path.replace("parameterizations", "midi_files").replace(".pt", ".mid")
        assert entry.midi == root / path
        if not case.startswith("crepe"):
            assert entry.midi.read_bytes() == tensors[f"dev/{case}/midi"].tobytes()
    assert all(entry.midi is None for entry in caches["main"][1].values())
    assert not (caches["main"][0] / "midi_files").exists()


@pytest.mark.parametrize("version", LAYOUT)
def test_entries_are_added_to_the_index(caches, version):
    folder = caches[version][0] / "parameterizations" / WAVEFORM
    assert (folder / "parameterizations.json").read_text() == LAYOUT[version]["index"]
    # Nothing half-written, and nothing else.
    names = {case["path"].rpartition("/")[2] for case in LAYOUT[version]["cases"].values()}
    assert {path.name for path in folder.iterdir()} == names | {"parameterizations.json"}


@pytest.mark.parametrize("version", LAYOUT)
def test_tensors_are_those_of_the_analysis(caches, version):
    params = params_of("pyin_forceFalse")
    loaded = torch.load(caches[version][1]["pyin_forceFalse"].features, weights_only=True)
    frames = wms.analyze(TONE, params.replace(compatibility=version))
    columns = torch.cat((loaded["mfcc"], loaded["pitch"]), dim=1).numpy()
    np.testing.assert_array_equal(columns, frames.inputs)
    np.testing.assert_array_equal(loaded["stft"].numpy()[:, :80], frames.targets)


def test_params_ask_for_another_compatibility(caches, tmp_path):
    params = params_of("yin_forceFalse").replace(compatibility="dev", n_fft_preserved=40)
    entry = write_cache(TONE, params, tmp_path)
    assert entry.features.read_bytes() == caches["main"][1]["yin_forceFalse"].features.read_bytes()


def test_a_folder_is_read_as_wms_torch_does(wavs, tmp_path, monkeypatch):
    recordings = {}
    order = ["b.wav", "deeper", "c.wav", "notes.txt", "a.wav"]
    monkeypatch.setattr(os, "listdir", lambda _: order)
    for name in ("b.wav", "c.wav", "a.wav"):
        recordings[name] = golden.pad(wms.load_audio(wavs / name)[0])
    entry = write_cache(wavs, wms.Params(**YIN), tmp_path)
    expected = hashlib.md5(np.concatenate(list(recordings.values())).tobytes()).hexdigest()
    assert entry.features.parent.name == expected
    assert entry.audio_files_path == wavs
    assert not (tmp_path / "audio_files").exists()
    # The order is part of the name.
    order.reverse()
    assert write_cache(wavs, wms.Params(**YIN), tmp_path).features.parent.name != expected


def test_a_recording_is_written_where_wms_torch_would_read_another(wavs, tmp_path):
    stereo, slow, flac = wavs / "stereo.wav", wavs / "slow.wav", TONE
    noise = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 4000))
    wms.save_audio(stereo, noise, 16000)
    wms.save_audio(slow, noise[0], 11025)
    for number, source in enumerate((stereo, slow, flac, [wavs / "c.wav", wavs / "a.wav"], wavs)):
        root = tmp_path / str(number)
        entry = write_cache(source, wms.Params(**YIN), root)
        waveform = entry.features.parent.name
        assert entry.audio_files_path == root / "audio_files" / f"{waveform}.wav"
        samples, rate = wms.load_audio(entry.audio_files_path)
        assert rate == 16000
        assert hashlib.md5(golden.pad(samples).tobytes()).hexdigest() == waveform
        again = write_cache(entry.audio_files_path, wms.Params(**YIN), root)
        assert again == entry


def test_tensors_of_any_kind_are_loaded_by_torch(tmp_path):
    rng = np.random.default_rng(0)
    whole = rng.standard_normal((70_000, 2)).astype(np.float32)
    given = {"whole": whole, "turned": whole.T, "every third": whole[::3], "none": whole[:0]}
    given |= {"flat": whole[:, 0], "ünicode": whole[:1], "cube": whole[:8].reshape(2, 2, 2, 2)}
    path = tmp_path / "übung.pt"
    save_tensors(path, given)
    loaded = torch.load(path, weights_only=True)
    assert list(loaded) == list(given)
    for name, tensor in loaded.items():
        np.testing.assert_array_equal(tensor.numpy(), given[name])
    with zipfile.ZipFile(path) as archive:
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_STORED}
        operations = list(pickletools.genops(archive.read("übung/data.pkl")))
    assert max(operation.proto for operation, _, _ in operations) == 2
    assert {value for operation, value, _ in operations if operation.name == "GLOBAL"} == {
        "torch._utils _rebuild_tensor_v2",
        "torch FloatStorage",
        "collections OrderedDict",
    }
    first = path.read_bytes()
    save_tensors(path, given)
    assert path.read_bytes() == first


def test_pytorch_is_not_needed(caches, tmp_path):
    code = f"""
import sys
sys.modules["torch"] = sys.modules["safetensors"] = None
import wms
params = wms.Params(pitch_detection_method="yin", include_voicedness=False)
print(wms.compat.write_cache({str(TONE)!r}, params, {str(tmp_path)!r}).features)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    written = caches["main"][1]["yin_forceFalse"].features.read_bytes()
    assert Path(done.stdout.strip()).read_bytes() == written


def test_recomputing_is_warned_of(tmp_path):
    params = wms.Params(**YIN, force_recompute_features=True)
    with pytest.warns(UserWarning, match="force_recompute_features"):
        write_cache(TONE, params, tmp_path)


def test_bad_input_is_told_in_one_line(wavs, tmp_path):
    yin, root = wms.Params(**YIN), tmp_path / "root"
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    other_rate = wms.Params(sample_rate=22050)
    wrong = [
        ((TONE, yin, root, "master"), ParameterError, '"main" or "dev"'),
        ((TONE, other_rate, root), ParameterError, "16000"),
        ((TONE, yin, tmp_path / "file"), FileAccessError, "file, wanted a folder|Not a directory"),
        ((wavs / "missing.wav", yin, root), AudioFileError, "missing.wav"),
        (([wavs / "a.wav", wavs / "notes.txt"], yin, root), AudioFileError, "notes.txt"),
        ((tmp_path / "empty", yin, root), AudioFileError, "no file ending in .wav"),
        (([], yin, root), ParameterError, "no audio file"),
        ((golden.FOLDER / "audio" / "edge_empty.wav", yin, root), AudioFileError, "edge_empty"),
    ]
    for arguments, kind, message in wrong:
        with pytest.raises(kind, match=message) as caught:
            write_cache(*arguments)
        assert "\n" not in str(caught.value)
    assert not root.exists()


@pytest.mark.parametrize("content", ["{", "[]", b"\xff"])
def test_a_damaged_index_is_left_alone(tmp_path, content):
    index = tmp_path / "parameterizations" / WAVEFORM / "parameterizations.json"
    index.parent.mkdir(parents=True)
    index.write_bytes(content if isinstance(content, bytes) else content.encode())
    before = index.read_bytes()
    with pytest.raises(FeatureFileError, match="damaged") as caught:
        write_cache(TONE, wms.Params(**YIN), tmp_path)
    assert "\n" not in str(caught.value)
    assert index.read_bytes() == before and list(index.parent.iterdir()) == [index]


def test_command_used_right(wavs, tmp_path, capsys):
    wms.Params(**YIN).save(tmp_path / "p.json")
    shown = ["--params", str(tmp_path / "p.json"), "--out", str(tmp_path / "root")]
    assert main(["cache", str(wavs), *shown]) == 0
    assert main(["cache", str(TONE), str(wavs), *shown, "--version", "dev"]) == 0
    captured = capsys.readouterr()
    assert f'"audio_files_path": "{wavs}"' in captured.out and captured.err == ""
    assert len(list((tmp_path / "root").rglob("*.pt"))) == 2
    assert len(list((tmp_path / "root").rglob("*.mid"))) == 1
    assert str(next((tmp_path / "root" / "audio_files").iterdir())) in captured.out


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as left:
        main(["cache", "--help"])
    text = capsys.readouterr().out
    assert left.value.code == 0 and "example: wms cache " in text and "--params" in text


def test_command_used_wrong(tmp_path, capsys):
    params = wms.Params().to_dict()
    (tmp_path / "yin.json").write_text(json.dumps(params | {"pitch_detection_method": "yin"}))
    (tmp_path / "file").write_text("")
    good = ["cache", str(TONE), "--out", str(tmp_path / "root")]
    wrong = [
        (good[:2], 2, "--out"),
        ([*good, "--version", "master"], 2, "master"),
        ([*good, "--params", str(tmp_path / "yin.json")], 1, "include_voicedness"),
        ([*good[:3], str(tmp_path / "file")], 1, "cannot be written"),
        (["cache", str(tmp_path / "no.wav"), *good[2:]], 1, "no.wav"),
    ]
    for arguments, status, message in wrong:
        try:
            assert main(arguments) == status
        except SystemExit as left:
            assert left.code == status
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1
    assert not (tmp_path / "root").exists()


def test_coordinates_are_not_cached(tmp_path):
    params = wms.Params(**YIN, mfcc_dim_reduction="pacmap")
    with pytest.raises(wms.ParameterError, match='"mfcc_dim_reduction" is "pacmap"'):
        write_cache(TONE, params, tmp_path)
    assert not list(tmp_path.iterdir())
