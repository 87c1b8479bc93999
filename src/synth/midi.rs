//! Rendering standard MIDI files.

use std::path::Path;
use std::sync::Arc;

use midly::{MetaMessage, MidiMessage, Smf, Timing, TrackEventKind};

use super::{Engine, EngineOptions, Event, Expression};
use crate::model::Model;
use crate::{Error, Result};

/// How long the end may ring, s.
const LONGEST_TAIL_S: f64 = 65.0;
/// Longest piece, s: a broken file must not ask for all memory.
const LONGEST_S: f64 = 4.0 * 3600.0;
/// Microseconds a quarter note until a file says otherwise.
const DEFAULT_TEMPO: f64 = 500_000.0;
/// How far the pitch wheel goes, semitones.
const BEND_RANGE: f32 = 2.0;
/// Controller of a file's first feature, where it has timbre automation.
const FIRST_FEATURE: u8 = 20;

/// Something to happen at a time in seconds.
type Timed = (f64, Event);

/// Reads the events of a standard MIDI file, in order of time: notes, velocity, sustain pedal, volume and
/// expression, pan, brightness (74), channel and key pressure, pitch bend (2 semitones), all channels,
/// under the file's tempo map.
///
/// With `automation` controllers from 20 on move the model's inputs, in their order: -3..3 for
/// timbre, 0..1 for voicedness; the pitch is left to the notes.
///
/// # Errors
/// [`Error::Parameter`] in one line if the bytes are no MIDI file or a damaged one.
pub fn events(bytes: &[u8], automation: Option<&Model>) -> Result<Vec<Timed>> {
    if !bytes.starts_with(b"MThd") {
        return Err(Error::parameter("no standard MIDI file (it does not begin with MThd)"));
    }
    let file = Smf::parse(bytes)
        .map_err(|e| Error::parameter(format!("a damaged MIDI file ({e})").replace('\n', " ")))?;
    let mut ticks: Vec<(u64, usize, TrackEventKind<'_>)> = Vec::new();
    for (number, track) in file.tracks.iter().enumerate() {
        let mut at = 0u64;
        for event in track {
            at += u64::from(event.delta.as_int());
            ticks.push((at, number, event.kind));
        }
    }
    // Stable: within a track and tick the file's order stays.
    ticks.sort_by_key(|&(at, number, _)| (at, number));

    let mut seconds_per_tick = match file.header.timing {
        Timing::Metrical(per_quarter) => {
            DEFAULT_TEMPO * 1e-6 / f64::from(per_quarter.as_int().max(1))
        }
        Timing::Timecode(fps, per_frame) => {
            1.0 / (f64::from(fps.as_f32()) * f64::from(per_frame.max(1)))
        }
    };
    let mut mixer = Mixer::default();
    let (mut last_tick, mut time_s) = (0, 0.0);
    let mut timed = Vec::new();
    for (tick, _, kind) in ticks {
        time_s += (tick - last_tick) as f64 * seconds_per_tick;
        last_tick = tick;
        if time_s > LONGEST_S {
            return Err(Error::parameter(format!(
                "the MIDI file is longer than {} hours",
                LONGEST_S / 3600.0
            )));
        }
        match kind {
            TrackEventKind::Meta(MetaMessage::Tempo(tempo)) => {
                if let Timing::Metrical(per_quarter) = file.header.timing {
                    seconds_per_tick =
                        f64::from(tempo.as_int()) * 1e-6 / f64::from(per_quarter.as_int().max(1));
                }
            }
            TrackEventKind::Midi { channel, message } => {
                let event = mixer.translate(channel.as_int(), message, automation);
                timed.extend(event.map(|event| (time_s, event)));
            }
            _ => {}
        }
    }
    Ok(timed)
}

/// Volume and expression, which multiply.
struct Mixer {
    volume: [f32; 16],
    expression: [f32; 16],
}

impl Default for Mixer {
    fn default() -> Self {
        Self { volume: [1.0; 16], expression: [1.0; 16] }
    }
}

impl Mixer {
    fn translate(
        &mut self,
        channel: u8,
        message: MidiMessage,
        automation: Option<&Model>,
    ) -> Option<Event> {
        match message {
            MidiMessage::NoteOn { key, vel } => Some(Event::NoteOn {
                channel,
                note: key.as_int(),
                velocity: f32::from(vel.as_int()) / 127.0,
            }),
            MidiMessage::NoteOff { key, .. } => {
                Some(Event::NoteOff { channel, note: key.as_int() })
            }
            MidiMessage::PitchBend { bend } => {
                Some(Event::bend(channel, bend.as_f32() * BEND_RANGE))
            }
            MidiMessage::ChannelAftertouch { vel } => {
                let expression = Expression::Pressure(f32::from(vel.as_int()) / 127.0);
                Some(Event::Channel { channel, expression })
            }
            MidiMessage::Aftertouch { key, vel } => {
                let expression = Expression::Pressure(f32::from(vel.as_int()) / 127.0);
                let (channel, note) = (Some(channel), Some(key.as_int()));
                Some(Event::Note { channel, note, expression })
            }
            MidiMessage::Controller { controller, value } => {
                self.control(channel, controller.as_int(), value.as_int(), automation)
            }
            MidiMessage::ProgramChange { .. } => None,
        }
    }

    fn control(
        &mut self,
        channel: u8,
        controller: u8,
        value: u8,
        automation: Option<&Model>,
    ) -> Option<Event> {
        let share = f32::from(value) / 127.0;
        let index = usize::from(channel) % 16;
        match controller {
            7 => self.volume[index] = share * share,
            11 => self.expression[index] = share * share,
            10 => {
                let expression = Expression::Pan((f32::from(value) - 64.0) / 63.0);
                return Some(Event::Channel { channel, expression });
            }
            74 => {
                let expression = Expression::Brightness((f32::from(value) - 64.0) / 63.0);
                return Some(Event::Channel { channel, expression });
            }
            64 => return Some(Event::Sustain { channel, down: value >= 64 }),
            120 => return Some(Event::AllSoundOff),
            123 => return Some(Event::AllNotesOff { channel }),
            _ => {
                let config = automation?.config();
                let input = usize::from(controller.checked_sub(FIRST_FEATURE)?);
                if input >= config.input_size() || input == config.pitch_index() {
                    return None;
                }
                let voicedness = Some(input) == config.voicedness_index();
                let value = if voicedness { share } else { 6.0 * share - 3.0 };
                return Some(Event::Timbre { input, value });
            }
        }
        Some(Event::volume(channel, self.volume[index] * self.expression[index]))
    }
}

/// Plays a MIDI file's bytes until everything has died away, left and right.
///
/// # Errors
/// [`Error::Parameter`] if the bytes are no MIDI file, or an option is out of range.
pub fn render(
    model: &Arc<Model>,
    bytes: &[u8],
    options: &EngineOptions,
    automation: bool,
) -> Result<[Vec<f32>; 2]> {
    let events = events(bytes, automation.then_some(model.as_ref()))?;
    let mut engine = Engine::new(Arc::clone(model), options)?;
    let mut output = [Vec::new(), Vec::new()];
    let rate = options.sample_rate;
    for (time_s, event) in events {
        let at = (time_s * rate).round() as usize;
        extend(&mut engine, &mut output, at);
        engine.handle(event);
    }
    // What the file leaves down would sound for ever.
    for channel in 0..16 {
        engine.handle(Event::AllNotesOff { channel });
    }
    let block = (0.05 * rate).ceil() as usize;
    let longest = output[0].len() + (LONGEST_TAIL_S * rate) as usize;
    while !engine.is_silent() && output[0].len() < longest {
        let until = output[0].len() + block;
        extend(&mut engine, &mut output, until);
    }
    Ok(output)
}

/// Plays a MIDI file until everything has died away, left and right.
///
/// # Errors
/// [`Error::Io`] if it cannot be read, else as [`render`], with the path before the message.
pub fn render_file(
    model: &Arc<Model>,
    path: &Path,
    options: &EngineOptions,
    automation: bool,
) -> Result<[Vec<f32>; 2]> {
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    render(model, &bytes, options, automation).map_err(|error| match error {
        Error::Parameter(message) => Error::Parameter(format!("{}: {message}", path.display())),
        other => other,
    })
}

fn extend(engine: &mut Engine, output: &mut [Vec<f32>; 2], until: usize) {
    let [left, right] = output;
    let from = left.len().min(until);
    left.resize(until.max(from), 0.0);
    right.resize(until.max(from), 0.0);
    engine.process(&mut left[from..], &mut right[from..]);
}
