"""`wms play` with a sound card and a keyboard that are made up, and completion in a shell."""

import io
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

import wms
from test_cli import midi_bytes
from wms.cli import COMMANDS, main


class Stream:
    """Asks for blocks when it begins and when it ends."""

    def __init__(self, played, callback, samplerate, **_):
        self.played, self.callback = played, callback
        played.append(samplerate)

    def block(self):
        out = np.zeros((480, 2), np.float32)
        self.callback(out, len(out), None, None)
        self.played.append(out)

    def __enter__(self):
        self.block()

    def __exit__(self, *_):
        self.block()


@pytest.fixture
def played(monkeypatch):
    """What the sound card was given."""
    played = []
    card = SimpleNamespace(
        play=lambda sound, rate: played.extend([rate, sound]),
        wait=lambda: None,
        OutputStream=lambda **options: Stream(played, **options),
    )
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    return played


def test_a_song_is_played(played, tmp_path):
    song = tmp_path / "song.mid"
    song.write_bytes(midi_bytes([(0, (0x90, 69, 100)), (48, (0x80, 69, 0))]))
    assert main(["play", "factory:flute", str(song), "--set", "gain=0.25"]) == 0
    rate, sound = played
    wanted = wms.render("factory:flute", song, gain=0.25, release_s=0.2)
    assert rate == 48000
    np.testing.assert_array_equal(sound, wanted.T)


def test_letters_are_played(played, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("xa z\nq"))
    assert main(["play", "factory:flute", "--sample-rate", "44100"]) == 0
    rate, before, after = played
    assert rate == 44100 and not before.any() and after.any()
    assert "q ends" in capsys.readouterr().out


def test_a_midi_keyboard_is_played(played, monkeypatch, capsys):
    class Keyboard(list):
        name = "Keys 49"

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

    note = SimpleNamespace(bytes=lambda: [0x90, 60, 100])
    mido = SimpleNamespace(
        get_input_names=lambda: ["Through", "Keys 49"], open_input=lambda name: Keyboard([note])
    )
    monkeypatch.setitem(sys.modules, "mido", mido)
    assert main(["play", "factory:flute", "--midi", "keys"]) == 0
    assert played[-1].any() and "listening to Keys 49" in capsys.readouterr().out
    assert main(["play", "factory:flute", "--midi", "drum"]) == 1
    assert "no MIDI input 'drum', wanted one of: Through, Keys 49" in capsys.readouterr().err


def test_what_is_missing_is_said(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    assert main(["play", "factory:flute"]) == 1
    assert "playing needs sounddevice: pip install '.[play]'" in capsys.readouterr().err
    assert main(["play", "factory:flute", "song.mid", "--midi"]) == 2
    assert "--midi is given with a song" in capsys.readouterr().err


def test_a_sound_card_that_fails_is_one_line(monkeypatch, capsys):
    class PortAudioError(Exception):
        pass

    def fail(**_):
        raise PortAudioError("no default output device")

    monkeypatch.setitem(sys.modules, "sounddevice", SimpleNamespace(OutputStream=fail))
    assert main(["play", "factory:flute"]) == 1
    told = capsys.readouterr().err
    assert told == "wms play: the sound card cannot be used: no default output device\n"


def test_midi_messages_are_followed_one_by_one(tmp_path):
    song = tmp_path / "song.mid"
    events = [(0, (0xB0, 1, 90)), (0, (0x90, 69, 100)), (24, (0xE0, 0, 80)), (24, (0x80, 69, 0))]
    song.write_bytes(midi_bytes(events))
    whole = wms.render("factory:flute", song)
    synth, now, parts = wms.Synth("factory:flute"), 0, []
    for time_s, message in wms.midi_messages(song):
        at = round(time_s * 48000)
        parts.append(synth.process(at - now))
        synth.midi(message)
        now = at
    parts.append(synth.process(whole.shape[1] - now))
    np.testing.assert_array_equal(np.hstack(parts), whole)
    for ignored in (b"", b"\xf0\x7e\xf7", b"\xc0\x05", b"\x90\x45", b"\x90\x45\xff"):
        synth.midi(ignored)
    with pytest.raises((TypeError, ValueError, OverflowError)):
        synth.midi([300, 1, 2])


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        (["wms", "re"], {"render", "resynth"}),
        (["wms", "render", "--cha"], {"--channels"}),
        (["wms", "render", "--format", ""], {"16", "24", "32f"}),
        (["wms", "train", "reco"], set()),
    ],
)
def test_bash_completes(capsys, typed, wanted):
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out
    words = " ".join(f"'{word}'" for word in typed)
    asked = f'COMP_WORDS=({words}); COMP_CWORD={len(typed) - 1}; _wms; echo "${{COMPREPLY[@]}}"'
    done = subprocess.run(
        ["bash", "-uec", f"{script}\n{asked}"], capture_output=True, text=True, timeout=30
    )
    assert done.stderr == "" and set(done.stdout.split()) == wanted


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_scripts_know_every_command(capsys, shell):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert all(word in script for word in (*COMMANDS, "prune", "32f"))
