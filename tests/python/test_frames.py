"""`wms.analyze` and `wms.Frames` as objects: files, arrays, threads, signals and forks."""

import gc
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading

import numpy as np
import pytest

import wms
from wms.errors import FeatureFileError, FileAccessError

RATE = 16000
PYIN = wms.Params(pitch_detection_method="pyin")
YIN = wms.Params(pitch_detection_method="yin", include_voicedness=False)
ARRAYS = [
    "f0_hz",
    "voicedness",
    "mfcc",
    "mfcc_raw",
    "spectrum",
    "targets",
    "times_s",
    "file_index",
    "inputs",
]


def tone(f0_hz, seconds, rate=RATE):
    time_s = np.arange(int(seconds * rate)) / rate
    parts = [np.sin(2 * np.pi * k * f0_hz * time_s) / k for k in range(1, 6)]
    return (0.2 * sum(parts)).astype(np.float32)


def equal(a, b):
    assert a.files == b.files
    assert a.params == b.params
    for name in ARRAYS:
        np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    np.testing.assert_array_equal(a.scaler.mean, b.scaler.mean)
    np.testing.assert_array_equal(a.scaler.scale, b.scaler.scale)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    wms.save_audio(folder / "a.wav", tone(220, 0.7), RATE)
    wms.save_audio(folder / "b.wav", tone(330, 0.4, 44100), 44100)
    (folder / "sub").mkdir()
    wms.save_audio(folder / "sub" / "c.wav", tone(110, 0.5), RATE)
    return folder


@pytest.fixture(scope="module")
def frames(folder):
    return wms.analyze(folder, PYIN)


def test_shapes_names_and_times(frames):
    t = len(frames)
    assert t == 44 + 26 + 32
    assert frames.mfcc_raw.shape == frames.mfcc.shape == (t, 8)
    assert frames.inputs.shape == (t, 10)
    assert frames.targets.shape == frames.spectrum.shape == (t, 80)
    for name in ("f0_hz", "voicedness", "times_s", "file_index"):
        assert getattr(frames, name).shape == (t,)
    for name in ARRAYS:
        assert getattr(frames, name).dtype == (np.int32 if name == "file_index" else np.float32)
    assert frames.input_names == [*(f"mfcc_{i}" for i in range(8)), "pitch", "voicedness"]
    assert frames.skipped == []
    assert np.bincount(frames.file_index).tolist() == [44, 26, 32]
    starts = np.flatnonzero(np.diff(frames.file_index, prepend=-1))
    assert frames.times_s[starts].tolist() == [0, 0, 0]
    np.testing.assert_allclose(frames.times_s[:44], np.arange(44) * 0.016, rtol=1e-6)
    for file, f0_hz in enumerate((220, 330, 110)):
        found = np.median(frames.f0_hz[frames.file_index == file])
        assert abs(1200 * np.log2(found / f0_hz)) < 10
    np.testing.assert_allclose(frames.inputs[:, :8].mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(frames.inputs[:, :8].std(axis=0), 1, atol=1e-4)
    assert repr(frames) == f"Frames({t} frames, 3 files, 10 inputs, 80 bins)"


def test_save_and_load(frames, tmp_path):
    path = tmp_path / "x.safetensors"
    frames.save(path)
    equal(wms.Frames.load(str(path)), frames)
    frames.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["x.safetensors"]
    with pytest.raises(FileAccessError, match=r"none\.safetensors"):
        wms.Frames.load(tmp_path / "none.safetensors")


def split(raw):
    size = int.from_bytes(raw[:8], "little")
    return json.loads(raw[8 : 8 + size]), raw[8 + size :]


def join(header, body):
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def drop_array(header):
    # safetensors allows no holes: the last array is the one that can go.
    name = max((k for k in header if k != "__metadata__"), key=lambda k: header[k]["data_offsets"])
    end = header.pop(name)["data_offsets"][0]
    return slice(0, end)


def metadata(key, value):
    def change(header):
        header["__metadata__"][key] = value

    return change


def drop_metadata(key):
    return lambda header: header["__metadata__"].pop(key) and None


def reshape(name, shape):
    def change(header):
        header[name]["shape"] = shape

    return change


PARAMS = wms.Params().to_dict()


@pytest.mark.parametrize(
    ("change", "fragment"),
    [
        (drop_array, "lacks the array"),
        (metadata("format", "wms-model"), "not a file of frames written by wms"),
        (metadata("version", "7"), "version 7 of the format, wanted 1"),
        (metadata("params", "{}"), "its params: key "),
        (metadata("params", json.dumps(PARAMS | {"n_mfcc": 9})), '"mfcc_raw" is F32 [102, 8]'),
        (metadata("params", json.dumps(PARAMS | {"hop_size": 0})), '"hop_size" is 0'),
        (metadata("files", "3"), "its list of files"),
        (metadata("files", '["a.wav"]'), "names file 1 of 1"),
        (metadata("skipped", "[3"), "its list of skipped files"),
        (drop_metadata("params"), 'lacks "params"'),
        (reshape("mfcc_raw", [8, 102]), '"mfcc_raw" is F32 [8, 102], wanted F32 [102, 8]'),
        (reshape("f0_hz", [1, 102]), '"f0_hz" is F32 [1, 102], wanted F32 [any]'),
    ],
)
def test_files_that_do_not_fit_themselves(frames, tmp_path, change, fragment):
    path = tmp_path / "x.safetensors"
    frames.save(path)
    header, body = split(path.read_bytes())
    kept = change(header)
    path.write_bytes(join(header, body[kept] if kept else body))
    with pytest.raises(FeatureFileError) as caught:
        wms.Frames.load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert fragment in str(caught.value)
    assert "\n" not in str(caught.value)


def test_truncated_and_foreign_files(frames, tmp_path):
    path = tmp_path / "x.safetensors"
    frames.save(path)
    whole = path.read_bytes()
    cuts = [whole[:n] for n in (0, 4, 8, 500, len(whole) // 2, len(whole) - 1)]
    for content in (*cuts, whole + b"x", b"RIFF" * 100, b"\xff" * 64):
        path.write_bytes(content)
        with pytest.raises(FeatureFileError, match=r"x\.safetensors: not a safetensors [^\n]+$"):
            wms.Frames.load(path)


def test_arrays_outlive_their_frames_and_cannot_be_written():
    frames = wms.analyze(tone(220, 0.3), PYIN, sample_rate=RATE)
    shared = {name: getattr(frames, name) for name in ARRAYS if name not in ("mfcc", "inputs")}
    copies = {name: array.copy() for name, array in shared.items()}
    for array in shared.values():
        assert not array.flags.writeable
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.flags.writeable = True
    del frames
    gc.collect()
    _ = [np.ones(10000, np.float32) for _ in range(50)]
    for name, array in shared.items():
        np.testing.assert_array_equal(array, copies[name])
    frames = wms.analyze(tone(220, 0.3), PYIN, sample_rate=RATE)
    # What is computed anew each time belongs to the caller.
    frames.inputs[:] = 0
    frames.mfcc[:] = 0
    assert frames.inputs.any()


@pytest.mark.parametrize("compatibility", [None, "main", "dev"])
def test_results_do_not_depend_on_the_number_of_threads(folder, compatibility):
    params = PYIN.replace(compatibility=compatibility)
    one = wms.analyze(folder, params, num_threads=1)
    for threads in (2, 5, None):
        equal(wms.analyze(folder, params, num_threads=threads), one)


def test_sources_agree(folder, frames):
    files = wms.list_audio(folder)
    equal(wms.analyze([str(file) for file in files], PYIN), frames)
    equal(wms.analyze([folder / "a.wav", folder / "b.wav", folder / "sub"], PYIN), frames)


def test_own_mode_analyses_files_separately(folder, frames):
    for index, file in enumerate(wms.list_audio(folder)):
        alone = wms.analyze(file, PYIN)
        rows = frames.file_index == index
        for name in ("f0_hz", "voicedness", "mfcc_raw", "spectrum", "times_s"):
            np.testing.assert_array_equal(getattr(frames, name)[rows], getattr(alone, name))


def test_compatible_mode_analyses_one_joined_signal(folder):
    params = PYIN.replace(compatibility="main")
    frames = wms.analyze(folder, params)
    waves = [wms.load_audio(file, RATE)[0] for file in wms.list_audio(folder)]
    joined = [np.concatenate([w, np.zeros(1024 - len(w) % 1024, np.float32)]) for w in waves]
    together = np.concatenate(joined)
    assert len(frames) == 1 + len(together) // 256
    search = {"fmin": 46, "fmax": 1600, "sr": RATE, "frame_length": 1024, "hop_length": 256}
    np.testing.assert_array_equal(frames.f0_hz, wms.pyin(together, **search)[0])
    assert frames.times_s[np.flatnonzero(np.diff(frames.file_index)) + 1].tolist() == [0, 0]


def test_stereo_arrays_are_averaged():
    left, right = tone(220, 0.4), tone(330, 0.4)
    stereo = np.stack([left, right])
    for given in (stereo, stereo.astype(np.float64), np.asfortranarray(stereo), stereo[:, ::1]):
        equal(
            wms.analyze(given, PYIN, sample_rate=RATE),
            wms.analyze((left + right) / 2, PYIN, sample_rate=RATE),
        )
    equal(
        wms.analyze(tone(220, 0.4).tolist(), PYIN, sample_rate=RATE),
        wms.analyze(tone(220, 0.4), PYIN, sample_rate=RATE),
    )


def test_arrays_are_resampled():
    y = tone(220, 0.4, 44100)
    at_rate = wms.resample(y, orig_sr=44100, target_sr=RATE)
    equal(wms.analyze(y, PYIN, sample_rate=44100), wms.analyze(at_rate, PYIN, sample_rate=RATE))


def test_progress_is_reported_and_may_stop(folder):
    seen = []
    wms.analyze(folder, PYIN, progress=lambda *counts: seen.append(counts))
    assert seen[-1] == (3, 3, 102)
    assert seen == sorted(seen)

    def refuse(*_):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        wms.analyze(folder, PYIN, progress=refuse)


LONG = np.random.default_rng(0).uniform(-0.5, 0.5, RATE * 3600).astype(np.float32)
SEARCH = {"fmin": 46, "fmax": 1600, "sr": RATE, "frame_length": 1024, "hop_length": 64}


@pytest.fixture
def third_ctrl_c():
    """Ctrl-C 50 ms after the last was handled; the handler raises at the third and is counted."""
    presses, done, handled = [], threading.Event(), threading.Event()

    def handle(*_):
        presses.append(True)
        handled.set()
        if len(presses) == 3:
            raise KeyboardInterrupt

    def press():
        # On a busy machine two that follow blindly could both come before the handler runs.
        for _ in range(3):
            if done.wait(0.05):
                return
            handled.clear()
            os.kill(os.getpid(), signal.SIGINT)
            handled.wait(60)

    before = signal.signal(signal.SIGINT, handle)
    thread = threading.Thread(target=press)
    thread.start()
    yield presses
    done.set()
    thread.join()
    signal.signal(signal.SIGINT, before)


@pytest.mark.skipif(os.name != "posix", reason="needs POSIX signals")
@pytest.mark.parametrize(
    "call",
    [
        lambda: wms.analyze(LONG, PYIN, sample_rate=RATE),
        lambda: wms.analyze(LONG, YIN, sample_rate=RATE),
        lambda: wms.pyin(LONG, **SEARCH),
        lambda: wms.yin(LONG, **SEARCH),
    ],
    ids=["analyze-pyin", "analyze-yin", "pyin", "yin"],
)
def test_ctrl_c_interrupts(call, third_ctrl_c):
    # A call that looked for signals only at its end would run the handler once.
    with pytest.raises(KeyboardInterrupt):
        call()
    assert len(third_ctrl_c) == 3


def test_other_threads_run_meanwhile():
    ticks = 0
    done = threading.Event()

    def tick():
        nonlocal ticks
        while not done.wait(0.002):
            ticks += 1

    thread = threading.Thread(target=tick)
    thread.start()
    wms.analyze(LONG[: RATE * 20], YIN, sample_rate=RATE)
    done.set()
    thread.join()
    assert ticks > 5


FORK = """
import os, sys
import numpy as np
import wms
params = wms.Params(pitch_detection_method="pyin")
y = np.sin(np.arange(8000) * 0.1).astype(np.float32)
before = wms.analyze(y, params, sample_rate=16000)
child = os.fork()
if child == 0:
    after = wms.analyze(y, params, sample_rate=16000)
    os._exit(0 if np.array_equal(before.inputs, after.inputs) else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_analysis_survives_a_fork():
    subprocess.run([sys.executable, "-c", FORK], check=True, timeout=60)


def worker(f0_hz):
    return wms.analyze(tone(f0_hz, 0.3), PYIN, sample_rate=RATE).inputs


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="needs the start method fork"
)
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_analysis_works_in_forked_workers():
    wanted = [worker(f0_hz) for f0_hz in (110, 220, 330)]
    with multiprocessing.get_context("fork").Pool(2) as pool:
        found = pool.map_async(worker, (110, 220, 330)).get(timeout=60)
    for a, b in zip(found, wanted, strict=True):
        np.testing.assert_array_equal(a, b)


def test_help_is_there():
    for thing in (
        *(wms.analyze, wms.yin, wms.pyin, wms.cycle_frames, wms.segment_mfcc, wms.cycle_spectrum),
        *(wms.load_audio, wms.save_audio, wms.resample, wms.list_audio),
        *(wms.Params, wms.Frames, wms.Scaler, wms.Model, wms.Synth),
    ):
        assert thing.__doc__
    for kind in (wms.Params, wms.Frames, wms.Scaler, wms.Model, wms.Synth):
        for name, member in vars(kind).items():
            if not name.startswith("_"):
                assert member.__doc__, f"{kind.__name__}.{name}"
