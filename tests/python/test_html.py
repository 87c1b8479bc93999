"""What Jupyter shows of params, frames and models."""

from html.parser import HTMLParser

import numpy as np
import pytest

import wms

RATE = 16000
YIN = wms.Params(pitch_detection_method="yin", n_mfcc=5)


class Checked(HTMLParser):
    """Checks that every element is closed in its turn, and keeps the text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.text = [], ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        pass

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data + "\n"


def shown(thing):
    return Checked(thing._repr_html_()).text


def test_params_show_what_is_not_as_shipped():
    text = shown(YIN)
    assert "2 of" in text and text.index("n_mfcc") < text.index("all values")
    assert "hop_size" in text
    assert "0 of" in shown(wms.Params())
    assert "<b>" in shown(wms.Params(audio_files_path="<b>"))


@pytest.mark.parametrize("seconds", [0.0, 0.02, 1.0])
def test_frames_are_a_picture(seconds):
    n = int(RATE * seconds) or 1
    y = 0.3 * np.sin(2 * np.pi * 220 * np.arange(n) / RATE)
    frames = wms.analyze(y, YIN, sample_rate=RATE)
    assert "Frames" in shown(frames) and "<svg" in frames._repr_html_()
    assert len(frames._repr_html_()) < 20000
    if seconds == 1.0:
        assert "A3" in shown(frames) and "polyline" in frames._repr_html_()
    silent = wms.analyze(np.zeros(n), YIN, sample_rate=RATE)
    for few in (silent, frames[:1], frames[:0]):
        shown(few)


def test_models_are_cards():
    for name in wms.factory_models():
        model = wms.Model.load(f"factory:{name}")
        text = shown(model)
        assert model.name in text and "plays" in text and "mfcc_1" in text
    odd = wms.Model.from_state({**model.config, "name": "<script>"}, model.state_dict())
    assert "<script>" in shown(odd) and "<script>" not in odd._repr_html_()
