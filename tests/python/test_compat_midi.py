"""Features as MIDI controllers: wms_torch's files byte for byte, and what a slow reader finds."""

import json
import math
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import golden
import wms
from wms.cli import main
from wms.compat import write_midi
from wms.errors import FileAccessError, ParameterError

DATA = Path(__file__).resolve().parents[1] / "data" / "compat"
CASES = list(json.loads((DATA / "cache.json").read_text())["dev"]["cases"])
TONE = golden.FOLDER / "audio" / "edge_tone_0p3s.flac"


def frames_of(inputs, **params):
    given = {"f_low": 46, "include_voicedness": True} | params
    return SimpleNamespace(inputs=np.asarray(inputs, np.float32), params=given)


def read_midi(path):
    """Division, and the controller changes of the one track as (tick, controller, value)."""
    content = path.read_bytes()
    assert content[:12] == b"MThd\x00\x00\x00\x06\x00\x01\x00\x01" and content[14:18] == b"MTrk"
    division = int.from_bytes(content[12:14], "big")
    assert int.from_bytes(content[18:22], "big") == len(content) - 22
    rest, now, status, events = list(content[22:]), 0, None, []
    while True:
        delta = 0
        while True:
            byte = rest.pop(0)
            delta = delta << 7 | byte & 0x7F
            if byte < 0x80:
                break
        now += delta
        if rest[0] >= 0x80:
            status = rest.pop(0)
        if status == 0xFF:
            assert rest == [0x2F, 0] and delta == 0
            return division, events
        assert status == 0xB0
        events.append((now, rest.pop(0), rest.pop(0)))


def plain(inputs, f_low, has_voicedness):
    """The events, value by value."""
    last, events = {}, []
    for number, frame in enumerate(inputs):
        if number % 3:
            continue
        for column, value in enumerate(float(v) for v in frame):
            if column == len(frame) - 1 - has_voicedness:
                hz = math.exp(value) + f_low - 1e-4
                scaled = min(max(12 * math.log2(hz / 440) + 69, 0), 127)
            elif has_voicedness and column == len(frame) - 1:
                scaled = min(max(value, 0), 1) * 127
            else:
                scaled = (min(max(value, -3), 3) + 3) / 6 * 127
            if last.get(column) != math.floor(scaled):
                last[column] = math.floor(scaled)
                events.append((10 * (number + 1), 20 + column, last[column]))
    return events


@pytest.mark.parametrize("case", CASES)
def test_bytes_are_those_of_wms_torch(tmp_path, case):
    arrays = np.load(DATA / "cache.npz")
    mfcc, pitch = arrays[f"dev/{case}/mfcc"], arrays[f"dev/{case}/pitch"]
    frames = frames_of(np.hstack([mfcc, pitch]), include_voicedness=pitch.shape[1] == 2)
    write_midi(frames, tmp_path / "x.mid")
    assert (tmp_path / "x.mid").read_bytes() == arrays[f"dev/{case}/midi"].tobytes()


@pytest.mark.parametrize("has_voicedness", [True, False])
def test_events_are_those_of_the_rules(tmp_path, has_voicedness):
    rng = np.random.default_rng(5)
    inputs = rng.normal(0, 2, (400, 4 + has_voicedness)).astype(np.float32)
    inputs[:, 3] = np.log(rng.uniform(46.1, 16000, 400) - 46 + 1e-4)
    # Nothing changes for longer than one, and than two bytes of a time can say.
    inputs = np.concatenate([inputs, np.repeat(inputs[-1:], 30, 0), inputs, inputs[-1:]])
    inputs = np.concatenate([inputs, np.repeat(inputs[-1:], 2000, 0), -inputs[:3]])
    write_midi(frames_of(inputs, include_voicedness=has_voicedness), tmp_path / "x.mid")
    assert read_midi(tmp_path / "x.mid") == (480, plain(inputs, 46, has_voicedness))


def test_extremes(tmp_path):
    inputs = [[-9, 9, 20.0, 2], [0, 0, 0, 0], [0, 0, 0, 0], [1e30, -1e30, -50.0, -1]]
    write_midi(frames_of(inputs, f_low=1), tmp_path / "x.mid")
    expected = [(20, 0), (21, 127), (22, 127), (23, 127), (20, 127), (21, 0), (22, 0), (23, 0)]
    assert [event[1:] for event in read_midi(tmp_path / "x.mid")[1]] == expected
    write_midi(frames_of(np.zeros((0, 4))), tmp_path / "x.mid")
    assert read_midi(tmp_path / "x.mid") == (480, [])


def test_bad_input_is_told_in_one_line(tmp_path):
    write_midi(frames_of(np.zeros((1, 108))), tmp_path / "x.mid")
    with pytest.raises(ParameterError, match="109 features, wanted at most 108"):
        write_midi(frames_of(np.zeros((1, 109))), tmp_path / "y.mid")
    with pytest.raises(FileAccessError, match="cannot be written"):
        write_midi(frames_of(np.zeros((1, 3))), tmp_path / "x.mid" / "y.mid")
    assert [path.name for path in tmp_path.iterdir()] == ["x.mid"]


def test_command(tmp_path, capsys):
    wms.Params(pitch_detection_method="yin", include_voicedness=False, compatibility="dev").save(
        tmp_path / "p.json"
    )
    command = ["analyze", str(TONE), "--params", str(tmp_path / "p.json"), "--out"]
    midi = tmp_path / "new" / "x.mid"
    assert main([*command, str(tmp_path / "x.safetensors"), "--midi", str(midi)]) == 0
    expected = np.load(DATA / "cache.npz")["dev/yin_forceFalse/midi"]
    assert midi.read_bytes() == expected.tobytes()
    capsys.readouterr()
    # Nothing is analysed where a file could not be written.
    assert main([*command, str(tmp_path / "y.safetensors"), "--midi", str(midi)]) == 1
    error = capsys.readouterr().err
    assert "x.mid: exists already" in error and error.count("\n") == 1
    assert not (tmp_path / "y.safetensors").exists()
    again = [*command, str(tmp_path / "x.safetensors"), "--midi", str(midi), "--overwrite"]
    assert main(again) == 0
