//! Rendering of standard MIDI files.

mod common;

use common::{constant_model, model};
use midly::num::{u4, u7, u15, u24, u28};
use midly::{
    Format, Header, MetaMessage, MidiMessage, PitchBend, Smf, Timing, Track, TrackEvent,
    TrackEventKind,
};
use wms::synth::midi::{events, render, render_file};
use wms::synth::{EngineOptions, Event};

fn meta(delta: u32, tempo: u32) -> TrackEvent<'static> {
    let kind = TrackEventKind::Meta(MetaMessage::Tempo(u24::new(tempo)));
    TrackEvent { delta: u28::new(delta), kind }
}

fn midi(delta: u32, channel: u8, message: MidiMessage) -> TrackEvent<'static> {
    let kind = TrackEventKind::Midi { channel: u4::new(channel), message };
    TrackEvent { delta: u28::new(delta), kind }
}

fn on(key: u8, vel: u8) -> MidiMessage {
    MidiMessage::NoteOn { key: u7::new(key), vel: u7::new(vel) }
}

fn off(key: u8) -> MidiMessage {
    MidiMessage::NoteOff { key: u7::new(key), vel: u7::new(0) }
}

fn control(controller: u8, value: u8) -> MidiMessage {
    MidiMessage::Controller { controller: u7::new(controller), value: u7::new(value) }
}

fn file(tracks: Vec<Track<'static>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let header = Header::new(Format::Parallel, Timing::Metrical(u15::new(480)));
    Smf { header, tracks }.write(&mut bytes).unwrap();
    bytes
}

#[test]
fn the_tempo_map_holds_across_tracks_and_channels() {
    // 120 bpm for one beat, then 60 bpm.
    let conductor = vec![meta(0, 500_000), meta(480, 1_000_000)];
    let bend = MidiMessage::PitchBend { bend: PitchBend::from_int(-8192) };
    let notes = vec![
        midi(0, 0, on(60, 127)),
        midi(960, 5, on(72, 64)),
        midi(240, 5, bend),
        midi(240, 5, on(72, 0)),
    ];
    let other = vec![midi(480, 1, control(64, 100)), midi(0, 1, control(21, 127))];
    let got = events(&file(vec![conductor, notes, other]), Some(&model())).unwrap();
    let wanted = [
        (0.0, Event::NoteOn { channel: 0, note: 60, velocity: 1.0 }),
        (0.5, Event::Sustain { channel: 1, down: true }),
        (0.5, Event::Timbre { input: 1, value: 3.0 }),
        (1.5, Event::NoteOn { channel: 5, note: 72, velocity: 64.0 / 127.0 }),
        (2.0, Event::bend(5, -2.0)),
        (2.5, Event::NoteOn { channel: 5, note: 72, velocity: 0.0 }),
    ];
    assert_eq!(got.len(), wanted.len());
    for ((time, event), (wanted_time, wanted_event)) in got.iter().zip(&wanted) {
        assert!((time - wanted_time).abs() < 1e-9, "{event:?} at {time}");
        assert_eq!(event, wanted_event);
    }
}

#[test]
fn a_melody_sounds_when_it_should_and_dies_away() {
    let mut magnitudes = vec![0.0; 80];
    magnitudes[2] = 20.0;
    let model = constant_model(&magnitudes, 2);
    let track = vec![midi(480, 0, on(69, 100)), midi(480, 0, off(69)), midi(960, 0, on(57, 100))];
    let options = EngineOptions { sample_rate: 44_100.0, ..EngineOptions::default() };
    let [left, right] = render(&model, &file(vec![track]), &options, false).unwrap();
    assert_eq!(left, right);
    let level = |from_s: f64, to_s: f64| -> f32 {
        left[(from_s * 44_100.0) as usize..(to_s * 44_100.0) as usize]
            .iter()
            .fold(0.0, |peak, v| peak.max(v.abs()))
    };
    assert!(level(0.0, 0.5) < 1e-9 && level(0.5, 0.6) > 0.01);
    assert!(level(0.9, 1.0) > 0.01 && level(1.3, 1.9) < 1e-5);
    // The file ends with a key held: it is let go, and the end is silence.
    let length_s = left.len() as f64 / 44_100.0;
    assert!((2.0..2.5).contains(&length_s), "{length_s}");
    assert!(left[left.len() - 10..].iter().all(|v| v.abs() < 1e-5));
}

#[test]
fn damaged_files_are_one_line() {
    let good = file(vec![vec![midi(0, 0, on(60, 100)), midi(480, 0, off(60))]]);
    let model = model();
    let options = EngineOptions::default();
    for bytes in [&b""[..], b"RIFF....", &good[..10], &b"MThd\0\0\0\x06\0\x01\0\x01\0\0MTrk"[..4]] {
        let message = render(&model, bytes, &options, false).unwrap_err().to_string();
        assert!(message.contains("MIDI file") && !message.contains('\n'), "{message}");
    }
    // Endless rests must not take all memory.
    let long = file(vec![vec![midi(0, 0, on(60, 100)); 2], vec![midi(200_000_000, 0, off(60))]]);
    assert!(render(&model, &long, &options, false).is_err());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mid");
    assert!(matches!(render_file(&model, &path, &options, false), Err(wms::Error::Io { .. })));
    std::fs::write(&path, "no song").unwrap();
    let message = render_file(&model, &path, &options, false).unwrap_err().to_string();
    assert!(message.contains("song.mid"), "{message}");
}
