"""The page to listen to: its sounds, its size, and what is told of missing ones."""

import argparse
import base64
import json
import re
from pathlib import Path

import numpy as np
import pytest

import wms

pytest.importorskip("torch")
pytest.importorskip("jinja2")


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "tools" / "listening"))
    import page

    return page


def tone(page, f0_hz, seconds=9.0):
    t = np.arange(round(seconds * page.RATE)) / page.RATE
    return (0.2 * np.sin(2 * np.pi * f0_hz * t) * (1 + t / seconds)).astype(np.float32)


def data_of(html):
    return json.loads(re.search(r'id="data">(.*?)</script>', html, re.S).group(1))


def test_all_sounds_are_in_the_page_equally_loud(page, tmp_path):
    sounds = {name: (1 + i) * tone(page, 300.0) for i, name in enumerate(page.SYSTEMS)}
    html = page.render([page.Instrument("a <b>", sounds)], 2.0)
    assert "a &lt;b&gt;" in html and "<b>" not in html
    data = data_of(html)
    assert list(data["systems"]) == list(page.SYSTEMS)
    levels = []
    for text in data["instruments"][0]["sounds"].values():
        path = tmp_path / "x.wav"
        path.write_bytes(base64.b64decode(text))
        sound, rate = wms.load_audio(path)
        assert rate == page.RATE and len(sound) == 2 * page.RATE
        levels.append(page.level(sound))
    assert np.ptp(levels) < 0.1 and -40 < levels[0] < 0
    # What is not given is not offered.
    del sounds["other"]
    html = page.render([page.Instrument("x", sounds)], 2.0)
    assert 'data-system="other"' not in html and "decoder of harmonics" not in html


def test_many_instruments_stay_below_the_largest_size(page):
    sounds = {name: tone(page, 300.0) for name in page.SYSTEMS}
    html = page.render([page.Instrument(str(i), sounds) for i in range(8)], 6.0)
    assert len(html) < 8e6


def test_an_instrument_is_played_by_its_model(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wms.save_audio("sine.wav", tone(page, 220.0), page.RATE)
    wms.save_audio("short.wav", tone(page, 220.0, 2.0), page.RATE)
    params = wms.Params(
        pitch_detection_method="yin", hidden_size=8, validation_stretch_s=0.2, num_epochs=1
    )
    params.save("p.json")
    (tmp_path / "out").mkdir()
    options = argparse.Namespace(
        params="p.json", out=Path("out"), models=None, renders=Path(), minutes=None, unseen=2.0
    )
    wms.save_audio("sine_unseen.wav", tone(page, 221.0, 2.0), page.RATE)
    instrument = page.make_instrument(Path("sine.wav"), options)
    assert set(instrument.sounds) == set(page.SYSTEMS)
    assert all(abs(len(s) - 2 * page.RATE) < 2000 for s in instrument.sounds.values())
    written = Path("out/sine.safetensors").stat().st_mtime_ns
    page.make_instrument(Path("sine.wav"), options)
    assert Path("out/sine.safetensors").stat().st_mtime_ns == written
    with pytest.raises(SystemExit, match="wanted at least three times --unseen"):
        page.make_instrument(Path("short.wav"), options)
