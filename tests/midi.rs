//! Standard MIDI files: reading, and playing through the engine.

mod common;

use std::path::Path;
use std::sync::Arc;

use common::{constant_model, data, model};
use midly::num::{u4, u7, u15, u24, u28};
use midly::{
    Format, Header, MetaMessage, MidiMessage, PitchBend, Smf, Timing, Track, TrackEvent,
    TrackEventKind,
};
use proptest::prelude::*;
use wms::midi::{Channels, Controllers, Event, Message, MidiFile};
use wms::model::Model;
use wms::synth::{Engine, EngineOptions, Settings, render};
use wms::{Error, Watch};

const RATE: f64 = 44_100.0;

fn meta(delta: u32, tempo: u32) -> TrackEvent<'static> {
    let kind = TrackEventKind::Meta(MetaMessage::Tempo(u24::new(tempo)));
    TrackEvent { delta: u28::new(delta), kind }
}

fn end(delta: u32) -> TrackEvent<'static> {
    TrackEvent { delta: u28::new(delta), kind: TrackEventKind::Meta(MetaMessage::EndOfTrack) }
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

fn file_of(format: Format, timing: Timing, tracks: Vec<Track<'static>>) -> Vec<u8> {
    let mut bytes = Vec::new();
    Smf { header: Header::new(format, timing), tracks }.write(&mut bytes).unwrap();
    bytes
}

fn file(tracks: Vec<Track<'static>>) -> Vec<u8> {
    file_of(Format::Parallel, Timing::Metrical(u15::new(480)), tracks)
}

fn parse(bytes: &[u8]) -> MidiFile {
    MidiFile::parse(bytes, Channels::ALL).unwrap()
}

fn stored(name: &str) -> MidiFile {
    MidiFile::open(&data("midi").join(name), Channels::ALL).unwrap()
}

/// All key presses and releases: the time in whole milliseconds, the key, and whether it goes down.
fn keys(file: &MidiFile) -> Vec<(u64, u8, bool)> {
    let key = |timed: &wms::midi::TimedMessage| {
        let (Message::NoteOn { note, .. } | Message::NoteOff { note, .. }) = timed.message else {
            return None;
        };
        Some(((1e3 * timed.time_s).round() as u64, note, timed.message.starts_note()))
    };
    file.messages().iter().filter_map(key).collect()
}

/// A model with one partial, so that the pitch can be measured from the zero crossings.
fn sine() -> Arc<Model> {
    let mut magnitudes = vec![0.0; 80];
    magnitudes[2] = 20.0;
    constant_model(&magnitudes, 2)
}

/// Plays a file with a sine, without noise, and returns the left channel.
fn play(file: &MidiFile) -> Vec<f32> {
    let settings = Settings { noise: 0.0, ..Settings::default() };
    let options = EngineOptions { sample_rate: RATE, settings, ..EngineOptions::default() };
    let [left, _] = render(&sine(), file, &options, false, &[], &Watch::default()).unwrap();
    left
}

fn part(sound: &[f32], from_s: f64, to_s: f64) -> &[f32] {
    &sound[(from_s * RATE) as usize..(to_s * RATE) as usize]
}

fn level(sound: &[f32], from_s: f64, to_s: f64) -> f32 {
    part(sound, from_s, to_s).iter().fold(0.0, |peak, v| peak.max(v.abs()))
}

/// The MIDI key (may be fractional) of a sine, from its zero crossings.
fn key_of(sound: &[f32]) -> f64 {
    let crossings: Vec<usize> =
        (1..sound.len()).filter(|&i| sound[i - 1] < 0.0 && sound[i] >= 0.0).collect();
    let span = (crossings[crossings.len() - 1] - crossings[0]) as f64;
    69.0 + 12.0 * (RATE * (crossings.len() - 1) as f64 / span / 440.0).log2()
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
    let mut controllers = Controllers::new().with_automation();
    let mut got = Vec::new();
    for timed in parse(&file(vec![conductor, notes, other])).messages() {
        controllers.handle(timed.message, |event| got.push((timed.time_s, event)));
    }
    let wanted = [
        (0.0, Event::NoteOn { channel: 0, note: 60, velocity: 1.0 }),
        (0.5, Event::Sustain { channel: 1, down: true }),
        (0.5, Event::Automation { input: 1, position: 1.0 }),
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
    let track = vec![midi(480, 0, on(69, 100)), midi(480, 0, off(69)), midi(960, 0, on(57, 100))];
    let options = EngineOptions { sample_rate: RATE, ..EngineOptions::default() };
    let file = parse(&file(vec![track]));
    let [left, right] = render(&sine(), &file, &options, false, &[], &Watch::default()).unwrap();
    assert_eq!(left, right);
    assert!(level(&left, 0.0, 0.5) < 1e-9 && level(&left, 0.5, 0.6) > 0.01);
    assert!(level(&left, 0.9, 1.0) > 0.01 && level(&left, 1.3, 1.9) < 1e-5);
    // The file ends while a key is held: the key is released, and the end is silent.
    let length_s = left.len() as f64 / RATE;
    assert!((2.0..2.5).contains(&length_s), "{length_s}");
    assert!(left[left.len() - 10..].iter().all(|v| v.abs() < 1e-5));
}

#[test]
fn running_status_system_messages_and_wrappers_lose_no_note() {
    let scale = keys(&stored("scale.mid"));
    assert_eq!((scale.len(), scale[15]), (16, (4000, 72, false)));
    assert_eq!(keys(&stored("rmid.rmi")), scale);
    let ons = |name: &str| -> Vec<u8> {
        let file = stored(name);
        assert!(file.warnings().is_empty(), "{:?}", file.warnings());
        keys(&file).iter().filter(|key| key.2).map(|key| key.1).collect()
    };
    assert_eq!(ons("running_status_after_meta.mid"), [60, 64, 67]);
    assert_eq!(ons("clock_F8_in_track.mid"), [60, 64]);
    assert_eq!(keys(&stored("tempo_in_second_track.mid"))[15], (5000, 72, false));
    // A MacBinary header, and zeros that fill up the last block.
    let bytes = std::fs::read(data("midi/scale.mid")).unwrap();
    let wrapped = parse(&[&[0; 128], &bytes[..], &[0; 30]].concat());
    assert_eq!((keys(&wrapped), wrapped.warnings()), (scale, &[][..]));
}

#[test]
fn all_formats_and_divisions_have_their_times() {
    let note = || vec![midi(0, 0, on(60, 100)), midi(48, 0, off(60)), end(48)];
    let in_turn = file_of(Format::Sequential, Timing::Metrical(u15::new(48)), vec![note(), note()]);
    assert_eq!(
        keys(&parse(&in_turn)),
        [(0, 60, true), (500, 60, false), (1000, 60, true), (1500, 60, false)]
    );
    // A tempo applies to its own track only.
    let fast = vec![meta(0, 250_000), end(48)];
    let in_turn = file_of(Format::Sequential, Timing::Metrical(u15::new(48)), vec![fast, note()]);
    assert_eq!(keys(&parse(&in_turn)), [(250, 60, true), (750, 60, false)]);
    let timecode = Timing::Timecode(midly::Fps::Fps25, 40);
    let seconds = file_of(Format::SingleTrack, timecode, vec![[vec![meta(0, 1)], note()].concat()]);
    assert_eq!(keys(&parse(&seconds)), [(0, 60, true), (48, 60, false)]);
    let mut unknown = seconds.clone();
    for (at, value, wanted) in
        [(12, 0x90, "time division"), (13, 0, "time division"), (9, 3, "format")]
    {
        let before = std::mem::replace(&mut unknown[at], value);
        let message = MidiFile::parse(&unknown, Channels::ALL).unwrap_err().to_string();
        assert!(message.contains(wanted) && message.contains("wanted"), "{message}");
        unknown[at] = before;
    }
}

#[test]
fn a_note_off_ends_the_older_note_wherever_it_stands_on_the_tick() {
    let song = stored("off_after_on_same_tick.mid");
    let wanted = [(0, 60, true), (500, 60, false), (500, 60, true), (1000, 60, false)];
    assert_eq!(keys(&song), wanted);
    let sound = play(&song);
    assert!(level(&sound, 0.6, 0.99) > 0.01 && sound.len() < (1.3 * RATE) as usize);
    // On another track; and a note that begins and ends on one tick still ends.
    let tracks = vec![
        vec![midi(0, 0, on(60, 100)), midi(480, 0, on(60, 100)), midi(480, 0, off(60))],
        vec![midi(480, 0, off(60)), midi(0, 0, on(64, 100)), midi(0, 0, off(64))],
        vec![midi(960, 0, on(64, 100)), midi(480, 0, on(64, 0))],
    ];
    let wanted = [
        (0, 60, true),
        (500, 60, false),
        (500, 60, true),
        (500, 64, true),
        (500, 64, false),
        (1000, 60, false),
        (1000, 64, true),
        (1500, 64, false),
    ];
    assert_eq!(keys(&parse(&file(tracks))), wanted);
    // The pedal goes down before the key comes up.
    let track = vec![
        midi(0, 0, on(60, 100)),
        midi(480, 0, control(64, 127)),
        midi(0, 0, off(60)),
        midi(0, 0, on(62, 100)),
    ];
    let messages = parse(&file(vec![track]));
    assert!(matches!(messages.messages()[1].message, Message::Controller { number: 64, .. }));
}

#[test]
fn messages_are_heard_as_their_standard_says() {
    // A bend range of 12 semitones, and a bend by half of it.
    assert!((key_of(part(&play(&stored("rpn_bend_12.mid")), 0.1, 0.9)) - 66.0).abs() < 0.02);
    // All sound off on another channel.
    let sound = play(&stored("cc120_on_other_channel.mid"));
    assert!(level(&sound, 1.3, 1.4) > 0.01);
    // The reset returns bend, pedal and expression to their defaults: two notes in tune, each half
    // a second long.
    let sound = play(&stored("cc121_resets_bend_and_pedal.mid"));
    for (start_s, key) in [(0.5, 60.0), (1.5, 64.0)] {
        assert!((key_of(part(&sound, start_s + 0.1, start_s + 0.45)) - key).abs() < 0.02);
        assert!(level(&sound, start_s + 0.1, start_s + 0.45) > 0.05);
        assert!(level(&sound, start_s + 0.6, start_s + 0.64) < 1e-4);
    }
    // A pedal value of 40 of 127 counts as up: notes end with their keys.
    let sound = play(&stored("half_pedal_40.mid"));
    assert!(level(&sound, 0.3, 0.45) > 0.05 && sound.len() < RATE as usize);
    // One message releases all keys; the pedal holds their notes until it comes up.
    let track = vec![
        midi(0, 0, control(64, 127)),
        midi(0, 0, on(60, 100)),
        midi(240, 0, control(123, 0)),
        midi(720, 0, control(64, 0)),
    ];
    let sound = play(&parse(&file(vec![track])));
    assert!(level(&sound, 0.9, 1.0) > 0.05 && sound.len() < (1.4 * RATE) as usize);
}

#[test]
fn the_modulation_wheel_makes_the_sound_brighter() {
    let play = |wheel: u8| {
        let track =
            vec![midi(0, 0, control(1, wheel)), midi(0, 0, on(60, 100)), midi(960, 0, off(60))];
        let options = EngineOptions { sample_rate: RATE, ..EngineOptions::default() };
        let file = parse(&file(vec![track]));
        let [left, _] = render(&model(), &file, &options, false, &[], &Watch::default()).unwrap();
        left
    };
    assert_ne!(play(0), play(127));
}

#[test]
fn what_stands_hours_behind_the_last_note_is_not_waited_for() {
    let hours = 4_000_000;
    let note = || vec![midi(0, 0, on(60, 100)), midi(480, 0, off(60))];
    for (what, behind) in [("end", end(hours)), ("controller", midi(hours, 0, control(7, 90)))] {
        let sound = play(&parse(&file(vec![[note(), vec![behind]].concat()])));
        assert!(sound.len() < RATE as usize, "{what}: {}", sound.len());
    }
    // A note that never ends is released a minute after the last note.
    let track = vec![midi(0, 0, on(60, 100)), midi(hours, 0, control(7, 90))];
    let length_s = play(&parse(&file(vec![track]))).len() as f64 / RATE;
    assert!((60.0..70.0).contains(&length_s), "{length_s}");
    // Stopping the watch stops the work.
    let watch = Watch::default();
    watch.stop();
    let stopped = render(
        &model(),
        &parse(&file(vec![note()])),
        &EngineOptions::default(),
        false,
        &[],
        &watch,
    );
    assert!(matches!(stopped, Err(Error::Interrupted)));
}

#[test]
fn channels_can_be_left_out() {
    let track = vec![midi(0, 9, on(36, 100)), midi(0, 0, on(60, 100)), midi(480, 0, off(60))];
    let bytes = file(vec![track]);
    let without_drums = MidiFile::parse(&bytes, "1-9,11-16".parse().unwrap()).unwrap();
    assert_eq!(keys(&without_drums), [(0, 60, true), (500, 60, false)]);
    assert!(without_drums.warnings().is_empty());
    let none = MidiFile::parse(&bytes, "2-4".parse().unwrap()).unwrap();
    assert_eq!(none.warnings(), ["there are no notes on channels 2-4, only on 1,10"]);
    assert!(play(&none).is_empty());
}

#[test]
fn damage_is_told_and_the_rest_is_played() {
    let scale = std::fs::read(data("midi/scale.mid")).unwrap();
    let told = |bytes: &[u8]| {
        let file = parse(bytes);
        (keys(&file).iter().filter(|key| key.2).count(), file.warnings().join("; "))
    };
    // Files cut off within the fifth note, and within the first of two tracks.
    assert_eq!(told(&scale[..58]), (4, "damaged after 2.0 s; the rest is lost".to_owned()));
    let two = std::fs::read(data("midi/tempo_in_second_track.mid")).unwrap();
    let mut broken = two.clone();
    broken[59] = 0xFF;
    let (notes, told_of_two) = told(&broken);
    assert_eq!(
        (notes, told_of_two.as_str()),
        (4, "damaged after 1.0 s; the rest of track 1 is lost")
    );
    // A header that promises more tracks than there are.
    let mut promises = scale.clone();
    promises[11] = 5;
    let wanted = "its header announces 5 tracks, but only 1 can be found";
    assert_eq!(told(&promises), (8, wanted.to_owned()));
    // Impossible lengths of track chunks, as a crashed program leaves them.
    for length in [[0, 0, 0, 0], [0, 0, 0, 20], [0xFF; 4]] {
        let mut wrong = two.clone();
        wrong[18..22].copy_from_slice(&length);
        assert_eq!(told(&wrong), (8, String::new()), "{length:?}");
    }
    let noise = [&scale[..14], b"\x01\x02\x03\x04\xFF\xFF\xFF\xFF!", &scale[14..]].concat();
    assert_eq!(
        told(&noise),
        (8, "9 bytes between its tracks cannot be read and are skipped".into())
    );
    let silent = file(vec![vec![midi(0, 0, control(7, 1)), meta(0, 0)]]);
    let wanted = "a tempo of 0 microseconds per quarter note is ignored; there are no notes in it";
    assert_eq!(told(&silent), (0, wanted.to_owned()));
}

#[test]
fn damaged_files_are_one_line() {
    let good = file(vec![vec![midi(0, 0, on(60, 100)), midi(480, 0, off(60))]]);
    let none = std::fs::read(data("midi/division_0.mid")).unwrap();
    for bytes in [
        &b""[..],
        b"RIFF....",
        &good[..10],
        &good[..14],
        &b"MThd\0\0\0\x06\0\x01\0\x01\0\0MTrk"[..4],
        &none,
    ] {
        let message = MidiFile::parse(bytes, Channels::ALL).unwrap_err().to_string();
        assert!(message.contains("MIDI file") && !message.contains('\n'), "{message}");
    }
    // Extremely long rests must not use up all memory.
    let long = file(vec![vec![midi(0, 0, on(60, 100)); 2], vec![midi(200_000_000, 0, off(60))]]);
    let options = EngineOptions::default();
    let message = render(&model(), &parse(&long), &options, false, &[], &Watch::default());
    assert!(message.unwrap_err().to_string().contains("wanted at most 4"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("song.mid");
    let open = |path: &Path| MidiFile::open(path, Channels::ALL);
    assert!(matches!(open(&path), Err(Error::Io { .. })));
    std::fs::write(&path, "no song").unwrap();
    let message = open(&path).unwrap_err().to_string();
    assert!(message.contains("song.mid"), "{message}");
}

/// A file of the test data with bytes changed or removed, or its end cut off.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    const NAMES: [&str; 4] =
        ["every_message.mid", "tempo_in_second_track.mid", "rmid.rmi", "clock_F8_in_track.mid"];
    let change = (any::<prop::sample::Index>(), any::<u8>(), 0..8u8);
    let cut = any::<prop::sample::Index>();
    (prop::sample::select(&NAMES[..]), prop::collection::vec(change, 0..12), cut, 0..4).prop_map(
        |(name, changes, cut, kind)| {
            let mut bytes = std::fs::read(data("midi").join(name)).unwrap();
            for (at, value, kind) in changes {
                let at = at.index(bytes.len());
                match kind {
                    0 => drop(bytes.remove(at)),
                    1 => bytes.insert(at, value),
                    _ => bytes[at] = value,
                }
            }
            if kind == 0 {
                bytes.truncate(cut.index(bytes.len()));
            }
            bytes
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_or_the_player_panic(bytes in mutated()) {
        let Ok(file) = MidiFile::parse(&bytes, Channels::ALL) else { return Ok(()) };
        let mut last_s = 0.0;
        let mut controllers = Controllers::new().with_automation();
        for timed in file.messages() {
            prop_assert!(timed.time_s >= last_s && timed.time_s.is_finite());
            last_s = timed.time_s;
            controllers.handle(timed.message, |_| {});
        }
        prop_assert!(file.warnings().iter().all(|warning| !warning.contains('\n')));
    }
}

#[test]
fn mutated_files_play_within_bounds() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let options = EngineOptions { max_voices: 4, sample_rate: 8000.0, ..EngineOptions::default() };
    let mut engine = Engine::new(model(), &options).unwrap();
    let (mut left, mut right) = ([0.0; 40], [0.0; 40]);
    for _ in 0..60 {
        let bytes = mutated().new_tree(&mut runner).unwrap().current();
        let Ok(file) = MidiFile::parse(&bytes, Channels::ALL) else { continue };
        let mut controllers = Controllers::new().with_automation();
        engine.reset();
        for timed in file.messages() {
            controllers.handle(timed.message, |event| engine.handle(event));
            engine.process(&mut left, &mut right);
            assert!(left.iter().chain(&right).all(|sample| sample.abs() <= 1.0), "{bytes:?}");
        }
    }
}
