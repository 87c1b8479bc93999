"""MFCC reduced by PaCMAP, and the map that is kept with the model."""

import subprocess
import sys

import numpy as np
import pytest
import torch

import wms
from wms.errors import ModelFileError, ParameterError, WmsError
from wms.training import ProjectedFrames, fit_projection, projection, train

RATE = 16000
PARAMS = wms.Params(
    pitch_detection_method="pyin",
    mfcc_dim_reduction="pacmap",
    hidden_size=8,
    training_seq_length=10,
    validation_stretch_s=0.3,
    batch_size=8,
    warmup_steps=2,
)


def sound(seconds=3.0):
    """A tone whose pitch and brightness wander."""
    t = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(220 * 2 ** (0.5 * np.sin(2 * t))) / RATE
    bright = 0.5 + 0.4 * np.sin(5 * t)
    partials = [bright**k * np.sin((k + 1) * phase) for k in range(12)]
    return (0.2 * np.sum(partials, axis=0)).astype(np.float32)


def bent(mfcc, seed):
    """Stands for PaCMAP, which takes its time: three coordinates, not in straight lines."""
    return np.column_stack([np.tanh(mfcc[:, 0]) * 5, mfcc[:, 1] * 3, np.sin(mfcc[:, 0]) * 4])


@pytest.fixture(scope="module")
def frames():
    return wms.analyze(sound(), PARAMS, sample_rate=RATE)


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(projection, "_embed", bent)


def test_the_map_follows_the_embedding_between_its_frames(quick):
    rng = np.random.default_rng(0)
    mfcc = rng.standard_normal((2000, 4)).astype(np.float32)
    made = fit_projection(mfcc[::2])
    assert made.fit > 0.97 and len(made.centres) == 250
    wanted = bent(mfcc, 0)
    assert np.abs(made.apply(mfcc)[1::2] - wanted[1::2]).mean() < 0.05 * wanted.std()
    assert made.apply(mfcc[:0]).shape == (0, 3)
    again = fit_projection(mfcc[::2])
    np.testing.assert_array_equal(made.weights, again.weights)
    # Far from all that it knows, no bumps are left, and nothing explodes.
    assert np.abs(made.apply(mfcc[:1] + 100)).max() < 1e4
    with pytest.raises(ParameterError, match="49 frames to embed, wanted at least 50"):
        fit_projection(mfcc[:49])


def test_the_model_maps_new_sound_to_the_same_space(quick, frames, tmp_path):
    path = tmp_path / "m.safetensors"
    result = train(PARAMS, frames, out=path, epochs=2, progress=False)
    projected = ProjectedFrames(frames)
    assert projected.inputs.shape == (len(frames), 5) and len(projected) == len(frames)
    np.testing.assert_array_equal(projected.inputs[:, 3:], frames.inputs[:, -2:])

    model = wms.Model.load(path)
    names = ["pacmap_0", "pacmap_1", "pacmap_2", "pitch", "voicedness"]
    assert model.input_names == projected.input_names == names
    assert 0.5 < model.config["projection"]["fit"] <= 1
    np.testing.assert_allclose(model.inputs(frames), projected.inputs, rtol=1e-4, atol=2e-3)
    y, _ = model.predict(model.inputs(frames))
    with torch.no_grad():
        wanted = result.network(torch.from_numpy(projected.inputs)[None])[0][0].numpy()
    np.testing.assert_allclose(y, wanted, atol=2e-3)

    # Other sound, in a process that has no PaCMAP.
    new = wms.analyze(sound(1.0)[::-1].copy(), frames.params, sample_rate=RATE)
    new.save(tmp_path / "new.safetensors")
    np.save(tmp_path / "wanted.npy", model.inputs(new))
    code = """if True:
        import sys
        sys.modules["pacmap"] = sys.modules["torch"] = None
        import numpy as np, wms
        model, frames = wms.Model.load(sys.argv[1]), wms.Frames.load(sys.argv[2])
        np.testing.assert_array_equal(model.inputs(frames), np.load(sys.argv[3]))
        assert np.abs(wms.resynthesize(model, frames, sample_rate=44100)).max() > 0
    """
    files = [str(tmp_path / name) for name in ("m.safetensors", "new.safetensors", "wanted.npy")]
    subprocess.run([sys.executable, "-c", code, *files], check=True)

    # Through another model file, and wms_torch's with the description beside it.
    model.save(tmp_path / "copy.safetensors")
    wms.compat.write_model(model, tmp_path / "m.pth")
    for name in ("copy.safetensors", "m.pth"):
        copy = wms.Model.load(tmp_path / name)
        np.testing.assert_array_equal(copy.inputs(new), model.inputs(new))


def test_a_map_that_does_not_fit_the_model_is_refused(quick, frames, tmp_path):
    path = tmp_path / "m.safetensors"
    train(PARAMS, frames, out=path, epochs=1, progress=False)
    raw = path.read_bytes()
    # Of the same length, so that the header stays valid.
    path.write_bytes(raw.replace(b'\\"rbf\\"', b'\\"knn\\"'))
    with pytest.raises(ModelFileError, match=r"projection\.kind"):
        wms.Model.load(path)


def test_what_pacmap_itself_does():
    pytest.importorskip("pacmap")
    # Two turns of a spring, in eight dimensions.
    t = np.linspace(0, 4 * np.pi, 240)
    turn = np.linalg.qr(np.random.default_rng(1).standard_normal((8, 8)))[0]
    spring = np.column_stack([np.sin(t), np.cos(t), t / 4, *np.zeros((5, 240))]) @ turn
    made = fit_projection(spring.astype(np.float32), seed=3)
    coordinates = made.apply(spring)
    assert coordinates.shape == (240, 3) and made.fit > 0.9
    # Neighbours stay neighbours.
    steps = np.linalg.norm(np.diff(coordinates, axis=0), axis=1)
    assert steps.max() < 0.35 * np.ptp(coordinates, axis=0).max()


def test_without_the_package_one_line_says_what_to_install(monkeypatch, frames):
    monkeypatch.setitem(sys.modules, "pacmap", None)
    with pytest.raises(WmsError, match=r"pip install '\.\[pacmap\]'"):
        train(PARAMS, frames, progress=False)
