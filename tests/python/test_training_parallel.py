"""Logs, precision and several processes."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import wms
from training_helpers import made_up_frames
from wms.cli import main
from wms.errors import FileAccessError, ParameterError
from wms.training import train
from wms.training.log import TrainingLog
from wms.training.parallel import Processes

# What each process of torchrun does: train the same, and leave its weights.
WORKER = """
import os, sys
import torch
torch.set_num_threads(1)
import wms
from training_helpers import made_up_frames
from wms.cli import main
from wms.training import train
settings = {"input_noise": float(sys.argv[2]), "random_gain_db": 0.0, "learning_rate": 3e-3}
frames = made_up_frames(300, **settings)
limit = {"minutes": 0.02} if sys.argv[3] == "minutes" else {"epochs": 60}
folder = sys.argv[1]
result = train(frames.params, frames, out=folder + "/m.safetensors", log=folder + "/log",
               progress=False, device="cpu", **limit)
rank = os.environ["RANK"]
torch.save(result.network.state_dict(), f"{folder}/rank{rank}.pt")
with open(f"{folder}/rank{rank}.txt", "w") as file:
    print(result.model_path, result.epochs, len(result.history), bool(result.baselines), file=file)
"""


def rows(folder):
    with (folder / "log.csv").open() as file:
        return list(csv.DictReader(file))


def test_log_has_a_row_for_each_validation(tmp_path):
    frames = made_up_frames(200)
    result = train(frames.params, frames, epochs=120, progress=False, log=tmp_path / "new")
    written = rows(tmp_path / "new")
    assert [int(row["epoch"]) for row in written] == [50, 100, 120]
    for row, record in zip(written, result.history, strict=True):
        assert float(row["validation_mae"]) == record.validation_mae
        assert float(row["learning_rate"]) == record.learning_rate
    with pytest.raises(FileAccessError, match="exists already"):
        train(frames.params, frames, epochs=1, progress=False, log=tmp_path / "new")
    train(frames.params, frames, epochs=1, progress=False, log=tmp_path / "new", overwrite=True)
    assert len(rows(tmp_path / "new")) == 1
    (tmp_path / "file").write_text("")
    with pytest.raises(FileAccessError, match="is a file"):
        TrainingLog(tmp_path / "file", overwrite=False)


def test_a_resumed_log_is_that_of_one_training(tmp_path):
    frames = made_up_frames(200)
    out = tmp_path / "m.safetensors"

    def interrupt(record):
        signal.raise_signal(signal.SIGINT)

    part = train(frames.params, frames, out=out, epochs=150, progress=interrupt, log=tmp_path)
    assert part.interrupted
    resumed = {"resume": part.checkpoint_path, "out": out, "overwrite": True}
    train(frames.params, frames, epochs=100, progress=False, log=tmp_path, **resumed)
    assert [int(row["epoch"]) for row in rows(tmp_path)] == [50, 100, 150]


def test_tensorboard_where_it_is_installed(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    frames = made_up_frames(200)
    result = train(frames.params, frames, epochs=60, progress=False, log=tmp_path)
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    found = events.Scalars("validation_mae")
    assert [event.step for event in found] == [record.step for record in result.history]
    wanted = [record.validation_mae for record in result.history]
    np.testing.assert_allclose([event.value for event in found], wanted, rtol=1e-6)


def test_bfloat16_learns_what_float32_does():
    frames = made_up_frames()
    plain = train(frames.params, frames, epochs=15, progress=False, device="cpu")
    short = train(
        frames.params, frames, epochs=15, progress=False, device="cpu", precision="bfloat16"
    )
    assert {value.dtype for value in short.network.state_dict().values()} == {torch.float32}
    assert short.validation.mae != plain.validation.mae
    assert short.validation.mae == pytest.approx(plain.validation.mae, rel=0.05)


def test_precisions_that_there_are_not():
    frames = made_up_frames(200)
    for precision, message in (("int8", "wanted one of float32"), ("float16", "only a CUDA")):
        with pytest.raises(ParameterError, match=message):
            train(frames.params, frames, progress=False, device="cpu", precision=precision)


def torchrun(folder, *arguments):
    """Run WORKER in two processes; return their weights, and what they told."""
    script = folder / "worker.py"
    script.write_text(WORKER)
    path = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", str(script), str(folder), *arguments]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, path))}
    ran = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    states = [torch.load(folder / f"rank{rank}.pt", weights_only=True) for rank in range(2)]
    told = [(folder / f"rank{rank}.txt").read_text().split() for rank in range(2)]
    return states, told


def assert_equal_states(a, b):
    for name, value in a.items():
        np.testing.assert_array_equal(value.numpy(), b[name].numpy(), err_msg=name)


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun's gloo is for Linux and macOS")
def test_two_processes_train_as_one_does(tmp_path):
    # Without noise, which differs from process to process, the shares' mean is the batch's.
    states, told = torchrun(tmp_path, "0", "epochs")
    assert_equal_states(*states)
    path = str(tmp_path / "m.safetensors")
    assert told == [[path, "60", "2", "True"], ["None", "60", "2", "False"]]
    assert [int(row["epoch"]) for row in rows(tmp_path / "log")] == [50, 60]
    left = {file.name for file in tmp_path.iterdir()} - {
        f"rank{r}.{e}" for r in (0, 1) for e in ("pt", "txt")
    }
    assert left == {"worker.py", "m.safetensors", "m.png", "log"}

    frames = made_up_frames(300, input_noise=0.0, random_gain_db=0.0, learning_rate=3e-3)
    alone = train(frames.params, frames, epochs=60, progress=False, device="cpu")
    for name, value in alone.network.state_dict().items():
        np.testing.assert_allclose(states[0][name], value, rtol=0.02, atol=5e-3, err_msg=name)


@pytest.mark.skipif(sys.platform == "win32", reason="torchrun's gloo is for Linux and macOS")
def test_two_processes_stop_at_the_same_batch(tmp_path):
    states, told = torchrun(tmp_path, "0.02", "minutes")
    assert_equal_states(*states)
    assert told[0][1:3] == told[1][1:3]


def test_a_batch_is_shared_out_whole(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "3")
    parts = []
    for rank in range(3):
        monkeypatch.setenv("RANK", str(rank))
        parts.append(Processes().share(np.arange(10)))
    assert sorted(np.concatenate(parts)) == list(range(10))
    with pytest.raises(ParameterError, match="has 2 sequences, wanted at least one for each of 3"):
        Processes().share(np.arange(2))


def test_from_the_command_line(tmp_path, capsys):
    t = np.arange(3 * 16000) / 16000
    sound = 0.3 * np.sin(2 * np.pi * 220 * t + 3 * np.sin(9 * t)).astype(np.float32)
    params = wms.Params(
        pitch_detection_method="yin",
        include_voicedness=False,
        hidden_size=8,
        training_seq_length=10,
        validation_stretch_s=0.3,
    )
    wms.analyze(sound, params, sample_rate=16000).save(tmp_path / "f.safetensors")
    params.save(tmp_path / "p.json")
    command = ["train", str(tmp_path / "f.safetensors"), "--out", str(tmp_path / "m.safetensors")]
    command += ["--params", str(tmp_path / "p.json"), "--epochs", "2", "--device", "cpu"]
    command += ["--log", str(tmp_path / "log"), "--precision"]
    assert main([*command, "float16"]) == 2
    assert "only a CUDA device" in capsys.readouterr().err
    assert not (tmp_path / "m.safetensors").exists()
    assert main([*command, "bfloat16"]) == 0
    assert "2 epochs" in capsys.readouterr().out
    assert len(rows(tmp_path / "log")) == 1
