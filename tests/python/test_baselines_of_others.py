"""Other systems' decoders in `benches/baselines`, and the splitting of recordings of notes."""

from pathlib import Path

import numpy as np
import pytest

import wms

BENCHES = Path(__file__).parents[2] / "benches"
RATE = 16000

torch = pytest.importorskip("torch")


@pytest.fixture(autouse=True)
def benches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHES))


def note(key: int, seconds: float) -> np.ndarray:
    """A note of four partials with a soft start and end."""
    t = np.arange(round(seconds * RATE)) / RATE
    f0 = 440 * 2 ** ((key - 69) / 12)
    y = sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 5))
    ramp = np.minimum(1, np.minimum(t, t[::-1]) / 0.02)
    return (0.2 * y * ramp + 1e-3).astype(np.float32)


def test_notes_are_split_by_their_keys() -> None:
    import leave_out

    keys = [60, 61, 66, 61]
    sound = leave_out.join([note(key, 0.5) for key in keys], RATE)
    parts = leave_out.split(sound, RATE)
    assert [n.key for n in parts.train] == [60, 66]
    assert [n.key for n in parts.left_out] == [61, 61]
    described = parts.describe()
    assert [n["key"] for n in described] == keys
    assert [n["left_out"] for n in described] == [False, True, False, True]
    np.testing.assert_array_equal(parts.train[1].sound, note(66, 0.5))
    cut = leave_out.left_out_sound(parts, 0.25)
    assert len(cut) == round(0.55 * RATE)


@pytest.mark.parametrize("module, name", [("ddsp", "Ddsp"), ("dwts", "Dwts")])
def test_a_decoder_learns_and_is_judged(module: str, name: str) -> None:
    import importlib

    from baselines import hearing, judging, learning

    build = getattr(importlib.import_module(f"baselines.{module}"), name)
    sound = np.concatenate([note(57, 1.0), note(64, 1.0)])
    heard = hearing.listen(sound, mfcc=12)
    assert heard.mfcc.shape == (len(heard.f0_hz), 12)
    paused: list[tuple[float, int]] = []
    decoder, batches = learning.train(
        build, [heard],
        minutes=0.05, pause_at=[0.02, 1.0], at_pause=lambda _, m, n: paused.append((m, n)),
    )  # fmt: skip
    assert [minutes for minutes, _ in paused] == [0.02]
    assert 1 <= paused[0][1] <= batches
    rows, made = judging.judge(decoder, judging.Passage("two notes", sound, heard))
    assert made.shape == heard.sound.shape
    assert np.isfinite(made).all()
    assert set(rows) == {decoder.title, f"{decoder.title}, without noise"}
    assert len(judging.as_markdown(rows).splitlines()) == 4


def test_wavetables_are_read_without_partials_that_are_too_high() -> None:
    from baselines.dwts import LENGTH, band_limited, read_tables, simple_waves

    tables = band_limited(simple_waves(LENGTH), 8)
    phase = torch.arange(LENGTH)[None, None] / LENGTH
    sawtooth = read_tables(tables, torch.tensor([[3]]), phase)[0, 0, :, 1]
    expected = sum(2 / (np.pi * k) * torch.sin(2 * np.pi * k * phase[0, 0]) for k in (1, 2, 3))
    # The sawtooth starts at its jump, whose middle is half a sample before its first sample.
    assert float((sawtooth - expected).abs().max()) < 0.03
    assert float(torch.fft.rfft(sawtooth).abs()[4:].max()) < 1e-3


def test_the_distance_is_that_of_the_metrics() -> None:
    from baselines.learning import spectral_distance

    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(4096).astype(np.float32) * level for level in (0.1, 0.2))
    mine = float(spectral_distance(torch.from_numpy(a)[None], torch.from_numpy(b)[None]))
    # PyTorch's frames are centred at the ends, those of the metrics are not.
    assert mine == pytest.approx(wms.metrics.multi_scale_spectral(a, b), rel=0.1)
