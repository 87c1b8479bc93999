"""Models between this project's format and wms_torch's: the same network, and all that is known."""

import json
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

import wms
from training_helpers import made_up_frames
from wms.cli import main
from wms.compat import write_model
from wms.compat.torch_file import save_tensors
from wms.errors import FileAccessError, ModelFileError, ParameterError
from wms.training import GRUNet, export_wms_torch, train

DATA = Path(__file__).resolve().parents[1] / "data"
OLD = DATA / "wms_torch"
GENERATIONS = ("2024-05", "2024-11-early", "2024-11", "2026-08")
ENDINGS = (".safetensors", ".pth", ".json")
SCALER = {"mean": [0.5, -300.25, 1e-3, 4, 5, 6, 7, 8], "scale": [2.0, 90.1, 1 / 3, 1, 1, 1, 1, 9.5]}


def load(path, params=None):
    """Load without the warning of what was assumed."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return wms.Model.load(path, params)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The golden network of 2026-08 as a model of which everything is known."""
    folder = tmp_path_factory.mktemp("model")
    save_tensors(folder / "weights.pth", load_file(DATA / "networks/2026-08.weights.safetensors"))
    bare = load(folder / "weights.pth", wms.Params())
    description = write_model(bare, folder / "known.pth")[1]
    told = json.loads(description.read_text())
    told["___NOT_TO_EDIT_model"] |= {"scaler": SCALER, "name": "golden", "assumed": []}
    description.write_text(json.dumps(told))
    model = wms.Model.load(folder / "known.pth")
    assert model.config["scaler"] == SCALER and model.name == "golden"
    return model


@pytest.mark.parametrize("start", ENDINGS)
def test_a_model_comes_back_whole_by_every_way(model, tmp_path, start):
    io = load_file(DATA / "networks" / "2026-08.io.safetensors")
    path = tmp_path / f"0{start}"
    write_model(model, path)
    for step, ending in enumerate((".pth", ".json", ".safetensors", ".json", ".pth", start), 1):
        converted = tmp_path / f"{step}{ending}"
        assert main(["convert", str(path), "--out", str(converted)]) == 0
        path = converted
        again = wms.Model.load(path)
        assert again.config == model.config
        y, _ = again.predict(io["x_feat"])
        np.testing.assert_allclose(y, model.predict(io["x_feat"])[0], rtol=0, atol=1e-6)
        np.testing.assert_allclose(y, io["y_feat"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("generation", GENERATIONS)
def test_files_are_those_of_wms_torch(tmp_path, generation):
    original = load(OLD / f"{generation}.pth")
    weights, _ = write_model(original, tmp_path / "m.pth")
    rtneural, _ = write_model(load(OLD / f"{generation}.json"), tmp_path / "m.json")
    assert rtneural.read_bytes() == (OLD / f"{generation}.json").read_bytes()
    expected = torch.load(OLD / f"{generation}.pth", weights_only=True)
    state = torch.load(weights, weights_only=True)
    assert list(state) == list(expected)
    for name, tensor in state.items():
        assert tensor.dtype == torch.float32 and torch.equal(tensor, expected[name])
    io = load_file(OLD / f"{generation}.io.safetensors")
    for path in (weights, rtneural):
        y, _ = load(path).predict(io["x"])
        np.testing.assert_allclose(y, io["y"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("generation", ["2024-11-early", "2024-11"])
def test_golden_networks_of_2024(tmp_path, generation):
    io = load_file(DATA / "networks" / f"{generation}.io.safetensors")
    original = load(DATA / "networks" / f"{generation}.pth")
    for ending in ENDINGS:
        write_model(original, tmp_path / f"m{ending}")
        again = load(tmp_path / f"m{ending}")
        assert again.config == original.config
        # Every fourth frame's outputs are kept.
        y = again.predict(io["x"])[0][3::4]
        np.testing.assert_allclose(y, io["y"], rtol=0, atol=1e-5)


def test_pytorch_takes_the_state_dict(model, tmp_path):
    io = load_file(DATA / "networks" / "2026-08.io.safetensors")
    write_model(model, tmp_path / "m.pth")
    network = GRUNet(10, 256, 10, 80)
    network.load_state_dict(torch.load(tmp_path / "m.pth", weights_only=True), strict=True)
    with torch.no_grad():
        y = network(torch.from_numpy(io["x_feat"])[None])[0]
    np.testing.assert_allclose(y[0].numpy(), io["y_feat"], rtol=0, atol=1e-5)


def test_the_description_is_a_params_json(model, tmp_path):
    _, description = write_model(model, tmp_path / "m.json")
    assert description.name == "m.json.params.json"
    assert wms.Params.load(description).to_dict() == wms.Params().to_dict()
    # Given params have to fit, as they do with this project's own files.
    assert wms.Model.load(tmp_path / "m.json", wms.Params()).config == model.config
    with pytest.raises(ModelFileError, match="80 outputs"):
        wms.Model.load(tmp_path / "m.json", wms.Params(n_fft_preserved=40))


def test_what_was_assumed_stays_said(tmp_path):
    with pytest.warns(UserWarning, match="hop_size"):
        original = wms.Model.load(OLD / "2024-11.pth")
    for ending in ENDINGS:
        write_model(original, tmp_path / f"m{ending}")
        with pytest.warns(UserWarning, match="hop_size"):
            assert wms.Model.load(tmp_path / f"m{ending}").config == original.config


def test_export_keeps_what_is_known(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    for path in export_wms_torch(tmp_path / "m.safetensors", tmp_path / "out"):
        assert wms.Model.load(path).config == model.config


def test_training_and_conversion_write_the_same_file(tmp_path):
    frames = made_up_frames(200)
    path = tmp_path / "m.safetensors"
    train(frames.params, frames, out=path, epochs=1, progress=False)
    for step, ending in enumerate(
        (".safetensors", ".pth", ".safetensors", ".json", ".safetensors")
    ):
        converted = tmp_path / f"{step}{ending}"
        assert main(["convert", str(path), "--out", str(converted)]) == 0
        path = converted
        if ending == ".safetensors":
            assert path.read_bytes() == (tmp_path / "m.safetensors").read_bytes()


def test_a_model_is_made_of_its_config_and_its_tensors(model, tmp_path):
    made = wms.Model.from_state(model.config, model.state_dict())
    model.save(tmp_path / "a.safetensors")
    made.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()
    lacking = model.state_dict()
    del lacking["gru.bias_hh_l0"]
    for config, tensors, message in [
        (model.config | {"hop_size": 0}, model.state_dict(), "config.hop_size is 0, wanted 1 to"),
        (model.config | {"generation": "2024-11"}, model.state_dict(), "config.generation is"),
        (model.config, lacking, "tensor gru.bias_hh_l0 is missing"),
        (model.config, {"gru.weight_ih_l0": "x"}, "tensor gru.weight_ih_l0 is"),
    ]:
        with pytest.raises(ParameterError, match=message) as caught:
            wms.Model.from_state(config, tensors)
        assert "\n" not in str(caught.value)


def test_bad_descriptions_are_told_in_one_line(model, tmp_path):
    path, description = write_model(model, tmp_path / "m.pth")
    good = json.loads(description.read_text())
    key = "___NOT_TO_EDIT_model"
    wrong = [
        ("{", "no JSON"),
        ("[1]", key),
        (json.dumps({"n_mfcc": 8}), key),
        (json.dumps(good | {key: 3}), key),
        (json.dumps(good | {key: {}}), "config"),
        (json.dumps(good | {key: good[key] | {"generation": "2024-11"}}), "2024-11"),
    ]
    for content, message in wrong:
        description.write_text(content)
        with pytest.raises(ModelFileError, match=message) as caught:
            wms.Model.load(path)
        assert "\n" not in str(caught.value)
    # Of another network.
    description.write_text(json.dumps(good))
    other = load(OLD / "2026-08.pth")
    save_tensors(path, other.state_dict())
    with pytest.raises(ModelFileError, match="description beside it"):
        wms.Model.load(path)


def test_writing_refuses(model, tmp_path):
    (tmp_path / "m.json.params.json").write_text("mine")
    (tmp_path / "n.pth").write_text("mine")
    for name, kind, message in [
        ("m.json", FileAccessError, "m.json.params.json: exists already"),
        ("n.pth", FileAccessError, "n.pth: exists already"),
        ("m.onnx", ParameterError, "wanted a file ending in .safetensors, .pth, .json"),
        ("m", ParameterError, "wanted a file ending in"),
        ("n.pth/m.pth", FileAccessError, "cannot be written"),
    ]:
        with pytest.raises(kind, match=message) as caught:
            write_model(model, tmp_path / name)
        assert "\n" not in str(caught.value)
    assert {path.name for path in tmp_path.iterdir()} == {"m.json.params.json", "n.pth"}
    assert len(write_model(model, tmp_path / "n.pth", overwrite=True)) == 2


def test_command_used_right(tmp_path, capsys):
    wms.Params(n_fft_preserved=20).save(tmp_path / "p.json")
    out = tmp_path / "new" / "m.safetensors"
    command = ["convert", str(OLD / "2026-08.json"), "--out", str(out)]
    assert main([*command, "--params", str(tmp_path / "p.json")]) == 0
    assert load(out).config["params"] == wms.Params(n_fft_preserved=20).to_dict()
    assert str(out) in capsys.readouterr().out
    assert main([*command, "--overwrite"]) == 0
    assert load(out).config["params"] == {}
    assert "wms: warning:" in capsys.readouterr().err


def test_help_has_an_example(capsys):
    with pytest.raises(SystemExit) as left:
        main(["convert", "--help"])
    text = capsys.readouterr().out
    assert left.value.code == 0 and "example: wms convert " in text and "--params" in text


def test_command_used_wrong(model, tmp_path, capsys):
    write_model(model, tmp_path / "m.pth")
    (tmp_path / "x.bin").write_bytes(b"no model")
    (tmp_path / "taken.json").write_text("mine")
    m, out = str(tmp_path / "m.pth"), str(tmp_path / "out.json")
    wrong = [
        ([m], 2, "--out"),
        ([m, "--out", m], 2, "wanted another file"),
        ([m, "--out", str(tmp_path / "." / "m.pth"), "--overwrite"], 2, "wanted another file"),
        ([m, "--out", str(tmp_path / "m.txt")], 2, "ending in"),
        ([m, "--out", str(tmp_path / "taken.json")], 1, "exists already"),
        ([str(tmp_path / "x.bin"), "--out", out], 1, "x.bin"),
        ([str(tmp_path / "none.pth"), "--out", out], 1, "none.pth"),
    ]
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    for arguments, status, message in wrong:
        try:
            assert main(["convert", *arguments]) == status
        except SystemExit as left:
            assert left.code == status
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
