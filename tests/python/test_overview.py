"""Pictures of files: recordings, frames, models and MIDI files."""

import numpy as np
import pytest

import wms
from test_cli import midi_bytes
from wms import overview
from wms.cli import main

RATE = 16000
YIN = wms.Params(pitch_detection_method="yin")
TONE = 0.3 * np.sin(2 * np.pi * 220 * np.arange(RATE // 2) / RATE)


@pytest.fixture
def files(tmp_path):
    wms.save_audio(tmp_path / "a.wav", TONE, RATE)
    wms.save_audio(tmp_path / "b.wav", 0 * TONE[:999], RATE)
    wms.Store.update(tmp_path / "store", tmp_path / "a.wav", YIN)
    wms.analyze([tmp_path / "a.wav", tmp_path / "b.wav"], YIN).save(tmp_path / "f.safetensors")
    notes = [(0, (0x90, 60, 90)), (24, (0x80, 60, 0)), (0, (0x99, 38, 90)), (24, (0x91, 50, 9))]
    (tmp_path / "song.mid").write_bytes(midi_bytes(notes))
    return tmp_path


@pytest.mark.parametrize(
    "name", ["a.wav", "b.wav", "store", "f.safetensors", "song.mid", "factory:flute"]
)
def test_every_kind_is_drawn(files, name, capsys):
    given = name if name.startswith("factory:") else str(files / name)
    assert main(["plot", given, "--out", str(files / "picture.png")]) == 0
    content = (files / "picture.png").read_bytes()
    assert content.startswith(b"\x89PNG") and len(content) > 5000
    assert capsys.readouterr().out == f"{files / 'picture.png'}\n"


def test_notes_are_drawn_where_they_sound(files):
    figure = overview.draw_midi(files / "song.mid")
    lines = {
        tuple(np.round(segment.ravel(), 3))
        for bars in figure.axes[0].collections
        for segment in bars.get_segments()
    }
    # One note ends by itself, the others with the file.
    assert lines == {(0, 60, 0.125, 60), (0.125, 38, 0.25, 38), (0.25, 50, 0.25, 50)}


def test_what_cannot_be_drawn_is_said(files):
    (files / "none.mid").write_bytes(midi_bytes([]))
    with (
        pytest.warns(wms.MidiFileWarning),
        pytest.raises(wms.ParameterError, match="no notes to draw"),
    ):
        overview.draw_midi(files / "none.mid")
    with pytest.raises(wms.ParameterError, match="no frames to draw"):
        overview.draw_frames(wms.Frames.load(files / "f.safetensors")[:0])
