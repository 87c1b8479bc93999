"""What is said about a model after its training."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import wms
from wms.cli import main
from wms.training.verdict import figures, verdict
from wms.waves import make_waves

BASELINES = {"mean": 0.05, "nearest": 0.026, "ridge": 0.03}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (0.01, "good: 2.6 times closer to unseen sound than copying the nearest frame"),
        (0.02, "fair: 1.3 times closer to unseen sound than copying the nearest frame"),
        (0.025, "poor: no closer to unseen sound than copying the nearest frame; train longer, "),
        (0.0265, "poor: no closer to unseen sound than copying the nearest frame; train longer, "),
        (0.03, "poor: further from unseen sound than copying the nearest frame; train longer, "),
    ],
)
def test_the_best_baseline_decides(error, said):
    assert verdict(error, BASELINES).startswith(said)
    others = {"mean": 0.2, "nearest": 0.1, "ridge": 0.026}
    assert verdict(error, others).startswith(
        said.replace("copying the nearest frame", "a weighted sum of the inputs")
    )


@given(st.floats(0, 10), *[st.floats(0, 10)] * 3)
def test_a_verdict_agrees_with_the_figures(error, mean, nearest, ridge):
    baselines = {"mean": mean, "nearest": nearest, "ridge": ridge}
    words = verdict(error, baselines)
    assert "\n" not in words
    if words.startswith(("good", "fair")):
        assert error < min(baselines.values())
    elif "further" in words:
        assert error > min(baselines.values())
    assert f"error {error:.4f}" in figures(error, baselines)


def test_the_command_ends_with_a_verdict(tmp_path, capsys):
    recording, out = tmp_path / "a.wav", tmp_path / "m.safetensors"
    sound = make_waves(6, sample_rate=16000, f_low=200, f_high=400, seed=1)
    wms.save_audio(recording, sound, 16000)
    assert main(["train", str(recording), "--out", str(out), "--epochs", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-2].startswith(("good: ", "fair: ", "poor: "))
    assert "copying the nearest frame" in lines[-1]
    assert "the mean distance of its spectra" in lines[-1]
