//! The instrument: voices, what plays them, and their sum.

use std::sync::Arc;

use super::envelope::EnvelopeTimes;
use super::limit::soft_limit;
use super::noise::NoiseShaper;
use super::smoothing::Smoothed;
use super::spectrum::PartialReader;
use super::table::TableBuilder;
use super::voice::{Note, Shared, Voice};
use crate::model::Model;
use crate::{Error, Result};

const CHANNELS: usize = 16;
/// Largest number of voices.
const MAX_VOICES: usize = 64;
/// Time constant of the output gain, s.
const GAIN_S: f64 = 0.01;
/// Samples that are mixed at a time.
const CHUNK: usize = 256;

/// What an [`Engine`] is made with.
#[derive(Clone, Debug, PartialEq)]
pub struct EngineOptions {
    /// Output rate, 1000 .. 768000 Hz.
    pub sample_rate: f64,
    /// Most notes at a time, 1 .. 64.
    pub max_voices: usize,
    /// Loudness contour of a note.
    pub envelope: EnvelopeTimes,
    /// Whether all frames are brought to the same level, instead of the one that the training
    /// sound had.
    pub normalise: bool,
    /// Amplitude factor of the noise part, 0 .. 4; at 0 partials sound alone.
    pub noise: f64,
    /// Chooses the noise: the same seed and events give the same samples.
    pub seed: u64,
    /// Pitch of A4, Hz.
    pub tuning_hz: f64,
    /// Amplitude factor of the output, 0 .. 16; half leaves room for chords.
    pub gain: f64,
}

impl Default for EngineOptions {
    fn default() -> Self {
        Self {
            sample_rate: 48_000.0,
            max_voices: 16,
            envelope: EnvelopeTimes::default(),
            normalise: false,
            noise: 1.0,
            seed: 0,
            tuning_hz: 440.0,
            gain: 0.5,
        }
    }
}

impl EngineOptions {
    fn validate(&self) -> Result<()> {
        let envelope = &self.envelope;
        let limits = [
            ("sample_rate", self.sample_rate, 1000.0, 768_000.0),
            ("max_voices", self.max_voices as f64, 1.0, MAX_VOICES as f64),
            ("attack_s", envelope.attack_s, 0.0, 60.0),
            ("decay_s", envelope.decay_s, 0.0, 60.0),
            ("sustain", envelope.sustain, 0.0, 1.0),
            ("release_s", envelope.release_s, 0.0, 60.0),
            ("noise", self.noise, 0.0, 4.0),
            ("tuning_hz", self.tuning_hz, 100.0, 2000.0),
            ("gain", self.gain, 0.0, 16.0),
        ];
        for (name, value, low, high) in limits {
            if !(low..=high).contains(&value) {
                return Err(Error::parameter(format!(
                    "{name} is {value}, expected {low} to {high}"
                )));
            }
        }
        Ok(())
    }
}

/// Something that happens between two samples. Values out of range are brought into it, values
/// that are no number change nothing; channels are 0..15 and wrap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Event {
    /// A key goes down.
    NoteOn {
        /// MIDI channel.
        channel: u8,
        /// MIDI note number, 69 is A4.
        note: u8,
        /// 0..1; amplitude grows with its square. 0 is a note off.
        velocity: f32,
    },
    /// A key comes up.
    NoteOff {
        /// MIDI channel.
        channel: u8,
        /// MIDI note number.
        note: u8,
    },
    /// Pitch of a channel's notes moves.
    Bend {
        /// MIDI channel.
        channel: u8,
        /// Away from the notes' own pitch, semitones, -96..96.
        semitones: f32,
    },
    /// Sustain pedal.
    Sustain {
        /// MIDI channel.
        channel: u8,
        /// Whether it is down.
        down: bool,
    },
    /// Loudness of a channel.
    Volume {
        /// MIDI channel.
        channel: u8,
        /// Amplitude factor, 0..1.
        gain: f32,
    },
    /// A network input other than the pitch.
    Timbre {
        /// Which one, in the order of the model's input names.
        input: usize,
        /// Value in the units of the training data, held within a margin around its range.
        value: f32,
    },
    /// All keys of a channel come up and its pedal too.
    AllNotesOff {
        /// MIDI channel.
        channel: u8,
    },
    /// All sound fades out at once.
    AllSoundOff,
}

#[derive(Clone, Copy, Debug)]
struct Channel {
    bend: f64,
    sustain: bool,
    volume: f64,
}

const FRESH_CHANNEL: Channel = Channel { bend: 0.0, sustain: false, volume: 1.0 };

/// A polyphonic instrument that plays one model.
///
/// [`Self::new`] allocates, [`Self::reset`] clears, [`Self::handle`] and [`Self::process`] never
/// allocate, lock or fail. The output does not depend on how it is divided into blocks, so events
/// are placed to the sample by processing up to them.
pub struct Engine {
    shared: Shared,
    voices: Vec<Voice>,
    max_voices: usize,
    channels: [Channel; CHANNELS],
    /// Network inputs that voices head for, (C,).
    timbre: Vec<f32>,
    rest_timbre: Vec<f32>,
    lowest: Vec<f32>,
    highest: Vec<f32>,
    tuning_hz: f64,
    gain: Smoothed,
    notes: u64,
    mix: Vec<f32>,
}

impl Engine {
    /// An instrument with this model.
    ///
    /// # Errors
    /// [`Error::Parameter`] naming an option out of range.
    pub fn new(model: Arc<Model>, options: &EngineOptions) -> Result<Self> {
        options.validate()?;
        let reader = Arc::new(PartialReader::new(&model.config().spectrum)?);
        let builder = Arc::new(TableBuilder::new(reader.partials()));
        let (rest_timbre, lowest, highest) = timbre_limits(&model);
        let shaper = Arc::new(NoiseShaper::new(Arc::clone(&reader), options.sample_rate));
        let shared = Shared {
            model,
            reader,
            builder,
            shaper,
            sample_rate: options.sample_rate,
            normalise: options.normalise,
            noise: options.noise as f32,
            seed: options.seed,
        };
        // As many again, in which stolen notes fade out.
        let slots = 2 * options.max_voices;
        let voices = (0..slots)
            .map(|slot| Voice::new(&shared, &options.envelope, slot as f64 / slots as f64))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            shared,
            voices,
            max_voices: options.max_voices,
            channels: [FRESH_CHANNEL; CHANNELS],
            timbre: rest_timbre.clone(),
            rest_timbre,
            lowest,
            highest,
            tuning_hz: options.tuning_hz,
            gain: Smoothed::new(options.gain, GAIN_S * options.sample_rate),
            notes: 0,
            mix: vec![0.0; CHUNK],
        })
    }

    /// Silence, and every controller where it was in the beginning.
    pub fn reset(&mut self) {
        self.voices.iter_mut().for_each(Voice::reset);
        self.channels = [FRESH_CHANNEL; CHANNELS];
        self.timbre.copy_from_slice(&self.rest_timbre);
        self.gain.jump(self.gain.target());
        self.notes = 0;
    }

    /// The model that is played.
    pub fn model(&self) -> &Arc<Model> {
        &self.shared.model
    }

    /// Output rate, Hz.
    pub fn sample_rate(&self) -> f64 {
        self.shared.sample_rate
    }

    /// Network inputs that voices head for, (C,); the pitch's place is unused.
    pub fn timbre(&self) -> &[f32] {
        &self.timbre
    }

    /// Range within which a network input is held.
    pub fn timbre_range(&self, input: usize) -> Option<(f32, f32)> {
        Some((*self.lowest.get(input)?, *self.highest.get(input)?))
    }

    /// Whether nothing sounds.
    pub fn is_silent(&self) -> bool {
        self.voices.iter().all(Voice::is_free)
    }

    /// Number of voices that sound, those on their way out included.
    pub fn active_voices(&self) -> usize {
        self.voices.iter().filter(|voice| !voice.is_free()).count()
    }

    /// Changes the output gain, 0 .. 16, smoothly.
    pub fn set_gain(&mut self, gain: f64) {
        if gain.is_finite() {
            self.gain.set(gain.clamp(0.0, 16.0));
        }
    }

    /// Lets something happen before the next sample.
    pub fn handle(&mut self, event: Event) {
        match event {
            Event::NoteOn { channel, note, velocity } if velocity > 0.0 => {
                self.note_on(channel, note, velocity.min(1.0));
            }
            Event::NoteOn { channel, note, velocity: _ } | Event::NoteOff { channel, note } => {
                self.note_off(channel, note);
            }
            Event::Bend { channel, semitones } => {
                if semitones.is_finite() {
                    self.channel(channel).bend = f64::from(semitones.clamp(-96.0, 96.0));
                    self.retune(channel);
                }
            }
            Event::Sustain { channel, down } => {
                self.channel(channel).sustain = down;
                if !down {
                    self.each(channel, |voice| {
                        if !voice.is_key_down() {
                            voice.release();
                        }
                    });
                }
            }
            Event::Volume { channel, gain } => {
                if gain.is_finite() {
                    let volume = f64::from(gain.clamp(0.0, 1.0));
                    self.channel(channel).volume = volume;
                    self.each(channel, |voice| voice.set_level(voice.note().level * volume));
                }
            }
            Event::Timbre { input, value } => {
                if let (Some(slot), Some(&low), Some(&high)) =
                    (self.timbre.get_mut(input), self.lowest.get(input), self.highest.get(input))
                    && !value.is_nan()
                {
                    *slot = value.clamp(low, high);
                }
            }
            Event::AllNotesOff { channel } => {
                self.channel(channel).sustain = false;
                self.each(channel, Voice::release);
            }
            Event::AllSoundOff => {
                self.voices.iter_mut().filter(|v| !v.is_free()).for_each(Voice::steal);
            }
        }
    }

    fn channel(&mut self, channel: u8) -> &mut Channel {
        &mut self.channels[usize::from(channel) % CHANNELS]
    }

    fn each(&mut self, channel: u8, mut action: impl FnMut(&mut Voice)) {
        for voice in &mut self.voices {
            if !voice.is_free() && voice.note().channel == channel % CHANNELS as u8 {
                action(voice);
            }
        }
    }

    fn pitch_hz(&self, channel: u8, note: u8) -> f64 {
        let bend = self.channels[usize::from(channel) % CHANNELS].bend;
        self.tuning_hz * ((f64::from(note) - 69.0 + bend) / 12.0).exp2()
    }

    fn retune(&mut self, channel: u8) {
        for i in 0..self.voices.len() {
            let note = *self.voices[i].note();
            if !self.voices[i].is_free() && note.channel == channel % CHANNELS as u8 {
                let f0_hz = self.pitch_hz(channel, note.key);
                self.voices[i].set_pitch(f0_hz);
            }
        }
    }

    fn note_on(&mut self, channel: u8, note: u8, velocity: f32) {
        let channel = channel % CHANNELS as u8;
        self.each(channel, |voice| {
            if voice.note().key == note {
                voice.release();
            }
        });
        let playing = self.voices.iter().filter(|v| !v.is_free() && !v.is_stolen()).count();
        if playing >= self.max_voices
            && let Some(victim) = self.victim()
        {
            victim.steal();
        }
        let f0_hz = self.pitch_hz(channel, note);
        let level = f64::from(velocity).powi(2);
        let volume = self.channels[usize::from(channel)].volume;
        self.notes += 1;
        let note = Note { channel, key: note, f0_hz, level, order: self.notes };
        // A free voice, or, when more than `max_voices` were stolen within their fading, the one
        // that has almost gone.
        let slot = self.voices.iter_mut().min_by(|a, b| {
            let rank = |v: &Voice| (!v.is_free(), !v.is_stolen());
            rank(a).cmp(&rank(b)).then(a.loudness().total_cmp(&b.loudness()))
        });
        if let Some(voice) = slot {
            voice.start(note, volume, &self.timbre);
        }
    }

    /// The voice that is missed least: the quietest on its way out, else the oldest.
    fn victim(&mut self) -> Option<&mut Voice> {
        self.voices.iter_mut().filter(|v| !v.is_free() && !v.is_stolen()).min_by(|a, b| {
            let order = |v: &Voice| if v.is_releasing() { 0 } else { v.note().order };
            order(a).cmp(&order(b)).then(a.loudness().total_cmp(&b.loudness()))
        })
    }

    fn note_off(&mut self, channel: u8, note: u8) {
        let sustain = self.channel(channel).sustain;
        self.each(channel, |voice| {
            if voice.note().key == note && voice.is_key_down() {
                if sustain { voice.key_up() } else { voice.release() }
            }
        });
    }

    /// Fills `left` and `right` (the shorter one counts) with the next samples, within [-1, 1].
    pub fn process(&mut self, left: &mut [f32], right: &mut [f32]) {
        let length = left.len().min(right.len());
        for (left, right) in left[..length].chunks_mut(CHUNK).zip(right[..length].chunks_mut(CHUNK))
        {
            let mix = &mut self.mix[..left.len()];
            mix.fill(0.0);
            for voice in &mut self.voices {
                voice.render(&self.timbre, mix);
            }
            for ((left, right), &value) in left.iter_mut().zip(right).zip(mix.iter()) {
                let value = soft_limit(value * self.gain.step() as f32);
                (*left, *right) = (value, value);
            }
        }
    }
}

/// Rest position, lowest and highest value of each input.
fn timbre_limits(model: &Model) -> (Vec<f32>, Vec<f32>, Vec<f32>) {
    let statistics = &model.config().statistics;
    let margin = |i: usize| 0.5 * (statistics.max[i] - statistics.min[i]).max(1e-3);
    let count = model.input_size();
    let lowest: Vec<f32> = (0..count).map(|i| statistics.min[i] - margin(i)).collect();
    let highest: Vec<f32> = (0..count).map(|i| statistics.max[i] + margin(i)).collect();
    let mut rest = statistics.mean.clone();
    if let Some(index) = model.config().voicedness_index() {
        // A note is to sound as the well voiced frames do, not as the average of tone and pause.
        rest[index] = (statistics.mean[index] + statistics.std[index]).min(statistics.max[index]);
    }
    for ((rest, &low), &high) in rest.iter_mut().zip(&lowest).zip(&highest) {
        *rest = rest.clamp(low, high);
    }
    (rest, lowest, highest)
}
