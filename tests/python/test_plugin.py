"""The VST3 plugin in a host, against the engine that Python plays."""

from pathlib import Path

import numpy as np
import pytest

import wms

dawdreamer = pytest.importorskip("dawdreamer", reason="no dawdreamer, the host")
BUNDLE = Path(__file__).parents[2] / "target" / "bundled" / "wms-plugin.vst3"
if not BUNDLE.exists():
    pytest.skip("the plugin is not built: make plugin", allow_module_level=True)

RATE = 48_000
MODEL = f"factory:{wms.factory_models()[0]}"


@pytest.fixture
def engine():
    return dawdreamer.RenderEngine(RATE, 512)


def instrument(engine):
    plugin = engine.make_plugin_processor("wms", str(BUNDLE))
    engine.load_graph([(plugin, [])])
    return plugin


def play(engine, seconds):
    engine.render(seconds)
    return engine.get_audio()


def number(plugin, name):
    return next(p["index"] for p in plugin.get_parameters_description() if p["name"] == name)


def song(path):
    """Two notes, one bent; a tick is 1/192 s."""
    middle, up = (0, 64), (0, 96)
    events = [
        (0, (0x90, 60, 100)),
        (24, (0x90, 67, 70)),
        (24, (0xE0, *up)),
        (24, (0x80, 60, 0)),
        (24, (0xE0, *middle)),
        (24, (0x80, 67, 0)),
    ]
    body = b"".join(bytes([delta, *message]) for delta, message in events) + b"\x00\xff\x2f\x00"
    header = b"MThd" + (6).to_bytes(4, "big") + b"\x00\x00\x00\x01\x00\x60"
    path.write_bytes(header + b"MTrk" + len(body).to_bytes(4, "big") + body)
    return path


def pitch_hz(sound):
    f0_hz, *_ = wms.pyin(
        sound, fmin=100.0, fmax=1200.0, sr=RATE, frame_length=4096, hop_length=1024
    )
    return np.nanmedian(f0_hz[4:-4])


def test_an_offline_render_is_what_the_engine_plays(tmp_path):
    # The host gives controllers to VST3 at the beginnings of blocks: the song's are there.
    engine = dawdreamer.RenderEngine(RATE, 500)
    path = song(tmp_path / "song.mid")
    plugin = instrument(engine)
    plugin.load_midi(str(path))
    played = play(engine, 0.8)
    # As many voices as the plugin has room for: groups of them step in turn.
    wanted = wms.render(wms.Model.load(MODEL), path, sample_rate=RATE, max_voices=64)
    length = min(wanted.shape[1], played.shape[1])
    assert length > 0.6 * RATE
    assert np.abs(wanted).max() > 0.01
    # What is left are parameters in single precision.
    assert np.abs(played[:, :length] - wanted[:, :length]).max() < 1e-5
    assert np.abs(played[:, length:]).max(initial=0.0) < 1e-5


def test_a_note_has_its_pitch_and_begins_at_its_sample(engine):
    plugin = instrument(engine)
    plugin.add_midi_note(69, 100, 0.1, 1.0)
    left = play(engine, 1.1)[0]
    assert np.flatnonzero(left)[0] in (4800, 4801)
    assert abs(1200 * np.log2(pitch_hz(left[4800:]) / 440.0)) < 5


def test_automation_is_heard(engine):
    plugin = instrument(engine)
    level = number(plugin, "Level")
    plugin.set_automation(level, np.r_[np.full(RATE // 2, 0.8), np.zeros(RATE)].astype(np.float32))
    plugin.add_midi_note(60, 100, 0.0, 1.4)
    left = play(engine, 1.4)[0]
    assert np.abs(left[: RATE // 2]).max() > 0.005
    assert np.abs(left[RATE // 2 + 9_600 :]).max() < 1e-5


def test_a_state_sounds_the_same_in_another_instance(engine, tmp_path):
    plugin = instrument(engine)
    for name, value in [("Timbre 1", 0.6), ("Release", 0.3), ("Unison", 0.3), ("Noise", 0.1)]:
        plugin.set_parameter(number(plugin, name), value)
    plugin.add_midi_note(60, 100, 0.0, 0.3)
    play(engine, 0.1)
    plugin.save_state(str(tmp_path / "state"))
    wanted = play(engine, 0.5)

    other_engine = dawdreamer.RenderEngine(RATE, 512)
    other = instrument(other_engine)
    other.add_midi_note(60, 100, 0.0, 0.3)
    plain = play(other_engine, 0.5)
    assert np.abs(plain - wanted).max() > 1e-3
    other.load_state(str(tmp_path / "state"))
    again = play(other_engine, 0.5)
    fresh_engine = dawdreamer.RenderEngine(RATE, 512)
    fresh = instrument(fresh_engine)
    fresh.load_state(str(tmp_path / "state"))
    fresh.add_midi_note(60, 100, 0.0, 0.3)
    assert np.array_equal(play(fresh_engine, 0.5), again)
