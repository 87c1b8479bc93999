"""Analysis on a local Ray cluster of two workers."""

import builtins
import os
import signal
import threading
import time
from pathlib import Path

import pytest

import wms
from wms.cli import main
from wms.waves import make_waves

RATE = 16000
YIN = wms.Params(pitch_detection_method="yin", include_voicedness=False)

try:
    import ray
except ImportError:
    ray = None
needs_ray = pytest.mark.skipif(ray is None, reason="Ray is not installed: pip install '.[ray]'")


@pytest.fixture(scope="module")
def cluster():
    ray.init(
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        object_store_memory=100 * 2**20,
    )
    yield
    ray.shutdown()


@pytest.fixture
def audio(tmp_path):
    folder = tmp_path / "audio"
    folder.mkdir()
    for seed in range(4):
        sound = make_waves(1.0 + seed, sample_rate=RATE, f_low=100, f_high=800, seed=seed)
        wms.save_audio(folder / f"{seed}.wav", sound, RATE)
    (folder / "bad.wav").write_bytes((folder / "0.wav").read_bytes()[:30])
    (folder / "copy.wav").write_bytes((folder / "1.wav").read_bytes())
    YIN.save(tmp_path / "yin.json")
    return folder


def content(folder):
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def within(seconds, work):
    """Run `work` in a thread and fail when it takes too long."""
    result = []
    thread = threading.Thread(target=lambda: result.append(work()), daemon=True)
    thread.start()
    thread.join(seconds)
    assert result, "it takes too long, or failed"
    return result[0]


def analyze(audio, out, params, *more):
    return main(["analyze", str(audio), "--out", str(out), "--params", str(params), *more])


@needs_ray
@pytest.mark.filterwarnings("ignore")
def test_the_result_is_that_of_one_machine(cluster, audio, tmp_path, capsys):
    params = tmp_path / "yin.json"
    assert analyze(audio, tmp_path / "here", params) == 0
    assert "5 recordings: 4 analysed, 1 kept, 1 skipped" in capsys.readouterr().out
    there = tmp_path / "there"
    assert within(120, lambda: analyze(audio, there, params, "--ray")) == 0
    told = capsys.readouterr()
    assert "of 5 recordings: " in told.out and "1 skipped" in told.out
    assert "bad.wav: is cut short within its header" in told.err
    assert content(there) == content(tmp_path / "here")
    assert within(120, lambda: analyze(audio, there, params, "--ray")) == 0
    assert "0 analysed, 5 kept, 1 skipped" in capsys.readouterr().out


@needs_ray
@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the worker in /proc")
@pytest.mark.filterwarnings("ignore")
def test_a_killed_worker_is_replaced(cluster, audio, tmp_path):
    # CREPE on half a minute takes each worker a few seconds.
    sound = make_waves(40.0, sample_rate=RATE, f_low=100, f_high=800, seed=9)
    for name in ("long", "longer"):
        wms.save_audio(audio / f"{name}.wav", sound[: len(sound) - len(name) * 800], RATE)
    (audio / "bad.wav").unlink()
    crepe = tmp_path / "crepe.json"
    wms.Params().save(crepe)
    there = tmp_path / "there"
    killed = []

    def kill():
        deadline = time.monotonic() + 60
        while not killed and time.monotonic() < deadline:
            time.sleep(0.02)
            if not any(there.glob(".wms-*")):
                continue
            # A worker that writes into the store.
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    opened = [str(link.readlink()) for link in (process / "fd").iterdir()]
                    # Spares this process and Ray's own.
                    worker = b"ray::" in (process / "cmdline").read_bytes()
                except OSError:
                    continue
                if worker and any(name.startswith(str(there)) for name in opened):
                    os.kill(int(process.name), signal.SIGKILL)
                    killed.append(process.name)
                    break

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    assert within(180, lambda: analyze(audio, there, crepe, "--ray", "--prune")) == 0
    killer.join(60)
    assert killed
    assert analyze(audio, tmp_path / "here", crepe) == 0
    assert content(there) == content(tmp_path / "here")


@needs_ray
def test_a_cluster_that_is_not_there(audio, tmp_path, capsys):
    if ray.is_initialized():
        ray.shutdown()
    status = analyze(audio, tmp_path / "s", tmp_path / "yin.json", "--ray", "no port")
    assert status == 1
    err = capsys.readouterr().err.splitlines()
    assert err[-1].startswith("wms analyze: Ray at no port: ")


def test_without_ray_one_line_says_how_to_get_it(audio, tmp_path, capsys, monkeypatch):
    real = builtins.__import__

    def without_ray(name, *rest):
        if name.partition(".")[0] == "ray":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_ray)
    assert analyze(audio, tmp_path / "s", tmp_path / "yin.json", "--ray") == 1
    assert (
        capsys.readouterr().err
        == "wms analyze: --ray needs Ray: pip install '.[ray]' in the checkout\n"
    )
    assert not (tmp_path / "s").exists()
