//! What the audio thread runs: it hands parameters, events and new engines to the instrument.

use std::sync::Arc;

use nice_plug::midi::{Channel, Key, VoiceID};
use nice_plug::prelude::*;
use wms::midi::{Controllers, Event, Expression, Message};
use wms::synth::EnvelopeTimes;
use wms::synth::{self, Axis, Engine, Instrument, Settings, TimbreSpace};

use crate::loader::EngineLink;
use crate::params::{AXES, AXIS_REACH, VoiceMode, WmsParams};

/// The amplitude factor of the engine at a level of 0 dB, which leaves headroom for chords.
const GAIN_AT_0_DB: f64 = 0.5;
/// The number of notes whose end can be reported to the host.
const MAX_NOTES: usize = 128;
/// The number of MIDI channels.
const CHANNELS: usize = 16;
/// The number of parameters that move the timbre: the axes and the voicedness.
const MOVERS: usize = AXES + 1;

/// A note that the host has started and not been told the end of.
#[derive(Clone, Copy)]
struct HostNote {
    id: VoiceID,
    channel: u8,
    key: u8,
    /// Whether another note has started on its key since.
    is_replaced: bool,
}

/// What a timbre parameter moves in the model that plays, and from where.
#[derive(Clone, Copy, Debug)]
struct Mover {
    axis: Axis,
    /// The value of a network input at the model's resting timbre; 0 for a direction.
    rest: f32,
    /// What a step of the parameter is in the unit of the axis: 1 for an input, which the engine counts
    /// in standard deviations, and a standard deviation of a direction.
    step: f32,
}

impl Mover {
    fn new(space: &TimbreSpace, axis: Axis) -> Option<Self> {
        Some(match axis {
            Axis::Input(input) => {
                let rest = space.value(input, *space.rest().get(input)?)?;
                Self { axis, rest, step: 1.0 }
            }
            Axis::Direction(direction) => {
                Self { axis, rest: 0.0, step: space.directions().get(direction)?.spread }
            }
        })
    }

    /// The event that puts the axis where the parameter is.
    fn event(self, position: f32) -> Event {
        let value = self.rest + self.step * position;
        match self.axis {
            Axis::Input(input) => Event::Timbre { input, value },
            Axis::Direction(direction) => Event::Direction { direction, amount: value },
        }
    }

    /// The expression that moves the axis of single notes by an offset of the parameter.
    fn offset(self, offset: f32) -> Expression {
        let offset = self.step * offset;
        match self.axis {
            Axis::Input(input) => Expression::Timbre { input, offset },
            Axis::Direction(direction) => Expression::Direction { direction, offset },
        }
    }
}

/// The instrument and what drives it. [`Self::new`] allocates; nothing else does.
pub struct Player {
    instrument: Instrument,
    link: Arc<EngineLink>,
    controllers: Controllers,
    settings: Settings,
    /// What the timbre parameters move in the model that plays; `None` if it has nothing for one.
    movers: [Option<Mover>; MOVERS],
    /// The positions of the timbre parameters when they were last sent to the instrument.
    positions: [f32; MOVERS],
    notes: [Option<HostNote>; MAX_NOTES],
    /// The keys that are held down on each channel, one bit per key.
    held: [u128; CHANNELS],
}

/// The bit of a MIDI key in a set of keys; 0 if there is no such key.
fn key_bit(key: u8) -> u128 {
    1u128.checked_shl(u32::from(key)).unwrap_or(0)
}

/// What the timbre parameters move in the model of `engine`: its directions or, if it has none, its
/// timbre inputs.
fn movers(engine: &Engine) -> [Option<Mover>; MOVERS] {
    let (config, space) = (engine.model().config(), engine.space());
    let mut movers = [None; MOVERS];
    let directions = space.directions().len();
    for (index, mover) in movers.iter_mut().take(AXES.min(directions)).enumerate() {
        *mover = Mover::new(space, Axis::Direction(index));
    }
    if directions == 0 {
        for (mover, input) in movers.iter_mut().zip(config.timbre_indices().take(AXES)) {
            *mover = Mover::new(space, Axis::Input(input));
        }
    }
    let voicedness = config.voicedness_index();
    movers[AXES] = voicedness.and_then(|input| Mover::new(space, Axis::Input(input)));
    movers
}

/// The positions of the axes and the voicedness, relative to the model's resting timbre.
fn positions(params: &WmsParams) -> [f32; MOVERS] {
    let timbre = &params.timbre;
    std::array::from_fn(|i| {
        timbre.axes.0.get(i).map_or_else(|| timbre.voicedness.value(), FloatParam::value)
    })
}

/// The engine's settings that the parameters ask for.
fn settings(params: &WmsParams) -> Settings {
    let WmsParams { envelope, keys, expression, voices, sound, .. } = params;
    let number = |param: &FloatParam| f64::from(param.value());
    Settings {
        envelope: EnvelopeTimes {
            attack_s: number(&envelope.attack),
            decay_s: number(&envelope.decay),
            sustain: number(&envelope.sustain),
            release_s: number(&envelope.release),
        },
        normalise: sound.normalise.value(),
        noise: number(&sound.noise),
        tuning_hz: number(&voices.tune),
        gain: GAIN_AT_0_DB * number(&params.level),
        mode: match keys.mode.value() {
            VoiceMode::Poly => synth::Mode::Poly,
            VoiceMode::Mono => synth::Mode::Mono,
            VoiceMode::Legato => synth::Mode::Legato,
        },
        glide_s: number(&keys.glide),
        voices: voices.voices.value() as usize,
        unison: voices.unison.value() as usize,
        detune_cents: number(&voices.detune),
        spread: number(&voices.spread),
        velocity_level: number(&expression.velocity_level),
        velocity_timbre: number(&expression.velocity_timbre),
        pressure_timbre: number(&expression.pressure_timbre),
        brightness_timbre: number(&expression.brightness_timbre),
    }
}

impl Player {
    /// Plays `engine`, and later those that arrive over `link`.
    pub fn new(engine: Box<Engine>, link: Arc<EngineLink>, params: &WmsParams) -> Self {
        let movers = movers(&engine);
        let mut player = Self {
            instrument: Instrument::new(engine),
            link,
            controllers: Controllers::new().with_automation(),
            settings: settings(params),
            movers,
            positions: [0.0; MOVERS],
            notes: [None; MAX_NOTES],
            held: [0; CHANNELS],
        };
        player.reset(params);
        player
    }

    /// The engine that plays.
    pub fn engine(&self) -> &Engine {
        self.instrument.engine()
    }

    /// The keys that are held down on any channel, one bit per key, the lowest for key 0.
    pub fn held_keys(&self) -> u128 {
        self.held.iter().fold(0, |all, held| all | held)
    }

    /// Silences all notes, resets the controllers, and takes in the parameters.
    pub fn reset(&mut self, params: &WmsParams) {
        self.settings = settings(params);
        self.instrument.set(&self.settings);
        self.instrument.reset();
        self.controllers.reset();
        self.notes = [None; MAX_NOTES];
        self.held = [0; CHANNELS];
        self.positions = positions(params);
        self.send_positions(|_| true);
    }

    /// Sends the instrument the positions of those timbre parameters for which `which` is true.
    fn send_positions(&mut self, which: impl Fn(usize) -> bool) {
        for (i, (mover, &position)) in self.movers.iter().zip(&self.positions).enumerate() {
            if let (Some(mover), true) = (mover, which(i)) {
                self.instrument.handle(mover.event(position));
            }
        }
    }

    /// Takes in the parameters, and a new engine if there is one. Call it before each block.
    pub fn begin(&mut self, params: &WmsParams) {
        self.exchange_engine();
        let settings = settings(params);
        if settings != self.settings {
            self.instrument.set(&settings);
            self.settings = settings;
        }
        let bend_range = params.expression.bend_range.value() as f32;
        let instrument = &mut self.instrument;
        self.controllers
            .set(params.expression.mpe.value(), bend_range, |event| instrument.handle(event));
        let positions = positions(params);
        if positions != self.positions {
            let before = std::mem::replace(&mut self.positions, positions);
            self.send_positions(|i| before[i] != positions[i]);
        }
    }

    /// Hands the loader the engine that has faded out, and takes the one that it has made.
    fn exchange_engine(&mut self) {
        if !self.link.leaving.is_full()
            && let Some(gone) = self.instrument.collect()
        {
            // It cannot be full, because only this thread adds to the queue.
            let refused = self.link.leaving.push(gone);
            debug_assert!(refused.is_ok());
        }
        if !self.instrument.is_ready() {
            return;
        }
        let Some(mut engine) = self.link.arriving.pop() else { return };
        self.movers = movers(&engine);
        for (mover, position) in self.movers.iter().zip(self.positions) {
            if let Some(mover) = mover {
                engine.handle(mover.event(position));
            }
        }
        let refused = self.instrument.exchange(engine);
        debug_assert!(refused.is_ok());
    }

    /// Plays the next samples.
    pub fn render(&mut self, left: &mut [f32], right: &mut [f32]) {
        if !left.is_empty() {
            self.instrument.process(left, right);
        }
    }

    /// Handles an event that takes place before the next sample.
    pub fn handle(&mut self, event: NoteEvent<()>) {
        let expressed = match event {
            NoteEvent::NoteOn { voice_id, channel, key, velocity, .. } => {
                return self.note_on(voice_id, channel, key, velocity);
            }
            // The engine can cut off all notes at once but not one, so choking releases it.
            NoteEvent::NoteOff { voice_id, channel, key, .. }
            | NoteEvent::Choke { voice_id, channel, key, .. } => {
                return self.note_off(voice_id, channel, key);
            }
            NoteEvent::PolyModulation {
                voice_id, poly_modulation_id, normalized_offset, ..
            } => {
                let Some((mover, reach)) = self.modulated(poly_modulation_id) else { return };
                let expression = mover.offset(2.0 * reach * normalized_offset);
                (VoiceID::ID(voice_id), Channel::Wildcard, Key::Wildcard, expression)
            }
            NoteEvent::PolyPressure { voice_id, channel, key, pressure, .. } => {
                (voice_id, channel, key, Expression::Pressure(pressure))
            }
            NoteEvent::PolyVolume { voice_id, channel, key, gain, .. } => {
                (voice_id, channel, key, Expression::Volume(gain))
            }
            NoteEvent::PolyExpression { voice_id, channel, key, expression, .. } => {
                (voice_id, channel, key, Expression::Volume(expression))
            }
            NoteEvent::PolyPan { voice_id, channel, key, pan, .. } => {
                (voice_id, channel, key, Expression::Pan(pan))
            }
            NoteEvent::PolyTuning { voice_id, channel, key, tuning, .. } => {
                (voice_id, channel, key, Expression::Tuning(tuning))
            }
            NoteEvent::PolyBrightness { voice_id, channel, key, brightness, .. } => {
                (voice_id, channel, key, Expression::Brightness(2.0 * brightness - 1.0))
            }
            NoteEvent::MidiChannelPressure { channel, pressure, .. } => {
                return self.translate(Message::ChannelPressure { channel, pressure });
            }
            NoteEvent::MidiPitchBend { channel, value, .. } => {
                return self.translate(Message::PitchBend { channel, value });
            }
            NoteEvent::MidiCC { channel, cc: number, value, .. } => {
                return self.translate(Message::Controller { channel, number, value });
            }
            _ => return,
        };
        let (voice_id, channel, key, expression) = expressed;
        if let Some((channel, note)) = self.addressed(voice_id, channel, key) {
            self.instrument.handle(Event::Note { channel, note, expression });
        }
    }

    /// Hands the events that a MIDI message means to the instrument.
    fn translate(&mut self, message: Message) {
        self.controllers.handle(message, |event| {
            match event {
                Event::AllNotesOff { channel } | Event::AllSoundOff { channel: Some(channel) } => {
                    self.held[usize::from(channel) % CHANNELS] = 0;
                }
                _ => {}
            }
            self.instrument.handle(event);
        });
    }

    /// What a modulated parameter moves, and the parameter's largest value; `None` if it moves
    /// nothing.
    fn modulated(&self, id: u32) -> Option<(Mover, f32)> {
        let index = id as usize;
        let mover = (*self.movers.get(index)?)?;
        Some((mover, if index == AXES { 1.0 } else { AXIS_REACH }))
    }

    /// The channel and the key that an event of the host addresses, each `None` if it addresses
    /// all of them. Returns `None` if the event names a note that the host has not started.
    fn addressed(
        &self,
        id: VoiceID,
        channel: Channel,
        key: Key,
    ) -> Option<(Option<u8>, Option<u8>)> {
        let known = |note: &&HostNote| !id.is_wildcard() && note.id == id;
        if let Some(note) = self.notes.iter().flatten().find(known) {
            return Some((Some(note.channel), Some(note.key)));
        }
        let named = channel.number().is_some() || key.number().is_some();
        (named || id.is_wildcard()).then(|| (channel.number(), key.number()))
    }

    fn note_on(&mut self, id: VoiceID, channel: Channel, key: Key, velocity: f32) {
        let (channel, key) = (channel.number().unwrap_or(0), key.number_or_middle_c());
        self.instrument.handle(Event::NoteOn { channel, note: key, velocity });
        self.held[usize::from(channel) % CHANNELS] |= key_bit(key);
        for note in self.notes.iter_mut().flatten() {
            note.is_replaced |= (note.channel, note.key) == (channel, key);
        }
        if let Some(slot) = self.notes.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some(HostNote { id, channel, key, is_replaced: false });
        }
    }

    fn note_off(&mut self, id: VoiceID, channel: Channel, key: Key) {
        let addressed = self.addressed(id, channel, key);
        if let Some((channel, note)) = addressed {
            let released = note.map_or(u128::MAX, key_bit);
            for (number, held) in (0..).zip(&mut self.held) {
                if channel.is_none_or(|channel| channel == number) {
                    *held &= !released;
                }
            }
        }
        match addressed {
            Some((Some(channel), Some(note))) => {
                self.instrument.handle(Event::NoteOff { channel, note });
            }
            Some((channel, note)) => {
                // A wildcard releases every note that it matches.
                for known in self.notes.iter().flatten() {
                    if channel.is_none_or(|c| c == known.channel)
                        && note.is_none_or(|n| n == known.key)
                    {
                        let HostNote { channel, key, .. } = *known;
                        self.instrument.handle(Event::NoteOff { channel, note: key });
                    }
                }
            }
            None => {}
        }
    }

    /// Reports each note that has ended to `report`. If `report` returns false, the note is reported again
    /// the next time.
    pub fn report_ended_notes(&mut self, mut report: impl FnMut(VoiceID, Channel, Key) -> bool) {
        for i in 0..MAX_NOTES {
            let Some(note) = self.notes[i] else { continue };
            let sounds = self.engine().sounds(note.channel, note.key);
            if (note.is_replaced || !sounds)
                && report(note.id, Channel::Number(note.channel), Key::Number(note.key))
            {
                self.notes[i] = None;
            }
        }
    }
}
