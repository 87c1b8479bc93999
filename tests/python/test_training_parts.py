from pathlib import Path

import numpy as np
import pytest
import torch

from wms.baselines import fit_nearest, fit_ridge
from wms.errors import ParameterError
from wms.training import (
    FrameSequences,
    GRUNet,
    LogSpectralLoss,
    SpectralLoss,
    Split,
    Stretch,
    TrainSettings,
    WeightedMSELoss,
    baseline_errors,
    evaluate_stretches,
    make_criterion,
    split_frames,
)
from wms.training.schedule import Schedule
from wms.training.voiced import voiced_split

DATA = Path(__file__).parents[1] / "data"


def test_network_computes_what_wms_torch_does():
    golden = np.load(DATA / "training_network.npz")
    state = {
        key.removeprefix("state/"): torch.from_numpy(golden[key])
        for key in golden.files
        if key.startswith("state/")
    }
    network = GRUNet(10, 256, 10, 80).eval()
    network.load_state_dict(state, strict=True)
    x = torch.from_numpy(golden["x"])[None]
    with torch.no_grad():
        y, _ = network(x)
        np.testing.assert_allclose(y[0].numpy(), golden["y"], rtol=1e-6, atol=1e-6)
        # Frame by frame, the state carried, it is the same.
        h, rows = None, []
        for t in range(x.shape[1]):
            row, h = network(x[:, t : t + 1], h)
            rows.append(row[0, 0].numpy())
    np.testing.assert_allclose(np.array(rows), golden["y"], rtol=1e-6, atol=1e-6)


def test_weighted_mse_follows_its_formula():
    rng = np.random.default_rng(0)
    p, y = rng.random((2, 3, 80)), rng.random((2, 3, 80))
    w = 2.0 ** (-0.45 * np.arange(80) / 80)
    expected = (w / w.mean() * (p - y) ** 2).mean()
    got = WeightedMSELoss(80)(torch.from_numpy(p), torch.from_numpy(y))
    assert float(got) == pytest.approx(expected, rel=1e-6)


def test_spectral_loss_follows_its_formula():
    rng = np.random.default_rng(0)
    p, y = rng.random((2, 3, 8)), rng.random((2, 3, 8))
    y[0, 0] = 0  # the norm's floor
    norm = np.linalg.norm(np.expm1(y) - np.expm1(p), axis=-1)
    convergence = norm / np.maximum(np.linalg.norm(np.expm1(y), axis=-1), 0.5)
    expected = np.abs(p - y).mean() + convergence.mean()
    got = SpectralLoss()(torch.from_numpy(p), torch.from_numpy(y))
    assert float(got) == pytest.approx(expected, rel=1e-9)


def test_log_spectral_loss_follows_its_formula_and_hears_weak_bins():
    rng = np.random.default_rng(0)
    p, y = rng.random((2, 3, 8)), rng.random((2, 3, 8))
    levels = np.abs(np.log(np.expm1(p) + 0.01) - np.log(np.expm1(y) + 0.01))
    expected = np.abs(p - y).mean() + 0.1 * levels.mean()
    loss = LogSpectralLoss()
    assert float(loss(torch.from_numpy(p), torch.from_numpy(y))) == pytest.approx(expected)
    # The same step of the log1p spectrum costs more where it is quiet.
    quiet, loud = torch.full((1, 8), 0.01), torch.full((1, 8), 3.0)
    assert float(loss(quiet + 0.01, quiet)) > 3 * float(loss(loud + 0.01, loud))


def test_smoothness_is_added_to_the_loss():
    p, y = torch.tensor([[0.0, 1.0, 3.0]]), torch.zeros(1, 3)
    loss = make_criterion("MSE", 3, smoothness_weight=0.1)(p, y)
    assert float(loss) == pytest.approx(10 / 3 + 0.1 * 2.5)


def test_large_errors_count_by_their_size_where_asked():
    p, y = torch.tensor([[0.1, 1.0, 3.0]]), torch.zeros(1, 3)
    errors = torch.tensor([0.01, 0.75, 2.75])
    loss = make_criterion("MSE", 3, huber_delta=0.5)(p, y)
    assert float(loss) == pytest.approx(float(errors.mean()))
    weighted = WeightedMSELoss(3)
    loss = make_criterion("WeightedMSE", 3, huber_delta=0.5)(p, y)
    assert float(loss) == pytest.approx(float((weighted.weights * errors).mean()))
    # The other losses are what they are.
    plain = make_criterion("Spectral", 3)(p, y)
    assert float(make_criterion("Spectral", 3, huber_delta=0.5)(p, y)) == float(plain)


def test_sequences_are_views_inside_one_recording(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(40, dtype=np.float32).reshape(20, 2))
    inputs = np.load(tmp_path / "x.npy", mmap_mode="r")
    file_index = np.array([0] * 9 + [1] * 11)
    sequences = FrameSequences(inputs, inputs, file_index, length=4, stride=3)
    assert sequences.starts.tolist() == [0, 3, 9, 12, 15]
    x, y = sequences[3]
    assert x.shape == y.shape == (4, 2)
    assert x.data_ptr() == sequences.inputs.data_ptr() + 12 * 2 * 4
    both, _ = sequences.batch(np.array([0, 3]))
    np.testing.assert_array_equal(both[1].numpy(), inputs[12:16])


def test_sequences_stay_inside_the_stretches_given():
    x = np.zeros((30, 2), np.float32)
    file_index = np.repeat([0, 1], 15)
    stretches = [Stretch(2, 8), Stretch(10, 20)]
    sequences = FrameSequences(x, x, file_index, length=5, stride=1, stretches=stretches)
    assert sequences.starts.tolist() == [2, 3, 10, 15]
    with pytest.raises(ParameterError, match="longest run of frames has 3, wanted at least 5"):
        FrameSequences(x, x, file_index, length=5, stride=1, stretches=[Stretch(0, 3)])


@pytest.mark.parametrize(
    "lengths", [[7505], [300], [70], [2000, 40, 900], [100] * 20, [3000] + [120] * 9]
)
def test_no_window_is_shared_by_training_and_validation(lengths):
    file_index = np.repeat(np.arange(len(lengths)), lengths)
    guard, hop, window = 4, 256, 1024
    split = split_frames(file_index, length=50, fraction=0.15, stretch=250, guard=guard)
    assert split == split_frames(file_index, length=50, fraction=0.15, stretch=250, guard=guard)
    for stretch in (*split.training, *split.validation):
        assert file_index[stretch.start] == file_index[stretch.stop - 1]
    assert all(len(s) >= 50 for s in split.training)
    trained, held = split.training_frames, split.validation_frames
    assert len(np.intersect1d(trained, held)) == 0
    for a in split.training:
        for b in split.validation:
            if file_index[a.start] == file_index[b.start]:
                gap = (b.start - a.stop + 1) if a.start < b.start else (a.start - b.stop + 1)
                assert gap * hop >= window
    share = len(held) / len(file_index)
    assert 0.05 < share < 0.25


def test_unvoiced_frames_are_left_out():
    split = Split((Stretch(0, 20), Stretch(30, 36)), (Stretch(22, 28),))
    voicedness = np.full(40, 0.9, np.float32)
    voicedness[[7, 8, 19, 22, 25]] = 0.1
    voicedness[30] = 0.5
    assert voiced_split(split, voicedness, min_voicedness=0.0, length=5) is split
    found = voiced_split(split, voicedness, min_voicedness=0.5, length=6)
    assert found.training == (Stretch(0, 7), Stretch(9, 19), Stretch(30, 36))
    assert found.validation == (Stretch(23, 25), Stretch(26, 28))
    found = voiced_split(split, voicedness, min_voicedness=0.6, length=6)
    assert found.training == (Stretch(0, 7), Stretch(9, 19))
    with pytest.raises(ParameterError, match=r"88% of the frames .* 10 of them in a row .* 4 to"):
        voiced_split(split, voicedness, min_voicedness=0.5, length=11)
    with pytest.raises(ParameterError, match="0% of the frames"):
        voiced_split(split, voicedness * 0, min_voicedness=0.5, length=5)


def test_long_recordings_give_several_stretches_spread_over_them():
    split = split_frames(np.zeros(7505, int), length=60, fraction=0.15, stretch=250, guard=4)
    assert [len(s) for s in split.validation] == [226] * 5
    starts = np.array([s.start for s in split.validation])
    assert np.diff(starts).min() > 1400


def test_too_few_frames_are_refused_with_the_numbers():
    with pytest.raises(ParameterError, match=r"has 40 frames, wanted at least 65"):
        split_frames(np.zeros(40, int), length=60, fraction=0.15, stretch=250, guard=4)
    split = split_frames(np.zeros(65, int), length=60, fraction=0.15, stretch=250, guard=4)
    assert split.training == (Stretch(0, 60),) and split.validation == (Stretch(64, 65),)


def test_nearest_frame_is_exact_in_any_chunk():
    rng = np.random.default_rng(0)
    known, targets = rng.random((9000, 4)), rng.random((9000, 3))
    asked = rng.random((50, 4))
    plain = targets[((asked[:, None] - known[None]) ** 2).sum(axis=2).argmin(axis=1)]
    got = fit_nearest(known, targets, chunk=7)(asked)
    np.testing.assert_allclose(got, plain, rtol=1e-6)


def test_ridge_finds_a_linear_map():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((500, 3))
    y = x @ rng.random((3, 2)) + 10
    np.testing.assert_allclose(fit_ridge(x, y, ridge=0)(x), y, rtol=1e-5)


def test_baselines_are_mean_absolute_errors():
    x = np.arange(8.0)[:, None]
    errors = baseline_errors(x, 2 * x, x[:2], 2 * x[:2])
    assert errors["mean"] == pytest.approx(6.0)
    assert errors["nearest"] == 0
    assert 0 < errors["ridge"] < 1.5


def test_evaluation_carries_the_state_and_ignores_padding():
    torch.manual_seed(0)
    network = GRUNet(3, 8, 4, 5).eval()
    x, y = torch.randn(40, 3), torch.rand(40, 5)
    stretches = [Stretch(0, 25), Stretch(30, 37)]
    errors = evaluate_stretches(network, x, y, stretches, torch.nn.MSELoss())
    with torch.no_grad():
        rows = torch.cat([network(x[None, s.start : s.stop])[0][0] for s in stretches])
    target = torch.cat([y[s.start : s.stop] for s in stretches])
    assert errors.mae == pytest.approx(float((rows - target).abs().mean()), rel=1e-5)
    assert errors.loss == pytest.approx(float((rows - target).square().mean()), rel=1e-5)


def test_cosine_schedule_warms_up_and_decays():
    schedule = Schedule(TrainSettings(learning_rate=1.0, warmup_steps=9))
    assert schedule.rate(0, 0.0) == pytest.approx(0.1)
    assert schedule.rate(9, 0.0) == pytest.approx(1.0)
    assert schedule.rate(100, 0.5) == pytest.approx(0.505)
    assert schedule.rate(200, 1.0) == pytest.approx(0.01)


def test_plateau_schedule_is_that_of_torch():
    losses = [1.0, 0.9] + [0.95] * 60 + [0.5] + [0.6] * 40
    settings = TrainSettings(lr_schedule="plateau", learning_rate=1e-3, warmup_steps=0)
    mine = Schedule(settings)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1e-3)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimizer, factor=0.5, patience=15, min_lr=1e-6
    )
    for loss in losses:
        mine.validated(loss)
        theirs.step(loss)
        assert mine.rate(5, 0.3) == pytest.approx(optimizer.param_groups[0]["lr"])


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        (
            "criterion",
            "L7",
            '"criterion" is "L7", wanted one of "MSE", "WeightedMSE", "Spectral", ',
        ),
        ("batch_size", 0, '"batch_size" is 0, wanted a whole number from 1 to '),
        ("batch_size", 2.5, '"batch_size" is 2.5, wanted a whole number'),
        ("learning_rate", "fast", '"learning_rate" is "fast", wanted a number'),
        ("learning_rate", 0, '"learning_rate" is 0, wanted a number from 1e-12 to 1000'),
        ("learning_rate", float("nan"), '"learning_rate" is nan, wanted a number'),
        ("dropout", 1.5, '"dropout" is 1.5, wanted a number from 0 to 0.99'),
        ("amsgrad", 1, '"amsgrad" is 1, wanted true or false'),
        ("hidden_size", True, '"hidden_size" is true, wanted a whole number'),
        ("seed", None, '"seed" is null, wanted a whole number'),
    ],
)
def test_settings_name_the_key_the_value_and_the_range(key, value, message):
    with pytest.raises(ParameterError, match=message):
        TrainSettings.from_params({key: value})


def test_settings_are_read_from_anything_with_to_dict():
    class Params:
        def to_dict(self):
            return {"hidden_size": 12, "num_batches": None, "hop_size": 256}

    settings = TrainSettings.from_params(Params(), batch_size=3)
    assert (settings.hidden_size, settings.batch_size, settings.num_batches) == (12, 3, None)
    with pytest.raises(ParameterError, match="params is a int"):
        TrainSettings.from_params(3)


def test_network_starts_near_the_mean_spectrum_with_a_living_encoder():
    torch.manual_seed(0)
    network = GRUNet(10, 64, 10, 20)
    mean = torch.linspace(2.0, 0.0, 20)
    x = torch.randn(4, 50, 10)
    with torch.no_grad():
        before = (network(x)[0] - mean).abs().mean()
    network.start_from(mean)
    with torch.no_grad():
        assert (network.input_encoder(x) == 0).float().mean() < 0.05
        assert (network(x)[0] - mean).abs().mean() < before / 3
