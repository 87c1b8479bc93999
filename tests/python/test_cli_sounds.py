"""The sound files that commands write: formats, the standard output, and what is said of them."""

import io
import subprocess
import sys
import wave

import numpy as np
import pytest

import wms
from test_cli import midi_bytes
from wms.cli import main

RATE = 16000
NOTE = [(0, (0x90, 69, 100)), (48, (0x80, 69, 0))]


@pytest.fixture
def song(tmp_path):
    path = tmp_path / "song.mid"
    path.write_bytes(midi_bytes(NOTE))
    return path


def render(song, out, *more):
    return main(["render", str(song), "--model", "factory:flute", "--out", str(out), *more])


def chunk(content, name):
    """The content of a chunk of a wav file."""
    at = content.index(name)
    return content[at + 8 : at + 8 + int.from_bytes(content[at + 4 : at + 8], "little")]


def test_render_writes_to_the_standard_output(song, tmp_path):
    command = ["render", str(song), "--model", "factory:flute", "--sample-rate", str(RATE)]
    done = subprocess.run(
        [sys.executable, "-m", "wms", *command, "--out", "-", "--format", "16"],
        capture_output=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0
    # The line about the sound does not get among the samples.
    assert done.stderr.decode().startswith("-: ") and b"dBFS" in done.stderr
    with wave.open(io.BytesIO(done.stdout)) as piped:
        assert (piped.getframerate(), piped.getsampwidth(), piped.getnchannels()) == (RATE, 2, 2)
    assert main([*command, "--out", str(tmp_path / "a.wav"), "--format", "16"]) == 0
    assert (tmp_path / "a.wav").read_bytes() == done.stdout


@pytest.mark.parametrize(
    ("given", "code", "bits"), [("16", 1, 16), ("24", 1, 24), ("32f", 3, 32), (None, 1, 24)]
)
def test_format_is_that_of_the_samples(song, tmp_path, given, code, bits):
    more = [] if given is None else ["--format", given]
    assert render(song, tmp_path / "a.wav", *more) == 0
    layout = chunk((tmp_path / "a.wav").read_bytes(), b"fmt ")
    if int.from_bytes(layout[:2], "little") == 0xFFFE:
        # The code proper of the extensible layout.
        layout = layout[24:26] + layout[2:]
    assert int.from_bytes(layout[:2], "little") == code
    assert int.from_bytes(layout[14:16], "little") == bits


def test_a_sound_beyond_full_scale_is_clipped_with_a_warning_or_kept_as_floats(tmp_path, capsys):
    wms.save_audio(tmp_path / "loud.wav", 0.9 * np.sin(np.arange(RATE) * 0.1), RATE)
    louder = ["resynth", str(tmp_path / "loud.wav"), "--model", "factory:flute", "--gain", "60"]
    assert main([*louder, "--out", str(tmp_path / "clipped.wav")]) == 0
    told = capsys.readouterr().err
    assert "dBFS and is clipped; make it softer by" in told and "or add --format 32f" in told
    assert np.abs(wms.load_audio(tmp_path / "clipped.wav")[0]).max() <= 1.0
    assert main([*louder, "--out", str(tmp_path / "kept.wav"), "--format", "32f"]) == 0
    assert capsys.readouterr().err == ""
    samples = np.frombuffer(chunk((tmp_path / "kept.wav").read_bytes(), b"data"), "<f4")
    assert np.abs(samples).max() > 1.0


def test_drums_among_other_channels_are_hinted_at(tmp_path, capsys):
    drums = [(0, (0x99, 38, 100)), (48, (0x89, 38, 0))]
    for name, notes, hinted in (("both", NOTE + drums, True), ("drums", drums, False)):
        path = tmp_path / f"{name}.mid"
        path.write_bytes(midi_bytes(notes))
        assert render(path, tmp_path / f"{name}.wav") == 0
        told = capsys.readouterr().err
        assert ("leave it out with --channels 1-9,11-16" in told) == hinted
    assert render(tmp_path / "both.mid", tmp_path / "a.wav", "--channels", "1-9,11-16") == 0
    assert capsys.readouterr().err == ""
