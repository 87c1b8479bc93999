//! The engine: voices, the events that play them, and their sum.

use std::sync::Arc;

use super::clock::FrameClock;
use super::controls::Controls;
use super::frame_mixer::{FrameMixer, RenderSettings};
use super::keys::{HeldKeys, Key};
use super::limit::soft_limit;
use super::settings::{EngineOptions, Mode, Settings};
use super::smoothing::Smoothed;
use super::spectrum::PartialReader;
use super::table::TableBuilder;
use super::timbre::{Axis, TimbreSpace};
use super::voice::{Note, Voice, VoiceContext};
use crate::Result;
use crate::midi::{CHANNELS, Event, Expression};
use crate::model::{Batch, BatchNetwork, Model, VOICES_PER_BATCH};

/// Amplitude factor of notes that begin while the soft pedal is down: -3 dB.
const SOFT_PEDAL: f64 = std::f64::consts::FRAC_1_SQRT_2;
/// Time constant of the output gain, s.
const GAIN_S: f64 = 0.01;
/// Most samples that are mixed at a time.
const MIX_SAMPLES: usize = 256;
/// Step from the pan of one note to that of the next, as a share of the whole width; it wraps
/// around. With the golden ratio's fraction no two notes get the same place.
const NEXT_PLACE: f64 = 0.618_033_988_749_895;

#[derive(Clone, Copy, Debug, Default)]
struct Channel {
    controls: Controls,
    sustain: bool,
    sostenuto: bool,
    soft: bool,
}

/// A polyphonic instrument that plays one model.
///
/// [`Self::new`] allocates. [`Self::reset`], [`Self::handle`], [`Self::set`] and [`Self::process`] never
/// allocate, lock or fail. The output does not depend on how it is divided into blocks: to place an
/// event at a sample, process the samples before it and then call [`Self::handle`].
///
/// The voices form groups of [`VOICES_PER_BATCH`], which step together. Each group has a clock for the
/// network's frames, and the clocks are spread evenly over the time of a frame, so that the groups step
/// one after the other. The clocks always run, also while their voices are silent: the time from a
/// note's start to its second frame depends on the sample it starts at and on nothing else.
///
/// # Examples
/// A tenth of a second of a flute's A4:
///
/// ```
/// use std::sync::Arc;
/// use wms::model::Model;
/// use wms::synth::{Engine, EngineOptions, Event};
///
/// let model = Arc::new(Model::factory("flute")?);
/// let options = EngineOptions { sample_rate: 44_100.0, ..EngineOptions::default() };
/// let mut engine = Engine::new(model, &options)?;
/// engine.handle(Event::NoteOn { channel: 0, note: 69, velocity: 0.8 });
/// let (mut left, mut right) = (vec![0.0; 4410], vec![0.0; 4410]);
/// engine.process(&mut left, &mut right);
/// assert!(left.iter().any(|sample| sample.abs() > 0.01));
/// # Ok::<(), wms::Error>(())
/// ```
pub struct Engine {
    context: VoiceContext,
    network: Arc<BatchNetwork>,
    batch: Batch,
    voices: Vec<Voice>,
    /// One for each group.
    clocks: Vec<FrameClock>,
    max_voices: usize,
    settings: Settings,
    channels: [Channel; CHANNELS],
    keys: HeldKeys,
    /// Network inputs that the voices move to, (C,), and amounts along the directions, (D,), that are
    /// added to them.
    timbre: Vec<f32>,
    amounts: Vec<f32>,
    gain: Smoothed,
    /// Pitch of the last note, Hz, at which a glide starts.
    last_hz: Option<f64>,
    /// Number of voices started so far.
    started: u64,
    /// Number of keys pressed so far.
    notes: u64,
    /// Whether there may be voices that have no frame yet.
    has_new_notes: bool,
    mix: [Vec<f32>; 2],
}

impl Engine {
    /// Makes an engine that plays this model.
    ///
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) naming an option that is out of range.
    pub fn new(model: Arc<Model>, options: &EngineOptions) -> Result<Self> {
        options.validate()?;
        let settings = options.settings.clone();
        let config = model.config();
        let reader = Arc::new(PartialReader::new(&config.spectrum)?);
        let builder = Arc::new(TableBuilder::new(reader.partials()));
        let mixer = Arc::new(FrameMixer::new(reader, options.sample_rate));
        let clock =
            FrameClock::new(config.hop_size, config.spectrum.sample_rate, options.sample_rate)?;
        let network = Arc::new(BatchNetwork::new(model.network(), options.precision));
        let space = Arc::new(TimbreSpace::new(&model));
        let context = VoiceContext {
            space: Arc::clone(&space),
            model,
            mixer,
            builder,
            sample_rate: options.sample_rate,
            samples_per_frame: clock.samples_per_frame(),
            seed: options.seed,
        };
        // Twice as many, so that stolen notes have voices in which they fade out.
        let slots = (2 * options.max_voices).next_multiple_of(VOICES_PER_BATCH);
        let mut engine = Self {
            voices: (0..slots).map(|_| Voice::new(&context, &settings.envelope)).collect(),
            clocks: vec![clock; slots / VOICES_PER_BATCH],
            batch: network.batch(),
            network,
            max_voices: options.max_voices,
            channels: [Channel::default(); CHANNELS],
            keys: HeldKeys::default(),
            timbre: space.rest().to_vec(),
            amounts: vec![0.0; space.directions().len()],
            gain: Smoothed::new(settings.gain, GAIN_S * options.sample_rate),
            last_hz: None,
            started: 0,
            notes: 0,
            has_new_notes: false,
            mix: [vec![0.0; MIX_SAMPLES], vec![0.0; MIX_SAMPLES]],
            settings,
            context,
        };
        engine.reset();
        Ok(engine)
    }

    /// Silences all notes at once and returns controllers and timbre to rest; the settings stay.
    pub fn reset(&mut self) {
        self.voices.iter_mut().for_each(Voice::reset);
        let groups = self.clocks.len() as f64;
        for (number, clock) in self.clocks.iter_mut().enumerate() {
            clock.reset(number as f64 / groups);
        }
        self.channels = [Channel::default(); CHANNELS];
        self.keys = HeldKeys::default();
        self.timbre.copy_from_slice(self.context.space.rest());
        self.amounts.fill(0.0);
        self.gain.jump(self.settings.gain);
        self.last_hz = None;
        self.started = 0;
        self.notes = 0;
        self.has_new_notes = false;
    }

    /// The model that is played.
    pub fn model(&self) -> &Arc<Model> {
        &self.context.model
    }

    /// Output rate, Hz.
    pub fn sample_rate(&self) -> f64 {
        self.context.sample_rate
    }

    /// The present settings, all within their ranges.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Units and ranges of the network's inputs.
    pub fn space(&self) -> &TimbreSpace {
        &self.context.space
    }

    /// Network inputs that the voices move to before anything is added along the directions, (C,); the
    /// element for the pitch is unused.
    pub fn timbre(&self) -> &[f32] {
        &self.timbre
    }

    /// Amounts along the model's directions, (D,), each in its direction's unit.
    pub fn amounts(&self) -> &[f32] {
        &self.amounts
    }

    /// The reader of partials for the model's spectra.
    pub fn reader(&self) -> &PartialReader {
        self.context.mixer.reader()
    }

    /// Whether a note of this channel and key sounds, held or dying away.
    pub fn sounds(&self, channel: u8, note: u8) -> bool {
        let meant = |n: &Note| (n.channel, n.key) == (channel % CHANNELS as u8, note);
        self.voices.iter().any(|voice| !voice.is_free() && meant(voice.note()))
    }

    /// Whether no voice sounds.
    pub fn is_silent(&self) -> bool {
        self.voices.iter().all(Voice::is_free)
    }

    /// Number of voices that sound, including those that die away.
    pub fn active_voices(&self) -> usize {
        self.voices.iter().filter(|voice| !voice.is_free()).count()
    }

    /// Model inputs, spectrum and pitch in Hz of the voice that was started last, of those that sound.
    pub fn newest_voice(&self) -> Option<(&[f32], &[f32], f64)> {
        let sounding = self.voices.iter().filter(|voice| !voice.is_free());
        sounding.max_by_key(|voice| voice.note().order).map(Voice::frame)
    }

    /// Changes settings while it plays; values out of range are brought into their range.
    pub fn set(&mut self, settings: &Settings) {
        let settings = settings.clone().clamped();
        if settings.envelope != self.settings.envelope {
            self.voices.iter_mut().for_each(|voice| voice.set_envelope(&settings.envelope));
        }
        self.gain.set(settings.gain);
        self.settings = settings;
        self.refresh_where(|_| true);
    }

    /// Applies an event, which takes effect from the next sample on.
    pub fn handle(&mut self, event: Event) {
        match event {
            Event::NoteOn { channel, note, velocity } if velocity > 0.0 => {
                let velocity = velocity.min(1.0);
                self.note_on(Key { channel: channel % CHANNELS as u8, note, velocity });
            }
            Event::NoteOn { channel, note, velocity: _ } | Event::NoteOff { channel, note } => {
                self.note_off(channel % CHANNELS as u8, note);
            }
            Event::Channel { channel, expression } => {
                let channel = channel % CHANNELS as u8;
                if let Some((axis, offset)) = self.offset_asked(expression) {
                    self.offset_where(axis, offset, |note| note.channel == channel);
                } else if self.channels[usize::from(channel)].controls.set(expression) {
                    self.refresh_where(|note| note.channel == channel);
                }
            }
            Event::Note { channel, note, expression } => {
                let meant = |n: &Note| {
                    channel.is_none_or(|c| c % CHANNELS as u8 == n.channel)
                        && note.is_none_or(|key| key == n.key)
                };
                if let Some((axis, offset)) = self.offset_asked(expression) {
                    self.offset_where(axis, offset, meant);
                    return;
                }
                for voice in &mut self.voices {
                    if !voice.is_free() && meant(voice.note()) {
                        voice.controls().set(expression);
                    }
                }
                self.refresh_where(meant);
            }
            Event::Sustain { channel, down } => self.sustain(channel % CHANNELS as u8, down),
            Event::Sostenuto { channel, down } => self.sostenuto(channel % CHANNELS as u8, down),
            Event::Soft { channel, down } => {
                self.channels[usize::from(channel) % CHANNELS].soft = down;
            }
            Event::Timbre { input, value } => self.set_timbre(input, value),
            Event::Direction { direction, amount } => self.set_amount(direction, amount),
            Event::Automation { input, position } => self.automate(input, position),
            Event::AllNotesOff { channel } => self.all_keys_up(channel % CHANNELS as u8),
            Event::AllSoundOff { channel } => {
                let channel = channel.map(|channel| channel % CHANNELS as u8);
                self.keys.retain(|key| channel.is_some_and(|channel| channel != key.channel));
                for voice in &mut self.voices {
                    if !voice.is_free() && channel.is_none_or(|c| c == voice.note().channel) {
                        voice.steal();
                    }
                }
            }
        }
    }

    fn sustain(&mut self, channel: u8, down: bool) {
        let before = &mut self.channels[usize::from(channel)].sustain;
        if std::mem::replace(before, down) && !down {
            self.release_unheld(channel);
        }
    }

    /// The pedal takes hold of the notes whose keys are down when it is pressed.
    fn sostenuto(&mut self, channel: u8, down: bool) {
        let before = &mut self.channels[usize::from(channel)].sostenuto;
        if std::mem::replace(before, down) == down {
            return;
        }
        self.each(channel, |voice| voice.set_sostenuto(down && voice.is_key_down()));
        if !down {
            self.release_unheld(channel);
        }
    }

    /// Releases the notes of a channel that neither a key nor a pedal holds.
    fn release_unheld(&mut self, channel: u8) {
        if self.channels[usize::from(channel)].sustain {
            return;
        }
        self.each(channel, |voice| {
            // A stolen voice goes on fading out quickly.
            let is_held = voice.is_key_down() || voice.is_held_by_sostenuto();
            if !is_held && !voice.is_releasing() {
                voice.release();
            }
        });
    }

    fn all_keys_up(&mut self, channel: u8) {
        self.keys.retain(|key| key.channel != channel);
        self.each(channel, Voice::key_up);
        self.release_unheld(channel);
    }

    fn set_timbre(&mut self, input: usize, value: f32) {
        if let (Some(slot), Some(value)) =
            (self.timbre.get_mut(input), self.context.space.input(input, value))
        {
            *slot = value;
        }
    }

    fn set_amount(&mut self, direction: usize, amount: f32) {
        let known = self.context.space.directions().get(direction);
        if let (Some(slot), Some(known)) = (self.amounts.get_mut(direction), known)
            && !amount.is_nan()
        {
            *slot = amount.clamp(known.low, known.high);
        }
    }

    /// Moves a direction over its range or, in a model without directions, sets an input as
    /// `wms_torch`'s branch dev does: a controller's range stands for -3 to 3 of the network input
    /// itself, not of its distance from the mean in standard deviations.
    fn automate(&mut self, input: usize, position: f32) {
        let (config, space) = (self.context.model.config(), &self.context.space);
        if let Some(direction) = space.directions().get(input) {
            // 64 of a controller's 127 steps is its middle.
            self.set_amount(input, direction.amount((position * 127.0 - 64.0) / 63.0));
            return;
        }
        if !space.directions().is_empty() || input == config.pitch_index() {
            return;
        }
        if Some(input) == config.voicedness_index() {
            self.set_timbre(input, position);
        } else if let Some(value) = space.value(input, 6.0 * position - 3.0) {
            self.set_timbre(input, value);
        }
    }

    /// Does something to all voices that sound on a channel.
    fn each(&mut self, channel: u8, mut action: impl FnMut(&mut Voice)) {
        for voice in &mut self.voices {
            if !voice.is_free() && voice.note().channel == channel {
                action(voice);
            }
        }
    }

    /// The axis that an expression moves, and how far in the axis' unit, if it is about the timbre. An
    /// offset that is not finite is NaN.
    fn offset_asked(&self, expression: Expression) -> Option<(Axis, f32)> {
        match expression {
            Expression::Timbre { input, offset } => {
                let offset = self.context.space.offset(input, offset);
                Some((Axis::Input(input), offset.unwrap_or(f32::NAN)))
            }
            Expression::Direction { direction, offset } => {
                Some((Axis::Direction(direction), offset))
            }
            _ => None,
        }
    }

    fn offset_where(&mut self, axis: Axis, offset: f32, meant: impl Fn(&Note) -> bool) {
        if !offset.is_finite() {
            return;
        }
        for voice in &mut self.voices {
            if !voice.is_free() && meant(voice.note()) {
                voice.set_offset(axis, offset);
            }
        }
    }

    /// Calls [`Self::refresh`] for all voices with such notes, without a glide.
    fn refresh_where(&mut self, meant: impl Fn(&Note) -> bool) {
        for index in 0..self.voices.len() {
            if !self.voices[index].is_free() && meant(self.voices[index].note()) {
                self.refresh(index, 0.0);
            }
        }
    }

    /// Sets a voice's pitch, level, pan and timbre from its note, its channel and the settings; the
    /// pitch glides there within `glide_s`.
    fn refresh(&mut self, index: usize, glide_s: f64) {
        let voice = &mut self.voices[index];
        let (note, own) = (*voice.note(), *voice.controls());
        let channel = &self.channels[usize::from(note.channel)].controls;
        let settings = &self.settings;
        let semitones = f64::from(note.key) - 69.0 + note.detune + channel.tuning + own.tuning;
        voice.set_pitch(settings.tuning_hz * (semitones / 12.0).exp2(), glide_s);
        voice.set_level(note.level * channel.volume * own.volume);
        voice.set_pan(note.pan + channel.pan + own.pan);
        let dynamics = settings.velocity_timbre * (2.0 * f64::from(note.velocity) - 1.0)
            + settings.pressure_timbre * channel.pressure.max(own.pressure);
        let brightness = settings.brightness_timbre * (channel.brightness + own.brightness);
        let space = &self.context.space;
        voice.clear_expression();
        for (axis, offset) in [(space.dynamics(), dynamics), (space.brightness(), brightness)] {
            if let Some(axis) = axis
                && let Some(offset) = space.offset_of(axis, offset as f32)
            {
                voice.add_expression(axis, offset);
            }
        }
    }

    fn note_on(&mut self, key: Key) {
        self.keys.press(key);
        if self.settings.mode == Mode::Poly {
            self.each(key.channel, |voice| {
                if voice.note().key == key.note {
                    voice.release();
                }
            });
        } else {
            let legato = self.settings.mode == Mode::Legato;
            if legato && self.voices.iter().any(Voice::is_key_down) {
                self.move_to(key);
                return;
            }
            for voice in &mut self.voices {
                if !voice.is_free() && !voice.is_stolen() {
                    voice.steal();
                }
            }
        }
        self.start(key);
    }

    /// Starts the voices of a key.
    fn start(&mut self, key: Key) {
        let unison = self.settings.unison.min(self.limit());
        let glide_s = self.settings.glide_s;
        let from_hz = self.last_hz.filter(|_| glide_s > 0.0);
        let power = 2.0 * self.settings.velocity_level;
        let soft = self.channels[usize::from(key.channel)].soft;
        let level = f64::from(key.velocity).powf(power) / (unison as f64).sqrt()
            * if soft { SOFT_PEDAL } else { 1.0 };
        let place = 2.0 * (self.notes as f64 * NEXT_PLACE + 0.5).fract() - 1.0;
        self.notes += 1;
        for number in 0..unison {
            // From -1 to 1 over the voices of the key.
            let side = match unison {
                1 => 0.0,
                _ => 2.0 * number as f64 / (unison - 1) as f64 - 1.0,
            };
            self.started += 1;
            let note = Note {
                channel: key.channel,
                key: key.note,
                velocity: key.velocity,
                detune: side * self.settings.detune_cents / 100.0,
                level,
                pan: self.settings.spread * if unison == 1 { place } else { side },
                phase: (number as f64 * NEXT_PLACE).fract(),
                order: self.started,
                sostenuto: false,
            };
            self.start_voice(note, from_hz, glide_s);
        }
    }

    fn limit(&self) -> usize {
        self.settings.voices.min(self.max_voices)
    }

    fn start_voice(&mut self, note: Note, from_hz: Option<f64>, glide_s: f64) {
        let playing = self.voices.iter().filter(|v| !v.is_free() && !v.is_stolen()).count();
        if playing >= self.limit()
            && let Some(victim) = self.victim()
        {
            victim.steal();
        }
        // A free voice. There is none if many were stolen within the time of their fading; then the
        // one that is quietest by now.
        let slot = (0..self.voices.len()).min_by(|&a, &b| {
            let (a, b) = (&self.voices[a], &self.voices[b]);
            let rank = |v: &Voice| (!v.is_free(), !v.is_stolen());
            rank(a).cmp(&rank(b)).then(a.loudness().total_cmp(&b.loudness()))
        });
        let Some(index) = slot else { return };
        self.voices[index].start(note, from_hz);
        self.refresh(index, glide_s);
        self.last_hz = Some(self.voices[index].wanted_hz());
        self.has_new_notes = true;
    }

    /// Makes the first frames of the notes that have started; those of a chord step together.
    fn make_first_frames(&mut self) {
        while self.has_new_notes {
            let mut chord = [0; VOICES_PER_BATCH];
            let new = (0..self.voices.len()).filter(|&i| self.voices[i].awaits_first_frame());
            let count = new.zip(&mut chord).map(|(index, slot)| *slot = index).count();
            self.make_frames(&chord[..count]);
            self.has_new_notes = count == VOICES_PER_BATCH;
        }
    }

    /// Makes the next frame of each of these voices, at most [`VOICES_PER_BATCH`] of them, in one step of
    /// the network.
    fn make_frames(&mut self, voices: &[usize]) {
        let settings = RenderSettings {
            normalise: self.settings.normalise,
            noise: self.settings.noise as f32,
        };
        self.batch.clear();
        for &index in voices {
            self.voices[index].request_frame(&self.timbre, &self.amounts, &mut self.batch);
        }
        self.network.step(&mut self.batch);
        for (lane, &index) in voices.iter().enumerate() {
            self.voices[index].receive_frame(&self.batch, lane, settings);
        }
    }

    /// Moves the voices that sound to another key, without starting them again.
    fn move_to(&mut self, key: Key) {
        for index in 0..self.voices.len() {
            let voice = &mut self.voices[index];
            if !voice.is_free() && !voice.is_stolen() && !voice.is_releasing() {
                voice.change_key(key.channel, key.note);
                self.refresh(index, self.settings.glide_s);
                self.last_hz = Some(self.voices[index].wanted_hz());
            }
        }
    }

    /// The voice to steal: the quietest of those that have been released, else the oldest.
    fn victim(&mut self) -> Option<&mut Voice> {
        self.voices.iter_mut().filter(|v| !v.is_free() && !v.is_stolen()).min_by(|a, b| {
            let order = |v: &Voice| if v.is_releasing() { 0 } else { v.note().order };
            order(a).cmp(&order(b)).then(a.loudness().total_cmp(&b.loudness()))
        })
    }

    fn note_off(&mut self, channel: u8, note: u8) {
        self.keys.release(channel, note);
        let sounding =
            |v: &Voice| (v.note().channel, v.note().key) == (channel, note) && v.is_key_down();
        if self.settings.mode != Mode::Poly
            && let Some(key) = self.keys.last()
        {
            // Back to the key that is still held, if the one that came up was heard.
            if self.voices.iter().any(sounding) {
                self.move_to(key);
            }
            return;
        }
        self.voices.iter_mut().filter(|voice| sounding(voice)).for_each(Voice::key_up);
        self.release_unheld(channel);
    }

    /// Continues the performance of another engine: copies its settings and controllers, and starts
    /// the notes that it holds anew, the oldest first.
    pub fn take_over(&mut self, other: &Self) {
        self.set(&other.settings);
        self.gain.jump(other.gain.value());
        self.channels = other.channels;
        self.keys = other.keys.clone();
        self.last_hz = None;
        let mut after = 0;
        loop {
            let held = other.voices.iter().filter(|v| {
                v.note().order > after && !v.is_free() && !v.is_stolen() && !v.is_releasing()
            });
            let Some(voice) = held.min_by_key(|v| v.note().order) else { break };
            after = voice.note().order;
            self.started += 1;
            self.start_voice(Note { order: self.started, ..*voice.note() }, None, 0.0);
            if !voice.is_key_down() {
                let order = self.started;
                let held = self.voices.iter_mut().find(|v| !v.is_free() && v.note().order == order);
                if let Some(voice) = held {
                    voice.key_up();
                }
            }
        }
        self.notes = other.notes;
        self.last_hz = other.last_hz;
    }

    /// Fills `left` and `right` with the next samples, within [-1, 1]. If their lengths differ, the rest
    /// of the longer one stays as it is.
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let length = left.len().min(right.len());
        let (mut left, mut right) = (&mut left[..length], &mut right[..length]);
        if length > 0 {
            self.make_first_frames();
        }
        while !left.is_empty() {
            let run = self.begin_frames(left.len().min(MIX_SAMPLES));
            let (now, later) = left.split_at_mut(run);
            let (now_right, later_right) = right.split_at_mut(run);
            self.process_within_frames(now, now_right);
            (left, right) = (later, later_right);
        }
    }

    /// Makes the frames that begin at the next sample, and returns the number of samples, at most
    /// `most`, before the next frame of a voice that sounds.
    fn begin_frames(&mut self, most: usize) -> usize {
        let mut run = most;
        for group in 0..self.clocks.len() {
            let is_due = self.clocks[group].tick();
            let members = group * VOICES_PER_BATCH..(group + 1) * VOICES_PER_BATCH;
            let mut sounding = [0; VOICES_PER_BATCH];
            let indices = members.filter(|&index| !self.voices[index].is_free());
            let count = indices.zip(&mut sounding).map(|(index, slot)| *slot = index).count();
            if count == 0 {
                continue;
            }
            if is_due {
                self.make_frames(&sounding[..count]);
            }
            let clock = &self.clocks[group];
            run = run.min(clock.samples_until(clock.period()).max(1));
        }
        run
    }

    /// Fills the next samples, at most [`MIX_SAMPLES`] and all within the frames of the voices that
    /// sound.
    fn process_within_frames(&mut self, left: &mut [f32], right: &mut [f32]) {
        let [mix_left, mix_right] = &mut self.mix;
        let (mix_left, mix_right) = (&mut mix_left[..left.len()], &mut mix_right[..left.len()]);
        mix_left.fill(0.0);
        mix_right.fill(0.0);
        let groups = self.voices.chunks_exact_mut(VOICES_PER_BATCH).zip(&mut self.clocks);
        for (voices, clock) in groups {
            for voice in voices {
                voice.process(*clock, mix_left, mix_right);
            }
            // Where all voices are silent, frames may begin and end within these samples.
            clock.advance_over_frames(left.len());
        }
        let mixed = mix_left.iter().zip(mix_right.iter());
        for ((left, right), (&a, &b)) in left.iter_mut().zip(right).zip(mixed) {
            let gain = self.gain.process() as f32;
            *left = soft_limit(a * gain);
            *right = soft_limit(b * gain);
        }
    }
}
