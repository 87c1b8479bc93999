"""The bench of real recordings: its parts, and a whole run on a few synthetic notes."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

import wms

pytest.importorskip("torch")
RATE = 16000


@pytest.fixture(autouse=True)
def benches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "benches"))


def melody(keys, seconds=0.6):
    """Notes of six partials with digital silence between them."""
    parts = []
    for key in keys:
        t = np.arange(round(seconds * RATE)) / RATE
        f0 = 440 * 2 ** ((key - 69) / 12)
        y = sum(np.sin(2 * np.pi * k * f0 * t) / k for k in range(1, 7))
        ramp = np.minimum(1, np.minimum(t, t[::-1]) / 0.02)
        parts += [0.1 * y * ramp + 1e-3, np.zeros(round(0.05 * RATE))]
    return np.concatenate(parts).astype(np.float32)


def test_errors_of_partials_are_in_db() -> None:
    from partials import partial_error_db

    frames = wms.analyze(
        melody([60, 64]), wms.Params(pitch_detection_method="yin"), sample_rate=RATE
    )
    assert partial_error_db(frames.spectrum, frames) == 0.0
    louder = np.log1p(2 * np.expm1(frames.spectrum))
    assert partial_error_db(louder, frames) == pytest.approx(20 * np.log10(2), abs=1e-3)


def test_figures_of_several_seeds_have_a_range() -> None:
    from real_recordings import cell

    assert cell([{"mss": 3.0}, {"mss": 3.5}], "mss", 2) == "3.25 ± 0.25"
    assert cell([{"mss": 3.0}], "mss", 2) == "3.00"
    assert cell([{"mss": None}, {}], "mss", 2) == "-"


def test_one_command_trains_and_prints_the_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import real_recordings

    monkeypatch.chdir(tmp_path)
    wms.save_audio("train.wav", melody([60, 61, 62, 63, 64, 65]), RATE)
    wms.save_audio("other.wav", melody([62, 64]), RATE)
    wms.Params(
        pitch_detection_method="yin", hidden_size=8, validation_stretch_s=0.2, batch_size=4
    ).save("p.json")
    monkeypatch.setattr(
        sys, "argv",
        ["x", "train.wav", "--test", "other=other.wav", "--leave-out-keys", "4:1", "--params",
         "p.json", "--epochs", "1", "--seeds", "2", "--ablate", "n_mfcc=6,random_gain_db=0",
         "--peers", "ddsp", "--peer-minutes", "0.02", "--mfcc", "12", "--out", "out"],
    )  # fmt: skip
    real_recordings.main()
    printed = capsys.readouterr().out
    tables = json.loads(Path("out/tables.json").read_text())
    assert set(tables) == {"other", "keys left out"}
    for rows in tables.values():
        assert {name: len(row) for name, row in rows.items()} == {
            "WMS": 2, "true spectra": 1, "nearest frame": 1,
            "WMS, n_mfcc=6,random_gain_db=0": 2, "DDSP-style": 2,
        }  # fmt: skip
        assert rows["WMS"][0]["partials_db"] > 0 and rows["true spectra"][0]["mss"] > 0
    assert "| WMS |" in printed and "keys left out" in printed
    assert Path("out/tables.md").read_text().count("| DDSP-style |") == 2
