"""`wms.Store` and `wms analyze` into a folder: what is kept, what is done again, and training."""

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

import wms
from wms.cli import main
from wms.errors import FeatureFileError, FileAccessError, ParameterError
from wms.training import FrameSequences, train
from wms.training.rows import Chosen, Rows
from wms.waves import make_waves

RATE = 16000
QUICK = {
    "pitch_detection_method": "yin",
    "include_voicedness": False,
    "hidden_size": 8,
    "training_seq_length": 10,
    "validation_stretch_s": 0.2,
    "save_scratch_model_every": 0,
}
YIN = wms.Params(**QUICK)


def waves(seconds, seed):
    return make_waves(seconds, sample_rate=RATE, f_low=100, f_high=800, seed=seed)


@pytest.fixture
def audio(tmp_path):
    folder = tmp_path / "audio"
    folder.mkdir()
    for seed, name in enumerate("abc"):
        wms.save_audio(folder / f"{name}.wav", waves(1.5 + seed, seed), RATE)
    YIN.save(tmp_path / "quick.json")
    return folder


def shards(store):
    return {p.name: p.stat().st_mtime_ns for p in Path(store).glob("*.safetensors")}


def test_a_store_is_what_analyze_gives(audio, tmp_path):
    frames = wms.analyze(audio, YIN)
    seen = []
    store = wms.Store.update(tmp_path / "s", audio, YIN, progress=lambda *now: seen.append(now))
    assert seen[-1] == (3, 3, len(frames), 1.0) and seen == sorted(seen)
    assert repr(store) == f"Store({len(frames)} frames, 3 files)" and store.kept == 0
    opened = wms.Store.open(tmp_path / "s")
    joined = wms.Frames.load(tmp_path / "s")
    opened.save(tmp_path / "x.safetensors")
    saved = wms.Frames.load(tmp_path / "x.safetensors")
    for thing in (store, opened, joined, saved):
        assert len(thing) == len(frames) and thing.files == frames.files
        assert thing.params == YIN and thing.skipped == []
        np.testing.assert_array_equal(thing.scaler.mean, frames.scaler.mean)
        np.testing.assert_array_equal(thing.scaler.scale, frames.scaler.scale)
    names = ("inputs", "targets", "f0_hz", "voicedness", "mfcc_raw", "times_s")
    for name in names:
        wanted = getattr(frames, name)
        np.testing.assert_array_equal(getattr(joined, name), wanted)
        np.testing.assert_array_equal(getattr(saved, name), wanted)
        parts = [getattr(shard, name) for shard in opened.shards]
        np.testing.assert_array_equal(np.concatenate(parts), wanted)
    np.testing.assert_array_equal(saved.file_index, frames.file_index)
    for shard, (path, name, count, duration_s) in zip(
        opened.shards, opened.recordings, strict=True
    ):
        assert shard.files == [path] and len(shard) == count
        assert (tmp_path / "s" / name).exists()
        assert duration_s == pytest.approx((count - 1) * 256 / RATE, abs=256 / RATE)


def test_arrays_of_a_file_outlive_it(audio, tmp_path):
    wms.Store.update(tmp_path / "s", audio, YIN)
    shard = wms.Store.open(tmp_path / "s").shards[0]
    wanted = wms.analyze(audio / "a.wav", YIN).targets
    targets = shard.targets
    assert not targets.flags.writeable and targets.flags.aligned
    shutil.rmtree(tmp_path / "s")
    del shard
    np.testing.assert_array_equal(targets, wanted)


def test_an_unaligned_file_is_copied(tmp_path):
    frames = wms.analyze(waves(0.5, 1), YIN, sample_rate=RATE)
    path = tmp_path / "x.safetensors"
    frames.save(path)
    raw = path.read_bytes()
    size = int.from_bytes(raw[:8], "little")
    assert (8 + size) % 64 == 0
    path.write_bytes((size + 1).to_bytes(8, "little") + raw[8 : 8 + size] + b" " + raw[8 + size :])
    np.testing.assert_array_equal(wms.Frames.load(path).targets, frames.targets)


def test_only_what_changed_is_analysed(audio, tmp_path):
    folder = tmp_path / "s"
    wms.Store.update(folder, audio, YIN)
    before = shards(folder)
    assert wms.Store.update(folder, audio, YIN.replace(batch_size=3)).kept == 3
    assert shards(folder) == before
    wms.save_audio(audio / "a.wav", waves(1.0, 9), RATE)
    wms.save_audio(audio / "d.wav", waves(1.0, 9), RATE)
    store = wms.Store.update(folder, audio, YIN)
    assert (len(store.files), store.kept) == (4, 3), "a copy is not analysed again"
    assert before.items() <= shards(folder).items() and len(shards(folder)) == 4
    wms.Store.update(folder, [audio / "a.wav"], YIN, prune=True)
    assert len(shards(folder)) == 1


def test_damage_and_misuse(audio, tmp_path):
    folder = tmp_path / "s"
    with pytest.raises(FileAccessError, match=r"index\.json"):
        wms.Store.open(folder)
    store = wms.Store.update(folder, audio, YIN)
    path = folder / store.recordings[1][1]
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(FeatureFileError, match=path.name):
        _ = store.shards
    with pytest.raises(FeatureFileError, match=path.name):
        wms.Frames.load(folder)
    assert wms.Store.update(folder, audio, YIN).kept == 2
    (folder / "index.json").write_text("{")
    with pytest.raises(FeatureFileError, match="not the index of a store"):
        wms.Store.open(folder)
    with pytest.raises(FeatureFileError, match="holds other things"):
        wms.Store.update(audio, audio, YIN)
    with pytest.raises(ParameterError, match='"compatibility" is "dev"'):
        wms.Store.update(tmp_path / "new", audio, YIN.replace(compatibility="dev"))
    with pytest.raises(ParameterError, match="num_threads is 0"):
        wms.Store.update(tmp_path / "new", audio, YIN, num_threads=0)
    with pytest.raises(ParameterError, match="the source is not a path"):
        wms.Store.update(tmp_path / "new", np.zeros(9), YIN)
    assert not (tmp_path / "new").exists()


# The command line.


def analyze(tmp_path, *arguments):
    return main(["analyze", *map(str, arguments), "--params", str(tmp_path / "quick.json")])


def test_into_a_folder(audio, tmp_path, capsys):
    (audio / "bad.wav").write_bytes((audio / "a.wav").read_bytes()[:30])
    out = tmp_path / "s"
    for counts in ("3 analysed, 0 kept, 1 skipped", "0 analysed, 3 kept, 1 skipped"):
        assert analyze(tmp_path, audio, "--out", out) == 0
        told = capsys.readouterr()
        assert told.out.startswith(f"{out}: ") and f"of 3 recordings: {counts}; " in told.out
        assert (
            told.err.startswith("skipped ")
            and "bad.wav: is cut short within its header" in told.err
        )
    assert analyze(tmp_path, audio / "a.wav", "--out", out, "--prune") == 0
    assert "of 1 recording: 0 analysed, 1 kept, 0 skipped" in capsys.readouterr().out
    assert len(shards(out)) == 1
    assert main(["info", str(out)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("store: ") and "of 1 recording\n" in told and "0:02 of" in told


def test_into_a_file(audio, tmp_path, capsys):
    out = tmp_path / "x.safetensors"
    assert analyze(tmp_path, audio, "--out", out) == 0
    assert "of 3 recordings: 3 analysed, 0 kept, 0 skipped; " in capsys.readouterr().out
    assert {p.name for p in tmp_path.iterdir()} == {"audio", "quick.json", "x.safetensors"}
    wms.analyze(audio, YIN).save(tmp_path / "y.safetensors")
    assert out.read_bytes() == (tmp_path / "y.safetensors").read_bytes()
    YIN.replace(compatibility="main").save(tmp_path / "quick.json")
    assert analyze(tmp_path, audio, "--out", out, "--overwrite") == 0
    assert wms.Frames.load(out).params["compatibility"] == "main"


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["--out", "{t}/x.txt"], 2, r"x\.txt, wanted a file ending in \.safetensors, or a folder"),
        (["--out", "{t}/file"], 1, "file: is a file, wanted a folder"),
        (["--out", "{t}/audio"], 1, "audio: holds other things, wanted a store"),
        (["--out", "{t}/x.safetensors", "--prune"], 2, "--prune is for a folder"),
    ],
)
def test_wrong_outputs(audio, tmp_path, capsys, arguments, status, message):
    (tmp_path / "file").write_text("")
    before = sorted(tmp_path.rglob("*"))
    assert analyze(tmp_path, audio, *(a.format(t=tmp_path) for a in arguments)) == status
    err = capsys.readouterr().err
    assert len(err.splitlines()) == 1 and err.startswith("wms analyze: ")
    assert re.search(message, err)
    assert sorted(tmp_path.rglob("*")) == before


def test_compatible_modes_have_no_store(audio, tmp_path, capsys):
    YIN.replace(compatibility="main").save(tmp_path / "quick.json")
    assert analyze(tmp_path, audio, "--out", tmp_path / "s") == 1
    assert '"compatibility" is "main"' in capsys.readouterr().err
    assert not (tmp_path / "s").exists()


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize("name", ["s", "x.safetensors"])
def test_ctrl_c_keeps_finished_recordings(audio, tmp_path, name):
    # CREPE on a long recording, after three that are done at once.
    wms.save_audio(audio / "d.wav", waves(600.0, 5), RATE)
    wms.Params(**QUICK | {"pitch_detection_method": "crepe"}).save(tmp_path / "quick.json")
    out = tmp_path / name
    parts = out if name == "s" else tmp_path / f".{name}.parts"
    command = ["analyze", audio, "--out", out, "--params", tmp_path / "quick.json"]
    process = subprocess.Popen(
        [sys.executable, "-m", "wms", *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 60
        while len(shards(parts)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        printed, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and printed == ""
    assert told == (
        f"wms analyze: interrupted; {parts} keeps 3 finished recordings: the same command goes on "
        "from there\n"
    )
    assert not (tmp_path / "x.safetensors").exists()
    # Nothing half-written, and the rest goes on from here.
    assert {p.suffix for p in parts.iterdir()} == {".json", ".safetensors"}
    (audio / "d.wav").unlink()
    before = shards(parts)
    assert main([*map(str, command)]) == 0
    if name == "s":
        assert shards(out) == before
    else:
        assert not parts.exists() and len(wms.Frames.load(out).files) == 3


def test_progress_tells_speed_and_time_left():
    import io

    from wms._progress import AnalysisProgress

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    terminal = Terminal()
    with AnalysisProgress(terminal, frame_s=0.016) as progress:
        progress(0, 1, 100, 0.25)
        progress(1, 1, 400, 1.0)
    first, last = terminal.getvalue().split("\r")[1:]
    assert "analysed 0/1 files, " in first and " x real time, 0:0" in first and "left" in first
    assert "analysed 1/1 files, " in last and "left" not in last


# Training.


def test_rows_of_several_arrays():
    whole = np.random.default_rng(1).random((50, 3), np.float32)
    rows = Rows([whole[:7], whole[7:7], whole[7:30], whole[30:]])
    assert len(rows) == 50 and rows.shape == (50, 3)
    for start, stop in itertools.combinations([0, 3, 7, 8, 29, 30, 31, 50], 2):
        np.testing.assert_array_equal(rows.run(start, stop).numpy(), whole[start:stop])
    chosen = np.array([49, 0, 7, 6, 30, 7])
    np.testing.assert_array_equal(rows.pick(chosen).numpy(), whole[chosen])
    picked = Chosen(rows, chosen)
    assert len(picked) == 6 and picked.shape == (6, 3)
    np.testing.assert_array_equal(picked[1:3], whole[[0, 7]])
    np.testing.assert_array_equal(picked[np.array([0, 0])], whole[[49, 49]])
    assert len(rows.run(5, 5)) == 0
    with pytest.raises(ParameterError, match="wanted"):
        Rows([whole, whole[:, :2]])
    with pytest.raises(ParameterError, match="wanted"):
        Rows([])


def test_training_on_a_store_is_training_on_its_frames(audio, tmp_path):
    store = wms.Store.update(tmp_path / "s", audio, YIN)
    results = [
        train(YIN, frames, epochs=2, device="cpu", progress=False)
        for frames in (store, wms.analyze(audio, YIN))
    ]
    weights = [result.network.state_dict() for result in results]
    assert all(torch.equal(a, b) for a, b in zip(*(w.values() for w in weights), strict=True))
    assert results[0].baselines == pytest.approx(results[1].baselines)
    assert results[0].validation == results[1].validation
    # A sequence is a view of the file.
    shard = store.shards[0]
    sequences = FrameSequences(shard.inputs, shard.targets, shard.file_index, length=10, stride=5)
    assert sequences[1][1].data_ptr() == shard.targets[5:].ctypes.data


def test_training_from_the_command_line(audio, tmp_path, capsys):
    assert analyze(tmp_path, audio, "--out", tmp_path / "s") == 0
    out = str(tmp_path / "m.safetensors")
    quick = ["--epochs", "1", "--params", str(tmp_path / "quick.json")]
    store = str(tmp_path / "s")
    assert main(["train", store, "--out", out, *quick]) == 0
    assert wms.Model.load(out).config["spectrum"]["n_bins"] == 80
    capsys.readouterr()
    assert main(["train", store, str(audio), "--out", out, "--overwrite", *quick]) == 1
    assert "2 sources of which one is a store, wanted that store alone" in capsys.readouterr().err


MEMORY = """
import re, sys
from pathlib import Path
import wms
from wms.training import train

def anonymous():
    return int(re.search(r"RssAnon:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1e3

store = wms.Store.open(sys.argv[1])
params = store.params
# What the first steps of any training take.
few = wms.analyze(sys.argv[2], params)
train(params, few, epochs=1, progress=False, device="cpu")
before = anonymous()
result = train(params, store, epochs=1, progress=False, device="cpu")
print(anonymous() - before, sum(shard.targets.nbytes for shard in store.shards) / 1e6)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc/self/status")
def test_training_does_not_copy_a_store_into_memory(audio, tmp_path):
    # 300 MB of spectra: wide ones, many copies of a recording.
    params = YIN.replace(
        n_fft=16384, n_fft_preserved=8193, hop_size=512, sequence_stride=200, batch_size=4
    )
    wms.save_audio(audio / "a.wav", waves(33.0, 3), RATE)
    for name in ("b", "c", *"defghi"):
        shutil.copy(audio / "a.wav", audio / f"{name}.wav")
    store = wms.Store.update(tmp_path / "s", audio, params)
    assert (len(store.files), store.kept) == (9, 8)
    wms.save_audio(tmp_path / "few.wav", waves(4.0, 3), RATE)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path / "s"), str(tmp_path / "few.wav")],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    grown, size = map(float, done.stdout.split())
    assert size > 290
    assert grown < 100, f"{grown:.0f} MB for {size:.0f} MB of targets"


def test_the_index_is_plain_json(audio, tmp_path):
    store = wms.Store.update(tmp_path / "s", audio, YIN)
    index = json.loads((tmp_path / "s" / "index.json").read_text())
    assert [r["path"] for r in index["recordings"]] == store.files
    assert index["params"] == YIN.to_dict() and index["skipped"] == []
