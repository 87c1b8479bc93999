//! MIDI files: the plugin plays them as the engine's own player does.

use std::path::Path;
use std::sync::Arc;

use wms::Watch;
use wms::midi::{Channels, Message, MidiFile};
use wms::model::Model;
use wms::synth::{EngineOptions, MAX_VOICES, render};

use crate::host::{Act, Host, RATE, blocks, peak};

/// The bytes of a message.
fn bytes(message: Message) -> [u8; 3] {
    let byte = |position: f32| (127.0 * position).round() as u8;
    let channel = message.channel();
    match message {
        Message::NoteOff { note, .. } => [0x80 | channel, note, 64],
        Message::NoteOn { note, velocity, .. } => [0x90 | channel, note, byte(velocity)],
        Message::KeyPressure { note, pressure, .. } => [0xA0 | channel, note, byte(pressure)],
        Message::Controller { number, value, .. } => [0xB0 | channel, number, byte(value)],
        Message::ChannelPressure { pressure, .. } => [0xD0 | channel, byte(pressure), 0],
        Message::PitchBend { value, .. } => {
            let value = (16_383.0 * value).round() as u16;
            [0xE0 | channel, (value & 0x7F) as u8, (value >> 7) as u8]
        }
    }
}

#[test]
fn every_message_of_a_file_sounds_as_in_the_engine() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/data/midi");
    let model = Arc::new(Model::factory(wms::model::factory::MODELS[0].name).unwrap());
    let options =
        EngineOptions { sample_rate: RATE, max_voices: MAX_VOICES, ..EngineOptions::default() };
    let mut host = Host::new();
    let mut played = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let Ok(file) = MidiFile::open(&path, Channels::ALL) else { continue };
        let wanted = render(&model, &file, &options, true, &[], &Watch::default()).unwrap();
        let act = |timed: &wms::midi::TimedMessage| {
            ((timed.time_s * RATE).round() as usize, Act::Midi(bytes(timed.message)))
        };
        let acts: Vec<_> = file.messages().iter().map(act).collect();
        host.reset();
        let got = host.play(&blocks(wanted[0].len(), 480), &acts);
        assert!(peak(&wanted[0]) > 0.01);
        for (side, (got, wanted)) in got.iter().zip(&wanted).enumerate() {
            let differs = got.iter().zip(wanted).position(|(a, b)| (a - b).abs() > 1e-5);
            let at_s = differs.map(|at| at as f64 / RATE);
            assert_eq!(at_s, None, "side {side} of {}", path.display());
        }
        played += 1;
    }
    assert_eq!(played, 11);
}
