"""Recordings judged before a model is trained on them."""

import json

import numpy as np
import pytest

import wms
from wms.cli import main
from wms.waves import make_waves

RATE = 16000
YIN = wms.Params(pitch_detection_method="yin")


@pytest.fixture
def yin(tmp_path):
    path = tmp_path / "yin.json"
    YIN.save(path)
    return str(path)


def tone(seconds):
    return make_waves(seconds, sample_rate=RATE, f_low=200, f_high=400, seed=1) * 0.5


def test_a_report_is_text_and_values(tmp_path):
    wms.save_audio(tmp_path / "a.wav", tone(8), RATE)
    report = wms.analyze(tmp_path / "a.wav", YIN).report()
    assert report.summary.startswith("8.0 s of sound, ")
    assert [kind for kind, _ in report.warnings] == ["too_short"]
    assert str(report) == f"{report.summary}\nwarning: {report.warnings[0][1]}"
    assert report.summary in repr(report)
    found = report.to_dict()
    assert found["summary"] == report.summary
    assert found["warnings"] == [{"kind": "too_short", "message": report.warnings[0][1]}]
    assert not report.is_silent
    assert 0 <= report.silent_share < 0.2 < report.pitched_share <= 1
    low, high = report.range_hz
    assert 150 < low < high < 450
    assert found["seconds"] == report.seconds == pytest.approx(8, abs=0.1)
    with pytest.raises(wms.ParameterError, match='channel is "middle"'):
        wms.analyze(tmp_path / "a.wav", YIN).report(channel="middle")


def test_the_command_says_it(tmp_path, yin, capsys):
    wms.save_audio(tmp_path / "a.wav", tone(8), RATE)
    assert main(["check", str(tmp_path / "a.wav"), "--params", yin]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("8.0 s of sound, ")
    assert len(lines) == 2
    assert lines[1].startswith("warning: there are ")
    assert lines[1].endswith(" s of sound; a minute or more makes a good model")
    assert main(["check", str(tmp_path / "a.wav"), "--params", yin, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["recordings"] == 1
    assert found["warnings"][0]["kind"] == "too_short"


def test_what_is_wrong_with_a_file_is_said_once(tmp_path, yin, capsys):
    wms.save_audio(tmp_path / "a.wav", np.stack([tone(8), -tone(8)]), RATE)
    assert main(["check", str(tmp_path / "a.wav"), "--params", yin]) == 0
    captured = capsys.readouterr()
    assert captured.out.count("channels cancel each other") == 1
    assert "channels" not in captured.err
    assert main(["check", str(tmp_path / "a.wav"), "--params", yin, "--channel", "right"]) == 0
    assert "channels" not in capsys.readouterr().out


def test_silence_is_refused(tmp_path, yin, capsys):
    path = tmp_path / "silence.wav"
    wms.save_audio(path, np.zeros(5 * RATE), RATE)
    assert main(["check", str(path), "--params", yin]) == 1
    assert "silence.wav: there is no sound in it" in capsys.readouterr().err


def test_coverage_is_drawn(tmp_path, yin):
    wms.save_audio(tmp_path / "a.wav", tone(8), RATE)
    picture = tmp_path / "coverage.png"
    words = ["check", str(tmp_path / "a.wav"), "--params", yin, "--picture", str(picture)]
    assert main(words) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
