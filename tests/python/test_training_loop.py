import json
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors import safe_open

import wms
from training_helpers import made_up_frames
from wms.errors import FileAccessError, ModelFileError, ParameterError, WmsError
from wms.training import EpochRecord, GRUNet, export_wms_torch, plot_history, train


@pytest.fixture(autouse=True)
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def weights(result):
    return {name: value.numpy() for name, value in result.network.state_dict().items()}


def assert_same_weights(a, b):
    for name, value in weights(a).items():
        np.testing.assert_array_equal(value, weights(b)[name], err_msg=name)


def read_model(path):
    with safe_open(path, framework="numpy") as file:
        metadata = file.metadata()
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    return metadata, tensors


def test_unvoiced_frames_are_not_trained_on():
    frames = made_up_frames(min_voicedness=0.5)
    unvoiced = np.arange(100, 600, 100)
    frames.voicedness[unvoiced] = 0.2
    plain = train(frames.params, frames, epochs=1, progress=False)
    # Whatever they hold.
    frames.targets[unvoiced] = 1e3
    result = train(frames.params, frames, epochs=1, progress=False)
    assert_same_weights(plain, result)
    frames_used = [*result.split.training_frames, *result.split.validation_frames]
    assert len(frames_used) > 450 and not set(frames_used) & set(unvoiced)


def test_training_learns_and_writes_a_model(tmp_path):
    frames = made_up_frames(hidden_size=24)
    out = tmp_path / "new folder" / "m.safetensors"
    # The frames know best what they were analysed with.
    params = {**frames.params, "hop_size": 999}
    result = train(params, frames, out=out, epochs=40, progress=False)
    assert result.validation.mae < 0.5 * result.baselines["mean"]
    assert set(result.baselines) == {"mean", "nearest", "ridge"}
    assert result.validation.loss == min(r.validation_loss for r in result.history)
    assert result.epochs == 40 and not result.interrupted and result.checkpoint_path is None
    assert sorted(p.name for p in out.parent.iterdir()) == ["m.png", "m.safetensors"]

    metadata, tensors = read_model(out)
    assert metadata["format"] == "wms-model" and metadata["version"] == "1"
    config = json.loads(metadata["config"])
    assert config["generation"] == "2026-08" and config["name"] == "m"
    assert config["input_names"] == ["mfcc_0", "mfcc_1", "pitch", "voicedness"]
    assert config["scaler"] == {"mean": [-300.0, 80.0], "scale": [90.0, 40.0]}
    assert config["f0_mapping"] == {"kind": "log_offset", "f_low_hz": 46.0, "offset": 1e-4}
    assert config["spectrum"] == {
        "domain": "log1p",
        "window_size": 1024,
        "n_fft": 1024,
        "n_bins": 6,
        "cycles_per_window": 2,
    }
    assert config["params"]["hidden_size"] == 24 and config["params"]["seed"] == 7
    assert config["params"]["hop_size"] == config["hop_size"] == 256
    low, high = config["f0_range_hz"]
    assert 110 <= low < high <= 440
    assert config["input_statistics"]["max"] == frames.inputs.max(axis=0).tolist()
    assert config["provenance"]["wms_version"] == wms.__version__
    assert config["provenance"]["epochs"] == 40
    # The file takes inputs as they are, and gives what validation saw.
    network = GRUNet(4, 24, 4, 6)
    network.load_state_dict({k: torch.from_numpy(v) for k, v in tensors.items()}, strict=True)
    errors = []
    with torch.no_grad():
        for s in result.split.validation:
            y, _ = network(torch.from_numpy(frames.inputs[None, s.start : s.stop]))
            errors.append(np.abs(y[0].numpy() - frames.targets[s.start : s.stop]))
    assert np.concatenate(errors).mean() == pytest.approx(result.validation.mae, rel=1e-4)


@pytest.mark.parametrize(
    "settings",
    [
        {"optimizer": "SGD", "criterion": "MSE", "lr_schedule": "plateau", "ema_decay": 0.0},
        {"optimizer": "Adam", "criterion": "WeightedMSE", "lr_schedule": "constant"},
        {
            "dropout": 0.2,
            "smoothness_weight": 0.1,
            "normalise_inputs": False,
            "num_batches": 1,
            "amsgrad": True,
        },
    ],
)
def test_other_settings_train_too(settings):
    frames = made_up_frames(**settings)
    result = train(frames.params, frames, epochs=20, progress=False)
    assert result.model_path is None
    assert result.history[-1].step == 20 * (1 if "num_batches" in settings else 3)
    assert np.isfinite(result.validation.loss)


def test_the_seed_decides_and_callers_generators_go_on():
    frames = made_up_frames(200)
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    a = train(frames.params, frames, epochs=3, progress=False)
    np.testing.assert_array_equal(torch.rand(2), expected)
    b = train(frames.params, frames, epochs=3, progress=False)
    c = train({**frames.params, "seed": 8}, frames, epochs=3, progress=False)
    assert_same_weights(a, b)
    assert not np.array_equal(weights(a)["gru.weight_hh_l0"], weights(c)["gru.weight_hh_l0"])


def test_interrupted_training_keeps_the_best_and_resumes_as_if_nothing_had_been(tmp_path):
    frames = made_up_frames(dropout=0.1)
    whole = train(frames.params, frames, epochs=50, progress=False)
    records = []

    def interrupt(record: EpochRecord) -> None:
        records.append(record)
        if len(records) == 2:
            signal.raise_signal(signal.SIGINT)

    out = tmp_path / "m.safetensors"
    handler = signal.getsignal(signal.SIGINT)
    part = train(frames.params, frames, out=out, epochs=50, progress=interrupt)
    assert signal.getsignal(signal.SIGINT) is handler
    assert part.interrupted and part.epochs < 50
    assert out.exists() and part.checkpoint_path == tmp_path / "m.checkpoint.pt"
    done = train(
        frames.params,
        frames,
        out=out,
        overwrite=True,
        resume=part.checkpoint_path,
        epochs=50 - part.epochs,
        progress=False,
    )
    assert part.remaining == (None, 50 - part.epochs)
    assert done.epochs == 50 and done.remaining == (None, 0)
    assert part.checkpoint_path.exists(), "a file that was given is not deleted"
    assert_same_weights(whole, done)
    assert [r.validation_loss for r in done.history] == [r.validation_loss for r in whole.history]


def test_a_resumed_training_is_as_much_again(tmp_path):
    frames = made_up_frames()
    out = tmp_path / "m.safetensors"

    def interrupt(record: EpochRecord) -> None:
        signal.raise_signal(signal.SIGINT)

    part = train(frames.params, frames, out=out, minutes=5, progress=interrupt)
    assert part.remaining[0] == pytest.approx(5 - part.minutes) and part.remaining[1] is None
    resumed = {"out": out, "overwrite": True, "resume": part.checkpoint_path, "progress": False}
    for minutes in (1e-4, 1e-3):
        done = train(frames.params, frames, minutes=minutes, **resumed)
        assert done.epochs >= part.epochs and done.minutes > part.minutes + minutes


def test_a_checkpoint_fits_its_own_frames_and_network_alone(tmp_path):
    frames = made_up_frames(200)
    out = tmp_path / "m.safetensors"
    seen = []

    def interrupt(record: EpochRecord) -> None:
        seen.append(record)
        signal.raise_signal(signal.SIGINT)

    part = train(frames.params, frames, out=out, epochs=100, progress=interrupt)
    other = made_up_frames(210)
    with pytest.raises(ParameterError, match="other frames"):
        train(frames.params, other, resume=part.checkpoint_path, progress=False)
    with pytest.raises(ParameterError, match="another kind or size"):
        params = {**frames.params, "hidden_size": 9}
        train(params, frames, resume=part.checkpoint_path, progress=False)
    torn = tmp_path / "torn.pt"
    torn.write_bytes(part.checkpoint_path.read_bytes()[:500])
    for bad in (torn, out):
        with pytest.raises(ModelFileError, match="not a checkpoint"):
            train(frames.params, frames, resume=bad, progress=False)
    with pytest.raises(FileAccessError, match=r"none\.pt"):
        train(frames.params, frames, resume=tmp_path / "none.pt", progress=False)


def test_checkpoints_are_written_now_and_then(tmp_path):
    frames = made_up_frames(200, save_scratch_model_every=60)
    found = []
    out = tmp_path / "m.safetensors"

    def look(record: EpochRecord) -> None:
        found.append((record.epoch, (tmp_path / "m.checkpoint.pt").exists()))

    train(frames.params, frames, out=out, epochs=120, progress=look)
    assert found == [(50, False), (100, True), (120, True)]
    assert not (tmp_path / "m.checkpoint.pt").exists()


def test_minutes_bound_the_time_and_show_what_is_left():
    frames = made_up_frames(200)
    records = []
    result = train(frames.params, frames, minutes=0.02, progress=records.append)
    assert 0.019 < result.minutes < 0.1
    assert records[-1].remaining_s == 0
    assert all(0 < record.remaining_s < 1.2 for record in records[:-1])
    assert records[-1].learning_rate < 0.1 * frames.params["learning_rate"]


def test_training_stops_early_without_progress():
    frames = made_up_frames(200, learning_rate=1e-12, early_stop_patience=2, ema_decay=0.0)
    result = train(frames.params, frames, epochs=1000, progress=False)
    assert result.epochs < 1000


def test_divergence_is_one_clear_line():
    frames = made_up_frames(200)
    frames.targets[:] = 3e38
    with pytest.raises(WmsError, match=r"training diverged: the loss is .* in epoch 1, batch 1"):
        train(frames.params, frames, progress=False)


def test_too_few_or_bad_frames_are_refused():
    frames = made_up_frames(12)
    with pytest.raises(ParameterError, match="has 12 frames, wanted at least 15"):
        train(frames.params, frames, progress=False)
    frames = made_up_frames(200)
    frames.inputs[77, 1] = np.nan
    with pytest.raises(ParameterError, match="inputs of frame 77 are not finite"):
        train(frames.params, frames, progress=False)
    frames.targets = frames.targets[:-1]
    with pytest.raises(ParameterError, match="200 inputs, 199 targets"):
        train(frames.params, frames, progress=False)
    with pytest.raises(ParameterError, match="no audio_files_path"):
        train({}, progress=False)


def test_without_frames_the_recordings_that_params_name_are_analysed(monkeypatch):
    frames = made_up_frames(200)
    asked = []

    def analyze(source, params):
        asked.append(source)
        return frames

    monkeypatch.setattr(wms, "analyze", analyze, raising=False)
    params = {**frames.params, "audio_files_path": "sounds"}
    assert train(params, epochs=1, progress=False).epochs == 1
    assert asked == ["sounds"]


def test_output_is_checked_before_training(tmp_path):
    frames = made_up_frames(200)
    taken = tmp_path / "taken.safetensors"
    taken.write_text("mine")
    blocked = taken / "m.safetensors"
    for out, message in [(taken, "exists already"), (blocked, "written"), (tmp_path, "folder")]:
        with pytest.raises(FileAccessError, match=message):
            train(frames.params, frames, out=out, progress=pytest.fail)
    assert taken.read_text() == "mine"
    train(frames.params, frames, out=taken, overwrite=True, epochs=1, progress=False)
    assert read_model(taken)[0]["format"] == "wms-model"


def test_progress_is_a_line_on_stderr(capsys):
    frames = made_up_frames(200)
    train(frames.params, frames, epochs=2)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "epoch 2  loss" in shown.err and "left" in shown.err


def test_export_is_what_wms_torch_writes(tmp_path):
    frames = made_up_frames(200)
    result = train(frames.params, frames, out=tmp_path / "m.safetensors", epochs=1, progress=False)
    for model, comment in ((result.network, ""), (result.model_path, "_from_file")):
        weights_path, json_path = export_wms_torch(model, tmp_path, comment=comment)
        state = torch.load(weights_path, weights_only=True)
        GRUNet(4, 8, 4, 6).load_state_dict(state, strict=True)
        lists = json.loads(json_path.read_text())
        assert set(lists) == set(state)
        for key, value in weights(result).items():
            np.testing.assert_array_equal(state[key].numpy(), value)
            np.testing.assert_array_equal(np.array(lists[key], np.float32), value)
        newest = json.loads((tmp_path / "last_network.json").read_text())
        assert newest == {
            "last_network": f"./models/{weights_path.name}",
            "last_rt_network": f"./rtneural_models/{json_path.name}",
        }
    (tmp_path / "foreign").write_bytes(b"not a model")
    with pytest.raises(ModelFileError, match="foreign"):
        export_wms_torch(tmp_path / "foreign", tmp_path)


def test_history_is_drawn_with_baselines(tmp_path):
    records = [EpochRecord(i, i, 1 / i, 1 / i, 1 / i, 0.1, 60.0 * i, 0.0) for i in (1, 2, 3)]
    plot_history(records, tmp_path / "h.svg", baselines={"nearest frame": 0.5})
    assert "<svg" in (tmp_path / "h.svg").read_text()
    with pytest.raises(ParameterError, match="no records"):
        plot_history([], tmp_path / "h.png")


def test_importing_the_package_imports_neither_torch_nor_matplotlib():
    code = "import wms, wms.metrics, sys; print({'torch', 'matplotlib'} & set(sys.modules))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "set()"
    code = "import wms.training, sys; print('matplotlib.pyplot' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
